"""The README's job on Microsoft's PowerShell engine: workers, PSRP, bridge, module, cmdlets of a pretended Windows."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.compare import walk
from tests.e2e.engine_stack import engine_host
from tests.e2e.engine_story import Story, play

# The fixture plays the whole story; on a machine with other work that takes its time.
pytestmark = pytest.mark.timeout(900)

NODES = ("nest-1", "nest-2", "nest-3")
SWITCH = "matryoshka-lab"


@pytest.fixture(scope="module")
def story(pwsh: str, windows_modules: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Story:
    """One lab, built and torn down: it takes a minute, so every test looks at the same."""
    folder = tmp_path_factory.mktemp("engine")
    with engine_host(pwsh, folder / "engine", windows_modules("2022")) as host:
        return play(host, folder)


def test_the_job_goes_as_on_the_simulated_host(story: Story) -> None:
    """Every step succeeds, and steps, CPU ledger and facts are the simulated host's, but for ids and times."""
    assert "succeeded" == story.built.job["state"], json.dumps(story.built.job["error"], indent=1)
    assert {"succeeded", "skipped"} == {step["state"] for step in story.built.steps.values()}
    assert [] == list(walk("", story.built.told(), story.simulated.told()))


def test_every_level_is_proven(story: Story) -> None:
    """The ledger has what the extensions look like before, after and inside, and no row is unexpected."""
    rows = {(row["level"], row["node"], row["phase"]): row["verdict"] for row in story.built.lab["probes"]}

    assert "unexpected" not in rows.values()
    for node in NODES:
        assert "proven" == rows["L1", node, "after_role"]
        assert "proven" == rows["L2", node, "running"]
        assert "guest" == story.built.lab["facts"][f"probe.L2.{node}"]["probe_source"]


@pytest.mark.parametrize("name", NODES)
def test_each_node_is_a_hyperv_host(story: Story, name: str) -> None:
    """The VM has exposed extensions, static memory and MAC spoofing; inside, a hypervisor runs and no seed is left."""
    vm = story.stood["machines"]["host"]["vms"][name]
    inside = story.stood["machines"][name]

    wanted = {"state": "Running", "generation": 2, "exposed": True, "dynamic_memory": False, "memory_mib": 8192}
    assert wanted == {key: vm[key] for key in wanted}
    assert [SWITCH] == [adapter["switch"] for adapter in vm["adapters"] if adapter["spoofing"]]
    assert (True, False, False) == (inside["hypervisor_running"], inside["pending_reboot"], inside["seed_left"])
    assert {"Hyper-V", "Failover-Clustering"} <= {
        key for key, state in inside["features"].items() if state == "Installed"
    }
    # The nested VM of the smoke test was removed again, and its switch is for the next.
    assert ({}, ["matryoshka-inner"]) == (inside["vms"], list(inside["switches"]))


def test_the_cluster_stands(story: Story) -> None:
    """One cluster of the three nodes, with an access point in DNS, its address, and no witness."""
    assert {
        "NESTED-CL": {
            "access_point": "Dns",
            "address": "172.30.50.10",
            "nodes": list(NODES),
            "witness": "none",
            "storage": False,
            "pool": "",
            "stopped": [],
            "paused": [],
        }
    } == story.stood["clusters"]
    (cluster,) = _world(story)["clusters"].values()
    assert {"Up"} == set(cluster["nodes"].values())


def test_the_nodes_reach_each_other(story: Story) -> None:
    """An internal switch with the gateway's address and a NAT; the nodes' own addresses, names and network profile."""
    host = story.stood["machines"]["host"]

    assert "172.30.50.1/24" == host["switches"][SWITCH]["address"]
    assert ["172.30.50.0/24"] == list(host["nats"].values())
    for number, name in enumerate(NODES):
        network = story.stood["machines"][name]["network"]
        assert [f"172.30.50.{11 + number}/24"] == network["addresses"]
        assert ("172.30.50.1", "lab.internal", True) == (network["gateway"], network["dns_suffix"], network["private"])
        assert {other.lower() for other in NODES} <= {entry.lower() for entry in network["hosts"]}


def test_nothing_matched_a_text(story: Story) -> None:
    """The whole world spoke German."""
    assert "de-DE" == _world(story)["language"]


@pytest.mark.parametrize("place", ["host", *NODES])
def test_every_journaled_call_is_over(story: Story, place: str) -> None:
    """What changed a machine is in its own journal as completed, and nothing else is."""
    calls = story.stood["machines"][place]["calls"]

    assert {"completed"} == {call["status"] for call in calls.values()}
    names = {call["name"] for call in calls.values()}
    assert ({"New-NestedNode", "Set-NestedDiskSeed"} if place == "host" else {"Install-NestedRole"}) <= names


def test_no_secret_is_left_on_any_disk_or_in_a_log(story: Story) -> None:
    """Passwords are on no disk of host and nodes (journals, answer files) and in no log, in none of their forms."""
    forms = {form for secret in story.secrets for form in _forms(secret)}

    assert all(story.secrets)
    found = [
        str(path)
        for root in (story.disks, story.logs)
        for path in _files(root)
        if any(form in path.read_bytes() for form in forms)
    ]
    assert [] == found


def test_teardown_leaves_nothing(story: Story) -> None:
    """After the teardown the host is what it was before the job, but for its journal and the image's protection."""
    assert ("succeeded", "removed") == (story.teardown.job["state"], story.teardown.lab["state"])
    assert {"succeeded"} == {step["state"] for step in story.teardown.steps.values()}
    changed = "machines.host.disks.c:\\images\\ws2022.vhdx.read_only: False / True"
    assert [changed] == list(walk("", _without_calls(story.before), _without_calls(story.left)))


def _world(story: Story) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((story.disks / "world.json").read_text(encoding="utf-8"))
    return found


def _files(root: Path) -> Iterator[Path]:
    """The files of a folder, but not the pretended Windows' own memory."""
    return (path for path in root.rglob("*") if path.is_file() and path.name != "world.json")


def _forms(secret: str) -> set[bytes]:
    """A password as it is, as UTF-16, and as answer files hide it."""
    wide = [text.encode("utf-16-le") for text in (secret, f"{secret}AdministratorPassword")]
    return {secret.encode(), wide[0], *(base64.b64encode(one) for one in wide)}


def _without_calls(observed: dict[str, Any]) -> dict[str, Any]:
    machines = observed["machines"].items()
    kept = {path: {key: item for key, item in one.items() if key not in ("calls", "fences")} for path, one in machines}
    return {**observed, "machines": kept}
