"""The traps of facts/psrp.md against real connections: ambiguous starts, lost answers, stops, reboots, quotas."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.integration.sandbox_process import PASSWORD, SandboxProcess, Watching, running_sandbox
from workers.errors import (
    AccessDenied,
    DeadlinePassed,
    HostBusy,
    HostUnreachable,
    OutcomeUnknown,
    SessionLost,
    StepCancelled,
    StepReleased,
    WorkerError,
)
from workers.psrp.invoke import Invocation, run
from workers.psrp.line import HostLine
from workers.psrp.pool import SessionPool, session_opener
from workers.psrp.session import HostSession
from workers.psrp.transport import Endpoint, Timeouts
from workers.secrets import SecretStr

_TIMEOUTS = Timeouts(connect=3, operation=4, read=9, poll=0.3)
_ECHO = Invocation("Write-Output", {"InputObject": "hello"})
_SHORT = Invocation("Start-Sleep", {"Seconds": 2.0})
_LONG = Invocation("Start-Sleep", {"Seconds": 40.0})
_AUTHS = ["basic", "negotiate"]


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[dict[str, SandboxProcess]]:
    """One host a kind of connection: TLS with basic, and sealed messages on http."""
    with running_sandbox() as tls, running_sandbox(scheme="http") as sealed:
        yield {"basic": tls, "negotiate": sealed}


@pytest.fixture
def sandbox(sandboxes: dict[str, SandboxProcess], request: pytest.FixtureRequest) -> SandboxProcess:
    """The host of this test's auth, without faults."""
    chosen = sandboxes[_auth_of(request)]
    chosen.reset()
    return chosen


def _auth_of(request: pytest.FixtureRequest) -> str:
    return str(request.node.callspec.params.get("auth", "basic")) if hasattr(request.node, "callspec") else "basic"


def _opened(sandbox: SandboxProcess, auth: str = "basic") -> HostSession:
    session = HostSession(sandbox.endpoint(auth), _TIMEOUTS)
    session.open()
    session.take()
    return session


def _shell(session: HostSession) -> str:
    return str(session.pool.id).upper()


def _shells(sandbox: SandboxProcess) -> list[str]:
    return [str(shell["shell_id"]).upper() for shell in sandbox.shells()]


def _invocations(sandbox: SandboxProcess) -> int:
    return sandbox.wire("invocations")


