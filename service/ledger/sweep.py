"""The sweep thread of every API and worker process: takes back lost leases and wakes workers that were not woken."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from typing import Protocol

import redis

from service.ledger.queue import DELIVERIES_QUEUE, STEPS_QUEUE, WakeFailed
from service.ledger.store import Store, SweepResult
from service.observing.metrics import LEASES_LOST

_log = logging.getLogger(__name__)

_JITTER = 0.3
# A slot that delivers goes on until nothing is due: more messages than slots are taken for nothing.
_MOST_DELIVERIES = 64


class Wakes(Protocol):
    """What the sweep needs of `queue.Waker`."""

    def wake_steps(self, count: int) -> int:
        """Wake workers of steps."""

    def wake_deliveries(self, count: int) -> int:
        """Wake workers of deliveries."""

    def waiting(self, queue: str) -> int:
        """Return how many wake-ups wait in a queue."""


class Sweeper:
    """Sweeps every `seconds` (+-30 %, so that processes do not march in step) until stopped.

    `on_expired_lab` gets the id of a lab whose lease ended, so that its owner can submit the teardown; the same lab
    is told again a minute later while it is still there.
    """

    def __init__(self, store: Store, waker: Wakes, seconds: float, on_expired_lab: Callable[[str], None]) -> None:
        self._store = store
        self._waker = waker
        self._seconds = seconds
        self._on_expired_lab = on_expired_lab
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread. Call it after a fork, never before. Safe to repeat."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._stopped.clear()
        self._thread = threading.Thread(target=self._run, name="sweep", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the sweep it is in. Safe to repeat."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(10)

    def sweep_once(self) -> SweepResult:
        """Sweep now and wake whom it takes. Raise redis errors; a broker that cannot be reached is only logged."""
        result = self._store.leases.sweep()
        if result.lost:
            LEASES_LOST.inc(result.lost)
        for lab_id in result.expired_labs:
            self._tell_expired(lab_id)
        self._wake(result)
        if result.audit_open:
            self._store.audit.seal()
        return result

    def _run(self) -> None:
        while not self._stopped.wait(self._seconds * random.uniform(1 - _JITTER, 1 + _JITTER)):  # noqa: S311 - spreads load
            try:
                self.sweep_once()
            except redis.exceptions.RedisError as error:
                _log.warning("sweep_failed", extra={"error": type(error).__name__})
            except Exception:  # noqa: BLE001 - a door: a dead sweep thread would leave lost leases lost
                _log.warning("sweep_broken", exc_info=True)

    def _tell_expired(self, lab_id: str) -> None:
        try:
            self._on_expired_lab(lab_id)
        except Exception as error:  # noqa: BLE001 - a door: the owner's trouble with one lab must not stop the sweep
            _log.warning("lab_teardown_failed", extra={"lab_id": lab_id, "error": type(error).__name__})

    def _wake(self, result: SweepResult) -> None:
        try:
            if result.wake_steps:
                self._waker.wake_steps(result.wake_steps - self._waker.waiting(STEPS_QUEUE))
            if result.wake_deliveries:
                wanted = min(result.wake_deliveries, _MOST_DELIVERIES)
                self._waker.wake_deliveries(wanted - self._waker.waiting(DELIVERIES_QUEUE))
        except WakeFailed as error:
            _log.warning("wake_failed", extra={"error": str(error)})
