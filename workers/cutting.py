"""Ends exchanges that take too long, however busily the other side drips bytes: one thread for all of them."""

from __future__ import annotations

import heapq
import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(order=True)
class _Limit:
    at: float
    number: int
    live: list[socket.socket] = field(compare=False)
    over: bool = field(default=False, compare=False)


class Cutter:
    """Shuts sockets when their time is over. Safe for many threads; its own thread starts with the first limit."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._limits: list[_Limit] = []
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    @contextmanager
    def within(self, seconds: float) -> Iterator[list[socket.socket]]:
        """Lend a list for the sockets of one exchange; the last one in it is shut when the block lasts longer.

        A socket that left the block in time is never shut.
        """
        limit = _Limit(time.monotonic() + seconds, next(self._numbers), [])
        with self._changed:
            heapq.heappush(self._limits, limit)
            if self._limits[0] is limit:
                self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="cutter", daemon=True)
                self._thread.start()
        try:
            yield limit.live
        finally:
            with self._changed:
                limit.over = True

    def _run(self) -> None:
        with self._changed:
            while True:
                left = self._limits[0].at - time.monotonic() if self._limits else None
                if left is None or left > 0:
                    self._changed.wait(left)
                    continue
                limit = heapq.heappop(self._limits)
                if not limit.over and limit.live:
                    _shut(limit.live[-1])


def _shut(sock: socket.socket) -> None:
    try:
        # Not an SSLSocket's own: it forgets TLS first, and what its thread sends then goes out in clear text.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        return  # closed already
