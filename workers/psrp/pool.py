"""The sessions of this process: few per host, one thread each, idle ones closed, refused credentials remembered."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from workers.errors import AccessDenied, HostBusy
from workers.psrp.session import HostSession
from workers.psrp.transport import Endpoint, Timeouts

log = structlog.get_logger(__name__)

# After a refused credential nobody tries again for this long, unless the host's record changed: accounts lock out.
_DENIED_SECONDS = 60.0
_TURN_SECONDS = 0.5  # how often a waiting thread looks at its own watch


@dataclass
class _Place:
    """The sessions of one endpoint. `used` counts those that threads hold or open now."""

    idle: list[HostSession] = field(default_factory=list)
    used: int = 0
    denied_until: float = 0.0


class SessionPool:
    """Hands out sessions. Safe for many threads; a session itself belongs to one thread while it is out."""

    def __init__(
        self,
        open_session: Callable[[Endpoint], HostSession],
        *,
        share: Callable[[Endpoint], int] = lambda endpoint: endpoint.max_sessions,
        wait_seconds: float = 20.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_session = open_session
        self._share = share
        self._wait_seconds = wait_seconds
        self._monotonic = monotonic
        self._places: dict[str, _Place] = defaultdict(_Place)
        self._turn = threading.Condition()

    @contextmanager
    def session(self, endpoint: Endpoint, tick: Callable[[], None] = lambda: None) -> Iterator[HostSession]:
        """Lend a session that is open; it is kept afterwards unless it broke.

        Waits a bounded time for a free one and calls `tick` meanwhile. Raises HostBusy when none becomes free,
        AccessDenied while the credential counts as refused, and what opening raises.
        """
        session = self._borrow(endpoint, tick)
        try:
            session.take()
            yield session
        finally:
            session.give()
            self._return(endpoint, session)

    def close_idle(self, *, everything: bool = False) -> int:
        """Close sessions that were idle too long, or all idle ones; returns how many. For a thread of the process."""
        with self._turn:
            stale = [(place, item) for place in self._places.values() for item in place.idle]
            stale = [(place, item) for place, item in stale if everything or not item.is_fresh]
            for place, item in stale:
                place.idle.remove(item)
        for _, item in stale:
            item.discard()
        return len(stale)

    def _borrow(self, endpoint: Endpoint, tick: Callable[[], None]) -> HostSession:
        stale: list[HostSession] = []
        with self._turn:
            place = self._places[endpoint.key]
            self._wait_for_room(endpoint, place, tick)
            if place.denied_until > self._monotonic():
                raise AccessDenied("the host refused this credential a moment ago")
            place.used += 1
            found = self._take_fresh(place, stale)
        for item in stale:
            item.discard()
        return found or self._open(endpoint, place)

    def _wait_for_room(self, endpoint: Endpoint, place: _Place, tick: Callable[[], None]) -> None:
        until = self._monotonic() + self._wait_seconds
        while place.used >= max(1, self._share(endpoint)):
            tick()
            if self._monotonic() >= until:
                raise HostBusy(f"no session to the host became free in {self._wait_seconds:g} s")
            self._turn.wait(_TURN_SECONDS)

    def _take_fresh(self, place: _Place, stale: list[HostSession]) -> HostSession | None:
        while place.idle:
            session = place.idle.pop()
            if session.is_fresh:
                return session
            stale.append(session)
        return None

    def _open(self, endpoint: Endpoint, place: _Place) -> HostSession:
        opened: HostSession | None = None
        denied = False
        try:
            opened = self._open_session(endpoint)
        except AccessDenied:
            denied = True
            raise
        finally:
            with self._turn:
                place.denied_until = self._monotonic() + _DENIED_SECONDS if denied else 0.0
                if opened is None:
                    place.used -= 1
                    self._turn.notify_all()
        return opened

    def _return(self, endpoint: Endpoint, session: HostSession) -> None:
        if session.is_left:
            session.abandon()
        elif not session.is_fresh:
            session.discard()
        with self._turn:
            place = self._places[endpoint.key]
            place.used -= 1
            if session.is_fresh:
                place.idle.append(session)
            self._turn.notify_all()


def session_opener(timeouts: Timeouts, name: str = "") -> Callable[[Endpoint], HostSession]:
    """Return a function that opens sessions named after this process."""

    def open_session(endpoint: Endpoint) -> HostSession:
        session = HostSession(endpoint, timeouts, name=name)
        session.open()
        log.info("session_opened", host_id=endpoint.host_id, shell_id=str(session.pool.id))
        return session

    return open_session
