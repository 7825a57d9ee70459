"""The shape of every answer against tables written by hand from recorded answers of Windows (docs/sources.md P1)."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from sandbox.soap import Response
from tests.unit.sandbox.envelopes import ENUMERATION, SHELL, TRANSFER, Client, envelope, shape

ROOT = "/s:Envelope"
HEADER = {
    ROOT,
    f"{ROOT}@xml:lang",
    f"{ROOT}/s:Header",
    f"{ROOT}/s:Header/a:Action",
    f"{ROOT}/s:Header/a:MessageID",
    f"{ROOT}/s:Header/a:To",
    f"{ROOT}/s:Header/a:RelatesTo",
    f"{ROOT}/s:Body",
}
SHELL_FIELDS = [
    "ShellId",
    "ResourceUri",
    "Owner",
    "ClientIP",
    "ProcessId",
    "IdleTimeOut",
    "InputStreams",
    "OutputStreams",
    "MaxIdleTimeOut",
    "Locale",
    "DataLocale",
    "CompressionMode",
    "ProfileLoaded",
    "Encoding",
    "BufferMode",
    "State",
    "ShellRunTime",
    "ShellInactivity",
]
MEMORY_FIELDS = ["MemoryUsed", "ChildProcesses"]


def body(*paths: str) -> set[str]:
    """The header's paths and these of the body."""
    return HEADER | {f"{ROOT}/s:Body/{path}" for path in paths}


def shell_paths(prefix: str, fields: list[str]) -> list[str]:
    """The paths of an rsp:Shell."""
    return [f"{prefix}rsp:Shell", *(f"{prefix}rsp:Shell/rsp:{name}" for name in fields)]


CREATED = body(
    "x:ResourceCreated",
    "x:ResourceCreated/a:Address",
    "x:ResourceCreated/a:ReferenceParameters",
    "x:ResourceCreated/a:ReferenceParameters/w:ResourceURI",
    "x:ResourceCreated/a:ReferenceParameters/w:SelectorSet",
    "x:ResourceCreated/a:ReferenceParameters/w:SelectorSet/w:Selector",
    "x:ResourceCreated/a:ReferenceParameters/w:SelectorSet/w:Selector@Name",
    *shell_paths("", SHELL_FIELDS),
)
POOL_RECEIVED = body("rsp:ReceiveResponse", "rsp:ReceiveResponse/rsp:Stream", "rsp:ReceiveResponse/rsp:Stream@Name")
COMMAND_DONE = POOL_RECEIVED | body(
    "rsp:ReceiveResponse/rsp:Stream@CommandId",
    "rsp:ReceiveResponse/rsp:CommandState",
    "rsp:ReceiveResponse/rsp:CommandState@CommandId",
    "rsp:ReceiveResponse/rsp:CommandState@State",
    "rsp:ReceiveResponse/rsp:CommandState/rsp:ExitCode",
)
ENUMERATED = ("n:EnumerateResponse", "n:EnumerateResponse/n:EnumerationContext", "n:EnumerateResponse/w:EndOfSequence")
FAULT = body(
    *("s:Fault", "s:Fault/s:Code", "s:Fault/s:Code/s:Value", "s:Fault/s:Code/s:Subcode"),
    *("s:Fault/s:Code/s:Subcode/s:Value", "s:Fault/s:Reason", "s:Fault/s:Reason/s:Text"),
    *("s:Fault/s:Reason/s:Text@xml:lang", "s:Fault/s:Detail", "s:Fault/s:Detail/f:WSManFault"),
    *("s:Fault/s:Detail/f:WSManFault@Code", "s:Fault/s:Detail/f:WSManFault@Machine"),
    "s:Fault/s:Detail/f:WSManFault/f:Message",
)
ACTIONS = {"Create": TRANSFER, "Get": TRANSFER, "Delete": TRANSFER, "Enumerate": ENUMERATION}


def check(response: Response, action: str, expected: set[str]) -> None:
    """The answer is of the action, relates to its request and has exactly the recorded shape."""
    header = ET.fromstring(response.text)  # noqa: S314 - our own answer
    names = {"a": "http://schemas.xmlsoap.org/ws/2004/08/addressing"}
    uri = ACTIONS.get(action, f"{SHELL}/") + f"{action}Response"

    assert (200, uri) == (response.status, header.findtext(".//a:Action", namespaces=names))
    assert (header.findtext(".//a:RelatesTo", namespaces=names) or "").startswith("uuid:")
    assert expected == shape(response.text)


@pytest.fixture
def client() -> Client:
    """A client whose pool is open."""
    client = Client()
    client.create()
    return client


def test_create_answers_the_resource_and_the_shell() -> None:
    """CreateResponse names the ShellId as selector and describes the shell."""
    check(Client().create(), "Create", CREATED)


def test_receive_of_the_pool_has_streams_only(client: Client) -> None:
    """A pool's ReceiveResponse has streams without CommandId and no state."""
    check(client.receive(), "Receive", POOL_RECEIVED)


