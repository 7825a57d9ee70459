"""Counts, times and traces calls to Windows hosts: by host, function and code, never by a parameter or a text."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from service.observing.metrics import PSRP_CALLS, PSRP_OPENED, PSRP_SECONDS, PSRP_SESSIONS
from service.observing.tracing import Span, SpanKind, span


@contextmanager
def measured_call(host_id: str, function: str, *, in_guest: bool) -> Iterator[Span]:
    """Measure one call from its beginning to its known end, over all sessions that it took."""
    attributes: dict[str, str | bool] = {
        "matryoshka.host_id": host_id,
        "matryoshka.function": function,
        "matryoshka.in_guest": in_guest,
    }
    started, outcome = time.monotonic(), "ok"
    with span(f"psrp {function}", kind=SpanKind.CLIENT, attributes=attributes) as one:
        try:
            yield one
        except BaseException as error:
            outcome = str(getattr(error, "code", "") or type(error).__name__)
            raise
        finally:
            PSRP_CALLS.labels(host_id, outcome).inc()
            PSRP_SECONDS.labels(function).observe(time.monotonic() - started)


@contextmanager
def named_call(one: Span, call_id: str, fence: int) -> Iterator[None]:
    """Name the journal's id of a call that changes something, in its span and in log lines."""
    one.note(matryoshka__call_id=call_id, matryoshka__fence=fence)
    with structlog.contextvars.bound_contextvars(call_id=call_id):
        yield


@contextmanager
def opening(host_id: str) -> Iterator[None]:
    """Count a session that is opened, or why it is not."""
    outcome = "ok"
    try:
        yield
    except BaseException as error:
        outcome = str(getattr(error, "code", "") or type(error).__name__)
        raise
    finally:
        PSRP_OPENED.labels(host_id, outcome).inc()


def show_sessions(host_id: str, used: int, idle: int) -> None:
    """Say how many sessions to a host there are now."""
    PSRP_SESSIONS.labels(host_id, "used").set(used)
    PSRP_SESSIONS.labels(host_id, "idle").set(idle)
