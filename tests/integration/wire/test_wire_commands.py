"""Unmodified pypsrp runs commands on the sandbox: logon, values, streams, errors, scripts, stop, input, fragments."""

from __future__ import annotations

import uuid

import pytest
from pypsrp.client import Client
from pypsrp.complex_objects import ObjectMeta, PSCredential
from pypsrp.exceptions import AuthenticationError, WSManFaultError
from pypsrp.powershell import PowerShell

from tests.integration.wire.lab import (
    COMPLETED,
    FAILED,
    MODES,
    RUNNING,
    STOPPED,
    MakeLab,
    run,
)


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
        shell.add_cmdlet("Invoke-Steps").add_parameters({"Count": 3, "Turns": True})
        shell.begin_invoke()
        for number in (1, 2, 3):
            assert RUNNING == shell.state
            lab.host.turns.release()
            while len(shell.output) < number:
                shell.poll_invoke(timeout=5)
        shell.end_invoke()
        shell.close()

    assert ["step:1", "step:2", "step:3"] == shell.output


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
