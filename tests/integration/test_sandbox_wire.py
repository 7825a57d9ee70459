"""Unmodified pypsrp against the sandbox's wire, with a stub machine behind it: every action, logon, fault and state."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from pypsrp.client import Client
from pypsrp.complex_objects import ObjectMeta, PSCredential, PSInvocationState
from pypsrp.exceptions import AuthenticationError, WinRMTransportError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from sandbox.accounts import Account, Accounts
from sandbox.faults import Fault
from sandbox.identity import ShellRules
from sandbox.site import Site, SiteSettings
from sandbox.tls import TlsFiles, make_tls_files, server_context
from sandbox.wsman import EndpointSettings
from tests.unit.sandbox.stub import StubHost, StubWorld

PASSWORD = "S3cret:pass word"
MODES = ("basic", "ntlm", "tls", "tls-negotiate", "tls-certificate")
RUNNING = PSInvocationState.RUNNING
COMPLETED, STOPPED, FAILED = 4, 3, 5


@dataclass
class Lab:
    """A running site and how to reach it."""

    site: Site
    files: TlsFiles
    mode: str

    @property
    def host(self) -> StubHost:
        found = self.site.hosts[0].host
        assert isinstance(found, StubHost)
        return found

    def options(self, **changes: Any) -> dict[str, Any]:
        options: dict[str, Any] = {
            "port": self.site.hosts[0].port,
            "username": "Administrator",
            "password": PASSWORD,
            "ssl": self.mode.startswith("tls"),
            "no_proxy": True,
        }
        if options["ssl"]:
            options["cert_validation"] = str(self.files.ca)
        options.update(
            {
                "basic": {"auth": "basic", "encryption": "never"},
                "ntlm": {"auth": "negotiate"},
                "tls": {"auth": "basic"},
                "tls-negotiate": {"auth": "negotiate"},
                "tls-certificate": {
                    "auth": "certificate",
                    "certificate_pem": str(self.files.client),
                    "certificate_key_pem": str(self.files.client_key),
                },
            }[self.mode]
        )
        return {**options, **changes}

    @contextmanager
    def wsman(self, **changes: Any) -> Iterator[WSMan]:
        connection = WSMan("127.0.0.1", **self.options(**changes))
        try:
            yield connection
        finally:
            connection.close()

    @contextmanager
    def pool(self, **changes: Any) -> Iterator[RunspacePool]:
        with self.wsman(**changes) as connection, RunspacePool(connection) as pool:
            yield pool

    def fault(self, kind: str, **fields: Any) -> None:
        self.site.faults.add(Fault(kind, **fields))


MakeLab = Callable[..., Lab]


@pytest.fixture(scope="session")
def tls_files(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    """Certificates of one CA for all tests."""
    return make_tls_files(tmp_path_factory.mktemp("ca"), "Administrator")


@pytest.fixture
def make_lab(tls_files: TlsFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeLab]:
    """Start sites; afterwards no bug may have been found, unless a test took it out."""
    monkeypatch.setenv("NTLM_USER_FILE", "")
    labs: list[Lab] = []

    def make(mode: str = "basic", **settings: Any) -> Lab:
        accounts = Accounts(
            [
                Account("Administrator", PASSWORD),
                Account("operator", "op-pass", "operator"),
                Account("nobody", "no-pass", "standard"),
            ]
        )
        accounts.write_ntlm_file(tmp_path / "ntlm", [".", "HV1"])
        is_tls = mode.startswith("tls")
        context = server_context(tls_files, with_client_certificates=True) if is_tls else None
        site = Site(StubWorld(), SiteSettings(accounts, "https" if is_tls else "http", context=context, **settings))
        site.start()
        labs.append(Lab(site, tls_files, mode))
        return labs[-1]

    yield make
    for lab in labs:
        lab.site.stop()
    assert [bug for lab in labs for bug in lab.site.all_bugs()] == []


def run(pool: RunspacePool, name: str, **parameters: Any) -> PowerShell:
    shell = PowerShell(pool)
    shell.add_cmdlet(name).add_parameters(parameters)
    shell.invoke()
    shell.close()
    return shell


@pytest.mark.parametrize("mode", MODES)
def test_a_command_runs_over_every_logon(make_lab: MakeLab, mode: str) -> None:
    """A pool opens, two commands run and the pool closes, however the client logs on."""
    lab = make_lab(mode)
    with lab.pool() as pool:
        first, second = run(pool, "Get-Thing", Name="a"), run(pool, "Get-Thing", Name="b")

    expected = {"Name": "b", "User": "Administrator", "IsAdmin": True, "Big": 2**40}
    assert expected == second.output[0].extended_properties
    assert (COMPLETED, False) == (first.state, first.had_errors)
    assert lab.site.hosts[0].endpoint.shells.all() == []


@pytest.mark.parametrize("mode", ["basic", "ntlm", "tls", "tls-negotiate"])
def test_a_wrong_password_is_refused(make_lab: MakeLab, mode: str) -> None:
    """A wrong password or an unknown user is HTTP 401, whatever the scheme."""
    lab = make_lab(mode)
    for wrong in ({"password": "nope"}, {"username": "ghost"}):
        with pytest.raises(AuthenticationError), lab.pool(**wrong):
            pass


def test_an_account_without_rights_gets_fault_5(make_lab: MakeLab) -> None:
    """A standard user may log on but not open a shell; an operator may, without being an administrator."""
    lab = make_lab()
    with pytest.raises(WSManFaultError) as refused, lab.pool(username="nobody", password="no-pass"):
        pass
    with lab.pool(username="HV1\\operator", password="op-pass") as pool:
        made = run(pool, "Get-Thing").output[0].extended_properties

    assert refused.value.code == 5
    assert ("operator", False) == (made["User"], made["IsAdmin"])


def test_values_keep_their_types(make_lab: MakeLab) -> None:
    """Parameters become native Python values, secrets only after a key exchange."""
    lab = make_lab()
    with lab.pool() as pool:
        pool.exchange_keys()
        secret = pool.serialize("hunter2", ObjectMeta("SS"))
        shell = PowerShell(pool)
        shell.add_cmdlet("Get-Types").add_parameters(
            {"S": "x", "I": 5, "B": True, "L": ["a", 1], "D": {"k": 1}, "G": uuid.UUID(int=7), "P": secret, "N": None}
        )
        shell.add_parameter("C", PSCredential(username="LAB\\bob", password="hunter3"))
        shell.invoke()
        shell.close()
        found = shell.output[0].extended_properties

    expected = {
        "S": "str:x",
        "I": "int:5",
        "B": "bool:True",
        "L": "list:['a', 1]",
        "D": "dict:{'k': 'int'}",
        "G": f"UUID:{uuid.UUID(int=7)}",
        "P": "SecretText:7 characters, r2",
        "N": "NoneType:None",
        "C": "Credential:LAB\\bob r3",
    }
    assert expected == found


def test_nested_output_arrives_as_objects(make_lab: MakeLab) -> None:
    """Nested dicts, lists, numbers and nulls become objects with properties; a null object is null."""
    lab = make_lab()
    with lab.pool() as pool:
        first, second, third = run(pool, "Get-Nest").output

    found = first.extended_properties
    assert [1, 2, None] == [*found["A"][:2], found["A"][2].extended_properties["B"]]
    assert (True, 1.5, "", []) == (found["C"].extended_properties["D"], float(found["E"]), found["F"], found["G"])
    assert (None, "text") == (second, third)


def test_every_stream_is_relayed(make_lab: MakeLab) -> None:
    """Verbose, warning, information, progress and error records arrive beside the output."""
    lab = make_lab()
    with lab.pool() as pool:
        shell = run(pool, "Write-Streams")

    streams = shell.streams
    assert ["a verbose line"] == [str(item.message) for item in streams.verbose]
    assert ["a warning"] == [str(item.message) for item in streams.warning]
    assert ["an information"] == [str(item.message_data) for item in streams.information]
    assert [("working", "half", 50)] == [
        (item.activity, item.description, item.percent_complete) for item in streams.progress
    ]
    assert [("Own.Id,Write-Streams", 6, "thing")] == [
        (item.fq_error, item.category, item.target_name) for item in streams.error
    ]
    assert (COMPLETED, False, {"Ok": True}) == (shell.state, shell.had_errors, shell.output[0].extended_properties)


def test_a_terminating_error_has_id_category_type_and_hresult(make_lab: MakeLab) -> None:
    """A terminating error ends the pipeline Failed; everything a classifier needs is in the record."""
    lab = make_lab()
    with lab.pool() as pool:
        shell = run(pool, "Stop-Hard")

    (error,) = shell.streams.error
    assert (FAILED, True) == (shell.state, shell.had_errors)
    assert ("Matryoshka.VmNotOff,Stop-Hard", 7, "InvalidOperationException") == (
        error.fq_error,
        error.category,
        error.reason,
    )
    assert error.exception.adapted_properties["HResult"] == -2146233079
    assert error.exception.types[0] == "System.InvalidOperationException"


def test_an_unknown_command_is_not_found(make_lab: MakeLab) -> None:
    """A name that the machine does not know is CommandNotFoundException, ObjectNotFound."""
    lab = make_lab()
    with lab.pool() as pool:
        (error,) = run(pool, "Get-Nothing").streams.error

    assert ("CommandNotFoundException", 13) == (error.fq_error, error.category)


@pytest.mark.parametrize("mode", ["basic", "ntlm"])
def test_execute_ps_runs_the_literal_subset(make_lab: MakeLab, mode: str) -> None:
    """Client.execute_ps works for literal scripts, pipes and statements, and says so when a script is not simulated."""
    lab = make_lab(mode)
    client = Client("127.0.0.1", **lab.options())
    output, _, failed = client.execute_ps("'hi', 3; Get-Thing -Name 'it''s' | Select-Object -ExpandProperty Name")
    _, streams, refused = client.execute_ps("foreach ($x in 1..3) { $x }")
    client.close()

    assert ("hi\n3\nit's", False) == (output, failed)
    assert (True, "Sandbox.ScriptNotSimulated") == (refused, streams.error[0].fq_error)


def test_execute_ps_takes_an_environment(make_lab: MakeLab) -> None:
    """The statements that set environment variables run first: New-Item is the machine's affair."""
    lab = make_lab()
    client = Client("127.0.0.1", **lab.options())
    _, streams, _ = client.execute_ps("'x'", environment={"A": "b"})
    client.close()

    assert ["CommandNotFoundException"] == [error.fq_error for error in streams.error]


