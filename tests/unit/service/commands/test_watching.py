"""Watching a job: what is known, what is drawn, and what a pipe gets."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
import yaml
from rich.console import Console

from service.commands.drawing import Terminal, drawn
from service.commands.exits import Exit
from service.commands.outside import screen
from service.commands.picture import JobPicture, lines_of
from tests.unit.service.commands.kit import EXAMPLES, PIPE, TERMINAL, Service, answer, page, run

JOB = EXAMPLES["Job"]
STEPS = [
    {"id": "inspect", "title": "Inspect the host", "node": None, "weight_seconds": 10},
    {"id": "disk-1", "title": "Disk of nest-1", "node": "nest-1", "weight_seconds": 30},
    {"id": "start-1", "title": "Start nest-1", "node": "nest-1", "weight_seconds": 10},
    {"id": "disk-2", "title": "Disk of nest-2", "node": "nest-2", "weight_seconds": 30},
]


def _event(sort: str, step: str = "", node: str | None = None, **data: Any) -> dict[str, Any]:
    return {"type": sort, "step_id": step, "node": node, "timestamp": "2026-11-30T05:00:01.000Z", "data": data}


def _picture(*events: dict[str, Any]) -> JobPicture:
    picture = JobPicture.of(STEPS)
    for event in events:
        picture.take(event)
    return picture


HALF = (
    _event("job.started"),
    _event("step.started", "inspect"),
    _event("step.succeeded", "inspect"),
    _event("step.started", "disk-1", "nest-1"),
    _event("step.progressed", "disk-1", "nest-1", percent=50, message="copying"),
)


def test_a_row_a_node() -> None:
    """The lab as a whole comes first, then each node with what part of its work is done and what runs there."""
    rows = _picture(*HALF).rows()

    assert ["lab", "nest-1", "nest-2"] == [row.node for row in rows]
    assert [100, 37.5, 0] == [row.percent for row in rows]
    assert [(), ("Disk of nest-1 (copying)",), ()] == [row.running for row in rows]
    assert [True, False, False] == [row.is_done for row in rows]


@pytest.mark.parametrize(
    "sort", ["step.failed", "step.lost", "step.released", "step.waited", "step.retried", "step.cancelled"]
)
def test_what_stops_is_not_running(sort: str) -> None:
    """A step that ended in another way than well is neither running nor done."""
    row = _picture(*HALF, _event(sort, "disk-1", "nest-1")).rows()[1]

    assert ((), 0) == (row.running, row.percent)


def test_what_is_undone_is_not_done() -> None:
    """A rollback takes the bars back, and ends at nothing."""
    picture = _picture(
        *HALF, _event("step.succeeded", "disk-1"), _event("step.undone", "disk-1"), _event("step.undone", "inspect")
    )

    assert 0 == picture.percent()


def test_steps_that_nobody_told_of() -> None:
    """An event of a step that the plan did not have, as after a retry with edits, gets its row."""
    assert "nest-9" == _picture(_event("step.started", "disk-9", "nest-9")).rows()[-1].node


def test_what_is_said_above() -> None:
    """Warnings, failures and each line of a stream are told; progress is not; nothing in them moves the cursor."""
    logged = _event(
        "step.logged", "disk-1", lines=[{"stream": "warning", "text": "slow\x1b[2J"}, {"text": "x"}], dropped=3
    )
    failed = _event("step.failed", "disk-1", error={"detail": "No room."})
    picture = JobPicture.of(STEPS)

    assert ["warning", "info", "info"] == [line.sort for line in picture.take(logged)]
    assert "05:00:01" == next(lines_of(logged)).time
    assert "disk-1 warning: slow [2J" == next(lines_of(logged)).text
    assert [("error", "step.failed disk-1 No room.")] == [(line.sort, line.text) for line in picture.take(failed)]
    assert () == picture.take(HALF[-1])


def _shown(picture: JobPicture, **options: Any) -> str:
    console = Console(file=io.StringIO(), force_terminal=False, width=80, height=24, **options)
    with console.capture() as capture:
        console.print(drawn(picture, console, 65))
    return capture.get()


def test_bars_fit_the_screen() -> None:
    """In 80 columns there is a line a node with a bar, a percentage and the step, and a sum below."""
    lines = _shown(_picture(*HALF)).splitlines()

    assert 4 == len(lines)
    assert [] == [line for line in lines if len(line) > 80]
    assert ("nest-1", "38%") == (lines[1].split()[0], lines[1].split()[2])
    assert "Disk of nest-1 (copying)" in lines[1]
    assert "waiting" in lines[2]
    assert lines[3].startswith("started  31%  65s")


def test_long_texts_take_no_room_from_names() -> None:
    """A step with a long title is cut; the node's name and the percentage are whole."""
    long = _event("step.progressed", "disk-1", "nest-1", percent=50, message="copying " * 20)
    lines = _shown(_picture(*HALF, long)).splitlines()

    assert ("nest-1", "38%") == (lines[1].split()[0], lines[1].split()[2])
    assert 80 == len(lines[1].rstrip())


