"""What a line and its pool make of a host that restarts, stays away, is full or refuses: waiting, asking, giving up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.integration.psrp_kit import (
    AUTHS,
    ECHO,
    TIMEOUTS,
    host_of,
    open_line,
    shell_id,
    shell_ids,
    two_hosts,
    wait_until_back,
)
from tests.integration.sandbox_process import PASSWORD, SandboxProcess, Watching
from workers.errors import (
    AccessDenied,
    HostBusy,
    HostUnreachable,
    OutcomeUnknown,
)
from workers.psrp.invoke import Invocation, run
from workers.psrp.pool import SessionPool, session_opener
from workers.psrp.session import HostSession
from workers.psrp.transport import Endpoint
from workers.secrets import SecretStr


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
def test_a_stale_connection_costs_a_session_not_a_call(sandbox: SandboxProcess, auth: str) -> None:
    """HTTP 400, which a sealed connection answers for ever once it is stale, ends in a new session and the answer."""
    line, pool, _ = open_line(sandbox, auth)
    line.invoke(ECHO)
    sandbox.fault("http_status", status=400, action="Command")

    outcome = line.invoke(ECHO)
    pool.close_idle(everything=True)

    assert ["hello"] == outcome.output


@pytest.mark.parametrize("auth", AUTHS)
def test_a_reboot_in_mid_call_is_an_expected_event(sandbox: SandboxProcess, auth: str) -> None:
    """A host that restarts during a call is waited for, and the call asked again on a new session."""
    line, pool, watch = open_line(sandbox, auth)
    line.invoke(ECHO)
    sandbox.fault("reboot", function="Get-NestedBootIdentity", seconds=2)

    outcome = line.invoke(Invocation("Invoke-NestedCall", {"name": "Get-NestedBootIdentity", "parameters": {}}))
    pool.close_idle(everything=True)

    assert not outcome.failed
    assert len(watch.started) >= 2


def test_a_host_that_stays_away_ends_patience(sandbox: SandboxProcess) -> None:
    """Without any start it is HostUnreachable, so the step may be tried again as if nothing had been."""
    line, _, watch = open_line(sandbox, patience=1.0)
    sandbox.fault("refuse", seconds=3600)

    with pytest.raises(HostUnreachable):
        line.invoke(ECHO)
    assert [] == watch.started
    wait_until_back(sandbox)


def test_a_started_call_whose_host_stays_away_is_unknown(sandbox: SandboxProcess) -> None:
    """With a start the end is not known: the step must ask the journal, not run again."""
    line, _, watch = open_line(sandbox, patience=0.5)
    line.invoke(ECHO)
    sandbox.fault("refuse", action="Receive", seconds=3600)

    with pytest.raises(OutcomeUnknown):
        line.invoke(Invocation("Start-Sleep", {"Seconds": 10.0}))
    assert watch.started
    wait_until_back(sandbox)


def test_a_busy_host_is_told_apart(sandbox: SandboxProcess) -> None:
    """A used-up quota of shells and a 503 mean later, not never."""
    for fault in ({"kind": "quota"}, {"kind": "http_status", "status": 503, "action": "Create"}):
        sandbox.ask("POST", "/faults", fault)
        session = HostSession(sandbox.endpoint(), TIMEOUTS)
        with pytest.raises(HostBusy):
            session.open()


def test_a_half_open_session_is_deleted(sandbox: SandboxProcess) -> None:
    """When the answer to Create is lost the shell is deleted by the id that we chose: nothing leaks."""
    sandbox.fault("drop", action="Create", when="after")
    session = HostSession(sandbox.endpoint(), TIMEOUTS)

    with pytest.raises(OutcomeUnknown):
        session.open()
    assert shell_id(session) not in shell_ids(sandbox)


def test_a_refused_credential_is_not_tried_again_at_once(sandbox: SandboxProcess) -> None:
    """After AccessDenied the pool refuses by itself for a while, or until the record changes: accounts lock out."""
    pool = SessionPool(session_opener(TIMEOUTS))
    wrong = sandbox.endpoint(password="wrong")
    before = sandbox.wire("requests")

    for _ in range(3):
        with pytest.raises(AccessDenied), pool.session(wrong):
            pass
    tries = sandbox.wire("requests") - before
    changed: Endpoint = replace(wrong, key="host_1@2", secret=SecretStr(PASSWORD))
    with pool.session(changed) as session:
        outcome = run(session, ECHO, Watching())
    pool.close_idle(everything=True)

    assert tries <= 2
    assert ["hello"] == outcome.output


def test_sessions_are_bounded_reused_and_closed(sandbox: SandboxProcess) -> None:
    """One session serves call after call; a second thread's worth of them waits, then is told that the host is busy."""
    pool = SessionPool(session_opener(TIMEOUTS), share=lambda _: 1, wait_seconds=0.5)
    endpoint = sandbox.endpoint()
    with pool.session(endpoint) as first, pytest.raises(HostBusy), pool.session(endpoint):
        pass
    with pool.session(endpoint) as second:
        assert first is second
    assert shell_id(first) in shell_ids(sandbox)

    assert 0 == pool.close_idle()
    assert 1 == pool.close_idle(everything=True)
    assert shell_id(first) not in shell_ids(sandbox)
