"""Faults on demand as unmodified pypsrp sees them; what was applied is counted at the machine."""

from __future__ import annotations

import time

import pytest
import requests
from pypsrp.exceptions import AuthenticationError, WinRMTransportError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool

from tests.integration.wire.lab import (
    COMPLETED,
    FAILED,
    MakeLab,
    run,
    until,
)


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
        until(lambda: len(lab.host.applied) == applied)
        (found,) = RunspacePool.get_runspace_pools(pool.connection)

        assert (applied == 1) == (shell.id in found.pipelines)


def test_an_answer_can_be_cut_at_a_byte(make_lab: MakeLab) -> None:
    """The work is done, but the connection breaks after so many bytes of the answer."""
    lab = make_lab()
    with lab.pool() as pool:
        lab.fault("drop", action="Command", when="after", at_byte=200)
        with pytest.raises(requests.exceptions.RequestException):
            run(pool, "Set-Thing")

        until(lambda: lab.host.applied == ["Set-Thing"])


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
        lab.site.hosts[0].refuse(3600)
        with pytest.raises(requests.exceptions.ConnectionError):
            pool.get_available_runspaces()
        with pytest.raises(requests.exceptions.ConnectionError, match=r"NewConnectionError|refused"):
            run(pool, "Get-Thing")
        lab.site.hosts[0].listen(wanted=True)
        lab.site.hosts[0].refuse(0.2)
        until(lambda: lab.site.hosts[0].listener.is_listening)

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
        until(lambda: lab.site.hosts[0].listener.is_listening)
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
