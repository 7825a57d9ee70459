"""Unmodified pypsrp and shells: pool calls, quotas, Disconnect, Connect, lost clients, owners."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import requests
from pypsrp.exceptions import WinRMTransportError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool

from sandbox.identity import ShellRules
from sandbox.wsman import EndpointSettings
from tests.integration.wire.lab import (
    RUNNING,
    MakeLab,
    run,
    until,
)


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
        until(lambda: not lab.site.hosts[0].endpoint.shells.all()[0].presence.is_connected())
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


def _swallow(action: Callable[[], object]) -> None:
    try:
        action()
    except requests.exceptions.RequestException:
        return
