"""What the command prints, letter for letter: in a terminal of 80 columns, and in a pipe.

MATRYOSHKA_GOLDEN=renew pytest tests/unit/service/commands/test_golden.py writes the files again; look
at the difference.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from service.commands.tables import Screen
from tests.unit.service.commands.kit import EXAMPLES, NOW, PIPE, TERMINAL, Service, page, run

GOLDEN = Path(__file__).parent / "golden"
JOB, LAB, HOST, IMAGE = (EXAMPLES[name] for name in ("Job", "Lab", "Host", "Image"))
FAILED = {
    **JOB,
    "state": "failed",
    "result": None,
    "progress_percent": 40,
    "steps_done": 9,
    "eta_seconds": 300.0,
    "error": {
        "code": "ImageHashDiffers",
        "title": "The image is another one",
        "detail": "The file on the host has another SHA-256 than the catalogue says.",
        "step_id": "verify-image",
        "node": None,
        "remedy": "Copy the image to the host again, or register the file that is there.",
    },
}
RUNNING = {**JOB, "id": JOB["id"][:-1] + "0", "state": "running", "kind": "nested_cluster", "progress_percent": 7}
DIAGNOSIS = {
    "job_id": JOB["id"],
    "state": "waiting",
    "moving": False,
    "causes": [
        {
            "code": "waiting_for_room",
            "blocking": True,
            "since": "2026-11-30T05:54:00Z",
            "detail": "It needs 24576 MiB of memory and hv1 has 8192 MiB left.",
            "remedy": "Tear down a lab, or wait: lab_01a22a294477eed1591a506f94 expires in 3 hours.",
        }
    ],
}
LOCKS = {
    "host_id": HOST["id"],
    "host_name": "hv1",
    "at": "2026-11-30T06:00:00Z",
    "targets": [{"target": "vm:nest-1", "job_id": JOB["id"], "state": "running", "since": "2026-11-30T05:50:00Z"}],
    "steps": [],
    "reservations": [{"holder": LAB["id"], "memory_mib": 8192, "disk_gib": 40, "since": "2026-11-30T02:00:00Z"}],
    "waiting": [],
}
EVENT = {
    "id": "1796003688770-0",
    "type": "step.warned",
    "timestamp": "2026-11-30T01:54:48.770Z",
    "job_id": JOB["id"],
    "step_id": "create-disk-nest-1",
    "node": "nest-1",
    "data": {"message": "The disk is\x1b[31m fragmented."},
}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "jobs-list": ("jobs list", {"GET /v1/jobs": page(RUNNING, FAILED, JOB)}),
    "jobs-show": (f"jobs show {JOB['id']}", {f"GET /v1/jobs/{JOB['id']}": JOB}),
    "jobs-show-failed": (f"jobs show {JOB['id']}", {f"GET /v1/jobs/{JOB['id']}": FAILED}),
    "jobs-steps": (f"jobs steps {JOB['id']}", {f"GET /v1/jobs/{JOB['id']}/steps": page(EXAMPLES["Step"])}),
    "jobs-events": (f"jobs events {JOB['id']}", {f"GET /v1/jobs/{JOB['id']}/events": page(EVENT)}),
    "jobs-diagnose": (f"jobs diagnose {JOB['id']}", {f"GET /v1/jobs/{JOB['id']}:diagnosis": DIAGNOSIS}),
    "plan": ("plan inspect-host --host hv1", {"POST /v1/jobs:plan": EXAMPLES["Plan"]}),
    "labs-list": ("labs list", {"GET /v1/labs": page(LAB)}),
    "labs-show": ("labs show nest-1", {"GET /v1/labs": page(LAB), f"GET /v1/labs/{LAB['id']}": LAB}),
    "hosts-list": ("hosts list", {"GET /v1/hosts": page(HOST)}),
    "hosts-show": ("hosts show hv1", {"GET /v1/hosts": page(HOST), f"GET /v1/hosts/{HOST['id']}": HOST}),
    "hosts-locks": ("hosts locks", {"GET /v1/locks": page(LOCKS)}),
    "images-list": ("images list", {"GET /v1/images": page(IMAGE)}),
    "images-show": ("images show ws2022", {"GET /v1/images": page(IMAGE), f"GET /v1/images/{IMAGE['id']}": IMAGE}),
    "webhooks-list": ("webhooks list", {"GET /v1/webhook-endpoints": page(EXAMPLES["Endpoint"])}),
    "webhooks-deliveries": ("webhooks deliveries", {"GET /v1/webhook-deliveries": page(EXAMPLES["Delivery"])}),
}


def _printed(name: str, screen: Screen) -> str:
    words, answers = CASES[name]
    done = run(Service(dict(answers)), *words.split(), screen=screen)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("name", CASES)
def test_what_is_printed(name: str) -> None:
    """Tables and records look as their golden files, for people and for programs."""
    words = CASES[name][0]
    found = f"$ matryoshka {words}\n{_printed(name, TERMINAL)}\n$ matryoshka {words} | cat\n{_printed(name, PIPE)}"
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("MATRYOSHKA_GOLDEN") == "renew":
        file.write_text(found, encoding="utf-8")

    assert file.read_text(encoding="utf-8") == found


def test_each_golden_file_has_its_case() -> None:
    """No file is left behind."""
    assert {file.stem for file in GOLDEN.glob("*.txt")} == CASES.keys()


@pytest.mark.parametrize("name", CASES)
def test_tables_fit(name: str) -> None:
    """In 80 columns no line of a table is longer, and a wide screen shows more columns, never fewer."""
    wide = Screen(is_terminal=True, width=200, now=NOW)
    lines = _printed(name, TERMINAL).splitlines()

    assert [] == [line for line in lines if len(line) > 80]
    heads = [_printed(name, screen).splitlines()[0].split() for screen in (TERMINAL, wide)]
    assert len(heads[0]) <= len(heads[1])


@pytest.mark.parametrize("name", CASES)
def test_nothing_moves_the_cursor(name: str) -> None:
    """What hosts and callers wrote has no control characters when it is printed."""
    for screen in (TERMINAL, PIPE):
        assert "\x1b" not in _printed(name, screen)


def test_colours_are_for_terminals() -> None:
    """A terminal with colours gets them for states; without colours the text is the same."""
    coloured = _printed("jobs-list", Screen(is_terminal=True, width=80, has_colour=True, now=NOW))

    assert "\x1b[32msucceeded\x1b[0m" in coloured
    assert _printed("jobs-list", TERMINAL) == _without_colours(coloured)


def _without_colours(text: str) -> str:
    for code in ("0", "1", "31", "32", "36"):
        text = text.replace(f"\x1b[{code}m", "")
    return text
