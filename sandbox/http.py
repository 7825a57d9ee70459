"""The HTTP door of a simulated host: logon, sealing, faults, and the bytes of the answer. Knows no shells."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, Final

from sandbox import codes, sealing, soap
from sandbox.accounts import OPERATOR, STANDARD, Account, Accounts
from sandbox.auth import ConnectionAuth, Verdict
from sandbox.bugs import Bugs
from sandbox.counters import Counters
from sandbox.faults import Fault, Faults, Moment
from sandbox.listener import Listener, is_open
from sandbox.outbox import ClientGoneError
from sandbox.soap import MalformedRequestError, Request, Response
from sandbox.wsman import Caller, Endpoint

_SOAP: Final = "application/soap+xml;charset=UTF-8"
_MOST_BYTES: Final = 64 * 2**20
_HANG_SECONDS: Final = 3600.0
_LOOK_SECONDS: Final = 0.1


@dataclass(frozen=True)
class HttpSettings:
    """How the door is set up. HTTP.sys closes an idle connection after 120 seconds. `live_schemes` may change."""

    accounts: Accounts
    schemes: frozenset[str]
    url: str
    keep_alive_seconds: float = 120.0
    live_schemes: Callable[[], frozenset[str]] | None = None

    @property
    def offered(self) -> frozenset[str]:
        """The schemes of this moment."""
        return self.live_schemes() if self.live_schemes else self.schemes


@dataclass(frozen=True)
class Door:
    """What a connection needs of its host."""

    settings: HttpSettings
    endpoint: Endpoint
    faults: Faults
    bugs: Bugs
    counters: Counters
    is_admin: Callable[[str], bool]
    refuse: Callable[[float], None]
    reboot: Callable[[Fault], None]


class DroppedError(Exception):
    """The connection is to be reset after `at_byte` bytes of the answer."""

    def __init__(self, at_byte: int = 0) -> None:
        super().__init__()
        self.at_byte = at_byte


class InterruptedByFaultError(Exception):
    """A fault before the work: this is the answer, the work is not done."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def make_handler(door: Door) -> Callable[[Any, Any, Listener], object]:
    """The handler class of one host's connections, ready for `Listener`."""

    def handle(connection: Any, client: Any, listener: Listener) -> object:
        return WsmanConnection(door, connection, client, listener)

    return handle


