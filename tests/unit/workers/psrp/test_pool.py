"""The pool alone: what it keeps, what it closes, what it refuses. Sessions are fakes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from tests.fakes import FakeClock
from workers.errors import AccessDenied, HostBusy, HostUnreachable
from workers.psrp.pool import SessionPool
from workers.psrp.transport import Endpoint
from workers.secrets import SecretStr

_ENDPOINT = Endpoint("host_1", "host_1@1", "hv", 5986, "https", "basic", "u", SecretStr("p"), max_sessions=2)


@dataclass
class FakeSession:
    """A session that says what was done to it."""

    is_fresh: bool = True
    is_left: bool = False
    done: list[str] = field(default_factory=list)

    def take(self) -> None:
        """Take."""

    def give(self) -> None:
        """Give."""

    def discard(self) -> None:
        """Discard."""
        self.done.append("discarded")

    def abandon(self) -> None:
        """Abandon."""
        self.done.append("abandoned")
        self.is_fresh = False


@dataclass
class Flickering(FakeSession):
    """A session whose freshness is asked for; answers come in order, the last one stays."""

    answers: list[bool] = field(default_factory=lambda: [True])

    def __getattribute__(self, name: str) -> object:
        """Answer `is_fresh` from the list."""
        if name != "is_fresh":
            return super().__getattribute__(name)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def _later(pool: SessionPool) -> Callable[[], None]:
    """Return a tick that moves the pool's clock on, so that nobody waits for long."""
    return lambda: pool._monotonic.__self__.advance(30.0)  # type: ignore[attr-defined]


def _pool(
    clock: FakeClock, opened: list[FakeSession], error: list[Exception] | None = None, most: int = 100
) -> SessionPool:
    def open_session(_: Endpoint) -> FakeSession:
        if error:
            raise error.pop(0)
        opened.append(FakeSession())
        return opened[-1]

    return SessionPool(open_session, monotonic=clock.monotonic, most=most)  # type: ignore[arg-type]


def test_a_fresh_session_is_used_again_and_a_stale_one_is_not() -> None:
    """A session that idled too long is closed when the next one is wanted, and a new one is opened."""
    opened: list[FakeSession] = []
    pool = _pool(FakeClock(), opened)
    for _ in range(2):
        with pool.session(_ENDPOINT):
            pass
    opened[0].is_fresh = False
    with pool.session(_ENDPOINT):
        pass

    assert 2 == len(opened)
    assert ["discarded"] == opened[0].done


def test_a_broken_session_is_closed_and_a_left_one_is_not_deleted() -> None:
    """What may still run on the host is abandoned; anything else that broke is cleaned up at once."""
    opened: list[FakeSession] = []
    pool = _pool(FakeClock(), opened)
    for change in ({"is_fresh": False}, {"is_left": True, "is_fresh": False}):
        with pool.session(_ENDPOINT) as session:
            vars(session).update(change)

    assert [["discarded"], ["abandoned"]] == [session.done for session in opened]


def test_a_place_is_free_again_after_a_failed_open() -> None:
    """An open that fails costs no place."""
    pool = _pool(FakeClock(), [], [HostUnreachable("x")] * 5)

    for _ in range(5):
        with pytest.raises(HostUnreachable), pool.session(_ENDPOINT):
            pass


def test_a_refused_credential_is_remembered_for_a_minute() -> None:
    """The second try is refused without a connection; a minute later one is made again."""
    clock, opened = FakeClock(), []
    pool = _pool(clock, opened, [AccessDenied("x")])
    for _ in range(2):
        with pytest.raises(AccessDenied), pool.session(_ENDPOINT):
            pass
    assert [] == opened
    clock.advance(61)
    with pool.session(_ENDPOINT):
        pass

    assert 1 == len(opened)


def test_a_credential_that_nobody_saw_taken_is_tried_by_one_thread() -> None:
    """Steps that begin together with a wrong password try it once, not once each: accounts lock out."""
    tries: list[str] = []
    trying, waits, answered = threading.Event(), threading.Event(), threading.Event()

    def open_session(_: Endpoint) -> FakeSession:
        tries.append("try")
        trying.set()
        assert answered.wait(10)
        raise AccessDenied("x")

    pool = SessionPool(open_session, monotonic=FakeClock().monotonic)  # type: ignore[arg-type]

    def use(tick: Callable[[], None]) -> None:
        with pytest.raises(AccessDenied), pool.session(_ENDPOINT, tick):
            pass

    threads = [threading.Thread(target=use, args=[tick]) for tick in (lambda: None, waits.set)]
    threads[0].start()
    assert trying.wait(10)
    threads[1].start()
    assert waits.wait(10)
    answered.set()
    for thread in threads:
        thread.join(10)

    assert ["try"] == tries


