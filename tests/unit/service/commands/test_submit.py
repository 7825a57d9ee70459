"""`submit` and `plan`: requests from files and from flags."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.kinds import REQUEST_SCHEMAS
from service.commands.exits import Exit
from service.commands.kind_flags import entries_of, flag_of, options_of
from tests.unit.service.commands.kit import EXAMPLES, ROOT, Service, answer, page, problem, run

JOB, LAB = EXAMPLES["Job"], EXAMPLES["Lab"]
CLUSTER = ("nested-cluster", "--host", "hv1", "--name", "lab1", "--nodes", "3", "--image", "ws2025")
CLUSTER = (*CLUSTER, "--subnet", "172.30.50.0/24")


def _service() -> Service:
    return Service({"POST /v1/jobs": JOB, "POST /v1/jobs:plan": EXAMPLES["Plan"], "GET /v1/labs": page(LAB)})


def _sent(*arguments: str, text: str = "", **environ: str) -> Any:
    service = _service()
    done = run(service, "submit", *arguments, text=text, **environ)
    assert 0 == done.exit_code, done.output
    return next(asked.body for asked in service.asked if asked.method == "POST")


def test_the_short_way_to_a_cluster() -> None:
    """A name, a host, an image, a number and a subnet are a whole request, which its schema takes."""
    body = _sent(*CLUSTER)

    assert {"name": "hv1"} == body["host"]
    assert {"count": 3, "image": {"name": "ws2025"}, "name_prefix": "lab1"} == body["nodes"]
    assert {"kind": "internal", "name": "lab1"} == body["network"]["switch"]
    REQUEST_SCHEMAS["nested_cluster"]().load(body)


def test_node_names_stay_short() -> None:
    """A long name of a lab is cut for its nodes, so that `-3` has room in 15 characters."""
    body = _sent(*CLUSTER[:4], "extraordinary", *CLUSTER[5:])

    assert "extraordinary" == body["nodes"]["name_prefix"]
    REQUEST_SCHEMAS["nested_cluster"]().load(body)


def test_flags_of_every_sort() -> None:
    """Numbers, choices, flags, lists, pairs and JSON become what the schema wants."""
    flags = ("--memory-mib", "4096", "--cluster-storage", "s2d", "--no-smoke-test-enabled", "--baseline-probe")
    lists = ("--address", "172.30.50.5", "--address", "172.30.50.6", "--address", "172.30.50.7", "--label", "team=red")
    rest = ("--data-disks", '[{"size_gib": 50}, {"size_gib": 50}]', "--not-before", "2027-01-01T00:00:00Z")
    body = _sent(*CLUSTER, *flags, *lists, *rest, "--name-prefix", "n", "--switch", "sw", "--switch-kind", "internal")

    assert (4096, "n", 2) == (
        body["nodes"]["memory_mib"],
        body["nodes"]["name_prefix"],
        len(body["nodes"]["data_disks"]),
    )
    assert ("s2d", False, True) == (body["cluster"]["storage"], body["smoke_test"]["enabled"], body["baseline_probe"])
    assert (3, {"team": "red"}) == (len(body["network"]["addresses"]), body["labels"])
    assert ("2027-01-01T00:00:00Z", "sw") == (body["not_before"], body["network"]["switch"]["name"])


def test_references() -> None:
    """Hosts go by id, name, label or labels, VMs by id or name, labs by name or id."""
    vm_id = "11111111-2222-3333-4444-555555555555"
    assert {"label": "purpose=lab"} == _sent("inspect-host", "--host", "purpose=lab")["host"]
    assert {"labels": {"a": "1", "b": "2"}} == _sent("inspect-host", "--host", "a=1", "--host", "b=2")["host"]
    assert {"id": "host_1"} == _sent("inspect-host", "--host", "host_1")["host"]
    assert {"vm_name": "old"} == _sent("enable-nesting", "--host", "hv1", "--vm", "old")["target"]
    assert {"vm_id": vm_id} == _sent("enable-nesting", "--host", "hv1", "--vm", vm_id)["target"]
    assert {"lab_id": LAB["id"], "node": "nest-1"} == _sent("enable-nesting", "--lab", "nest-1", "--node", "nest-1")[
        "target"
    ]
    assert LAB["id"] == _sent("verify-lab", "--lab", "nest-1")["lab_id"]
    assert {"kind": "teardown", "lab_id": "lab_2", "cleanup_ad": False} == _sent(
        "teardown", "--lab", "lab_2", "--no-cleanup-ad"
    )


@pytest.mark.parametrize("kind", REQUEST_SCHEMAS)
def test_flags_of_a_kind_are_told_apart(kind: str) -> None:
    """Each member has a flag of its own, none of them that of a global option or of --wait."""
    options = options_of(REQUEST_SCHEMAS[kind]())
    names = [name for option in options for name in (*option.opts, *option.secondary_opts)]
    others = {
        "-o",
        "--output",
        "--json",
        "--profile",
        "--no-input",
        "--no-color",
        "--wait",
        "--watch",
        "--timeout",
        "--help",
    }

    assert len(names) == len(set(names))
    assert set() == others & set(names)
    done = run(Service(), "submit", kind.replace("_", "-"), "--help")
    assert [] == [
        flag for entry in entries_of(REQUEST_SCHEMAS[kind]()) if (flag := flag_of(entry.name)) not in done.output
    ]


@pytest.mark.parametrize("kind", REQUEST_SCHEMAS)
def test_files_of_every_kind(kind: str) -> None:
    """An example is sent as it stands, from a file or standard input, as JSON or as YAML."""
    path = ROOT / "examples" / f"{kind}.json"
    body = json.loads(path.read_text(encoding="utf-8"))

    assert body == _sent(str(path)) == _sent("-", text=yaml.safe_dump(body))


def test_options_stand_before_and_behind_a_file(tmp_path: Path) -> None:
    """A file is found among options, and in a word that no kind has."""
    file = tmp_path / "lab"
    file.write_text("kind: inspect_host\nhost: {name: hv1}\nnot_before: 2027-01-01T00:00:00Z\n")
    for arguments in (
        (str(file), "--idempotency-key", "k"),
        ("--idempotency-key", "k", str(file)),
        ("-o", "json", str(file)),
    ):
        assert {"kind": "inspect_host", "host": {"name": "hv1"}, "not_before": "2027-01-01T00:00:00Z"} == _sent(
            *arguments
        )


def test_a_file_that_is_no_request(tmp_path: Path) -> None:
    """What is neither JSON nor YAML, or no object, is a fault of usage that tells the place and quotes nothing."""
    file = tmp_path / "bad.yaml"
    for text in ("password: geheim\n  x: [", "[1, 2]", "just words"):
        file.write_text(text)
        done = run(Service(), "submit", str(file))
        assert (Exit.USAGE, False) == (done.exit_code, "geheim" in done.output)


@pytest.mark.parametrize(
    "text", ["{kind: .nan}", "{kind: !!set {a}}", "{kind: !!binary aGk=}", '{"kind": 1e999}', "&a {b: *a}"]
)
def test_a_file_that_json_cannot_say(tmp_path: Path, text: str) -> None:
    """YAML has values that cannot be sent: that is a fault of the file, told as one, and nothing is sent."""
    file = tmp_path / "request.yaml"
    file.write_text(text, encoding="utf-8")
    service = Service()

    done = run(service, "submit", str(file))
    assert Exit.USAGE == done.exit_code, done.output
    assert "JSON cannot say" in done.stderr
    assert [] == service.asked


def test_secrets_are_never_arguments(tmp_path: Path) -> None:
    """A secret comes from a variable, a file, a prompt or a reference; there is no flag for it."""
    flag = "--guest-password-from"
    (tmp_path / "p").write_text("ge heim \n")
    assert {"value": "geheim"} == _sent(*CLUSTER, flag, "env:LAB_PASSWORD", LAB_PASSWORD="geheim")["guest"]["password"]
    assert {"value": "ge heim "} == _sent(*CLUSTER, flag, f"file:{tmp_path / 'p'}")["guest"]["password"]
    assert {"ref": "vault:a/b#c"} == _sent(*CLUSTER, flag, "ref:vault:a/b#c")["guest"]["password"]
    assert {"value": "asked"} == _sent(*CLUSTER, flag, "prompt", text="asked\n")["guest"]["password"]
    for given in ((flag, "geheim"), (flag, "env:NOBODY_SET_THIS"), (flag, "file:/nowhere"), ("--guest-password", "x")):
        assert Exit.USAGE == run(_service(), "submit", *CLUSTER, *given).exit_code
    assert Exit.USAGE == run(_service(), "submit", *CLUSTER, flag, "prompt", "--no-input").exit_code


def test_a_refused_member_is_told_with_its_flag() -> None:
    """Who wrote flags is told flags."""
    fault = {"pointer": "#/network/subnet", "detail": "Static addresses need a subnet."}
    service = Service({"POST /v1/jobs": problem(422, "invalid", "It is wrong.", errors=[fault])})
    done = run(service, "submit", *CLUSTER[:-2])

    assert Exit.REFUSED == done.exit_code
    assert "#/network/subnet is --subnet" in done.stderr


def test_the_idempotency_key_is_kept_and_told() -> None:
    """One key goes with all tries of a submission; a person's own goes before one that is made."""
    service = Service({"POST /v1/jobs": [answer(502, b""), JOB]})
    run(service, "submit", "inspect-host", "--host", "hv1", "--idempotency-key", "mine")
    other = _service()
    run(other, "submit", "inspect-host", "--host", "hv1")

    assert ["mine", "mine"] == [asked.headers["Idempotency-Key"] for asked in service.asked]
    assert 36 == len(other.asked[0].headers["Idempotency-Key"])


def test_bad_json_in_a_flag() -> None:
    """A flag that takes JSON says so when it gets something else."""
    done = run(_service(), "submit", *CLUSTER, "--data-disks", "50")
    bad = run(_service(), "submit", *CLUSTER, "--data-disks", "{")

    assert (0, Exit.USAGE) == (done.exit_code, bad.exit_code)
    assert "--data-disks" in bad.stderr
