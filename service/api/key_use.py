"""When keys were used last: gathered in memory, written beside the requests, once a minute a key at most."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

import structlog
from redis.exceptions import RedisError

from service.api.beside import Beside

WRITTEN_EVERY_SECONDS = 60.0
_PAUSE_SECONDS = 0.5
_MOST_KEYS = 10_000

log = structlog.get_logger()


class KeyUse:
    """Notes uses and writes them from a thread of its own. `start` it after a fork, never before."""

    def __init__(self, write: Callable[[Mapping[str, float]], None], clock: Callable[[], float] = time.time) -> None:
        self._write = write
        self._clock = clock
        self._lock = threading.Lock()
        self._noted: dict[str, float] = {}
        self._waiting: dict[str, float] = {}
        self._beside = Beside("key-use", _PAUSE_SECONDS, self.write_waiting)

    def start(self) -> None:
        """Begin to write."""
        self._beside.start()

    def stop(self) -> None:
        """Write what is waiting and end."""
        self._beside.stop()

    def note(self, key_id: str) -> None:
        """A key is used now. Costs a look into memory when it was noted within the minute."""
        now = self._clock()
        if now - self._noted.get(key_id, 0.0) < WRITTEN_EVERY_SECONDS:
            return
        with self._lock:
            if len(self._noted) >= _MOST_KEYS:
                self._noted.clear()
            self._noted[key_id] = self._waiting[key_id] = now
        self._beside.ask()

    def write_waiting(self) -> None:
        """Write what has gathered, now. What cannot be written is noted again with the next use in a minute."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        try:
            self._write(waiting)
        except RedisError as error:
            log.warning("key_use_not_written", error=type(error).__name__)
