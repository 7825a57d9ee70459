"""The bridge: pypsrp and the workers drive a real PowerShell engine through HTTP, WS-Management and PSRP."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pypsrp.complex_objects import ObjectMeta, PSCredential, PSInvocationState
from pypsrp.exceptions import AuthenticationError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool

from tests.bridge.process import BridgeProcess, BridgeSettings, running_bridge
from tests.integration.bridge_kit import example_settings
from tests.integration.sandbox_process import Watching
from workers.errors import AccessDenied
from workers.psrp.invoke import Invocation, Outcome, run
from workers.psrp.line import HostLine
from workers.psrp.module import ensure_module, shipped_source
from workers.psrp.pool import SessionPool, session_opener
from workers.psrp.session import HostSession
from workers.psrp.transport import Timeouts
from workers.psrp.values import parse_result, plain_value, single_object
from workers.secrets import SecretStr

# A pipeline that hangs keeps the shared runspace: what comes after it must not wait for long.
pytestmark = pytest.mark.timeout(60)

COMPLETED, STOPPED, FAILED = PSInvocationState.COMPLETED, PSInvocationState.STOPPED, PSInvocationState.FAILED
_MIB = 2**20
_SHELL_GONE = 2150858843
_PROCESS_DIED = 1726
_TIMEOUTS = Timeouts(connect=20, operation=15, read=25, poll=0.3)
_WAIT = "while (-not [System.IO.File]::Exists($Path)) { Start-Sleep -Milliseconds 20 }\n"


@dataclass
class Bridged:
    """The bridge of this file, its journal and an open pool for what needs none of its own."""

    bridge: BridgeProcess
    journal: Path
    pool: RunspacePool


@pytest.fixture(scope="module")
def bridged(pwsh: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridged]:
    """A bridge with a start script, a module folder, a restricted endpoint and a journal of its own."""
    folder = tmp_path_factory.mktemp("bridge")
    settings = example_settings(folder)
    with running_bridge(pwsh, settings) as bridge, _pool(bridge) as pool:
        yield Bridged(bridge, folder / "journal", pool)


@contextmanager
def _pool(bridge: BridgeProcess, **options: Any) -> Iterator[RunspacePool]:
    connection = bridge.wsman()
    try:
        with RunspacePool(connection, **options) as pool:
            yield pool
    finally:
        connection.close()


def _begin(pool: RunspacePool, script: str, **parameters: Any) -> PowerShell:
    shell = PowerShell(pool)
    shell.add_script(script)
    shell.add_parameters(parameters)
    shell.begin_invoke()
    return shell


def _run(pool: RunspacePool, script: str, **parameters: Any) -> PowerShell:
    shell = _begin(pool, script, **parameters)
    shell.end_invoke()
    shell.close()
    return shell


def _poll_until(shell: PowerShell, condition: Callable[[], bool]) -> None:
    while not condition():
        assert shell.state == PSInvocationState.RUNNING
        shell.poll_invoke(timeout=5)


def _appears(path: Path) -> None:
    until = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < until, f"{path.name} never came"
        time.sleep(0.02)


@contextmanager
def _session(bridge: BridgeProcess, **fields: Any) -> Iterator[HostSession]:
    session = HostSession(bridge.endpoint(**fields), _TIMEOUTS, name="mk:bridge")
    session.open()
    session.take()
    try:
        yield session
    finally:
        session.discard()


def _invoke(session: HostSession, name: str, /, **parameters: Any) -> Outcome:
    ensure_module(session, lambda item: run(session, item, Watching()))
    return run(session, Invocation(name, parameters), Watching())


def test_a_runspace_starts_as_asked(bridged: Bridged) -> None:
    """Start script, module folder and environment are in place before the client's first command."""
    found = _run(
        bridged.pool,
        "Get-Started; $Setting; Get-Greeting; [string]$ExecutionContext.SessionState.LanguageMode; "
        "@($env:BRIDGE_PASSWORD, $env:NTLM_USER_FILE) -join ''",
    )

    assert ["started", "from the script", "hello world", "FullLanguage", ""] == found.output


def test_output_keeps_its_types(bridged: Bridged) -> None:
    """Numbers, text, null and nested objects come as PowerShell sent them, in order."""
    found = _run(
        bridged.pool,
        "param($Given) 5; 2.5; 'text'; $null; $Given.Key[1]\n"
        "[pscustomobject]@{ A = 1; B = @('x', [pscustomobject]@{ C = $true }) }",
        Given={"Key": ["no", "yes"]},
    )

    assert [5, 2.5, "text", "yes"] == [*found.output[:3], found.output[4]]
    assert {"A": 1, "B": ["x", {"C": True}]} == plain_value(found.output[5])
    assert COMPLETED == found.state


