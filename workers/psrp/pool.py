"""The sessions of this process: few per host, one thread each, idle ones closed, refused credentials remembered."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from workers.errors import AccessDenied, HostBusy, WorkerError
from workers.psrp.measuring import opening, show_sessions
from workers.psrp.session import HostSession
from workers.psrp.transport import Endpoint, Timeouts

log = structlog.get_logger(__name__)

# After a refused credential nobody tries again for this long, unless the host's record changed: accounts lock out.
_DENIED_SECONDS = 60.0
_TRIAL_SECONDS = 10.0  # how long others wait for the first logon: a host that does not answer refuses no credential
_TURN_SECONDS = 0.5  # how often a waiting thread looks at its own watch
_MOST = 100  # sessions of one process: each is a TLS connection with its buffers


@dataclass
class _Place:
    """The sessions of one host, whichever version of its record they were opened with.

    `idle` holds them with the key of that version. `used` counts those that threads hold or open now. `denied` is the
    key whose credential the host refused, until `denied_until`; `proven` the key whose credential it took last. While
    one is neither, a single thread at a time tries it (`opening`): many that fail together lock an account out.
    """

    idle: list[tuple[str, HostSession]] = field(default_factory=list)
    used: int = 0
    denied: str = ""
    denied_until: float = 0.0
    proven: str = ""
    opening: int = 0


class SessionPool:
    """Hands out sessions. Safe for many threads; a session itself belongs to one thread while it is out."""

    def __init__(
        self,
        open_session: Callable[[Endpoint], HostSession],
        *,
        share: Callable[[Endpoint], int] = lambda endpoint: endpoint.max_sessions,
        wait_seconds: float = 20.0,
        monotonic: Callable[[], float] = time.monotonic,
        most: int = _MOST,
    ) -> None:
        self._most = most
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

    def forgive(self, host_id: str) -> None:
        """Forget that the host refused a credential: it has just taken it."""
        with self._turn:
            if host_id in self._places:
                self._places[host_id].denied = ""

    def close_idle(self, *, everything: bool = False) -> int:
        """Close sessions that were idle too long, or all idle ones; returns how many. For a thread of the process."""
        stale: list[HostSession] = []
        with self._turn:
            for host_id, place in list(self._places.items()):
                stale.extend(item for _, item in place.idle if everything or not item.is_fresh)
                place.idle = [entry for entry in place.idle if entry[1] not in stale]
                _show(host_id, place)
                if not place.idle and not place.used and place.denied_until <= self._monotonic():
                    del self._places[host_id]
            self._turn.notify_all()
        for item in stale:
            item.discard()
        return len(stale)

    def _borrow(self, endpoint: Endpoint, tick: Callable[[], None]) -> HostSession:
        stale: list[HostSession] = []
        with self._turn:
            self._wait_for_room(endpoint, tick)
            place = self._places[endpoint.host_id]
            if place.denied == endpoint.key and place.denied_until > self._monotonic():
                raise AccessDenied("the host refused this credential a moment ago")
            place.used += 1
            found = self._take_fresh(endpoint, place, stale)
            if found is None:
                place.opening += 1
                self._make_room(stale)
            _show(endpoint.host_id, place)
        for item in stale:
            item.discard()
        return found or self._open(endpoint)

    def _wait_for_room(self, endpoint: Endpoint, tick: Callable[[], None]) -> None:
        began = self._monotonic()
        until = began + self._wait_seconds
        # The place is looked up each time: one without sessions is forgotten meanwhile.
        while self._is_full(endpoint) or self._is_being_tried(endpoint, began):
            self._turn.release()  # a tick may write to the ledger: nobody else waits for that
            try:
                tick()
            finally:
                self._turn.acquire()
            if self._monotonic() >= until:
                raise HostBusy(f"no session to the host became free in {self._wait_seconds:g} s")
            self._turn.wait(_TURN_SECONDS)

    def _is_full(self, endpoint: Endpoint) -> bool:
        return self._places[endpoint.host_id].used >= max(1, self._share(endpoint)) or self._used() >= self._most

    def _is_being_tried(self, endpoint: Endpoint, since: float) -> bool:
        place = self._places[endpoint.host_id]
        is_new = place.opening > 0 and place.proven != endpoint.key
        return is_new and self._monotonic() < since + _TRIAL_SECONDS

    def _used(self) -> int:
        return sum(place.used for place in self._places.values())

    def _make_room(self, stale: list[HostSession]) -> None:
        """Take idle sessions of any host out until one more session is within the process's bound."""
        idle = [(host_id, place) for host_id, place in self._places.items() if place.idle]
        over = self._used() + sum(len(place.idle) for _, place in idle) - self._most
        for host_id, place in idle:
            while place.idle and over > 0:
                stale.append(place.idle.pop(0)[1])
                over -= 1
            _show(host_id, place)

    def _take_fresh(self, endpoint: Endpoint, place: _Place, stale: list[HostSession]) -> HostSession | None:
        while place.idle:
            key, session = place.idle.pop()
            if key == endpoint.key and session.is_fresh:
                return session
            stale.append(session)
        return None

    def _open(self, endpoint: Endpoint) -> HostSession:
        opened: HostSession | None = None
        denied = False
        try:
            opened = self._open_session(endpoint)
        except AccessDenied:
            denied = True
            raise
        finally:
            with self._turn:
                place = self._places[endpoint.host_id]
                place.denied = endpoint.key if denied else ""
                place.denied_until = self._monotonic() + _DENIED_SECONDS if denied else 0.0
                place.opening -= 1
                if opened is None:
                    place.used -= 1
                    _show(endpoint.host_id, place)
                if opened or denied:
                    place.proven = "" if denied else endpoint.key
                self._turn.notify_all()
        return opened

    def _return(self, endpoint: Endpoint, session: HostSession) -> None:
        # Asked once: a session that turns stale in between would be neither kept nor closed.
        is_kept = session.is_fresh and not session.is_left
        if session.is_left:
            session.abandon()
        elif not is_kept:
            session.discard()
        with self._turn:
            place = self._places[endpoint.host_id]
            place.used -= 1
            if is_kept:
                place.idle.append((endpoint.key, session))
            _show(endpoint.host_id, place)
            self._turn.notify_all()


def _show(host_id: str, place: _Place) -> None:
    show_sessions(host_id, place.used, len(place.idle))


def session_opener(timeouts: Timeouts, name: str = "") -> Callable[[Endpoint], HostSession]:
    """Return a function that opens sessions named after this process.

    With the first session to a host it deletes the idle shells that a former process of this name left there; a name
    that was made up is nobody's.
    """
    opened: set[str] = set()
    visited: set[str] = set()

    def open_session(endpoint: Endpoint) -> HostSession:
        session = HostSession(endpoint, timeouts, name=name)
        opened.add(str(session.pool.id).upper())
        with opening(endpoint.host_id):
            session.open()
        log.info("session_opened", host_id=endpoint.host_id, shell_id=str(session.pool.id))
        if name and endpoint.host_id not in visited:
            visited.add(endpoint.host_id)
            _clean_up(session, opened)
        return session

    return open_session


def _clean_up(session: HostSession, opened: set[str]) -> None:
    host_id = session.endpoint.host_id
    try:
        deleted = session.delete_former_shells(opened)
    except WorkerError as error:
        # Windows ends them itself, later. The answer may still come to this connection, so nobody uses it.
        session.reset_transport()
        log.info("former_shells_kept", host_id=host_id, code=error.code)
    else:
        log.info("former_shells_deleted", host_id=host_id, count=deleted)
