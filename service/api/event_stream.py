"""One stream of server-sent events: what is stored, then what happens, without a gap; ended when its job is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import structlog
from flask import Response
from redis.exceptions import RedisError

from service.api.context import Context
from service.api.job_shapes import event_body, is_final
from service.api.streams import KEEP_ALIVE, MEDIA_TYPE, OPENING, frame, resume_hint
from service.ledger.event import Event, EventType
from service.ledger.store import Subscription
from service.observing.metrics import SSE_DROPS

LONGEST_SECONDS = 900.0
_TICK_SECONDS = 1.0
_ENDINGS = frozenset({EventType.JOB_SUCCEEDED, EventType.JOB_FAILED, EventType.JOB_CANCELLED, EventType.JOB_EXPIRED})
_REOPENINGS = frozenset({EventType.JOB_RETRIED, EventType.JOB_QUEUED, EventType.JOB_WAITING, EventType.JOB_STARTED})
_HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}

log = structlog.get_logger()


@dataclass(frozen=True)
class StreamRequest:
    """What a stream shows: a job's events or (None) all, later than `after` ('' = from the start), while it may."""

    job_id: str | None
    after: str
    wanted: Callable[[Event], bool] = lambda _: True
    may: Callable[[], bool] = lambda: True


def stream_response(context: Context, asked: StreamRequest) -> Response:
    """Return an open stream. It holds its thread until the client leaves or may no longer, the job ends, or 15 minutes.

    Raises:
        Problem: 503 with Retry-After when this process has no place for another one.
    """
    context.gate.enter_stream()
    try:
        subscription = context.feed.subscribe(asked.job_id, asked.after)
    except BaseException:
        context.gate.leave_stream()
        raise
    response = Response(_frames(context, asked, subscription), content_type=MEDIA_TYPE, headers=_HEADERS)
    response.call_on_close(context.gate.leave_stream)
    response.call_on_close(subscription.close)
    return response


def _frames(context: Context, asked: StreamRequest, subscription: Subscription) -> Iterator[str]:
    yield OPENING
    try:
        yield from _events(context, asked, subscription)
    except RedisError as error:
        # The client connects again and resumes where it was; a half answer cannot become a 503.
        SSE_DROPS.labels("broken").inc()
        log.warning("stream_broken", error=type(error).__name__)
        yield resume_hint()


def _events(context: Context, asked: StreamRequest, subscription: Subscription) -> Iterator[str]:
    state = _StreamState(last=asked.after, quiet_since=time.monotonic())
    keep_alive_seconds = context.settings.stream_keepalive_seconds
    until = time.monotonic() + LONGEST_SECONDS
    while context.gate.is_open and not subscription.dropped and time.monotonic() < until:
        event = subscription.next(min(_TICK_SECONDS, keep_alive_seconds))
        if not asked.may():
            return
        if subscription.oldest_id and not state.gap_told:
            state.gap_told = True
            yield frame("gap", {"oldest_id": subscription.oldest_id})
        if event is not None and context.store.eyes.sees(event.tenant) and asked.wanted(event):
            state.quiet_since = time.monotonic()
            yield frame(event.type, event_body(event), event.id)
        state.note(event)
        if asked.job_id and state.may_be_over and is_over(context, asked.job_id, state.last):
            yield frame("end", {"job_id": asked.job_id})
            return
        if time.monotonic() - state.quiet_since >= keep_alive_seconds:
            state.quiet_since = time.monotonic()
            yield KEEP_ALIVE
    if subscription.dropped:
        SSE_DROPS.labels("slow").inc()
    yield resume_hint()


@dataclass
class _StreamState:
    """Where one stream is. The ledger is asked whether the job is over only when that may be so."""

    last: str
    quiet_since: float
    gap_told: bool = False
    has_ended: bool = False
    may_be_over: bool = False
    was_quiet: bool = False

    def note(self, event: Event | None) -> None:
        """Take an event, or None for a moment without one."""
        if event is None:
            # Once: a stream may begin at a job that ended before.
            self.may_be_over = self.has_ended or not self.was_quiet
            self.was_quiet = True
            return
        self.last = event.id
        if event.type in _ENDINGS:
            self.has_ended = True
        elif event.type in _REOPENINGS:
            self.has_ended = False
        self.may_be_over = self.has_ended


def is_over(context: Context, job_id: str, last: str) -> bool:
    """Tell whether the job has ended and `last` is its last event. A job that is retried goes on after its end."""
    job = context.store.jobs.get(job_id)
    if job is not None and not is_final(job):
        return False
    return _order(context.store.events.last_id(job_id)) <= _order(last)


def _order(event_id: str) -> tuple[int, int]:
    milliseconds, _, sequence = event_id.partition("-")
    return int(milliseconds or 0), int(sequence or 0)