class WsmanConnection(BaseHTTPRequestHandler):
    """One keep-alive connection; its logon state lives as long as it does."""

    protocol_version = "HTTP/1.1"
    server_version = "Microsoft-HTTPAPI/2.0"
    wbufsize = 0
    server: Listener

    def __init__(self, door: Door, connection: Any, client: Any, listener: Listener) -> None:
        self._door = door
        connection.settimeout(door.settings.keep_alive_seconds)
        self._auth = ConnectionAuth(door.settings.accounts, door.settings.offered, _certificate_name(connection))
        self._sealed = False
        self._reset_at: int | None = None
        super().__init__(connection, client, listener)

    def log_message(self, *_: object) -> None:
        """Nothing: a request line says nothing, and bodies hold secrets."""

    def do_GET(self) -> None:
        """WinRM answers POST only."""
        self._send(405, b"")

    def do_POST(self) -> None:
        """One message. Whatever nobody expected becomes a fault and a bug, never a broken connection."""
        self._sealed = False
        self._reset_at = None
        body = self._read()
        if body is None:
            return
        try:
            self._serve(body)
        except ClientGoneError:
            self.close_connection = True
        except Exception as error:  # noqa: BLE001 - the door: a bug of the sandbox must not look like a network failure
            self._door.bugs.report("request", error)
            self._answer(soap.fault(None, codes.unexpected(), self._door.endpoint.host), ())

    def _read(self) -> bytes | None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > _MOST_BYTES:
            self.close_connection = True
            self._send(413, b"")
            return None
        try:
            body = self.rfile.read(length) if length else b""
        except OSError:
            body = b""
        if len(body) == length:
            return body
        self.close_connection = True
        return None

    def _serve(self, body: bytes) -> None:
        if self.path.lower().partition("?")[0] != "/wsman":
            self._send(404, b"")
            return
        header = self.headers.get("Authorization", "")
        self._sealed = sealing.is_sealed(self.headers.get("Content-Type", ""))
        if self._sealed and not header and self._auth.context is None:
            self._send(400, b"")
            return
        shown = self._auth.attempts
        verdict = self._auth.check(header)
        if self._auth.attempts > shown:
            self._door.counters.add("logons", "taken" if verdict.account else "refused")
        if verdict.account is None:
            self._refuse(verdict)
        elif not body:
            self._send(200, b"", challenges=verdict.challenges)
        else:
            self._message(body, verdict.account, verdict)

    def _message(self, body: bytes, account: Account, verdict: Verdict) -> None:
        try:
            plain = sealing.unseal(self._auth.context, body) if self._sealed else body
            request = soap.parse_request(plain)
        except (sealing.SealError, MalformedRequestError):
            self._sealed = False
            self._send(400, b"")
            return
        self._door.counters.add("requests", request.action or "unknown")
        try:
            response = self._work(request, account)
        except InterruptedByFaultError as interrupted:
            response = interrupted.response
        except DroppedError as dropped:
            self._drop(dropped)
            return
        self._answer(response, verdict.challenges)

    def _work(self, request: Request, account: Account) -> Response:
        passed: list[Moment] = []

        def gate(moment: Moment) -> None:
            passed.append(moment)
            response = self._apply(request, self._door.faults.take(moment))
            if response is not None:
                raise InterruptedByFaultError(response)

        response = self._door.endpoint.handle(request, self._caller(account), gate)
        for moment in passed:
            response = self._apply(request, self._door.faults.take(moment.after())) or response
        return response

    def _apply(self, request: Request, faults: list[Fault]) -> Response | None:
        response: Response | None = None
        for fault in faults:
            response = self._one(request, fault) or response
        return response

    def _one(self, request: Request, fault: Fault) -> Response | None:
        if fault.kind == "wsman_fault":
            return soap.fault(request, soap.WSManFault(fault.code, "Injected by a fault. "), self._door.endpoint.host)
        if fault.kind == "quota":
            limit = self._door.endpoint.shells.shells_per_user
            return soap.fault(request, codes.shells_quota(limit), self._door.endpoint.host)
        if fault.kind == "http_status":
            return Response(fault.status, "")
        self._disturb(fault)
        return None

    def _disturb(self, fault: Fault) -> None:
        if fault.kind in ("slow", "hang"):
            self._pause(fault)
        elif fault.kind == "refuse":
            self._door.refuse(1.0 if fault.seconds is None else fault.seconds)
            raise DroppedError
        elif fault.kind == "reboot":
            self._door.reboot(fault)
            if not fault.delay_seconds:
                raise DroppedError
        elif fault.kind == "drop":
            if fault.when == "before" or not fault.at_byte:
                raise DroppedError
            self._reset_at = fault.at_byte

    def _pause(self, fault: Fault) -> None:
        default = _HANG_SECONDS if fault.kind == "hang" else 1.0
        end = time.monotonic() + (default if fault.seconds is None else fault.seconds)
        while (left := end - time.monotonic()) > 0:
            if not is_open(self.connection):
                raise ClientGoneError
            time.sleep(min(left, _LOOK_SECONDS))

    def _caller(self, account: Account) -> Caller:
        return Caller(
            user=account.name,
            is_operator=account.role != STANDARD,
            is_admin=account.role not in (STANDARD, OPERATOR) and self._door.is_admin(account.name),
            client_ip=str(self.client_address[0]),
            address=self._door.settings.url,
            is_alive=lambda: is_open(self.connection),
        )

    def _refuse(self, verdict: Verdict) -> None:
        self._sealed = False
        self._send(401, b"", challenges=verdict.challenges)

    def _drop(self, dropped: DroppedError) -> None:
        self.close_connection = True
        if dropped.at_byte == 0:
            self.server.reset(self.connection)

    def _answer(self, response: Response, challenges: tuple[str, ...]) -> None:
        if response.status == HTTPStatus.UNAUTHORIZED:
            self._refuse(self._auth.refusal)
            return
        plain = response.text.encode()
        if self._sealed and plain:
            self._send(response.status, sealing.seal(self._auth.context, plain), sealing.CONTENT_TYPE, challenges)
        else:
            self._send(response.status, plain, _SOAP if plain else "", challenges)

    def _send(self, status: int, body: bytes, content_type: str = "", challenges: tuple[str, ...] = ()) -> None:
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"Server: {self.server_version}"]
        lines += [f"WWW-Authenticate: {text}" for text in challenges]
        lines += [f"Content-Type: {content_type}"] if content_type else []
        lines += ["Connection: close"] if self.close_connection else []
        lines += [f"Date: {formatdate(usegmt=True)}", f"Content-Length: {len(body)}", "", ""]
        data = "\r\n".join(lines).encode() + body
        if self._reset_at is not None:
            data = data[: self._reset_at]
            self.close_connection = True
            self.server.reset(self.connection)
        try:
            self.wfile.write(data)
        except OSError:
            self.close_connection = True  # the client went away, or the host is going down


def _certificate_name(connection: Any) -> str:
    """The common name of a verified client certificate, '' without one."""
    if not hasattr(connection, "getpeercert"):
        return ""
    subject = (connection.getpeercert() or {}).get("subject", ())
    return next((value for part in subject for name, value in part if name == "commonName"), "")
