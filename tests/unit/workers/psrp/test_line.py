"""A line's patience: what is asked again and what is given up. Pool and clock are fakes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from tests.fakes import FakeClock
from workers.errors import (
    AccessDenied,
    HostUnreachable,
    OutcomeUnknown,
    RemoteError,
    SessionLost,
    StepCancelled,
    WorkerError,
)
from workers.psrp.invoke import Invocation
from workers.psrp.line import HostLine


class FakePool:
    """Lends sessions, or raises what the script says; counts how often it was asked."""

    def __init__(self, script: list[WorkerError | None], clock: FakeClock) -> None:
        self.script = script
        self.clock = clock
        self.asked = 0

    @contextmanager
    def session(self, endpoint: Any, tick: Any) -> Iterator[Any]:
        """Raise the next error of the script; its last entry stays."""
        self.asked += 1
        tick()
        error = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if error is not None:
            raise error
        yield SimpleNamespace()


class Ticks:
    """A watch that counts, and cancels after some ticks."""

    def __init__(self, cancel_after: int = 10**6) -> None:
        self.count = 0
        self.cancel_after = cancel_after

    def tick(self) -> None:
        """Count."""
        self.count += 1
        if self.count > self.cancel_after:
            raise StepCancelled


def _line(script: list[WorkerError | None], watch: Ticks | None = None) -> tuple[HostLine, FakePool, FakeClock]:
    clock = FakeClock()
    pool = FakePool(script, clock)
    line = HostLine(
        pool,  # type: ignore[arg-type]
        lambda: None,  # type: ignore[arg-type,return-value]
        watch or Ticks(),  # type: ignore[arg-type]
        patience_seconds=90.0,
        monotonic=clock.monotonic,
        sleep=clock.sleep,
        jitter=lambda: 0.5,
    )
    return line, pool, clock


def test_a_host_that_is_down_is_tried_with_growing_pauses() -> None:
    """For a minute and a half, in about a dozen tries, then it is HostUnreachable: nothing was started."""
    line, pool, clock = _line([HostUnreachable("down")])
    begun = clock.now

    with pytest.raises(HostUnreachable):
        line.invoke(Invocation("X"))
    assert 8 <= pool.asked <= 20
    assert 85 <= clock.now - begun <= 110


def test_a_call_that_was_interrupted_and_never_found_again_is_unknown() -> None:
    """Once a call was lost on its way, being unreachable afterwards does not make it not started."""
    line, _, _ = _line([SessionLost("gone"), HostUnreachable("down")])

    with pytest.raises(OutcomeUnknown):
        line.invoke(Invocation("X"))


def test_errors_that_patience_cannot_mend_pass_at_once() -> None:
    """A refused credential is not tried again."""
    line, pool, _ = _line([AccessDenied("no")])

    with pytest.raises(AccessDenied):
        line.invoke(Invocation("X"))
    assert 1 == pool.asked


def test_cancellation_is_seen_while_a_host_is_waited_for() -> None:
    """The pauses between tries look at the watch twice a second."""
    line, _, clock = _line([HostUnreachable("down")], Ticks(cancel_after=20))
    begun = clock.now

    with pytest.raises(StepCancelled):
        line.invoke(Invocation("X"))
    assert clock.now - begun < 15


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ([HostUnreachable("down")], "HOST_UNREACHABLE"),
        ([AccessDenied("no")], "ACCESS_DENIED"),
        ([SessionLost("gone"), HostUnreachable("down")], "HOST_UNREACHABLE"),
        ([HostUnreachable("down"), RemoteError("refused")], ""),
    ],
)
def test_line_notes_whether_the_host_answers(script: list[WorkerError | None], error: str) -> None:
    """The last error's code is kept, with the time of the first in a row; '' after an answer, a refusal too."""
    line, _, clock = _line(script)
    begun = clock.now
    assert line.contact.error is None

    with pytest.raises(WorkerError):
        line.invoke(Invocation("X"))
    assert (error, begun) == (line.contact.error, line.contact.since)