def test_errors_have_id_and_category(bridged: Bridged) -> None:
    """An error on the way and one that ends the pipeline keep their ids; the end is seen however long it is."""
    soft = _run(bridged.pool, "Write-Error -Message 'm' -ErrorId 'Own.Id' -Category ResourceBusy; 'after'")
    hard = _begin(bridged.pool, "throw [System.InvalidOperationException]::new('x' * 100000)")
    hard.end_invoke()
    listed = [shell["commands"] for shell in bridged.bridge.shells() if shell["shell_id"] == bridged.pool.id.upper()]
    hard.close()
    unknown = _run(bridged.pool, "Get-NoSuchThing -ErrorAction Stop; 'not reached'")

    assert (COMPLETED, ["after"]) == (soft.state, soft.output)
    assert ("Own.Id", 19) == (str(soft.streams.error[0].fq_error).partition(",")[0], soft.streams.error[0].category)
    assert (FAILED, 100000) == (hard.state, str(hard.streams.error[-1].fq_error).count("x"))
    assert [[{"id": hard.id.upper(), "functions": [], "done": True}]] == listed
    assert (FAILED, []) == (unknown.state, unknown.output)
    assert ("CommandNotFoundException", 13) == (unknown.streams.error[-1].fq_error, unknown.streams.error[-1].category)


def test_every_stream_is_relayed(bridged: Bridged) -> None:
    """Verbose, debug, warning, information and progress records arrive beside the output."""
    streams = _run(
        bridged.pool,
        "$VerbosePreference = $DebugPreference = 'Continue'; Write-Verbose -Message 'v'; Write-Debug -Message 'd'\n"
        "Write-Warning -Message 'w'; Write-Information -MessageData 'i'\n"
        "Write-Progress -Activity 'a' -Status 's' -PercentComplete 40",
    ).streams

    assert ["v", "d", "w"] == [str(item[0].message) for item in (streams.verbose, streams.debug, streams.warning)]
    assert ["i"] == [str(item.message_data) for item in streams.information]
    assert [("a", "s", 40)] == [(item.activity, item.description, item.percent_complete) for item in streams.progress]


def test_pipeline_input_arrives_in_order(bridged: Bridged) -> None:
    """What a client pipes in reaches the script object by object, also when it takes several messages."""
    shell = PowerShell(bridged.pool)
    shell.add_script('process { "$_".Length }')
    given: Any = [1, "two", "x" * 700000, *range(200)]
    output = shell.invoke(given)
    shell.close()

    assert [1, 3, 700000, *(len(str(number)) for number in range(200))] == output


def test_secrets_travel_under_the_session_key(bridged: Bridged) -> None:
    """After the key exchange a SecureString and a credential arrive, and one comes back."""
    bridged.pool.exchange_keys()
    script = (
        "param([securestring]$Secret, [pscredential]$Credential)\n"
        "[System.Net.NetworkCredential]::new('', $Secret).Password.Length\n"
        "$Credential.UserName; $Credential.GetNetworkCredential().Password.Length; $Secret"
    )
    secret = bridged.pool.serialize("hunter2", ObjectMeta("SS"))
    credential: Any = PSCredential
    given = {"Secret": secret, "Credential": credential(username="lab\\bob", password="hunter33")}
    found = _run(bridged.pool, script, **given)

    assert [7, "lab\\bob", 8, "hunter2"] == found.output


def test_large_scripts_and_results_pass(bridged: Bridged) -> None:
    """A script of 1.5 MB takes several Sends, a result of 1 MiB several fragments; both arrive whole."""
    before = bridged.bridge.ask("GET", "/counts")["wire.requests"].get("Send", 0)
    found = _run(bridged.pool, f"$text = '{'y' * 1_500_000}'; $text.Length; 'z' * {_MIB}")
    sends = bridged.bridge.ask("GET", "/counts")["wire.requests"]["Send"] - before

    assert [1_500_000, "z" * _MIB] == found.output
    assert sends > 1


def test_a_running_pipeline_is_stopped(bridged: Bridged, tmp_path: Path) -> None:
    """The engine itself reports the stop, after the script has cleaned up; the runspace takes the next command."""
    mark = tmp_path / "mark"
    script = (
        "param($Mark) try { 'begun'; Start-Sleep -Seconds 600; 'never' }\n"
        "finally { [System.IO.File]::WriteAllText($Mark, '') }"
    )
    shell = _begin(bridged.pool, script, Mark=str(mark))
    _poll_until(shell, lambda: bool(shell.output))
    # Not shell.stop(): it calls the pipeline stopped without asking.
    bridged.pool.shell.signal("powershell/signal/ctrl_c", str(shell.id).upper())
    shell.end_invoke()
    shell.close()

    assert (STOPPED, ["begun"], True) == (shell.state, shell.output, mark.exists())
    assert ["next"] == _run(bridged.pool, "'next'").output


