"""The command line itself: global options in both places, help, old names, verbs that destroy."""

from __future__ import annotations

import json

import click
import pytest
import yaml

from service.cli import matryoshka
from service.commands.exits import Exit
from service.commands.outside import may_colour
from service.commands.verbs import Verb, Verbs
from tests.unit.service.commands.kit import EXAMPLES, ROOT, Service, answer, page, run

HOST, IMAGE, LAB, JOB, ENDPOINT = (EXAMPLES[name] for name in ("Host", "Image", "Lab", "Job", "Endpoint"))


def _commands(group: click.Group, words: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    found: list[tuple[tuple[str, ...], click.Command]] = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found.append(((*words, name), command))
        if isinstance(command, click.Group):
            found += _commands(command, (*words, name))
    return found


def test_every_verb_takes_the_global_options() -> None:
    """Each verb and each group is of the classes that have them, and says in one line what it does."""
    commands = _commands(matryoshka)

    assert len(commands) > 90
    assert [] == [words for words, one in commands if not isinstance(one, (Verb, Verbs))]
    assert [] == [words for words, one in commands if not one.get_short_help_str()]


@pytest.mark.parametrize(
    "arguments", [("-o", "json", "images", "list"), ("images", "-o", "json", "list"), ("images", "list", "--json")]
)
def test_options_stand_before_and_behind(arguments: tuple[str, ...]) -> None:
    """The output is chosen anywhere in the line, and --json is -o json."""
    done = run(Service({"GET /v1/images": page(IMAGE)}), *arguments)

    assert [IMAGE] == json.loads(done.stdout)


def test_formats() -> None:
    """A list is one array, lines, or a sequence; nothing is an empty one; the variable chooses where no option does."""
    service = Service({"GET /v1/images": page(IMAGE, IMAGE), "GET /v1/hosts": page()})

    assert [IMAGE] * 2 == [
        json.loads(line) for line in run(service, "images", "list", "-o", "jsonl").stdout.splitlines()
    ]
    assert [IMAGE] * 2 == yaml.safe_load(run(service, "images", "list", "-o", "yaml").stdout)
    assert [] == json.loads(run(service, "hosts", "list", MATRYOSHKA_OUTPUT="json").stdout)
    assert [] == yaml.safe_load(run(service, "hosts", "list", "-o", "yaml").stdout)
    assert "id\tname" in run(service, "hosts", "list", "-o", "table", MATRYOSHKA_OUTPUT="json").stdout


def test_a_limit_ends_a_list_and_its_reading() -> None:
    """No more is shown than was asked for, in every form, and pages that nobody will see are not read."""
    service = Service({"GET /v1/images": page(*[IMAGE] * 3, cursor="next")})

    assert [IMAGE] * 2 == json.loads(run(service, "images", "list", "--limit", "2", "-o", "json").stdout)
    assert 3 + 1 == len(run(service, "images", "list", "--limit", "3").stdout.splitlines())
    assert 2 == len(service.asked)
    assert Exit.USAGE == run(service, "images", "list", "--limit", "0").exit_code


def test_every_verb_that_lists_takes_a_limit() -> None:
    """`list` of every group, and the verbs that are lists under another name."""
    lists = {"steps", "events", "deliveries"}
    # Profiles are a handful of this machine's.
    found = [(words, one) for words, one in _commands(matryoshka) if words[-1] in lists | {"list"}]
    found = [(words, one) for words, one in found if words[0] != "profiles"]

    assert len(found) >= 11
    assert [] == [words for words, one in found if "limit" not in {parameter.name for parameter in one.params}]


def test_a_signing_secret_is_rotated() -> None:
    """The overlap (as of a key: a day) and a secret of one's own are sent; the answer shows a secret that was made."""
    path = f"/v1/webhook-endpoints/{ENDPOINT['id']}:rotate"
    service = Service({f"POST {path}": {**ENDPOINT, "secret": "whsec_new"}})
    made = run(service, "webhooks", "rotate", ENDPOINT["id"], "-o", "json")
    own = ("--overlap", "12h", "--secret-from", "env:MINE")
    run(service, "webhooks", "rotate", ENDPOINT["id"], *own, MINE="whsec_mine")
    wrong = run(service, "webhooks", "rotate", ENDPOINT["id"], "--overlap", "soon")

    assert "whsec_new" == json.loads(made.stdout)["secret"]
    assert [{"overlap_seconds": 86400}, {"overlap_seconds": 43200, "secret": {"value": "whsec_mine"}}] == [
        one.body for one in service.asked
    ]
    assert Exit.USAGE == wrong.exit_code


def test_old_names_still_work() -> None:
    """`get` and `register` are what they were, and help does not show them."""
    service = Service({f"GET /v1/jobs/{JOB['id']}": JOB, f"GET /v1/labs/{LAB['id']}": LAB, "POST /v1/hosts": HOST})
    register = ("hosts", "register", "--name", "hv1", "--address", "a", "--username", "u", "--password-ref", "env:X")

    assert [0, 0, 0] == [
        run(service, *words).exit_code for words in (("jobs", "get", JOB["id"]), ("labs", "get", LAB["id"]), register)
    ]
    assert " get " not in run(service, "jobs", "--help").output
    assert "register" not in run(service, "hosts", "--help").output


def test_scripts_are_not_asked_and_no_is_no() -> None:
    """What destroys goes on where nobody can answer, and sends what it knew: the version that was seen."""
    path = f"/v1/images/{IMAGE['id']}"
    service = Service({"GET /v1/images": page(IMAGE), f"GET {path}": IMAGE, f"DELETE {path}": answer(204)})
    done = run(service, "images", "delete", "ws2022")

    assert (0, '"1"') == (done.exit_code, service.asked[-1].headers["If-Match"])


def test_endpoints_are_kept() -> None:
    """An endpoint is added with what was said and nothing else, shown, taken back into use and forgotten."""
    endpoint = EXAMPLES["Endpoint"]
    path = f"/v1/webhook-endpoints/{endpoint['id']}"
    made = EXAMPLES["EndpointSecret"]
    answers = {"POST /v1/webhook-endpoints": made, f"GET {path}": endpoint, f"PATCH {path}": endpoint}
    service = Service({**answers, f"DELETE {path}": answer(204)})

    def asked(*words: str, **environ: str) -> object:
        done = run(service, "webhooks", *words, **environ)
        assert 0 == done.exit_code, done.output
        return service.asked[-1].body

    url, secret = "https://portal.example/hooks", "whsec_" + "A" * 32
    assert {"url": url} == asked("add", "--url", url)
    told = ("--type", "job.failed", "--format", "cloudevents", "--secret-from", "env:S")
    assert {
        "url": url,
        "types": ("job.failed",),
        "format": "cloudevents",
        "secret": {"value": secret},
    } == asked("add", "--url", url, *told, S=secret)
    assert None is asked("show", endpoint["id"])
    assert {"state": "active"} == asked("enable", endpoint["id"])
    assert None is asked("delete", endpoint["id"])
    assert ("DELETE", '"1"') == (service.asked[-1].method, service.asked[-1].headers["If-Match"])


def test_names_that_nothing_or_several_have() -> None:
    """A name must be that of one thing; what is removed is not looked for."""
    twins = Service({"GET /v1/labs": page(LAB, {**LAB, "id": "lab_2"}, {**LAB, "state": "removed", "name": "gone"})})
    both, gone = run(twins, "labs", "show", "nest-1"), run(twins, "labs", "show", "gone")

    assert (Exit.REFUSED, True) == (both.exit_code, "lab_2" in both.stderr)
    assert (Exit.REFUSED, True) == (gone.exit_code, "There is no lab gone" in gone.stderr)


def test_leases_are_given_in_words() -> None:
    """A lab is extended by seconds, hours or days."""
    path = f"/v1/labs/{LAB['id']}"
    service = Service({f"GET {path}": LAB, f"PATCH {path}": LAB})
    for said, seconds in (("3600", 3600), ("12h", 43200), ("2d", 172800), ("0", 0)):
        assert 0 == run(service, "labs", "extend", LAB["id"], said).exit_code
        assert {"lease_seconds": seconds} == service.asked[-1].body
    assert Exit.USAGE == run(service, "labs", "extend", LAB["id"], "soon").exit_code


def test_a_password_of_a_host_is_asked_for_or_named() -> None:
    """With --no-input a missing password is a fault of usage that names the ways to give it."""
    options = ("hosts", "add", "--name", "hv1", "--address", "a", "--username", "u")
    refused = run(Service(), *options, "--no-input")
    service = Service({"POST /v1/hosts": HOST})

    assert (Exit.USAGE, True) == (refused.exit_code, "--password-file" in refused.stderr)
    assert 0 == run(service, *options, text="geheim\n").exit_code
    assert {"value": "geheim"} == service.asked[-1].body["password"]
    assert Exit.USAGE == run(Service(), *options, "--password-file", "/nowhere").exit_code
    assert Exit.USAGE == run(Service(), *options, "--label", "purpose").exit_code


def test_colours_can_be_forbidden() -> None:
    """NO_COLOR with any value and a dumb terminal forbid colours; an empty NO_COLOR does not."""
    assert [True, True, False, False] == [
        may_colour(environ) for environ in ({}, {"NO_COLOR": ""}, {"NO_COLOR": "0"}, {"TERM": "dumb"})
    ]
    with click.Context(matryoshka) as context:
        context.meta["service.commands.choices"] = type("C", (), {"no_color": True})()
        assert not may_colour({})


def test_help_and_version_need_no_service() -> None:
    """Help of the whole command names every verb, and the version is that of the package."""
    text = run(Service(), "--help").output

    assert [] == [name for name in matryoshka.list_commands(click.Context(matryoshka)) if name not in text]
    assert 'version = "' + run(Service(), "--version").output.split()[-1] in (ROOT / "pyproject.toml").read_text()


@pytest.mark.parametrize("said", ["", "job_1/../../hosts", "job_1/steps", "job_1?limit=1", "job_1#", "a b", ".."])
def test_what_is_no_id_asks_for_nothing(said: str) -> None:
    """A slash would lead to another resource, which was then shown as an empty job with the exit code 0."""
    service = Service({"GET /v1/hosts": page(), "GET /v1/labs": page()})

    for verb in (("jobs", "show"), ("watch",), ("jobs", "cancel"), ("webhooks", "show"), ("webhooks", "ping")):
        done = run(service, *verb, said)
        assert (Exit.USAGE, "") == (done.exit_code, done.stdout), verb
    assert [] == service.asked
    # A name may be anything, and is looked for in the list.
    assert Exit.REFUSED == run(service, "hosts", "show", f"host_{said}/").exit_code
    assert ["/v1/hosts"] == [one.path for one in service.asked]


def test_every_host_lab_image_and_job_is_completed() -> None:
    """Each argument that names something of the service is offered at the Tab key, whichever verb it belongs to."""
    bare = [
        (words, one.name)
        for words, command in _commands(matryoshka)
        for one in command.params
        if isinstance(one, click.Argument) and one.name in {"host", "lab", "image", "job_id"}
        if one._custom_shell_complete is None
    ]
    assert [] == bare