def test_nobody_waits_long_for_the_first_logon() -> None:
    """A host that is away answers nothing about a credential: each step finds out by itself that it is away."""
    clock, nested = FakeClock(), []

    def open_session(_: Endpoint) -> FakeSession:
        if not nested:
            nested.append("second")
            with pytest.raises(HostUnreachable), pool.session(_ENDPOINT, lambda: clock.advance(6)):
                pass
        raise HostUnreachable("x")

    pool = SessionPool(open_session, monotonic=clock.monotonic)  # type: ignore[arg-type]
    with pytest.raises(HostUnreachable), pool.session(_ENDPOINT):
        pass

    assert 1_700_000_012.0 == clock.now


def test_a_credential_that_is_taken_elsewhere_is_tried_again_at_once() -> None:
    """Whoever saw the host take the credential ends the minute; other hosts' refusals stay."""
    opened: list[FakeSession] = []
    pool = _pool(FakeClock(), opened, [AccessDenied("x")])
    with pytest.raises(AccessDenied), pool.session(_ENDPOINT):
        pass
    pool.forgive("host_2")
    with pytest.raises(AccessDenied), pool.session(_ENDPOINT):
        pass
    pool.forgive("host_1")
    with pool.session(_ENDPOINT):
        pass

    assert 1 == len(opened)


def test_idle_sessions_are_closed_in_the_background() -> None:
    """close_idle takes stale ones only, or all when the process leaves; used ones stay."""
    opened: list[FakeSession] = []
    pool = _pool(FakeClock(), opened)
    with pool.session(_ENDPOINT):
        with pool.session(_ENDPOINT):
            pass
        assert 0 == pool.close_idle()
        assert 1 == pool.close_idle(everything=True)
        assert [[], ["discarded"]] == [session.done for session in opened]


def test_versions_of_a_record_share_one_bound() -> None:
    """Old and new sessions of a changed record together keep below the host's bound; old idle ones are closed."""
    opened: list[FakeSession] = []
    pool = _pool(FakeClock(), opened)
    newer = replace(_ENDPOINT, key="host_1@2")
    with pool.session(_ENDPOINT):
        pass
    with pool.session(newer):
        assert ["discarded"] == opened[0].done
    with pool.session(_ENDPOINT), pool.session(_ENDPOINT), pytest.raises(HostBusy), pool.session(newer, _later(pool)):
        pass


def test_a_refusal_holds_for_its_version_only() -> None:
    """A host whose password was corrected is tried at once."""
    pool = _pool(FakeClock(), [], [AccessDenied("x")])
    with pytest.raises(AccessDenied), pool.session(_ENDPOINT):
        pass

    with pool.session(replace(_ENDPOINT, key="host_1@2")):
        pass


def test_a_place_without_sessions_is_forgotten() -> None:
    """Hosts come and go: what nobody uses leaves no trace in a process that lives for months."""
    pool = _pool(FakeClock(), [])
    with pool.session(_ENDPOINT):
        pass
    pool.close_idle(everything=True)

    assert {} == pool._places


def test_a_process_has_a_bound_over_all_hosts() -> None:
    """At the bound the idle session of another host makes room; when all are used, the next one waits."""
    clock, opened = FakeClock(), []
    pool = _pool(clock, opened, most=1)
    other = replace(_ENDPOINT, host_id="host_2", key="host_2@1")
    with pool.session(_ENDPOINT):
        pass
    with pool.session(other), pytest.raises(HostBusy), pool.session(_ENDPOINT, _later(pool)):
        pass

    assert ["discarded"] == opened[0].done


def test_a_tick_holds_nobody_up() -> None:
    """It may wait for a ledger that is away; other threads borrow and give back meanwhile."""
    clock, ended = FakeClock(), []
    pool = _pool(clock, [], most=1)

    def tick() -> None:
        other = threading.Thread(target=pool.close_idle)
        other.start()
        other.join(5)
        ended.append(not other.is_alive())
        clock.advance(30)

    with pool.session(_ENDPOINT), pytest.raises(HostBusy), pool.session(_ENDPOINT, tick):
        pass

    assert [True] == ended


def test_freshness_is_asked_once_when_a_session_comes_back() -> None:
    """A session that turns stale between two questions would be neither kept nor closed."""
    session = Flickering()
    pool = SessionPool(lambda _: session, monotonic=FakeClock().monotonic)  # type: ignore[arg-type,return-value]
    with pool.session(_ENDPOINT):
        session.answers = [True, False, False]

    assert 1 == pool.close_idle(everything=True)
    assert ["discarded"] == session.done
