"""Who is connected to a shell, and since when nobody has talked to it (docs/sources.md P5, P6).

Connected -> Disconnected by the client, or after a minute without traffic; expired after IdleTimeout. The same client
may go on after an idle disconnection; another one must Connect. Safe to use from several threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sandbox import codes


class Presence:
    """The connection of one shell. Times in seconds of the given clock."""

    def __init__(
        self, session_id: str, idle_disconnect_seconds: float, idle_timeout_seconds: float, clock: Callable[[], float]
    ) -> None:
        self._session_id = session_id
        self._idle_disconnect_seconds = idle_disconnect_seconds
        self._idle_timeout_seconds = idle_timeout_seconds
        self._clock = clock
        self._lock = threading.RLock()
        self._busy = 0
        self._last_traffic = clock()
        self._is_disconnected = False

    @contextmanager
    def traffic(self) -> Iterator[None]:
        """A request is being served: the shell is not idle meanwhile."""
        with self._lock:
            self._busy += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1
                self._last_traffic = self._clock()

    def idle_seconds(self) -> float:
        """How long nobody has talked to the shell."""
        with self._lock:
            return 0.0 if self._busy else self._clock() - self._last_traffic

    def is_connected(self) -> bool:
        """False once the client disconnected or has been silent for too long."""
        with self._lock:
            return not self._is_disconnected and self.idle_seconds() <= self._idle_disconnect_seconds

    def is_expired(self) -> bool:
        """Whether IdleTimeout has passed for a disconnected shell."""
        return not self.is_connected() and self.idle_seconds() > self._idle_timeout_seconds

    def admit(self, session_id: str) -> None:
        """Check that this client may work with the shell.

        Raises:
            WSManFault: disconnected, or connected to another client.
        """
        with self._lock:
            if self._is_disconnected:
                raise codes.disconnected()
            if session_id != self._session_id:
                raise codes.session_mismatch() if self.is_connected() else codes.disconnected()

    def leave(self, session_id: str) -> None:
        """The client disconnects. Safe to repeat.

        Raises:
            WSManFault: it is another client.
        """
        self._change(session_id, is_disconnected=True)

    def come_back(self, session_id: str) -> None:
        """The same client reconnects. Safe to repeat.

        Raises:
            WSManFault: it is another client.
        """
        self._change(session_id, is_disconnected=False)

    def take_over(self, session_id: str) -> None:
        """Another client connects.

        Raises:
            WSManFault: the shell is connected (MS-WSMV 3.1.4.17).
        """
        with self._lock:
            if self.is_connected():
                raise codes.connected_elsewhere()
            self._session_id, self._is_disconnected, self._last_traffic = session_id, False, self._clock()

    def _change(self, session_id: str, *, is_disconnected: bool) -> None:
        with self._lock:
            if session_id != self._session_id:
                raise codes.session_mismatch()
            self._is_disconnected, self._last_traffic = is_disconnected, self._clock()