def test_many_nodes_fit_the_screen() -> None:
    """Of 64 nodes those where something runs are drawn, and the others are counted."""
    steps = [{"id": f"disk-{n}", "title": "Disk", "node": f"nest-{n}", "weight_seconds": 1} for n in range(64)]
    picture = JobPicture.of(steps)
    picture.take(_event("step.started", "disk-63", "nest-63"))
    picture.take(_event("step.succeeded", "disk-0", "nest-0"))
    text = _shown(picture)

    assert len(text.splitlines()) < 24
    assert "nest-63" in text
    assert "46 more nodes, 1 done" in text


def test_a_terminal_shows_lines_above_bars() -> None:
    """What is said is printed for good; the bars are gone when the watching ends."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80, height=24, color_system=None, _environ={"TERM": "xterm"})
    picture = _picture(*HALF)
    with Terminal(picture, console, lambda: 0.0) as terminal:
        terminal.say(next(lines_of(_event("step.warned", "disk-1", message="[bold]slow"))))
    text = out.getvalue()

    assert "05:00:01 step.warned disk-1 [bold]slow" in text
    assert "nest-2" in text
    assert text.rstrip().endswith(("\x1b[?25h", "\x1b[2K"))


def _stream(*frames: tuple[str, dict[str, Any]]) -> requests.Response:
    made = answer(200, b"")
    lines = [line for name, data in frames for line in (f"event: {name}", "id: 1", f"data: {json.dumps(data)}", "")]

    def read(**_options: Any) -> Iterator[str]:
        yield from lines

    made.iter_lines = read  # type: ignore[assignment, method-assign]
    return made


def _service(state: str, *events: dict[str, Any]) -> Service:
    path = f"/v1/jobs/{JOB['id']}"
    stream = _stream(*((event["type"], event) for event in events), ("end", {}))
    error = {"title": "It failed", "detail": "No room.", "remedy": "Make room."} if state != "succeeded" else None
    job = {**JOB, "state": state, "error": error}
    return Service({f"GET {path}": job, f"GET {path}/steps": page(*STEPS), f"GET {path}/events": stream})


def test_a_terminal_that_cannot_go_back_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bars would never be seen there (TERM=dumb, an editor's shell): an event is a line, as in a pipe."""
    done = run(_service("succeeded", *HALF), "watch", JOB["id"], screen=replace(TERMINAL, can_redraw=False))

    assert ["05:00:01 job.started", "05:00:01 step.started inspect"] == done.stdout.splitlines()[:2]
    told = []
    for name in ("dumb", "unknown", "xterm", ""):
        monkeypatch.setenv("TERM", name)
        told.append(screen().can_redraw)
    assert [False, False, True, True] == told


@pytest.mark.parametrize(
    ("state", "code"), [("succeeded", 0), ("failed", Exit.JOB_FAILED), ("cancelled", 4), ("expired", Exit.JOB_EXPIRED)]
)
def test_a_pipe_gets_plain_lines_and_the_result(state: str, code: int) -> None:
    """In a pipe there is a line an event, without progress, then how it ended and what to do; the code is the job's."""
    done = run(_service(state, *HALF), "watch", JOB["id"], screen=PIPE)
    lines = done.stdout.splitlines()

    assert code == done.exit_code, done.output
    assert ["05:00:01 job.started", "05:00:01 step.started inspect"] == lines[:2]
    assert "copying" not in done.stdout
    assert f"{JOB['id']} {state}" in lines
    assert ("  Make room." in lines) is bool(code)
    assert "\x1b" not in done.stdout


def test_data_gets_events_and_nothing_else() -> None:
    """With -o json or yaml each event is a document, and the code is the job's."""
    as_json = run(_service("failed", *HALF), "-o", "json", "watch", JOB["id"])
    as_yaml = run(_service("failed", *HALF), "jobs", "watch", JOB["id"], "-o", "yaml")

    assert list(HALF) == [json.loads(line) for line in as_json.stdout.splitlines()]
    assert list(HALF) == list(yaml.safe_load_all(as_yaml.stdout))
    assert (Exit.JOB_FAILED, Exit.JOB_FAILED) == (as_json.exit_code, as_yaml.exit_code)


def test_submitting_with_watch() -> None:
    """--watch stays with the job that was made."""
    service = _service("succeeded", *HALF)
    service.answers["POST /v1/jobs"] = JOB
    done = run(service, "submit", "inspect-host", "--host", "hv1", "--watch")

    assert (0, True) == (done.exit_code, f"{JOB['id']} succeeded" in done.stdout)
