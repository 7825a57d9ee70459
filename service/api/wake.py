"""Wake-ups for workers, sent beside the request: a caller never waits for the broker, and a burst becomes one message.

A wake-up that is lost costs a second: the sweep sends another. Submissions do not come here: the move that writes a job
puts its wake-ups into the queue itself (`queue.letter`).
"""

from __future__ import annotations

import threading
from typing import Protocol

import structlog

from service.api.beside import Beside
from service.ledger.queue import DELIVERIES_QUEUE, STEPS_QUEUE, WakeFailed

_PAUSE_SECONDS = 0.02
_MOST_AT_ONCE = 64

log = structlog.get_logger()


class WakesWorkers(Protocol):
    """What sends the messages: `service.ledger.queue.Waker`."""

    def wake_steps(self, count: int) -> int:
        """Send `count` messages to the workers of steps."""

    def wake_deliveries(self, count: int) -> int:
        """Send `count` messages to the workers of deliveries."""

    def waiting(self, queue: str) -> int:
        """Return how many messages wait in a queue."""


class Wakes:
    """Gathers wake-ups and sends them from a thread of its own. `start` it after a fork, never before."""

    def __init__(self, waker: WakesWorkers) -> None:
        self._waker = waker
        self._lock = threading.Lock()
        self._steps = 0
        self._deliveries = 0
        self._beside = Beside("wakes", _PAUSE_SECONDS, self.send_waiting)

    def start(self) -> None:
        """Begin to send."""
        self._beside.start()

    def stop(self) -> None:
        """Send what is waiting and end."""
        self._beside.stop()

    def waiting(self, queue: str) -> int | None:
        """Return how many wake-ups wait in a queue; None when the broker cannot be reached."""
        try:
            return self._waker.waiting(queue)
        except WakeFailed:
            return None

    def steps(self, count: int = 1) -> None:
        """There are `count` more steps to claim."""
        with self._lock:
            self._steps = min(self._steps + count, _MOST_AT_ONCE)
        self._beside.ask()

    def deliveries(self, count: int = 1) -> None:
        """There are `count` more webhooks to deliver."""
        with self._lock:
            self._deliveries = min(self._deliveries + count, _MOST_AT_ONCE)
        self._beside.ask()

    def send_waiting(self) -> None:
        """Send what has gathered, now."""
        with self._lock:
            steps, deliveries, self._steps, self._deliveries = self._steps, self._deliveries, 0, 0
        try:
            if steps:
                self._waker.wake_steps(min(steps, self._room(STEPS_QUEUE)))
            if deliveries:
                self._waker.wake_deliveries(min(deliveries, self._room(DELIVERIES_QUEUE)))
        except WakeFailed as error:
            log.warning("wake_failed", error=type(error).__name__)

    def _room(self, queue: str) -> int:
        # Whoever takes a message goes on until nothing is left to claim: more messages than workers help nobody.
        return max(0, _MOST_AT_ONCE - self._waker.waiting(queue))
