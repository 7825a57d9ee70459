"""Where the sandbox confesses: every exception that it did not expect. Tests assert that the list is empty."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from typing import Any, Final

_LOG = logging.getLogger("sandbox")
_MOST: Final = 200
_MESSAGE_CHARACTERS: Final = 300


class Bugs:
    """A bounded list of bug records. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: list[dict[str, Any]] = []

    def report(self, where: str, error: BaseException) -> None:
        """Keep an exception: type, message and the lines of its traceback; no parameters of calls."""
        record: dict[str, Any] = {
            "at": time.time(),
            "where": where,
            "type": type(error).__name__,
            "message": str(error)[:_MESSAGE_CHARACTERS],
            "traceback": [
                f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
            ],
        }
        _LOG.error("sandbox_bug where=%s type=%s at=%s", where, record["type"], record["traceback"][-1:])
        with self._lock:
            self._records = [*self._records, record][-_MOST:]

    def all(self) -> list[dict[str, Any]]:
        """Everything reported so far, oldest first."""
        with self._lock:
            return list(self._records)