@pytest.mark.parametrize("auth", _AUTHS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_ambiguous_start_runs_exactly_once(sandbox: SandboxProcess, auth: str, when: str) -> None:
    """A connection that breaks at Command is resolved by asking the host for our CommandId: one run in each case."""
    session = _opened(sandbox, auth)
    run(session, _ECHO, Watching())
    sandbox.fault("drop", action="Command", when=when)
    before = _invocations(sandbox)
    watch = Watching()

    outcome = run(session, _SHORT, watch)
    session.discard()

    assert not outcome.failed
    assert 1 == _invocations(sandbox) - before
    assert 1 == len(watch.started)


def test_the_ids_are_recorded_before_the_start(sandbox: SandboxProcess) -> None:
    """What cannot be recorded is not started: an exception in `starting` leaves the host untouched."""

    class Refusing(Watching):
        def starting(self, invocation: Invocation, ids: Any) -> None:
            raise StepReleased("cannot record")

    session = _opened(sandbox)
    before = _invocations(sandbox)

    with pytest.raises(StepReleased):
        run(session, _ECHO, Refusing())
    session.discard()
    assert 0 == _invocations(sandbox) - before


@pytest.mark.parametrize("auth", _AUTHS)
def test_a_cancelled_call_is_stopped_on_the_host(sandbox: SandboxProcess, auth: str) -> None:
    """The owner thread stops the remote pipeline between two polls; the session is not used again."""
    session = _opened(sandbox, auth)

    def cancel(watch: Watching) -> None:
        if watch.ticks > 3:
            raise StepCancelled

    with pytest.raises(StepCancelled):
        run(session, _LONG, Watching(on_tick=cancel))
    running = sandbox.running()
    session.give()
    session.discard()

    assert [] == running
    assert session.is_broken
    assert _shell(session) not in _shells(sandbox)


def test_a_deadline_stops_the_call_too(sandbox: SandboxProcess) -> None:
    """A step's deadline ends the remote pipeline, not only our waiting."""
    session = _opened(sandbox)

    def too_late(watch: Watching) -> None:
        if watch.ticks > 2:
            raise DeadlinePassed("late")

    with pytest.raises(DeadlinePassed):
        run(session, _LONG, Watching(on_tick=too_late))
    running = sandbox.running()
    session.discard()

    assert [] == running


def test_a_released_call_goes_on_running(sandbox: SandboxProcess) -> None:
    """A worker that leaves does not stop what runs: the shell and its pipeline stay for whoever asks the journal."""
    pool = SessionPool(session_opener(_TIMEOUTS))

    def leave(watch: Watching) -> None:
        if watch.ticks > 3:
            raise StepReleased("leaving")

    with pytest.raises(StepReleased), pool.session(sandbox.endpoint()) as session:
        run(session, _LONG, Watching(on_tick=leave))
    running = sandbox.running(patience_seconds=0)
    session.discard()

    assert ["start-sleep"] == running


def test_waiting_longer_than_the_operation_timeout_is_not_an_error(sandbox: SandboxProcess) -> None:
    """A call that is silent for many polls ends normally: time-outs of Receive only mean poll again."""
    session = _opened(sandbox)
    watch = Watching()

    outcome = run(session, _LONG, watch)
    session.discard()

    assert not outcome.failed
    assert watch.ticks > 4


def test_a_slow_answer_is_waited_for_beyond_the_poll(sandbox: SandboxProcess) -> None:
    """An answer that comes seconds after its operation time-out is still taken: the read waits longer than the poll."""
    session = _opened(sandbox)
    sandbox.fault("slow", action="Receive", when="after", seconds=3.0)

    outcome = run(session, _ECHO, Watching())
    session.discard()

    assert ["hello"] == outcome.output


def test_a_silent_receive_is_asked_again_with_the_same_id(sandbox: SandboxProcess) -> None:
    """A Receive that gets no answer at all is repeated, and the repeat brings what the first one would have brought."""
    session = HostSession(sandbox.endpoint(), Timeouts(connect=3, operation=1, read=6, poll=0.3))
    session.open()
    session.take()
    sandbox.fault("hang", action="Receive")

    outcome = run(session, _ECHO, Watching())
    session.discard()

    assert ["hello"] == outcome.output


def test_a_parameter_of_many_fragments_arrives_whole(sandbox: SandboxProcess) -> None:
    """A value larger than one message is sent in pieces and comes back unchanged."""
    session = _opened(sandbox)
    value = "äöü-" * 250_000

    outcome = run(session, Invocation("Write-Output", {"InputObject": value}), Watching())
    session.discard()

    assert [value] == outcome.output


def test_a_lost_piece_of_a_call_is_an_unknown_outcome(sandbox: SandboxProcess) -> None:
    """When a later piece breaks, nobody can tell whether the host has the whole call: nothing is repeated."""
    session = _opened(sandbox)
    sandbox.fault("drop", action="Send", when="before")

    with pytest.raises(OutcomeUnknown):
        run(session, Invocation("Write-Output", {"InputObject": "x" * 1_000_000}), Watching())
    session.discard()

    assert session.is_left


@pytest.mark.parametrize("auth", _AUTHS)
def test_a_stale_connection_costs_a_session_not_a_call(sandbox: SandboxProcess, auth: str) -> None:
    """HTTP 400, which a sealed connection answers for ever once it is stale, ends in a new session and the answer."""
    line, pool, _ = _line(sandbox, auth)
    line.invoke(_ECHO)
    sandbox.fault("http_status", status=400, action="Command")

    outcome = line.invoke(_ECHO)
    pool.close_idle(everything=True)

    assert ["hello"] == outcome.output


def test_idle_sessions_are_not_trusted(sandbox: SandboxProcess) -> None:
    """After 45 seconds without traffic a session counts as stale: Windows disconnects it at 60."""
    now = [1000.0]
    session = HostSession(sandbox.endpoint(), _TIMEOUTS, monotonic=lambda: now[0])
    session.open()
    assert session.is_fresh
    now[0] += 45.0
    stale = not session.is_fresh
    session.discard()

    assert stale


@pytest.mark.parametrize("auth", _AUTHS)
def test_a_lost_session_is_told_apart(sandbox: SandboxProcess, auth: str) -> None:
    """After a reboot the shell is unknown, or the sealed connection answers 400: the session is lost, not repaired."""
    session = _opened(sandbox, auth)
    run(session, _ECHO, Watching())
    sandbox.ask("POST", "/hosts/HV01/reboot", {"seconds": 1})
    error = _first_error_that_is_not_down(session)
    session.discard()

    assert isinstance(error, SessionLost | OutcomeUnknown)
    assert session.is_left


def _first_error_that_is_not_down(session: HostSession) -> WorkerError | None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            run(session, _ECHO, Watching())
        except HostUnreachable:
            time.sleep(0.2)
        except WorkerError as error:
            return error
    return None


def _wait_until_back(sandbox: SandboxProcess) -> None:
    patient, pool, _ = _line(sandbox, patience=30.0)
    patient.invoke(_ECHO)
    pool.close_idle(everything=True)


def _line(
    sandbox: SandboxProcess, auth: str = "basic", patience: float = 60.0
) -> tuple[HostLine, SessionPool, Watching]:
    pool = SessionPool(session_opener(_TIMEOUTS))
    watch = Watching()
    return HostLine(pool, lambda: sandbox.endpoint(auth), watch, patience_seconds=patience), pool, watch


@pytest.mark.parametrize("auth", _AUTHS)
def test_a_reboot_in_mid_call_is_an_expected_event(sandbox: SandboxProcess, auth: str) -> None:
    """A host that restarts during a call is waited for, and the call asked again on a new session."""
    line, pool, watch = _line(sandbox, auth)
    line.invoke(_ECHO)
    sandbox.fault("reboot", function="Get-NestedBootIdentity", seconds=2)

    outcome = line.invoke(Invocation("Invoke-NestedCall", {"name": "Get-NestedBootIdentity", "parameters": {}}))
    pool.close_idle(everything=True)

    assert not outcome.failed
    assert len(watch.started) >= 2


def test_a_host_that_stays_away_ends_patience(sandbox: SandboxProcess) -> None:
    """Without any start it is HostUnreachable, so the step may be tried again as if nothing had been."""
    line, _, watch = _line(sandbox, patience=1.0)
    sandbox.fault("refuse", seconds=2.5)

    with pytest.raises(HostUnreachable):
        line.invoke(_ECHO)
    assert [] == watch.started
    _wait_until_back(sandbox)


def test_a_started_call_whose_host_stays_away_is_unknown(sandbox: SandboxProcess) -> None:
    """With a start the end is not known: the step must ask the journal, not run again."""
    line, _, watch = _line(sandbox, patience=0.5)
    line.invoke(_ECHO)
    sandbox.fault("refuse", action="Receive", seconds=3.0)

    with pytest.raises(OutcomeUnknown):
        line.invoke(Invocation("Start-Sleep", {"Seconds": 10.0}))
    assert watch.started
    _wait_until_back(sandbox)


def test_a_busy_host_is_told_apart(sandbox: SandboxProcess) -> None:
    """A used-up quota of shells and a 503 mean later, not never."""
    for fault in ({"kind": "quota"}, {"kind": "http_status", "status": 503, "action": "Create"}):
        sandbox.ask("POST", "/faults", fault)
        session = HostSession(sandbox.endpoint(), _TIMEOUTS)
        with pytest.raises(HostBusy):
            session.open()


def test_a_half_open_session_is_deleted(sandbox: SandboxProcess) -> None:
    """When the answer to Create is lost the shell is deleted by the id that we chose: nothing leaks."""
    sandbox.fault("drop", action="Create", when="after")
    session = HostSession(sandbox.endpoint(), _TIMEOUTS)

    with pytest.raises(OutcomeUnknown):
        session.open()
    assert _shell(session) not in _shells(sandbox)


def test_a_refused_credential_is_not_tried_again_at_once(sandbox: SandboxProcess) -> None:
    """After AccessDenied the pool refuses by itself for a while, or until the record changes: accounts lock out."""
    pool = SessionPool(session_opener(_TIMEOUTS))
    wrong = sandbox.endpoint(password="wrong")
    before = sandbox.wire("requests")

    for _ in range(3):
        with pytest.raises(AccessDenied), pool.session(wrong):
            pass
    tries = sandbox.wire("requests") - before
    changed: Endpoint = replace(wrong, key="host_1@2", secret=SecretStr(PASSWORD))
    with pool.session(changed) as session:
        outcome = run(session, _ECHO, Watching())
    pool.close_idle(everything=True)

    assert tries <= 2
    assert ["hello"] == outcome.output


def test_sessions_are_bounded_reused_and_closed(sandbox: SandboxProcess) -> None:
    """One session serves call after call; a second thread's worth of them waits, then is told that the host is busy."""
    pool = SessionPool(session_opener(_TIMEOUTS), share=lambda _: 1, wait_seconds=0.5)
    endpoint = sandbox.endpoint()
    with pool.session(endpoint) as first, pytest.raises(HostBusy), pool.session(endpoint):
        pass
    with pool.session(endpoint) as second:
        assert first is second
    assert _shell(first) in _shells(sandbox)

    assert 0 == pool.close_idle()
    assert 1 == pool.close_idle(everything=True)
    assert _shell(first) not in _shells(sandbox)
