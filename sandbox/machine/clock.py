"""Scaled time: a nominal second of a machine lasts 1/factor real seconds.

Everything that a machine shows (boot times, journal times, uptime) is nominal time, so a fast clock is
consistent with itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from math import inf

_SLICE_SECONDS = 0.05
_POLL_NOMINAL_SECONDS = 0.5


class Clock:
    """Nominal time from a monotonic one. `monotonic` and `wait` are injected by tests."""

    def __init__(
        self,
        factor: float = 1.0,
        *,
        start: float | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """A clock that shows `start` (seconds since the epoch; now when not given)."""
        if factor <= 0:
            message = "the clock factor must be above 0"
            raise ValueError(message)
        self._lock = threading.Lock()
        self._monotonic = monotonic
        self._wait = wait
        self._factor = factor
        self._real_base = monotonic()
        self._nominal_base = time.time() if start is None else start

    @property
    def factor(self) -> float:
        """Nominal seconds in a real one."""
        return self._factor

    def set_factor(self, factor: float) -> None:
        """Change the speed from now on; time itself does not jump."""
        if factor <= 0:
            message = "the clock factor must be above 0"
            raise ValueError(message)
        with self._lock:
            self._rebase(self._read())
            self._factor = factor

    def set_now(self, nominal: float) -> None:
        """Go on from a nominal time, as read from a state file."""
        with self._lock:
            self._rebase(nominal)

    def now(self) -> float:
        """Nominal seconds since the epoch."""
        with self._lock:
            return self._read()

    def sleep(self, nominal_seconds: float, interrupted: Callable[[], bool] = lambda: False) -> bool:
        """Wait nominal seconds; False when `interrupted` turned true before (asked every 50 ms of real time)."""
        deadline = self.now() + nominal_seconds
        while True:
            if interrupted():
                return False
            left = deadline - self.now()
            if left <= 0:
                return True
            self._wait(min(left / self._factor, _SLICE_SECONDS))

    def poll(
        self, ready: Callable[[], bool], timeout: float = inf, interrupted: Callable[[], bool] = lambda: False
    ) -> bool:
        """Wait until `ready` answers true; False after `timeout` nominal seconds or when interrupted."""
        deadline = self.now() + timeout
        while not ready():
            if interrupted() or self.now() >= deadline:
                return False
            self.sleep(
                min(max(_POLL_NOMINAL_SECONDS, self._factor * _SLICE_SECONDS), deadline - self.now()), interrupted
            )
        return True

    def _read(self) -> float:
        return self._nominal_base + (self._monotonic() - self._real_base) * self._factor

    def _rebase(self, nominal: float) -> None:
        self._nominal_base = nominal
        self._real_base = self._monotonic()


def iso(nominal: float | None) -> str | None:
    """A nominal time as ISO 8601 UTC; None stays None."""
    if nominal is None:
        return None
    return datetime.fromtimestamp(nominal, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
