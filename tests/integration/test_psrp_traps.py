"""The traps of docs/sources.md P against real connections: ambiguous starts, lost answers, stops, reboots, quotas."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.psrp_kit import (
    AUTHS,
    ECHO,
    LONG,
    SHORT,
    TIMEOUTS,
    host_of,
    invocations,
    opened_session,
    shell_id,
    shell_ids,
    two_hosts,
)
from tests.integration.sandbox_process import SandboxProcess, Watching
from workers.errors import (
    DeadlinePassed,
    HostUnreachable,
    OutcomeUnknown,
    SessionLost,
    StepCancelled,
    StepReleased,
    WorkerError,
)
from workers.psrp.invoke import Invocation, run
from workers.psrp.pool import SessionPool, session_opener
from workers.psrp.session import HostSession
from workers.psrp.transport import Timeouts


@pytest.fixture(scope="module")
def hosts() -> Iterator[dict[str, SandboxProcess]]:
    """One host a kind of connection."""
    with two_hosts() as found:
        yield found


@pytest.fixture
def sandbox(hosts: dict[str, SandboxProcess], request: pytest.FixtureRequest) -> SandboxProcess:
    """The host of this test's auth, without faults."""
    return host_of(hosts, request)


@pytest.mark.parametrize("auth", AUTHS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_ambiguous_start_runs_exactly_once(sandbox: SandboxProcess, auth: str, when: str) -> None:
    """A connection that breaks at Command is resolved by asking the host for our CommandId: one run in each case."""
    session = opened_session(sandbox, auth)
    run(session, ECHO, Watching())
    sandbox.fault("drop", action="Command", when=when)
    before = invocations(sandbox)
    watch = Watching()

    outcome = run(session, SHORT, watch)
    session.discard()

    assert not outcome.failed
    assert 1 == invocations(sandbox) - before
    assert 1 == len(watch.started)


def test_the_ids_are_recorded_before_the_start(sandbox: SandboxProcess) -> None:
    """What cannot be recorded is not started: an exception in `starting` leaves the host untouched."""

    class Refusing(Watching):
        def starting(self, invocation: Invocation, ids: Any) -> None:
            raise StepReleased("cannot record")

    session = opened_session(sandbox)
    before = invocations(sandbox)

    with pytest.raises(StepReleased):
        run(session, ECHO, Refusing())
    session.discard()
    assert 0 == invocations(sandbox) - before


@pytest.mark.parametrize("auth", AUTHS)
def test_a_cancelled_call_is_stopped_on_the_host(sandbox: SandboxProcess, auth: str) -> None:
    """The owner thread stops the remote pipeline between two polls; the session is not used again."""
    session = opened_session(sandbox, auth)

    def cancel(watch: Watching) -> None:
        if watch.ticks > 3:
            raise StepCancelled

    with pytest.raises(StepCancelled):
        run(session, LONG, Watching(on_tick=cancel))
    running = sandbox.running()
    session.give()
    session.discard()

    assert [] == running
    assert session.is_broken
    assert shell_id(session) not in shell_ids(sandbox)


def test_a_deadline_stops_the_call_too(sandbox: SandboxProcess) -> None:
    """A step's deadline ends the remote pipeline, not only our waiting."""
    session = opened_session(sandbox)

    def too_late(watch: Watching) -> None:
        if watch.ticks > 2:
            raise DeadlinePassed("late")

    with pytest.raises(DeadlinePassed):
        run(session, LONG, Watching(on_tick=too_late))
    running = sandbox.running()
    session.discard()

    assert [] == running


def test_a_released_call_goes_on_running(sandbox: SandboxProcess) -> None:
    """A worker that leaves does not stop what runs: the shell and its pipeline stay for whoever asks the journal."""
    pool = SessionPool(session_opener(TIMEOUTS))

    def leave(watch: Watching) -> None:
        if watch.ticks > 3:
            raise StepReleased("leaving")

    with pytest.raises(StepReleased), pool.session(sandbox.endpoint()) as session:
        run(session, LONG, Watching(on_tick=leave))
    running = sandbox.running(patience_seconds=0, shell_id=str(session.pool.id))
    session.discard()

    assert ["start-sleep"] == running


def test_waiting_longer_than_the_operation_timeout_is_not_an_error(sandbox: SandboxProcess) -> None:
    """A call that is silent for many polls ends normally: time-outs of Receive only mean poll again."""
    session = opened_session(sandbox)
    watch = Watching()

    outcome = run(session, LONG, watch)
    session.discard()

    assert not outcome.failed
    assert watch.ticks > 4


def test_a_slow_answer_is_waited_for_beyond_the_poll(sandbox: SandboxProcess) -> None:
    """An answer that comes seconds after its operation time-out is still taken: the read waits longer than the poll."""
    session = opened_session(sandbox)
    sandbox.fault("slow", action="Receive", when="after", seconds=3.0)

    outcome = run(session, ECHO, Watching())
    session.discard()

    assert ["hello"] == outcome.output


def test_a_silent_receive_is_asked_again_with_the_same_id(sandbox: SandboxProcess) -> None:
    """A Receive that gets no answer at all is repeated, and the repeat brings what the first one would have brought."""
    session = HostSession(sandbox.endpoint(), Timeouts(connect=15, operation=1, read=6, poll=0.3))
    session.open()
    session.take()
    sandbox.fault("hang", action="Receive")

    outcome = run(session, ECHO, Watching())
    session.discard()

    assert ["hello"] == outcome.output


def test_a_parameter_of_many_fragments_arrives_whole(sandbox: SandboxProcess) -> None:
    """A value larger than one message is sent in pieces and comes back unchanged."""
    session = opened_session(sandbox)
    value = "äöü-" * 250_000

    outcome = run(session, Invocation("Write-Output", {"InputObject": value}), Watching())
    session.discard()

    assert [value] == outcome.output


def test_a_lost_piece_of_a_call_is_an_unknown_outcome(sandbox: SandboxProcess) -> None:
    """When a later piece breaks, nobody can tell whether the host has the whole call: nothing is repeated."""
    session = opened_session(sandbox)
    sandbox.fault("drop", action="Send", when="before")

    with pytest.raises(OutcomeUnknown):
        run(session, Invocation("Write-Output", {"InputObject": "x" * 1_000_000}), Watching())
    session.discard()

    assert session.is_left


def test_idle_sessions_are_not_trusted(sandbox: SandboxProcess) -> None:
    """After 45 seconds without traffic a session counts as stale: Windows disconnects it at 60."""
    now = [1000.0]
    session = HostSession(sandbox.endpoint(), TIMEOUTS, monotonic=lambda: now[0])
    session.open()
    assert session.is_fresh
    now[0] += 45.0
    stale = not session.is_fresh
    session.discard()

    assert stale


@pytest.mark.parametrize("auth", AUTHS)
def test_a_lost_session_is_told_apart(sandbox: SandboxProcess, auth: str) -> None:
    """After a reboot the shell is unknown, or the sealed connection answers 400: the session is lost, not repaired."""
    session = opened_session(sandbox, auth)
    run(session, ECHO, Watching())
    sandbox.ask("POST", "/hosts/HV01/reboot", {"seconds": 1})
    error = _first_error_that_is_not_down(session)
    session.discard()

    assert isinstance(error, SessionLost | OutcomeUnknown)
    assert session.is_left


def _first_error_that_is_not_down(session: HostSession) -> WorkerError | None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            run(session, ECHO, Watching())
        except HostUnreachable:
            time.sleep(0.2)
        except WorkerError as error:
            return error
    return None


def test_a_bug_in_the_watch_leaves_no_busy_session_behind(sandbox: SandboxProcess) -> None:
    """Whatever ends a call, a session in which a pipeline may run is not lent to the next caller."""

    def oops(watch: Watching) -> None:
        if watch.ticks > 1:
            raise ValueError("a bug of ours")

    pool = SessionPool(session_opener(TIMEOUTS))
    with pytest.raises(ValueError, match="bug"), pool.session(sandbox.endpoint()) as session:
        run(session, LONG, Watching(on_tick=oops))
    with pool.session(sandbox.endpoint()) as other:
        assert not run(other, ECHO, Watching()).failed

    assert other is not session
    assert session.is_broken
    pool.close_idle(everything=True)