def test_output_is_delivered_while_the_command_runs(make_lab: MakeLab) -> None:
    """A waiting Receive answers as soon as something is there: nobody waits for the end of a long command."""
    lab = make_lab()
    with lab.pool() as pool:
        shell = PowerShell(pool)
        shell.add_cmdlet("Invoke-Steps").add_parameters({"Count": 3, "Pause": 0.3})
        shell.begin_invoke()
        seen: list[int] = []
        while shell.state == RUNNING:
            shell.poll_invoke(timeout=5)
            seen.append(len(shell.output))
        shell.close()

    assert [1, 2, 3] == sorted(set(seen))


def test_nothing_to_receive_is_fault_2150858793(make_lab: MakeLab) -> None:
    """A Receive without output ends with the operation timeout fault, which pypsrp's poll swallows and others raise."""
    lab = make_lab()
    with lab.pool(operation_timeout=1) as pool, pytest.raises(WSManFaultError) as waited:
        pool._receive()

    assert waited.value.code == 2150858793


def test_stop_ends_a_pipeline_with_state_3(make_lab: MakeLab) -> None:
    """ctrl_c stops a running command; the pool goes on."""
    lab = make_lab()
    with lab.pool() as pool:
        shell = PowerShell(pool)
        shell.add_cmdlet("Invoke-Steps").add_parameters({"Count": 100, "Pause": 0.2})
        shell.begin_invoke()
        shell.poll_invoke(timeout=2)
        shell.runspace_pool.shell.signal("powershell/signal/ctrl_c", shell.id)
        shell.end_invoke()
        shell.close()
        after = run(pool, "Get-Thing", Name="after")

    assert (STOPPED, "PipelineStopped") == (shell.state, shell.streams.error[-1].fq_error)
    assert "after" == after.output[0].extended_properties["Name"]