def test_a_pool_of_two_runs_two_pipelines_at_once(bridged: Bridged, tmp_path: Path) -> None:
    """Two pipelines that wait for each other both end, many follow, and no command is left in the shell."""
    meet = "param($Mine, $Path) [System.IO.File]::WriteAllText($Mine, ''); " + _WAIT + "'met'"
    one, other = str(tmp_path / "one"), str(tmp_path / "other")
    with _pool(bridged.bridge, max_runspaces=2) as pool:
        shells = [_begin(pool, meet, Mine=one, Path=other), _begin(pool, meet, Mine=other, Path=one)]
        outputs = [shell.end_invoke() for shell in shells]
        for shell in shells:
            shell.close()
        numbers = [_run(pool, "param($N) $N", N=number).output[0] for number in range(10)]
        (listed,) = [item for item in bridged.bridge.shells() if item["shell_id"] == pool.id.upper()]

    assert ([["met"], ["met"]], list(range(10)), []) == (outputs, numbers, listed["commands"])


# The child holds the engine's output open: its end alone would not show that the engine is gone.
_DIE = (
    "[System.Diagnostics.Process]::Start('/bin/sleep', '600').Id; Start-Sleep -Seconds 1\n"
    "[System.Diagnostics.Process]::GetCurrentProcess().Kill()"
)
_AWAY = "param($Path, $Done) 'before'; " + _WAIT + "1..3; [System.IO.File]::WriteAllText($Done, '')"


def test_the_same_client_disconnects_and_comes_back(bridged: Bridged, tmp_path: Path) -> None:
    """A disconnected shell refuses work and its command goes on; Reconnect brings all that it wrote meanwhile."""
    go, done = tmp_path / "go", tmp_path / "done"
    shell = _begin(bridged.pool, _AWAY, Path=str(go), Done=str(done))
    _poll_until(shell, lambda: bool(shell.output))
    bridged.pool.disconnect()
    with pytest.raises(WSManFaultError):
        bridged.pool.shell.receive("stdout", command_id=shell.id)
    go.touch()
    _appears(done)
    bridged.pool.connect()
    shell.state = PSInvocationState.RUNNING
    shell.end_invoke()
    shell.close()

    # An answer that no later Receive acknowledged comes once more.
    assert ["before", "before", 1, 2, 3] == shell.output


def test_another_client_takes_a_shell_over(bridged: Bridged, tmp_path: Path) -> None:
    """A second client connects to the disconnected shell, collects what was not taken, and works on in it."""
    go, done = tmp_path / "go", tmp_path / "done"
    first, second = bridged.bridge.wsman(), bridged.bridge.wsman()
    lost = RunspacePool(first, max_runspaces=3)
    lost.open()
    kept = _run(lost, "$Kept = 'kept'; $Kept").output
    shell = _begin(lost, _AWAY, Path=str(go), Done=str(done))
    lost.disconnect()
    go.touch()
    _appears(done)
    (pool,) = [item for item in RunspacePool.get_runspace_pools(second) if item.id.upper() == lost.id.upper()]
    pipeline: Any = pool.create_disconnected_power_shells()[0]
    pool.connect()
    output = pipeline.connect()
    after = _run(pool, f"'{'q' * 600000}'.Length; 'after'").output
    pool.close()
    first.close()
    second.close()

    assert (["kept"], shell.id) == (kept, pipeline.id)
    assert (["before", 1, 2, 3], [600000, "after"], 3) == (output, after, pool.max_runspaces)


def test_a_killed_engine_is_a_fault(bridged: Bridged) -> None:
    """A client whose engine dies gets a fault at once; then its shell is unknown, and a new one works."""
    with bridged.bridge.wsman() as connection:
        pool = RunspacePool(connection)
        pool.open()
        shell = _begin(pool, _DIE)
        with pytest.raises(WSManFaultError) as died:
            shell.end_invoke()
        with pytest.raises(WSManFaultError) as gone:
            pool.get_available_runspaces()
        with RunspacePool(connection) as again:
            assert ["again"] == _run(again, "'again'").output

    assert died.value.code in (_PROCESS_DIED, _SHELL_GONE)  # gone, when the process was faster than the Receive
    assert _SHELL_GONE == gone.value.code


