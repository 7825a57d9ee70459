"""The rules of WinRM without HTTP: who may do what, and what Receive promises."""

from __future__ import annotations

import base64
import threading

import psrpcore
import pytest

from sandbox import codes
from sandbox.identity import ShellRules
from sandbox.wsman import EndpointSettings
from tests.unit.sandbox.envelopes import SHELL, TRANSFER, Client, envelope


def opened(settings: EndpointSettings | None = None) -> Client:
    """A client whose pool is open."""
    client = Client(settings)
    client.create()
    client.receive()
    client.events()
    return client


def finish(client: Client, command_id: str) -> None:
    """Receive until the command is done."""
    while "CommandState/Done" not in client.receive(command_id).text:
        pass


def test_the_same_message_id_gets_the_same_answer() -> None:
    """Repeating a Receive with its MessageID answers the same bytes; a new one acknowledges and goes on."""
    client = Client()
    client.create()
    first = client.receive(message="uuid:ONE")
    second = client.receive(message="uuid:ONE")
    third = client.receive(message="uuid:TWO", timeout="PT0S")

    assert first.text == second.text
    assert codes.TIMED_OUT == third.fault_code


def test_an_unknown_action_is_not_supported() -> None:
    """An action that WinRM does not know is fault 2150858771."""
    assert codes.ACTION_NOT_SUPPORTED == Client().send(envelope("http://example.org/Nonsense")).fault_code


def test_unknown_ids_are_invalid_selectors() -> None:
    """An unknown shell and an unknown command have the same fault code."""
    client = opened()
    stranger = envelope(f"{SHELL}/Receive", "<rsp:Receive/>", shell_id="00000000-0000-0000-0000-000000000001")
    unknown = client.receive("00000000-0000-0000-0000-000000000002")

    assert [codes.INVALID_SELECTORS] * 2 == [client.send(stranger).fault_code, unknown.fault_code]


def test_a_standard_user_is_denied() -> None:
    """An account that is not an operator gets fault 5 on Create."""
    client = Client()
    request = envelope(TRANSFER + "Create", "<rsp:Shell/>")

    assert codes.ACCESS_DENIED == client.send(request, is_operator=False).fault_code


def test_a_foreign_shell_is_denied() -> None:
    """Another user's request for a shell is fault 5."""
    client = opened()
    request = envelope(TRANSFER + "Delete", shell_id=client.shell_id)

    assert codes.ACCESS_DENIED == client.send(request, user="operator").fault_code


def test_a_winrs_shell_is_not_simulated() -> None:
    """A cmd.exe shell is refused as an unknown resource."""
    request = envelope(TRANSFER + "Create", "<rsp:Shell/>", resource=f"{SHELL}/cmd")

    assert codes.INVALID_RESOURCE == Client().send(request).fault_code


def test_a_silent_shell_becomes_disconnected_and_is_deleted() -> None:
    """60 seconds without traffic disconnect a shell, its IdleTimeout deletes it; the same client may go on between."""
    client = opened()
    get = envelope(TRANSFER + "Get", resource=SHELL, shell_id=client.shell_id)
    client.time.now += 61
    silent = client.send(get).text
    client.command("Get-Thing")
    again = client.send(get).text
    client.time.now += 7201
    gone = client.send(get)

    assert ("<rsp:State>Disconnected<" in silent, "<rsp:State>Connected<" in again) == (True, True)
    assert codes.INVALID_SELECTORS == gone.fault_code


def test_another_session_is_refused_while_connected() -> None:
    """Another SessionId is a mismatch on a connected shell, 'disconnected' on a silent one."""
    client = opened()
    wait = "<rsp:Receive><rsp:DesiredStream>stdout</rsp:DesiredStream></rsp:Receive>"
    request = client.request("Receive", wait, session="uuid:OTHER")
    connected = client.send(request).fault_code
    client.time.now += 61

    assert (codes.SESSION_MISMATCH, codes.SHELL_DISCONNECTED) == (connected, client.send(request).fault_code)


def test_commands_per_shell_are_limited_until_terminate() -> None:
    """Finished commands count until their ids are freed."""
    client = opened(EndpointSettings(rules=ShellRules(commands_per_shell=1)))
    command_id, _ = client.command("Get-Thing")
    finish(client, command_id)
    _, refused = client.command("Get-Thing")
    code = f"{SHELL}/signal/Terminate"
    client.send(
        client.request("Signal", f'<rsp:Signal CommandId="{command_id}"><rsp:Code>{code}</rsp:Code></rsp:Signal>')
    )
    _, accepted = client.command("Get-Thing")

    assert (codes.COMMANDS_PER_SHELL, 200) == (refused.fault_code, accepted.status)


def test_windows_sends_no_running_state() -> None:
    """A pipeline's messages are its output and its end; there is no PIPELINE_STATE Running."""
    client = opened()
    command_id, _ = client.command("Get-Thing")
    finish(client, command_id)
    kinds = [type(event) for event in client.events()]

    assert [psrpcore.PipelineOutputEvent, psrpcore.PipelineStateEvent] == kinds


def test_unreadable_psrp_is_a_fault_and_a_bug() -> None:
    """A message that cannot be read is answered with a fault, and noted."""
    client = opened()
    rubbish = base64.b64encode(b"\x00" * 21 + b"rubbish").decode()
    response = client.send(client.command_request("11111111-1111-1111-1111-111111111111", rubbish))

    assert codes.BAD_MESSAGE == response.fault_code
    assert ["psrp message"] == [bug["where"] for bug in client.bugs.all()]


def test_a_second_receive_waits_not_beside_a_living_one() -> None:
    """A target has one waiting Receive: another of a living client is refused, that of a dead one gives way."""
    client = opened()
    results: list[int] = []
    waiting = threading.Thread(target=lambda: results.append(client.receive(timeout="PT30S").fault_code))
    waiting.start()
    outbox = client.endpoint.shells.all()[0].outbox
    while outbox._waiting is None:
        pass
    refused = client.receive(timeout="PT0S").fault_code
    # Dead for whoever comes next; the waiting one must not find out before that by itself.
    client.alive = lambda: threading.current_thread() is waiting
    with pytest.raises(Exception, match=r"^$"):
        client.receive(timeout="PT2S")
    waiting.join()

    assert (codes.RECEIVE_IN_PROGRESS, [codes.OPERATION_ABORTED]) == (refused, results)


def test_deleting_a_shell_ends_its_waiting_receive() -> None:
    """Whoever waits on a deleted shell gets a fault at once."""
    client = opened()
    results: list[int] = []
    waiting = threading.Thread(target=lambda: results.append(client.receive(timeout="PT30S").fault_code))
    waiting.start()
    outbox = client.endpoint.shells.all()[0].outbox
    while outbox._waiting is None:
        pass
    client.send(envelope(TRANSFER + "Delete", shell_id=client.shell_id))
    waiting.join()

    assert [codes.OPERATION_ABORTED] == results
