"""Sessions against the sandbox: each kind of logon, trust, typed calls, streams, and the rule of one owner thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.integration.sandbox_process import SandboxProcess, Watching, running_sandbox
from workers.errors import AccessDenied, HostUnreachable, HostUntrusted, ProtocolBroken
from workers.psrp.invoke import Invocation, Outcome, run
from workers.psrp.module import ensure_module
from workers.psrp.pool import session_opener
from workers.psrp.session import HostSession
from workers.psrp.streams import Stream
from workers.psrp.transport import Endpoint, Timeouts
from workers.psrp.values import parse_result, single_object


@pytest.fixture(scope="module")
def tls() -> Iterator[SandboxProcess]:
    """A host that speaks https."""
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def plain() -> Iterator[SandboxProcess]:
    """A host that speaks http, where messages must be sealed."""
    with running_sandbox(scheme="http") as sandbox:
        yield sandbox


def _opened(endpoint: Endpoint) -> HostSession:
    session = HostSession(endpoint, Timeouts(poll=0.3), name="mk:test")
    session.open()
    session.take()
    return session


def _call(session: HostSession, name: str, watch: Watching | None = None, **parameters: object) -> Outcome:
    ensure_module(session, lambda item: run(session, item, Watching()))
    return run(session, Invocation("Invoke-NestedCall", {"name": name, "parameters": parameters}), watch or Watching())


@pytest.mark.parametrize("auth", ["basic", "negotiate", "ntlm"])
def test_each_logon_over_tls(tls: SandboxProcess, auth: str) -> None:
    """Basic, Negotiate and NTLM over TLS with an authority file open a session, bring the module and call by name."""
    session = _opened(tls.endpoint(auth))

    record = single_object(_call(session, "Get-NestedHostReport").output, "report")
    session.discard()

    assert 20348 == parse_result(record["ResultJson"], "report")["os_build"]


def test_sealed_messages_survive_a_change_of_thread(plain: SandboxProcess) -> None:
    """On NTLM over http a session may be handed to another thread between calls: its sealed connection goes along."""
    session = _opened(plain.endpoint("negotiate"))
    first = _call(session, "Get-NestedBootIdentity")
    session.give()
    seen: list[Outcome] = []

    def elsewhere() -> None:
        session.take()
        seen.append(_call(session, "Get-NestedBootIdentity"))
        session.give()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join(60)
    session.discard()

    assert not first.failed
    assert [False] == [outcome.failed for outcome in seen]


def test_a_wrong_password_is_denied_and_leaves_no_shell(tls: SandboxProcess) -> None:
    """A refused credential is AccessDenied, which nobody retries, on basic and on negotiate."""
    for auth in ("basic", "negotiate"):
        session = HostSession(tls.endpoint(auth, "wrong"), Timeouts())
        with pytest.raises(AccessDenied):
            session.open()
    assert [] == tls.shells()


def test_an_unknown_authority_is_not_trusted(tls: SandboxProcess) -> None:
    """Without the right authority nothing is sent; it is told apart from a host that is away."""
    with pytest.raises(HostUntrusted):
        HostSession(replace(tls.endpoint(), ca_pem=""), Timeouts()).open()
    with pytest.raises(HostUnreachable):
        HostSession(replace(tls.endpoint(), port=1), Timeouts()).open()


def test_a_session_refuses_a_second_owner(tls: SandboxProcess) -> None:
    """Two threads on one session are an error of ours, said loudly, not a corrupted stream."""
    session = _opened(tls.endpoint())
    caught: list[BaseException] = []

    def intrude() -> None:
        for attempt in (session.take, session.powershell):
            try:
                attempt()
            except ProtocolBroken as error:
                caught.append(error)

    thread = threading.Thread(target=intrude)
    thread.start()
    thread.join(60)
    session.discard()

    assert 2 == len(caught)


_TALK = """Write-Progress -Activity 'Work' -Status 'one of two' -PercentComplete 50
Write-Warning -Message 'careful'
Write-Verbose -Message 'in detail'
Write-Information -MessageData 'by the way'
Start-Sleep -Seconds 30
Write-Error -Message 'not the end' -ErrorId 'Some.Id' -Category 'ResourceBusy'
Write-Progress -Activity 'Work' -Status 'two of two' -PercentComplete 100
"""


def test_all_streams_are_relayed_while_the_call_runs(tls: SandboxProcess) -> None:
    """Progress, warning, verbose and information come during the call, in order; percents as PowerShell gave them."""
    session = _opened(tls.endpoint())
    seen_at: list[tuple[int, Stream]] = []
    watch = Watching(on_tick=lambda it: seen_at.extend((it.ticks, item.stream) for item in it.records[len(seen_at) :]))

    run(session, Invocation("talk.ps1", script=_TALK), watch)
    session.discard()

    progress = [(item.percent, item.message, item.activity) for item in watch.records if item.stream is Stream.PROGRESS]
    assert [(50, "one of two", "Work"), (100, "two of two", "Work")] == progress
    others = {(item.stream, item.message) for item in watch.records if item.stream is not Stream.PROGRESS}
    expected = {(Stream.WARNING, "careful"), (Stream.VERBOSE, "in detail"), (Stream.INFORMATION, "by the way")}
    assert expected == others
    # Relayed before the last poll: live, not at the end.
    assert seen_at[0][0] < watch.ticks


def test_a_non_terminating_error_is_seen_although_the_pipeline_completed(tls: SandboxProcess) -> None:
    """The library says had_errors False for it: the error stream itself is read."""
    session = _opened(tls.endpoint())

    outcome = run(session, Invocation("talk.ps1", script=_TALK), Watching())
    session.discard()

    assert not outcome.failed
    assert [("Some.Id,Write-Error", "ResourceBusy", True)] == [
        (error.error_id, error.category, error.retryable) for error in outcome.errors
    ]


def test_an_unknown_function_fails_with_powershells_id(tls: SandboxProcess) -> None:
    """A terminating error carries FullyQualifiedErrorId and category, whatever language its text has."""
    session = _opened(tls.endpoint())

    outcome = run(session, Invocation("Get-NoSuchThing"), Watching())
    session.discard()

    assert outcome.failed
    assert outcome.errors[0].is_id("CommandNotFoundException")
    assert "ObjectNotFound" == outcome.errors[0].category


def test_closing_leaves_nothing_on_the_host(tls: SandboxProcess) -> None:
    """A session that is discarded deletes its shell, and each finished pipeline was terminated before."""
    session = _opened(tls.endpoint())
    _call(session, "Get-NestedBootIdentity")

    assert [[]] == [shell["commands"] for shell in tls.shells()]
    session.discard()
    assert [] == tls.shells()


def test_a_new_life_deletes_the_idle_shells_of_the_former_one(tls: SandboxProcess) -> None:
    """The first session to a host takes away shells of the same name; one in which a call runs stays, others too."""
    endpoint, timeouts = tls.endpoint(), Timeouts(poll=0.3)
    idle, other = (HostSession(endpoint, timeouts, name=name) for name in ("w1@test", "w2@test"))
    busy = HostSession(endpoint, timeouts, name="w1@test")
    for session in (idle, other, busy):
        session.open()
        session.take()
    busy.powershell().add_cmdlet("Start-Sleep").add_parameter("Seconds", 400.0).begin_invoke()
    open_session = session_opener(timeouts, "w1@test")
    mine = [open_session(endpoint) for _ in range(2)]

    left = {str(shell["shell_id"]).upper() for shell in tls.shells()}
    assert {str(session.pool.id).upper() for session in (other, busy, *mine)} <= left
    assert str(idle.pool.id).upper() not in left
    for session in (other, busy, *mine):
        session.discard()