def test_command_echoes_its_id(client: Client) -> None:
    """CommandResponse holds the CommandId."""
    command_id, response = client.command("Get-Thing")

    check(response, "Command", body("rsp:CommandResponse", "rsp:CommandResponse/rsp:CommandId"))
    assert f">{command_id}<" in response.text


def test_receive_of_a_finished_command_says_done(client: Client) -> None:
    """The last answer of a command has CommandState Done with exit code 0."""
    command_id, _ = client.command("Get-Thing")
    response = client.receive(command_id)
    while "CommandState/Done" not in response.text:
        response = client.receive(command_id)

    check(response, "Receive", COMMAND_DONE)


@pytest.mark.parametrize(
    ("action", "text", "expected"),
    [
        ("Signal", '<rsp:Signal CommandId="{id}"><rsp:Code>{code}</rsp:Code></rsp:Signal>', body("rsp:SignalResponse")),
        ("Send", '<rsp:Send><rsp:Stream Name="stdin"></rsp:Stream></rsp:Send>', body("rsp:SendResponse")),
        ("Disconnect", "<rsp:Disconnect/>", HEADER),
        ("Reconnect", "", HEADER),
    ],
)
def test_small_answers(client: Client, action: str, text: str, expected: set[str]) -> None:
    """Signal and Send answer an empty element; Disconnect and Reconnect an empty body."""
    command_id, _ = client.command("Get-Thing")
    request = client.request(action, text.format(id=command_id, code=f"{SHELL}/signal/Terminate"))

    check(client.send(request), action, expected)


def test_connect_answers_streams_and_packets(client: Client) -> None:
    """ConnectResponse of a shell carries the pool's answer."""
    client.receive()
    client.events()
    client.send(client.request("Disconnect", "<rsp:Disconnect/>"))
    client.pool.disconnect()
    client.pool.connect()
    xml = f'<connectXml xmlns="http://schemas.microsoft.com/powershell">{client.data()}</connectXml>'
    response = client.send(client.request("Connect", f"<rsp:Connect>{xml}</rsp:Connect>", session="uuid:OTHER"))

    parts = ("rsp:InputStreams", "rsp:OutputStreams", "pwsh:connectResponseXml")
    check(response, "Connect", body("rsp:ConnectResponse", *(f"rsp:ConnectResponse/{part}" for part in parts)))


def test_get_describes_the_shell(client: Client) -> None:
    """GetResponse describes the shell with its memory."""
    request = envelope(TRANSFER + "Get", resource=SHELL, shell_id=client.shell_id)

    check(client.send(request), "Get", body(*shell_paths("", [*SHELL_FIELDS, *MEMORY_FIELDS])))


def test_delete_answers_an_empty_body(client: Client) -> None:
    """DeleteResponse is empty, and the shell is gone."""
    request = envelope(TRANSFER + "Delete", shell_id=client.shell_id)

    check(client.send(request), "Delete", HEADER)
    assert 2150858843 == client.send(request).fault_code


def test_enumerate_lists_shells(client: Client) -> None:
    """EnumerateResponse describes every shell of the user in one piece."""
    prefix = "n:EnumerateResponse/w:Items/"
    expected = body(*ENUMERATED, prefix[:-1], *shell_paths(prefix, [*SHELL_FIELDS, *MEMORY_FIELDS]))
    enumerate_body = "<n:Enumerate><w:OptimizeEnumeration/></n:Enumerate>"

    check(client.send(envelope(ENUMERATION + "Enumerate", enumerate_body, resource=SHELL)), "Enumerate", expected)


def test_enumerate_lists_commands(client: Client) -> None:
    """The commands of a shell are listed by id; without any there are no items."""
    prefix = "n:EnumerateResponse/w:Items/"
    fields = ("ShellId", "CommandId", "State", "CommandLine")
    listed = [f"{prefix}rsp:Command", *(f"{prefix}rsp:Command/rsp:{name}" for name in fields)]
    wanted = (
        '<n:Enumerate><w:Filter><w:SelectorSet><w:Selector Name="ShellId">'
        f"{client.shell_id}</w:Selector></w:SelectorSet></w:Filter></n:Enumerate>"
    )
    request = envelope(ENUMERATION + "Enumerate", wanted, resource=f"{SHELL}/Command")

    check(client.send(request), "Enumerate", body(*ENUMERATED))
    client.command("Get-Thing")
    check(client.send(request), "Enumerate", body(*ENUMERATED, prefix[:-1], *listed))


def test_a_fault_has_code_subcode_reason_and_detail(client: Client) -> None:
    """A fault is HTTP 500 with the WSManFault detail."""
    client.receive()
    response = client.receive(timeout="PT0S")

    assert (500, 2150858793) == (response.status, response.fault_code)
    assert FAULT == shape(response.text)
