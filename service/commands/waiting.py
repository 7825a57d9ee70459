"""`--wait`, `--watch` and `--timeout` of every verb that makes or changes a job, and the job's exit code."""

from __future__ import annotations

import functools
import re
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import click

from service.commands.client import Client
from service.commands.exits import FINAL_STATES, exit_of_job
from service.commands.failures import Refused, ServerFault, TimedOut, Unreachable
from service.commands.job_parts import job_parts
from service.commands.showing import show
from service.commands.watching import watch_job

_DURATION = re.compile(r"(\d+)([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
# The service answers a waiting GET after 30 seconds at the latest.
_ONE_WAIT_SECONDS = 20
_PAUSE_SECONDS = 1.0
_TOO_MANY = 429
_PATIENCE_SECONDS = 600.0


@dataclass(frozen=True)
class Patience:
    """How long to stay: not at all, until the job is final, or until then with a picture. None: any time."""

    wait: bool = False
    watch: bool = False
    timeout_seconds: float | None = None


def duration(_context: click.Context, _parameter: click.Parameter, value: str | None) -> int | None:
    """Return the seconds of `90`, `90s`, `5m`, `12h` or `2d`; None for none. Raises click.BadParameter."""
    return None if value is None else seconds_of(_context, _parameter, value)


def seconds_of(_context: click.Context, _parameter: click.Parameter, value: str) -> int:
    """Return the seconds of `90`, `90s`, `5m`, `12h` or `2d`. Raises click.BadParameter."""
    match = _DURATION.fullmatch(value)
    if match is None:
        raise click.BadParameter("give seconds, or such as 90s, 5m, 12h or 2d")
    return int(match[1]) * _SECONDS[match[2]]


_OPTIONS = (
    click.option("--wait", is_flag=True, help="Stay until the job ends; the exit code is its result."),
    click.option("--watch", is_flag=True, help="The same, with live progress."),
    click.option("--timeout", callback=duration, help="Leave after so long (90s, 5m, 2h) with 10; the job goes on."),
)


def waits(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb the three options; it gets `patience`."""

    @functools.wraps(function)
    def called(*arguments: Any, wait: bool, watch: bool, timeout: int | None, **options: Any) -> Any:
        return function(*arguments, patience=Patience(wait, watch, timeout), **options)

    for option in reversed(_OPTIONS):
        called = option(called)
    return called


def keyed(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb `--idempotency-key`; it gets the person's own key or a new one as `idempotency_key`."""
    text = "A key of your own: asked again with it, nothing is done twice."
    return click.option("--idempotency-key", callback=lambda _c, _p, value: value or str(uuid.uuid4()), help=text)(
        function
    )


def finish(client: Client, job: dict[str, Any], patience: Patience) -> None:
    """Show a job, or stay with it and leave with its exit code. Raises ApiError, TimedOut."""
    try:
        _stay(client, job, patience)
    except KeyboardInterrupt:
        # Who asked for it in this very line has not seen its id yet.
        click.echo(f"{job['id']} goes on. See `matryoshka watch {job['id']}`.", err=True)
        raise


def _stay(client: Client, job: dict[str, Any], patience: Patience) -> None:
    if patience.watch:
        sys.exit(watch_job(client, job["id"], patience.timeout_seconds))
    if not patience.wait:
        show(job, lambda: job_parts(job))
        return
    done = Waiter(client, patience.timeout_seconds, pause=client.pause).final(job["id"])
    show(done, lambda: job_parts(done))
    sys.exit(exit_of_job(done["state"]))


@dataclass(frozen=True)
class Waiter:
    """Asks until a job is final. `clock` and `pause` are for tests."""

    client: Client
    timeout_seconds: float | None = None
    clock: Callable[[], float] = field(default=time.monotonic)
    pause: Callable[[float], None] = field(default=time.sleep)

    def final(self, job_id: str) -> dict[str, Any]:
        """Return the job once it is final. A service that is away is asked again. Raises ApiError, TimedOut."""
        end = None if self.timeout_seconds is None else self.clock() + self.timeout_seconds
        lost_since: float | None = None
        while True:
            left = _ONE_WAIT_SECONDS if end is None else min(_ONE_WAIT_SECONDS, end - self.clock())
            began = self.clock()
            try:
                job = self.client.get(f"/v1/jobs/{job_id}", wait=max(int(left), 1))
                lost_since = None
            except (Unreachable, ServerFault, Refused) as error:
                if isinstance(error, Refused) and error.status != _TOO_MANY:
                    raise
                lost_since = began if lost_since is None else lost_since
                if began - lost_since >= _PATIENCE_SECONDS:
                    raise
                job = {"state": "unknown"}
            if job["state"] in FINAL_STATES:
                return job
            if end is not None and self.clock() >= end:
                raise TimedOut(f"{job_id} has not ended yet; it goes on. See `matryoshka watch {job_id}`.")
            # A service that cannot let one more wait answers at once.
            if self.clock() - began < _PAUSE_SECONDS:
                self.pause(_PAUSE_SECONDS)