def test_a_wrong_password_is_refused(bridged: Bridged) -> None:
    """Basic and Negotiate refuse a wrong password, the worker calls it denied, and no engine is started."""
    before = bridged.bridge.pids()
    for auth in ("basic", "negotiate"):
        with bridged.bridge.wsman(auth, password="wrong") as connection, pytest.raises(AuthenticationError):
            RunspacePool(connection).open()
    with pytest.raises(AccessDenied):
        HostSession(bridged.bridge.endpoint(password="wrong"), _TIMEOUTS).open()

    assert before == bridged.bridge.pids()


def test_sealed_messages_and_no_engine_left(pwsh: str) -> None:
    """Negotiate over plain http works, and the bridge's end takes every engine along."""
    with running_bridge(pwsh, BridgeSettings(scheme="http")) as bridge, bridge.wsman("negotiate") as connection:
        pool = RunspacePool(connection)
        pool.open()
        output = _run(pool, "$PID").output
        pids = bridge.pids()

    assert output == pids
    assert [False] == [Path(f"/proc/{pid}").exists() for pid in pids]


def test_a_worker_brings_the_module_and_journals_a_call(bridged: Bridged) -> None:
    """The bootstrap runs on the real engine; the same call is answered from the journal in another engine."""
    given = {"name": "Clear-NestedCallJournal", "parameters": {"OlderThanDays": 9}, "fence": 3, "call_id": "b.s.1#1"}
    with _session(bridged.bridge, auth="negotiate") as session:
        info = single_object(_invoke(session, "Get-NestedModuleInfo").output, "info")
        first = single_object(_invoke(session, "Invoke-NestedCall", **given).output, "first")
    with _session(bridged.bridge) as session:
        second = single_object(_invoke(session, "Invoke-NestedCall", **given).output, "second")

    assert (shipped_source().sha256, False) == (info["Sha256"], info["Preinstalled"])
    assert ("completed", False, True) == (first["Status"], first["Replayed"], second["Replayed"])
    assert first["ResultJson"] == second["ResultJson"]
    assert 0 == parse_result(first["ResultJson"], "first")["removed"]
    assert any(bridged.journal.rglob("*"))


def test_a_worker_sends_secrets_and_reads_errors(bridged: Bridged) -> None:
    """The worker's own secrets arrive, and an error keeps its id, category and target."""
    with _session(bridged.bridge) as session:
        script = "param([securestring]$Secret) [System.Net.NetworkCredential]::new('', $Secret).Password.Length"
        length = run(session, Invocation("length.ps1", {"secret": SecretStr("four")}, script=script), Watching())
        failed = _invoke(session, "Invoke-NestedCall", name="Get-MkVM", parameters={})

    assert [4] == length.output
    assert (True, "InvalidArgument") == (failed.failed, failed.errors[-1].category)
    assert failed.errors[-1].is_id("Matryoshka.FunctionNotAllowed")


def test_a_worker_uses_a_restricted_endpoint(bridged: Bridged) -> None:
    """Behind a configuration name functions run by name with the module in place, and a script is refused."""
    with _session(bridged.bridge, configuration_name="matryoshka") as session:
        info = single_object(_invoke(session, "Get-NestedModuleInfo").output, "info")
        call = _invoke(session, "Invoke-NestedCall", name="Get-NestedModuleInfo", parameters={})
        refused = run(session, Invocation("one.ps1", script="1 + 1"), Watching())

    assert (True, shipped_source().sha256) == (info["Preinstalled"], info["Sha256"])
    assert "completed" == single_object(call.output, "call")["Status"]
    assert (True, "ScriptsNotAllowed") == (refused.failed, refused.errors[-1].error_id)


def test_a_worker_survives_a_restart_of_the_host(pwsh: str) -> None:
    """After the shells were dropped the next call is made in a new engine, also when connections are refused first."""
    pool = SessionPool(session_opener(_TIMEOUTS))
    with running_bridge(pwsh) as bridge:
        line = HostLine(pool, bridge.endpoint, Watching(), patience_seconds=30.0)
        pid = Invocation("pid.ps1", script="$PID")
        first = line.invoke(pid).output
        bridge.reboot(0.3)
        second = line.invoke(pid).output
        killed = bridge.kill_all_shells()
        third = line.invoke(pid).output
        left = bridge.pids()
        pool.close_idle(everything=True)

    assert (1, 3, third) == (killed, len({*first, *second, *third}), left)
    assert [False, False] == [Path(f"/proc/{number}").exists() for number in (*first, *second)]
