"""What requests ask for and do not wait for: done by a thread of its own, a burst at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Beside:
    """Runs `work` soon after it was asked for, at most once in `pause_seconds`. `start` it after a fork, never before.

    `work` catches its own errors, takes what has gathered by then, and may find nothing.
    """

    def __init__(self, name: str, pause_seconds: float, work: Callable[[], None]) -> None:
        self._work = work
        self._pause_seconds = pause_seconds
        self._wanted = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """Do what is waiting and end. Safe before a start."""
        self._stopped.set()
        self._wanted.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def ask(self) -> None:
        """There is something to do."""
        self._wanted.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wanted.wait()
            self._wanted.clear()
            self._work()
            self._stopped.wait(self._pause_seconds)
        self._work()
