"""Requests as a client writes them, and the shape of what comes back: element paths with attribute names."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable
from xml.etree import ElementTree as ET

import psrpcore

from sandbox.bugs import Bugs
from sandbox.counters import Counters
from sandbox.faults import Faults, Moment
from sandbox.pipeline import PipelineContext
from sandbox.shell import shell_maker
from sandbox.soap import RSP, Request, Response, parse_request
from sandbox.wsman import Caller, Endpoint, EndpointSettings
from tests.unit.sandbox.stub import FakeTime, StubHost

SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer/"
ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/"
POWERSHELL = "http://schemas.microsoft.com/powershell/Microsoft.PowerShell"
SESSION = "uuid:18CD4AB1-F5C5-4097-A6F3-C49C2BDA4523"
_NAMES = {
    "http://www.w3.org/2003/05/soap-envelope": "s",
    "http://schemas.xmlsoap.org/ws/2004/08/addressing": "a",
    "http://schemas.xmlsoap.org/ws/2004/09/transfer": "x",
    "http://schemas.xmlsoap.org/ws/2004/09/enumeration": "n",
    "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd": "w",
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell": "rsp",
    "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault": "f",
    "http://schemas.microsoft.com/powershell": "pwsh",
    "http://schemas.microsoft.com/wbem/wsman/1/config": "cfg",
    "http://www.w3.org/XML/1998/namespace": "xml",
}


def envelope(action: str, body: str = "", *, resource: str = POWERSHELL, shell_id: str = "", **header: str) -> Request:
    """One parsed request; header values: message, session, timeout ('PT1S')."""
    selector = f'<w:SelectorSet><w:Selector Name="ShellId">{shell_id}</w:Selector></w:SelectorSet>' if shell_id else ""
    text = (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
        'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" '
        'xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration" '
        'xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd" '
        'xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><s:Header>'
        f"<a:Action>{action}</a:Action><a:MessageID>{header.get('message') or f'uuid:{uuid.uuid4()}'}</a:MessageID>"
        f"<w:OperationTimeout>{header.get('timeout', 'PT5S')}</w:OperationTimeout>"
        f"<w:ResourceURI>{resource}</w:ResourceURI><p:SessionId>{header.get('session', SESSION)}</p:SessionId>"
        f"<w:MaxEnvelopeSize>153600</w:MaxEnvelopeSize>{selector}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
    return parse_request(text.encode())


def shape(text: str) -> set[str]:
    """Every element's path and its attributes, `/s:Envelope/s:Body/rsp:Shell@ShellId`."""
    found: set[str] = set()
    _walk(ET.fromstring(text), "", found)  # noqa: S314 - our own answers
    return found


def _walk(element: ET.Element, path: str, found: set[str]) -> None:
    here = f"{path}/{_short(element.tag)}"
    found.add(here)
    found.update(f"{here}@{_short(name)}" for name in element.attrib)
    for child in element:
        _walk(child, here, found)


def _short(tag: str) -> str:
    space, _, name = tag.rpartition("}")
    return f"{_NAMES[space[1:]]}:{name}" if space else name


class Client:
    """psrpcore's client side, driving an Endpoint without HTTP."""

    def __init__(self, settings: EndpointSettings | None = None, user: str = "Administrator") -> None:
        self.time = FakeTime()
        self.bugs = Bugs()
        self.faults = Faults()
        self.host = StubHost()
        self.endpoint = Endpoint("HV1", shell_maker(self._context), settings or EndpointSettings(), self.time)
        self.pool = psrpcore.ClientRunspacePool()
        self.user = user
        self.alive: Callable[[], bool] = lambda: True

    @property
    def shell_id(self) -> str:
        """The pool's ShellId."""
        return str(self.pool.runspace_pool_id).upper()

    def send(self, request: Request, *, is_operator: bool = True, user: str = "") -> Response:
        """Let the endpoint answer."""
        caller = Caller(user or self.user, is_operator, True, "127.0.0.1", "http://h/wsman", lambda: self.alive())  # noqa: PLW0108 - tests replace it later

        def gate(_: Moment) -> None:
            return None

        return self.endpoint.handle(request, caller, gate)

    def create(self, **header: str) -> Response:
        """Create a shell for the pool."""
        self.pool.open()
        body = (
            f'<rsp:Shell ShellId="{self.shell_id}"><rsp:InputStreams>stdin pr</rsp:InputStreams>'
            f'<creationXml xmlns="http://schemas.microsoft.com/powershell">{self.data()}</creationXml></rsp:Shell>'
        )
        return self.send(envelope(TRANSFER + "Create", body, **header))

    def command(self, name: str) -> tuple[str, Response]:
        """Start a pipeline of one command; its CommandId and the answer."""
        pipeline = psrpcore.ClientPowerShell(self.pool)
        pipeline.add_command(name)
        pipeline.start()
        command_id = str(pipeline.pipeline_id).upper()
        return command_id, self.send(self.command_request(command_id, self.data()))

    def command_request(self, command_id: str, data: str) -> Request:
        """The Command request of given PSRP data."""
        body = f'<rsp:CommandLine CommandId="{command_id}"><rsp:Arguments>{data}</rsp:Arguments></rsp:CommandLine>'
        return self.request("Command", body)

    def receive(self, command_id: str = "", **header: str) -> Response:
        """Receive from the pool or a command; what arrives is fed to the client pool."""
        target = f' CommandId="{command_id}"' if command_id else ""
        body = f"<rsp:Receive><rsp:DesiredStream{target}>stdout</rsp:DesiredStream></rsp:Receive>"
        response = self.send(self.request("Receive", body, **header))
        for stream in ET.fromstring(response.text).iter(f"{RSP}Stream"):  # noqa: S314 - our own answers
            data = base64.b64decode(stream.text or "")
            self.pool.receive_data(psrpcore.PSRPPayload(data, psrpcore.StreamType.default, None))
        return response

    def events(self) -> list[object]:
        """What the client understood of all answers."""
        found = []
        while (event := self.pool.next_event()) is not None:
            found.append(event)
        return found

    def request(self, action: str, body: str = "", **header: str) -> Request:
        """A request for this client's shell."""
        return envelope(f"{SHELL}/{action}", body, shell_id=self.shell_id, **header)

    def data(self) -> str:
        """What the client pool wants to send, in base64."""
        chunks = []
        while (payload := self.pool.data_to_send()) is not None:
            chunks.append(payload.data)
        return base64.b64encode(b"".join(chunks)).decode()

    def _context(self, user: str, is_admin: bool, configuration: str) -> PipelineContext:
        runspace = self.host.runspace(user, is_admin)
        return PipelineContext(
            "HV1", runspace, self.faults, self.bugs, Counters(), lambda: None, lambda _: self.host.reboot()
        )
