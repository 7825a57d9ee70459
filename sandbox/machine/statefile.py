"""The world's file: written whole and atomically by one background thread, soon after each effect."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

DEBOUNCE_SECONDS = 0.2
# A big world takes longer to write: at most a tenth of the time goes into writing.
_REST_FACTOR = 9.0


def write_atomically(path: Path, data: Any) -> None:
    """Replace the file by JSON; readers see the old or the new one, never a part."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_text(json.dumps(data, separators=(",", ":")), encoding="utf-8")
    temporary.chmod(0o600)
    temporary.replace(path)


class StateFile:
    """Calls `snapshot` and writes its answer when marked as changed."""

    def __init__(self, path: Path, snapshot: Callable[[], Any]) -> None:
        """Starts the writing thread."""
        self._path = path
        self._snapshot = snapshot
        # Both flags change under this condition only: whoever waits for one cannot miss the other.
        self._turn = threading.Condition()
        self._is_changed = False
        self._is_closing = False
        self._writing = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="world-state", daemon=True)
        self._thread.start()

    def mark(self) -> None:
        """Something changed: write within about 0.2 s."""
        with self._turn:
            self._is_changed = True
            self._turn.notify_all()

    def flush(self) -> None:
        """Write now."""
        with self._writing:
            with self._turn:
                self._is_changed = False
            write_atomically(self._path, self._snapshot())

    def close(self) -> None:
        """Write a last time and end the thread. Safe to repeat."""
        with self._turn:
            self._is_closing = True
            self._turn.notify_all()
        self._thread.join()
        self.flush()

    def _run(self) -> None:
        rest = 0.0
        while True:
            with self._turn:
                if self._turn.wait_for(lambda: self._is_closing, rest):
                    return
                self._turn.wait_for(lambda: self._is_changed or self._is_closing)
                if self._is_closing:
                    return
            started = time.monotonic()
            try:
                self.flush()
            except OSError:  # a full disk, a folder that is away: what could not be written is written later
                self.mark()
            rest = max(DEBOUNCE_SECONDS, (time.monotonic() - started) * _REST_FACTOR)
