"""Server-sent events: the frames of a stream, and the bound on how many a process keeps open."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from service.api.problems import Problem
from service.observing.metrics import SSE_CLIENTS, SSE_DROPS, SSE_STREAMS

MEDIA_TYPE = "text/event-stream"
RECONNECT_MILLISECONDS = 3000
KEEP_ALIVE = ": keep-alive\n\n"
OPENING = f"retry: {RECONNECT_MILLISECONDS}\n\n"
_SOONEST_MILLISECONDS, _LATEST_MILLISECONDS = 200, 2000
_BUSY_SECONDS = 5


class StreamGate:
    """Counts who holds a thread for long: streams (refused beyond the cap), waiting GETs (answered at once).

    A thread of gunicorn's gthread worker belongs to its stream for life, so without a cap below the number of threads
    open streams would stop every other request. `close` ends all streams: at shutdown they must not hold the worker.
    """

    def __init__(self, stream_cap: int, wait_cap: int) -> None:
        self._streams = threading.BoundedSemaphore(stream_cap)
        self._waits = threading.Semaphore(wait_cap)
        self._closed = threading.Event()

    @property
    def is_open(self) -> bool:
        """False from the moment at which the process begins to shut down."""
        return not self._closed.is_set()

    def close(self) -> None:
        """End streams and waits within about a second."""
        self._closed.set()

    def enter_stream(self) -> None:
        """Take a place.

        Raises:
            Problem: 503 with Retry-After when all places are taken.
        """
        if not self.is_open or not self._streams.acquire(blocking=False):
            SSE_DROPS.labels("refused").inc()
            headers = {"Retry-After": str(_BUSY_SECONDS)}
            raise Problem(
                503, "too-many-streams", "This process has no place for another event stream.", headers=headers
            )
        SSE_STREAMS.inc()
        SSE_CLIENTS.inc()

    def leave_stream(self) -> None:
        """Give the place back."""
        self._streams.release()
        SSE_CLIENTS.dec()

    @contextmanager
    def wait_place(self) -> Iterator[bool]:
        """Yield True when a request may wait here, False when too many do."""
        taken = self._waits.acquire(blocking=False)
        try:
            yield taken and self.is_open
        finally:
            if taken:
                self._waits.release()


def resume_hint() -> str:
    """Return the end of a stream that goes on elsewhere: connect again soon, but not all at the same moment."""
    milliseconds = random.randint(_SOONEST_MILLISECONDS, _LATEST_MILLISECONDS)  # noqa: S311 - it spreads load
    return f"retry: {milliseconds}\n: connect again with Last-Event-ID\n\n"


def frame(event: str, data: Mapping[str, Any], event_id: str = "") -> str:
    """Return one event as text. JSON has no raw line break, so one `data:` line is enough."""
    head = f"id: {event_id}\n" if event_id else ""
    return f"{head}event: {event}\ndata: {json.dumps(data, separators=(',', ':'), ensure_ascii=False)}\n\n"