def test_terminate_frees_the_command_id(make_lab: MakeLab) -> None:
    """A CommandId may be used again after Terminate and not before."""
    lab = make_lab()
    with lab.pool() as pool:
        shell = PowerShell(pool)
        shell.add_cmdlet("Get-Thing")
        shell.invoke()
        with pytest.raises(WSManFaultError) as refused:
            shell.invoke()
        shell.state = COMPLETED
        shell.close()
        shell.clear_streams()
        shell.invoke()
        shell.close()

    assert (2150858843, COMPLETED) == (refused.value.code, shell.state)


def test_pipeline_input_reaches_the_command(make_lab: MakeLab) -> None:
    """Objects sent after the pipeline are the command's InputObject; large ones travel in fragments."""
    lab = make_lab()
    with lab.pool() as pool:
        shell = PowerShell(pool)
        shell.add_cmdlet("Measure-Input")
        shell.invoke(input=("x" * 300_000 for _ in range(5)))
        shell.close()

    assert {"Count": 5, "Size": 1_500_000} == shell.output[0].extended_properties


@pytest.mark.parametrize("mode", ["basic", "ntlm"])
def test_large_parameters_and_output_travel_in_fragments(make_lab: MakeLab, mode: str) -> None:
    """Two megabytes go there and back unchanged."""
    lab = make_lab(mode)
    text = "0123456789abcdef" * 131072
    with lab.pool() as pool:
        shell = run(pool, "Get-Echo", Value=text)

    assert text == shell.output[0]


