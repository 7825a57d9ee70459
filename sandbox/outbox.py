"""What waits to be received by one target (a shell or a command), and the rules of Receive.

Rules (docs/sources.md P2, P6): one waiting Receive a target; the same MessageID gets the same answer; a
new MessageID acknowledges the answer before; the Receive of a dead client gives way; Connect sends the unacknowledged
answer again.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sandbox import codes
from sandbox.soap import WSManFault, new_message_id

_LOOK_SECONDS = 1.0  # how often a waiting Receive looks whether its client is still there
_GATHER_SECONDS = 0.002  # lets the last messages of a short command leave in one answer


class ClientGoneError(Exception):
    """The client of this request has closed its connection: nothing can be answered, nothing is lost."""


@dataclass(frozen=True)
class Answer:
    """One answer to a Receive. `is_last` means that the command is done and everything has been taken."""

    request_id: str
    packets: tuple[bytes, ...]
    is_last: bool
    message_id: str = field(default_factory=new_message_id)


@dataclass(frozen=True)
class Taker:
    """Who receives: MessageID, how long it waits, how much fits, and whether its connection still lives."""

    request_id: str
    timeout_seconds: float
    max_bytes: int
    is_alive: Callable[[], bool]


class Outbox:
    """Packets in order, taken by one client at a time. Safe to use from several threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._packets: deque[bytes] = deque()
        self._is_done = False
        self._dropped: Callable[[], WSManFault] | None = None
        self._kept: Answer | None = None
        self._again: Answer | None = None
        self._waiting: Taker | None = None

    def put(self, packets: list[bytes], *, done: bool = False) -> None:
        """Add packets; `done` says that nothing will follow."""
        with self._changed:
            self._packets.extend(packets)
            self._is_done = self._is_done or done
            self._changed.notify_all()

    def drop(self, reason: Callable[[], WSManFault] = codes.aborted) -> None:
        """The shell is gone: whoever waits gets a fault, of the first reason given."""
        with self._changed:
            self._dropped = self._dropped or reason
            self._changed.notify_all()

    def resend(self) -> None:
        """Another client takes over: the unacknowledged answer comes first once more."""
        with self._changed:
            self._again, self._kept, self._waiting = self._kept or self._again, None, None
            self._changed.notify_all()

    def take(self, taker: Taker) -> Answer:
        """Wait for something to answer, at most the taker's time.

        Raises:
            WSManFault: timed out, aborted by a newer Receive or the end of the shell, or one is waiting already.
            ClientGoneError: the client has gone; nothing was taken.
        """
        with self._changed:
            if self._kept is not None and self._kept.request_id == taker.request_id:
                return self._kept
            self._kept = None
            self._enter(taker)
            try:
                self._wait(taker)
                self._kept = self._next(taker)
            finally:
                if self._waiting is taker:
                    self._waiting = None
            return self._kept

    def _enter(self, taker: Taker) -> None:
        other = self._waiting
        if other is not None and other.request_id != taker.request_id and other.is_alive():
            raise codes.receive_in_progress()
        self._waiting = taker
        self._changed.notify_all()

    def _is_ready(self) -> bool:
        return bool(self._packets) or self._is_done or self._again is not None

    def _wait(self, taker: Taker) -> None:
        end = time.monotonic() + taker.timeout_seconds
        while not self._is_ready():
            self._check(taker)
            remaining = end - time.monotonic()
            if remaining <= 0:
                raise codes.timed_out()
            if not self._changed.wait(min(remaining, _LOOK_SECONDS)) and not taker.is_alive():
                raise ClientGoneError
        if not self._is_done:
            self._changed.wait_for(lambda: self._is_done, _GATHER_SECONDS)
        self._check(taker)
        if not taker.is_alive():
            raise ClientGoneError

    def _check(self, taker: Taker) -> None:
        if self._dropped is not None:
            raise self._dropped()
        if self._waiting is not taker:
            raise codes.aborted()

    def _next(self, taker: Taker) -> Answer:
        if self._again is not None:
            again, self._again = self._again, None
            return replace(again, request_id=taker.request_id)
        taken: list[bytes] = []
        room = taker.max_bytes
        while self._packets and (not taken or len(self._packets[0]) <= room):
            taken.append(self._packets.popleft())
            room -= len(taken[-1])
        return Answer(taker.request_id, tuple(taken), self._is_done and not self._packets)
