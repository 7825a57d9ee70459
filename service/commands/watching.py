"""Watch a job: live bars in a terminal, plain lines in a pipe, events as JSON lines; the exit code is the job's."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import click
import yaml
from rich.console import Console

from service.commands.client import Client, Frame
from service.commands.connecting import chosen_output
from service.commands.drawing import Terminal
from service.commands.exits import exit_of_job
from service.commands.failures import TimedOut
from service.commands.outside import may_colour, screen
from service.commands.picture import JobPicture, Line, lines_of

# Progress comes many times a second; in a pipe it would hide the rest.
_QUIET = frozenset({"step.progressed"})


def watch_job(client: Client, job_id: str, timeout_seconds: float | None = None) -> int:
    """Show a job until it is final. Returns its exit code. Raises ApiError, TimedOut."""
    path = f"/v1/jobs/{job_id}"
    form = chosen_output()
    if form != "table":
        for frame in _frames(client, path, timeout_seconds):
            click.echo(_document(frame, form))
        return exit_of_job(client.get(path)["state"])
    if screen().is_terminal and screen().can_redraw:
        _draw(client, path, timeout_seconds)
    else:
        _tell(client, path, timeout_seconds)
    return tell_result(client.get(path))


def _frames(
    client: Client, path: str, timeout_seconds: float | None, told: Callable[[str], None] | None = None
) -> Iterator[Frame]:
    until = None if timeout_seconds is None else time.monotonic() + timeout_seconds
    try:
        yield from client.events(f"{path}/events", told or _warn, until)
    except TimedOut as error:
        job_id = path.rpartition("/")[2]
        raise TimedOut(f"{job_id} has not ended yet; it goes on. See `matryoshka watch {job_id}`.") from error


def _warn(text: str) -> None:
    click.echo(text, err=True)


def _document(frame: Frame, form: str) -> str:
    if form == "yaml":
        text: str = yaml.safe_dump(frame.data, sort_keys=False, allow_unicode=True, explicit_start=True)
        return text.rstrip("\n")
    return json.dumps(frame.data, ensure_ascii=False)


def _tell(client: Client, path: str, timeout_seconds: float | None) -> None:
    for frame in _frames(client, path, timeout_seconds):
        if frame.event not in _QUIET:
            for line in lines_of({"type": frame.event, **frame.data}):
                click.echo(f"{line.time} {line.text}")
                sys.stdout.flush()


def _draw(client: Client, path: str, timeout_seconds: float | None) -> None:
    picture = JobPicture.of(client.get(f"{path}/steps")["items"])
    with Terminal(picture, terminal_console(), time.monotonic) as terminal:

        def told(text: str) -> None:
            terminal.say(Line(time.strftime("%H:%M:%S", time.gmtime()), "warning", text))

        for frame in _frames(client, path, timeout_seconds, told):
            for line in picture.take({"type": frame.event, **frame.data}):
                terminal.say(line)


def terminal_console() -> Console:
    """Return the console of standard output, with colours only when they are wanted."""
    wanted = may_colour(os.environ)
    wide = shutil.get_terminal_size((80, 24))
    return Console(no_color=not wanted, width=wide.columns, height=wide.lines, color_system="auto" if wanted else None)


def tell_result(job: dict[str, Any]) -> int:
    """Print how a job ended, why, and what to do; return its exit code."""
    code = exit_of_job(job["state"])
    mark = click.style(job["state"], fg="red" if code else "green")
    click.echo(f"{job['id']} {mark}", color=screen().has_colour)
    error = job.get("error") or {}
    if error:
        click.echo(f"  {error.get('title', '')}: {error.get('detail', '')}")
    if error.get("remedy"):
        click.echo(f"  {error['remedy']}")
    if code:
        click.echo(f"  matryoshka jobs diagnose {job['id']}    matryoshka jobs retry {job['id']}")
    return code