def test_pool_calls_are_answered(make_lab: MakeLab) -> None:
    """Runspace counts, reset and liveness work as on Windows."""
    lab = make_lab()
    with lab.pool() as pool:
        free = pool.get_available_runspaces()
        pool.max_runspaces = 4
        pool.min_runspaces = 2
        pool.reset_runspace_state()
        alive = pool.is_alive()
        pool.connection.update_max_payload_size()

        assert (1, 4, 2, True) == (free, pool.max_runspaces, pool.min_runspaces, alive)
        assert 4 == pool.get_available_runspaces()


def test_pipelines_above_max_runspaces_queue(make_lab: MakeLab) -> None:
    """A pool of one runspace runs two pipelines one after the other."""
    lab = make_lab()
    with lab.pool() as pool:
        shells = [PowerShell(pool) for _ in range(2)]
        for shell in shells:
            shell.add_cmdlet("Invoke-Steps").add_parameters({"Count": 1, "Pause": 0.2})
            shell.begin_invoke()
        outputs = [shell.end_invoke() for shell in shells]

    assert [["step:1"], ["step:1"]] == outputs


def test_many_shells_work_at_once(make_lab: MakeLab) -> None:
    """Thirty clients run long commands at the same time without a fault."""
    lab = make_lab()
    done: list[list[Any]] = []

    def work() -> None:
        with lab.pool() as pool:
            done.append(run(pool, "Invoke-Steps", Count=3, Pause=0.2).output)

    threads = [threading.Thread(target=work) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [["step:1", "step:2", "step:3"]] * 30 == done


def test_shells_per_user_are_limited(make_lab: MakeLab) -> None:
    """One shell too many is the quota fault; closing one makes room."""
    lab = make_lab(endpoint=EndpointSettings(shells_per_user=2))
    with lab.wsman() as connection:
        pools = [RunspacePool(connection) for _ in range(3)]
        pools[0].open()
        pools[1].open()
        with pytest.raises(WSManFaultError) as refused:
            pools[2].open()
        pools[0].close()
        another = RunspacePool(connection)
        another.open()
        another.close()
        pools[1].close()

    assert 2150859173 == refused.value.code


def test_an_unknown_configuration_is_refused(make_lab: MakeLab) -> None:
    """A session configuration that is not registered is fault 2150858811."""
    lab = make_lab()
    with lab.wsman() as connection, pytest.raises(WSManFaultError) as refused:
        RunspacePool(connection, configuration_name="Nope").open()

    assert 2150858811 == refused.value.code


def test_the_same_client_disconnects_and_reconnects(make_lab: MakeLab) -> None:
    """After Disconnect the shell refuses work until Reconnect; the command went on meanwhile."""
    lab = make_lab()
    with lab.pool() as pool:
        shell = PowerShell(pool)
        shell.add_cmdlet("Invoke-Steps").add_parameters({"Count": 3, "Pause": 0.1})
        shell.begin_invoke()
        pool.disconnect()
        with pytest.raises(WSManFaultError) as refused:
            pool.shell.receive("stdout", command_id=shell.id)
        pool.connect()
        shell.state = RUNNING
        shell.end_invoke()
        shell.close()

    assert 2150859204 == refused.value.code
    assert ["step:1", "step:2", "step:3"] == shell.output


@pytest.mark.parametrize("mode", ["basic", "ntlm"])
def test_another_client_takes_a_disconnected_shell_over(make_lab: MakeLab, mode: str) -> None:
    """Enumerate, Connect and collect: a second client gets the output that the first one did not take."""
    lab = make_lab(mode)
    with lab.wsman() as first:
        pool = RunspacePool(first)
        pool.open()
        shell = PowerShell(pool)
        shell.add_cmdlet("Invoke-Steps").add_parameters({"Count": 4, "Pause": 0.1})
        shell.begin_invoke()
        pool.disconnect()

    with lab.wsman() as second:
        (found,) = RunspacePool.get_runspace_pools(second)
        (pipeline,) = found.create_disconnected_power_shells()
        found.connect()
        output = pipeline.connect()
        after = run(found, "Get-Thing", Name="z").output[0].extended_properties["Name"]
        found.close()

    assert (pool.id, shell.id) == (found.id, pipeline.id)
    assert (["step:1", "step:2", "step:3", "step:4"], "z") == (output, after)


def test_a_connected_shell_is_not_given_away(make_lab: MakeLab) -> None:
    """Connect to a connected shell is fault 2150859213; work under another SessionId is 2150859206."""
    lab = make_lab()
    with lab.pool() as pool, lab.wsman() as second:
        (found,) = RunspacePool.get_runspace_pools(second)
        with pytest.raises(WSManFaultError) as refused:
            found.connect()
        found.shell._selector_set = pool.shell._selector_set
        with pytest.raises(WSManFaultError) as mismatched:
            found.shell.signal("powershell/signal/ctrl_c", str(uuid.uuid4()).upper())

    assert (2150859213, 2150859206) == (refused.value.code, mismatched.value.code)


def test_a_silent_client_loses_its_shell_to_another(make_lab: MakeLab) -> None:
    """A shell without traffic becomes Disconnected; then another client connects, and the command's end is there."""
    lab = make_lab(endpoint=EndpointSettings(rules=ShellRules(idle_disconnect_seconds=0.3)))
    with lab.wsman() as first, lab.wsman() as second:
        pool = RunspacePool(first)
        pool.open()
        shell = PowerShell(pool)
        shell.add_cmdlet("Invoke-Steps").add_parameters({"Count": 2, "Pause": 0.1})
        shell.begin_invoke()
        _await(lambda: not lab.site.hosts[0].endpoint.shells.all()[0].presence.is_connected())
        (found,) = RunspacePool.get_runspace_pools(second)
        (pipeline,) = found.create_disconnected_power_shells()
        found.connect()
        output = pipeline.connect()
        found.close()

    assert ["step:1", "step:2"] == output


def test_a_command_goes_on_after_its_client_died(make_lab: MakeLab) -> None:
    """A client that vanishes in mid Receive neither stops the command nor takes its output along."""
    lab = make_lab()
    with lab.wsman() as connection:
        pool = RunspacePool(connection)
        pool.open()
        shell = PowerShell(pool)
        shell.add_cmdlet("Invoke-Steps").add_parameters({"Count": 3, "Pause": 0.4})
        shell.begin_invoke()
        waiting = threading.Thread(target=_swallow, args=(lambda: shell.poll_invoke(timeout=10),))
        waiting.start()
        lab.site.hosts[0].listener.drop_all()
        waiting.join()
        connection.transport.session = None
        shell.state = RUNNING
        shell.end_invoke()
        pool.close()

    assert ["step:1", "step:2", "step:3"] == [item for item in shell.output if str(item).startswith("step")]


def test_only_its_owner_may_use_a_shell(make_lab: MakeLab) -> None:
    """Another user sees no foreign shell and may not delete one by its id."""
    lab = make_lab()
    with lab.pool() as pool, lab.wsman(username="operator", password="op-pass") as other:
        foreign = RunspacePool(other)
        foreign.shell.id = pool.id
        foreign.shell._selector_set = pool.shell._selector_set
        foreign.shell.opened = True
        with pytest.raises(WSManFaultError) as refused:
            foreign.shell.close()

        assert (5, []) == (refused.value.code, RunspacePool.get_runspace_pools(other))


def test_an_encrypted_body_without_context_is_http_400(make_lab: MakeLab) -> None:
    """A new connection cannot go on with another connection's NTLM context: HTTP 400, empty, as Windows answers."""
    lab = make_lab("ntlm")
    with lab.wsman() as connection, RunspacePool(connection) as pool:
        assert connection.transport.session is not None
        lab.site.hosts[0].listener.drop_all()
        with pytest.raises(WinRMTransportError) as refused:
            run(pool, "Get-Thing")
        connection.transport.session.close()
        connection.transport.session = None
        connection.transport.encryption = None
        again = run(pool, "Get-Thing", Name="again")

    assert (400, "again") == (refused.value.code, again.output[0].extended_properties["Name"])


@pytest.mark.parametrize(("when", "applied"), [("before", 0), ("after", 1)])
def test_a_dropped_command_is_applied_before_or_not(make_lab: MakeLab, when: str, applied: int) -> None:
    """A connection reset before the work leaves no trace; after it the command has run: the CommandId tells which."""
    lab = make_lab()
    with lab.pool() as pool:
        lab.fault("drop", function="Set-Thing", when=when)
        shell = PowerShell(pool)
        shell.add_cmdlet("Set-Thing")
        with pytest.raises(requests.exceptions.ConnectionError):
            shell.begin_invoke()
        _await(lambda: len(lab.host.applied) == applied)
        (found,) = RunspacePool.get_runspace_pools(pool.connection)

        assert (applied == 1) == (shell.id in found.pipelines)


def test_an_answer_can_be_cut_at_a_byte(make_lab: MakeLab) -> None:
    """The work is done, but the connection breaks after so many bytes of the answer."""
    lab = make_lab()
    with lab.pool() as pool:
        lab.fault("drop", action="Command", when="after", at_byte=200)
        with pytest.raises(requests.exceptions.RequestException):
            run(pool, "Set-Thing")

        _await(lambda: lab.host.applied == ["Set-Thing"])


@pytest.mark.parametrize("status", [503, 400, 401])
def test_an_http_status_is_answered_instead(make_lab: MakeLab, status: int) -> None:
    """503 and 400 are transport errors of that code, 401 is an authentication error; nothing was applied."""
    lab = make_lab()
    with lab.pool() as pool:
        lab.fault("http_status", action="Command", status=status)
        with pytest.raises((WinRMTransportError, AuthenticationError)) as refused:
            run(pool, "Set-Thing")
        again = run(pool, "Set-Thing")

    assert status == getattr(refused.value, "code", 401)
    assert (COMPLETED, ["Set-Thing"]) == (again.state, lab.host.applied)


def test_a_fault_code_is_answered_instead(make_lab: MakeLab) -> None:
    """A WSMan fault can be ordered by code, action and function."""
    lab = make_lab()
    with lab.pool() as pool:
        lab.fault("wsman_fault", function="Set-Thing", code=1115)
        run(pool, "Get-Thing")
        with pytest.raises(WSManFaultError) as refused:
            run(pool, "Set-Thing")

    assert (1115, []) == (refused.value.code, lab.host.applied)


def test_a_quota_fault_can_be_ordered(make_lab: MakeLab) -> None:
    """The quota fault is answered to a Create although there is room."""
    lab = make_lab()
    lab.fault("quota")
    with pytest.raises(WSManFaultError) as refused, lab.pool():
        pass
    with lab.pool():
        pass

    assert 2150859173 == refused.value.code


def test_a_hanging_answer_times_out(make_lab: MakeLab) -> None:
    """A server that stays silent on Command is a read timeout at the client; before the work nothing is applied."""
    lab = make_lab()
    with lab.pool(read_timeout=1) as pool:
        lab.fault("hang", action="Command")
        with pytest.raises(requests.exceptions.ReadTimeout):
            run(pool, "Set-Thing")

    assert [] == lab.host.applied


def test_a_slow_answer_still_comes(make_lab: MakeLab) -> None:
    """A slow host answers late, and right."""
    lab = make_lab()
    with lab.pool() as pool:
        lab.fault("slow", action="Command", seconds=0.2)
        started = time.monotonic()
        shell = run(pool, "Set-Thing")

    assert COMPLETED == shell.state
    assert time.monotonic() - started >= 0.2


def test_progress_can_be_lost(make_lab: MakeLab) -> None:
    """Lost progress records change nothing else."""
    lab = make_lab()
    lab.fault("lost_progress", function="Invoke-Steps", count=2)
    with lab.pool() as pool:
        shell = run(pool, "Invoke-Steps", Count=3)

    assert (["3 of 3"], ["step:1", "step:2", "step:3"]) == (
        [item.description for item in shell.streams.progress],
        shell.output,
    )


def test_a_function_can_fail_on_demand(make_lab: MakeLab) -> None:
    """An ordered error ends the function before its work, once."""
    lab = make_lab()
    lab.fault("error", function="Set-Thing", error_id="Some.Id", category="ResourceBusy")
    with lab.pool() as pool:
        failed, good = run(pool, "Set-Thing"), run(pool, "Set-Thing")

    assert ("Some.Id", FAILED, COMPLETED) == (failed.streams.error[0].fq_error, failed.state, good.state)
    assert ["Set-Thing"] == lab.host.applied


def test_refused_connections_are_refused_for_a_while(make_lab: MakeLab) -> None:
    """A host that refuses drops what is open and answers ECONNREFUSED; shells live on."""
    lab = make_lab()
    with lab.pool() as pool:
        lab.site.hosts[0].refuse(0.5)
        with pytest.raises(requests.exceptions.ConnectionError):
            pool.get_available_runspaces()
        with pytest.raises(requests.exceptions.ConnectionError, match="NewConnectionError|refused"):
            run(pool, "Get-Thing")
        _await(lambda: lab.site.hosts[0].listener.is_listening)

        assert COMPLETED == run(pool, "Get-Thing").state


@pytest.mark.parametrize("mode", ["basic", "tls"])
def test_a_reboot_in_mid_call_breaks_everything_and_passes(make_lab: MakeLab, mode: str) -> None:
    """The call breaks off, the host refuses, then it is back without the shell; a new pool works."""
    lab = make_lab(mode)
    with lab.wsman() as connection:
        pool = RunspacePool(connection)
        pool.open()
        lab.fault("reboot", function="Invoke-Steps", delay_seconds=0.3)
        with pytest.raises(requests.exceptions.ConnectionError):
            run(pool, "Invoke-Steps", Count=50, Pause=0.1)
        _await(lambda: lab.site.hosts[0].listener.is_listening)
        with pytest.raises(WSManFaultError) as gone:
            pool.get_available_runspaces()
        with RunspacePool(connection) as anew:
            assert COMPLETED == run(anew, "Get-Thing").state

    assert 2150858843 == gone.value.code


def test_a_reboot_after_the_work_loses_the_answer_only(make_lab: MakeLab) -> None:
    """The function's effect stays, its result does not arrive."""
    lab = make_lab()
    with lab.wsman() as connection:
        pool = RunspacePool(connection)
        pool.open()
        lab.fault("reboot", function="Set-Thing", when="after")
        with pytest.raises((requests.exceptions.ConnectionError, WSManFaultError)):
            run(pool, "Set-Thing")

    assert ["Set-Thing"] == lab.host.applied


def test_a_bug_of_the_machine_is_an_error_and_a_bug(make_lab: MakeLab) -> None:
    """What nobody expected is a terminating error for the client and an entry in bugs, never a broken connection."""
    lab = make_lab()
    with lab.pool() as pool:
        shell = run(pool, "Break-Sandbox")
    bugs = lab.site.bugs.all()
    lab.site.bugs._records.clear()

    assert (FAILED, "Sandbox.Bug") == (shell.state, shell.streams.error[0].fq_error)
    assert ["RuntimeError"] == [bug["type"] for bug in bugs]


def test_the_counts_show_requests_and_invocations(make_lab: MakeLab) -> None:
    """A warm call is three requests; every started function is counted."""
    lab = make_lab()
    with lab.pool() as pool:
        run(pool, "Set-Thing")
        before = sum(lab.site.counts()["wire.requests"].values())
        run(pool, "Set-Thing")
        after = sum(lab.site.counts()["wire.requests"].values())

    assert 3 == after - before
    assert 2 == lab.site.counts()["wire.invocations"]["set-thing"] == lab.site.counts()["effects"]["Set-Thing"]


def _await(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def _swallow(action: Callable[[], object]) -> None:
    try:
        action()
    except requests.exceptions.RequestException:
        return
