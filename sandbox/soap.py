"""SOAP 1.2 envelopes of WS-Management in and out: text to a Request, answers and faults to text.

Knows no shells and no PSRP. Sources: MS-WSMV 2.2 and 3.1.4, and recorded Windows answers (docs/sources.md P1 to P3).
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

S: Final = "{http://www.w3.org/2003/05/soap-envelope}"
A: Final = "{http://schemas.xmlsoap.org/ws/2004/08/addressing}"
W: Final = "{http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd}"
P: Final = "{http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd}"
RSP: Final = "{http://schemas.microsoft.com/wbem/wsman/1/windows/shell}"
N: Final = "{http://schemas.xmlsoap.org/ws/2004/09/enumeration}"
PSRP: Final = "{http://schemas.microsoft.com/powershell}"

TRANSFER: Final = "http://schemas.xmlsoap.org/ws/2004/09/transfer/"
ENUMERATION: Final = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/"
SHELL: Final = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
FAULT_ACTION: Final = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
ANONYMOUS: Final = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"

_TRANSFER_ACTIONS = ("Create", "Get", "Delete", "Put")
_SHELL_ACTIONS = ("Command", "Receive", "Send", "Signal", "Disconnect", "Reconnect", "Connect")
ACTIONS: Final[dict[str, str]] = {
    **{TRANSFER + name: name for name in _TRANSFER_ACTIONS},
    **{ENUMERATION + name: name for name in ("Enumerate", "Pull")},
    **{f"{SHELL}/{name}": name for name in _SHELL_ACTIONS},
}
_RESPONSES = {name: uri + "Response" for uri, name in ACTIONS.items()}

_DURATION = re.compile(r"^PT(?P<seconds>\d+(?:\.\d+)?)S$", re.IGNORECASE)
_DEFAULT_TIMEOUT_SECONDS = 60.0  # MaxTimeoutms (docs/sources.md H17)
_DEFAULT_ENVELOPE = 153600

_NAMESPACES = (
    'xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer" '
    'xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration" '
    'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" '
    'xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd" '
    'xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"'
)


@dataclass(frozen=True)
class Request:
    """One parsed request. `action` is the short name ('Create', 'Receive'), '' when unknown; times in seconds."""

    action: str
    action_uri: str
    message_id: str
    session_id: str
    resource_uri: str
    timeout_seconds: float
    max_envelope: int
    selectors: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    body: ET.Element | None = None

    @property
    def shell_id(self) -> str:
        """The ShellId selector in upper case, '' when absent."""
        return self.selectors.get("ShellId", "").upper()

    def find(self, path: str) -> ET.Element | None:
        """The first element of the body at a path of `{namespace}Name` parts."""
        return None if self.body is None else self.body.find(path)


@dataclass(frozen=True)
class Response:
    """An answer ready to be sent. Faults have status 500 (recorded)."""

    status: int
    text: str
    fault_code: int = 0


class WSManFault(Exception):
    """Answered as a SOAP fault with a WSManFault detail; `code` is decimal, Win32 or WinRM (docs/sources.md H18)."""

    def __init__(self, code: int, message: str, *, subcode: str = "w:InternalError", sender: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.subcode = subcode
        self.sender = sender


class MalformedRequestError(Exception):
    """The body is not a WS-Management envelope: HTTP 400."""


def parse_request(text: bytes) -> Request:
    """Read an envelope.

    Raises:
        MalformedRequestError: not XML, no header or no body.
    """
    try:
        root = ET.fromstring(text)  # noqa: S314 - from a client that has logged on
    except ET.ParseError as error:
        raise MalformedRequestError(str(error)) from error
    header, body = root.find(f"{S}Header"), root.find(f"{S}Body")
    if header is None or body is None:
        raise MalformedRequestError("no Header or no Body")
    uri = _text(header, f"{A}Action")
    return Request(
        action=ACTIONS.get(uri, ""),
        action_uri=uri,
        message_id=_text(header, f"{A}MessageID"),
        session_id=_text(header, f"{P}SessionId").upper(),
        resource_uri=_text(header, f"{W}ResourceURI"),
        timeout_seconds=duration_seconds(_text(header, f"{W}OperationTimeout"), _DEFAULT_TIMEOUT_SECONDS),
        max_envelope=int(_text(header, f"{W}MaxEnvelopeSize") or _DEFAULT_ENVELOPE),
        selectors=_named(header, f"{W}SelectorSet/{W}Selector"),
        options=_named(header, f"{W}OptionSet/{W}Option"),
        body=body,
    )


def duration_seconds(text: str, default: float) -> float:
    """Read an xs:duration of seconds as clients send it (`PT20S`, `PT7200.000S`); `default` when absent or other."""
    match = _DURATION.match(text)
    return float(match["seconds"]) if match else default


def answer(request: Request, body: str, message_id: str = "") -> Response:
    """Wrap a body in the envelope of the action's response."""
    return Response(200, _envelope(_RESPONSES[request.action], request.message_id, body, message_id))


def fault(request: Request | None, error: WSManFault, machine: str) -> Response:
    """A SOAP fault with code, reason and WSManFault detail, as Windows sends it."""
    provider = ""
    code = "s:Sender" if error.sender else "s:Receiver"
    body = (
        f"<s:Fault><s:Code><s:Value>{code}</s:Value><s:Subcode><s:Value>{error.subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{escape(error.message)}</s:Text></s:Reason>'
        f'<s:Detail><f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" '
        f'Code="{error.code}" Machine={quoteattr(machine)}><f:Message>{escape(error.message)}{provider}</f:Message>'
        f"</f:WSManFault></s:Detail></s:Fault>"
    )
    relates = request.message_id if request else ""
    return Response(500, _envelope(FAULT_ACTION, relates, body), fault_code=error.code)


def new_message_id() -> str:
    """A fresh `uuid:...` in Windows' upper case."""
    return f"uuid:{str(uuid.uuid4()).upper()}"


def _envelope(action: str, relates_to: str, body: str, message_id: str = "") -> str:
    return (
        f'<s:Envelope xml:lang="en-US" {_NAMESPACES}><s:Header><a:Action>{action}</a:Action>'
        f"<a:MessageID>{message_id or new_message_id()}</a:MessageID><a:To>{ANONYMOUS}</a:To>"
        f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )


def _text(element: ET.Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _named(header: ET.Element, path: str) -> dict[str, str]:
    return {item.attrib.get("Name", ""): (item.text or "").strip() for item in header.iterfind(path)}
