"""WS-Management on one simulated host: a request of a known user in, an answer or a fault out. Knows no HTTP.

Answers the twelve kinds that Windows' PowerShell clients use: Create, Command, Send, Receive, Signal, Delete, Get,
Enumerate, Connect, Reconnect, Disconnect, and faults. WinRS (cmd.exe shells) is not simulated: fault 2150858811.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sandbox import bodies, codes, soap
from sandbox.faults import Moment, request_moment
from sandbox.identity import ShellIdentity, ShellRules
from sandbox.outbox import ClientGoneError, Taker
from sandbox.shell_port import AnyShell, Opening, ShellMaker
from sandbox.shells import ShellTable
from sandbox.soap import PSRP, RSP, N, Request, Response, W, WSManFault

_POWERSHELL: Final = "http://schemas.microsoft.com/powershell/"
DEFAULT_CONFIGURATION: Final = "microsoft.powershell"
_CONFIG: Final = "http://schemas.microsoft.com/wbem/wsman/1/config"
_ENVELOPE_KB: Final = 500
_ENVELOPE_ROOM: Final = 4096  # headers and tags of a ReceiveResponse
_IDLE_SECONDS: Final = 7200.0
_LEAST_IDLE_SECONDS: Final = 60.0

FaultGate = Callable[[Moment], None]


@dataclass(frozen=True)
class Caller:
    """Who sends the request. `is_alive` tells whether the connection still is."""

    user: str
    is_operator: bool
    is_admin: bool
    client_ip: str
    address: str
    is_alive: Callable[[], bool]


@dataclass(frozen=True)
class EndpointSettings:
    """Numbers and names of the endpoint. Session configurations are compared in any case."""

    shells_per_user: int = 30
    configurations: frozenset[str] = frozenset({DEFAULT_CONFIGURATION})
    rules: ShellRules = field(default_factory=ShellRules)


class Endpoint:
    """WinRM of one host."""

    def __init__(
        self,
        host: str,
        make_shell: ShellMaker,
        settings: EndpointSettings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.host = host
        self.shells = ShellTable(settings.shells_per_user)
        self._make_shell = make_shell
        self._settings = settings
        self._clock = clock
        self._processes = itertools.count(2048, 4)
        self._handlers: dict[str, Callable[[Request, Caller, FaultGate], str]] = {
            "Create": self._create,
            "Command": self._command,
            "Send": self._send,
            "Signal": self._signal,
            "Delete": self._delete,
            "Get": self._get,
            "Enumerate": self._enumerate,
            "Connect": self._connect,
            "Reconnect": self._reconnect,
            "Disconnect": self._disconnect,
        }

    def handle(self, request: Request, caller: Caller, gate: FaultGate) -> Response:
        """Do what the request asks. `gate` is called once, before anything is done; what it raises passes through.

        Raises:
            ClientGoneError: the client of a waiting Receive has gone.
        """
        try:
            if request.action == "Receive":
                return self._receive(request, caller, gate)
            handler = self._handlers.get(request.action)
            if handler is None:
                raise codes.not_supported(request.action_uri)
            return soap.answer(request, handler(request, caller, gate))
        except WSManFault as error:
            return soap.fault(request, error, self.host)

    # --- shells -----------------------------------------------------------------------------------------------------

    def _create(self, request: Request, caller: Caller, gate: FaultGate) -> str:
        self._pass(request, gate)
        if not caller.is_operator:
            raise codes.access_denied()
        name = request.resource_uri.removeprefix(_POWERSHELL)
        if not request.resource_uri.startswith(_POWERSHELL) or name.lower() not in self._settings.configurations:
            raise codes.invalid_resource(request.resource_uri)
        shell = self._new_shell(request, caller)
        self.shells.add(shell)
        try:
            shell.open(_binary(request, f"{RSP}Shell/{PSRP}creationXml"))
        except WSManFault:
            self.shells.remove(shell.identity.shell_id)
            raise
        return bodies.created(shell, caller.address)

    def _new_shell(self, request: Request, caller: Caller) -> AnyShell:
        element = request.find(f"{RSP}Shell")
        given = "" if element is None else element.attrib.get("ShellId", "")
        wanted = "" if element is None else element.findtext(f"{RSP}IdleTimeOut") or ""
        identity = ShellIdentity(
            shell_id=(given or str(uuid.uuid4())).upper(),
            user=caller.user,
            owner=f"{self.host}\\{caller.user}",
            resource_uri=request.resource_uri,
            client_ip=caller.client_ip,
            process_id=next(self._processes),
            idle_timeout_seconds=max(_LEAST_IDLE_SECONDS, soap.duration_seconds(wanted, _IDLE_SECONDS)),
            created_at=self._clock(),
            name="" if element is None else element.findtext(f"{RSP}Name") or "",
        )
        configuration = request.resource_uri.removeprefix(_POWERSHELL).lower()
        rules, clock = self._settings.rules, self._clock
        return self._make_shell(Opening(identity, request.session_id, configuration, caller.is_admin, rules, clock))

    def _delete(self, request: Request, caller: Caller, gate: FaultGate) -> str:
        self._pass(request, gate)
        shell = self._shell(request, caller)
        self.shells.remove(shell.identity.shell_id)
        return ""

    def _get(self, request: Request, caller: Caller, gate: FaultGate) -> str:
        self._pass(request, gate)
        if request.resource_uri == _CONFIG:
            return bodies.configuration(_ENVELOPE_KB)
        return bodies.described(self._shell(request, caller), with_memory=True, now=self._clock())

    def _enumerate(self, request: Request, caller: Caller, gate: FaultGate) -> str:
        self._pass(request, gate)
        if request.resource_uri.rstrip("/") == soap.SHELL:
            now = self._clock()
            shells = self.shells.of_user(caller.user)
            return bodies.enumerated([bodies.described(shell, with_memory=True, now=now) for shell in shells])
        if request.resource_uri == f"{soap.SHELL}/Command":
            return self._enumerate_commands(request, caller)
        raise codes.invalid_resource(request.resource_uri)

    def _enumerate_commands(self, request: Request, caller: Caller) -> str:
        path = f"{N}Enumerate/{W}Filter/{W}SelectorSet/{W}Selector"
        selector = request.find(path)
        shell_id = (selector.text or "").strip().upper() if selector is not None else ""
        shell = self.shells.find(shell_id, caller.user)
        return bodies.enumerated([bodies.listed_command(shell, command) for command in shell.commands()])

    # --- connection -------------------------------------------------------------------------------------------------

    def _connect(self, request: Request, caller: Caller, gate: FaultGate) -> str:
        self._pass(request, gate)
        shell = self._shell(request, caller)
        element = request.find(f"{RSP}Connect")
        command_id = "" if element is None else element.attrib.get("CommandId", "").upper()
        if command_id:
            shell.presence.admit(request.session_id)
            shell.find(command_id)
            return bodies.connected(None)
        data = _binary(request, f"{RSP}Connect/{PSRP}connectXml")
        return bodies.connected(shell.connect(request.session_id, data))

    def _reconnect(self, request: Request, caller: Caller, gate: FaultGate) -> str:
        self._pass(request, gate)
        shell = self._shell(request, caller)
        shell.reconnect(request.session_id)
        return ""

    def _disconnect(self, request: Request, caller: Caller, gate: FaultGate) -> str:
        self._pass(request, gate)
        shell = self._shell(request, caller)
        shell.disconnect(request.session_id)
        return ""

    # --- commands ---------------------------------------------------------------------------------------------------

    def _command(self, request: Request, caller: Caller, gate: FaultGate) -> str:
        shell = self._admitted(request, caller)
        line = request.find(f"{RSP}CommandLine")
        given = "" if line is None else line.attrib.get("CommandId", "")
        command_id = _identifier(given or str(uuid.uuid4()))
        data = _binary(request, f"{RSP}CommandLine/{RSP}Arguments")
        with shell.presence.traffic():
            shell.command(command_id, data, lambda functions: gate(self._moment("Command", functions)))
        return bodies.command_started(command_id)

    def _send(self, request: Request, caller: Caller, gate: FaultGate) -> str:
        shell = self._admitted(request, caller)
        stream = request.find(f"{RSP}Send/{RSP}Stream")
        command_id = "" if stream is None else stream.attrib.get("CommandId", "").upper()
        if command_id:
            shell.find(command_id)
        data = _binary(request, f"{RSP}Send/{RSP}Stream")
        known = shell.functions_of(command_id)
        with shell.presence.traffic():
            shell.send(command_id, data, lambda functions: gate(self._sending(functions or known, functions)))
        return "<rsp:SendResponse/>"

    def _signal(self, request: Request, caller: Caller, gate: FaultGate) -> str:
        shell = self._admitted(request, caller)
        element = request.find(f"{RSP}Signal")
        command_id = "" if element is None else element.attrib.get("CommandId", "").upper()
        code = "" if element is None else (element.findtext(f"{RSP}Code") or "").strip()
        gate(self._moment("Signal", shell.functions_of(command_id)))
        with shell.presence.traffic():
            shell.signal(command_id, code)
        return "<rsp:SignalResponse/>"

    def _receive(self, request: Request, caller: Caller, gate: FaultGate) -> Response:
        shell = self._admitted(request, caller)
        wanted = request.find(f"{RSP}Receive/{RSP}DesiredStream")
        command_id = "" if wanted is None else wanted.attrib.get("CommandId", "").upper()
        gate(self._moment("Receive", shell.functions_of(command_id)))
        room = max(0, request.max_envelope - _ENVELOPE_ROOM) * 3 // 4
        taker = Taker(request.message_id, request.timeout_seconds, room, caller.is_alive)
        with shell.presence.traffic():
            answer = shell.receive(command_id, taker)
        return soap.answer(request, bodies.received(answer, command_id), answer.message_id)

    # --- small things -----------------------------------------------------------------------------------------------

    def _shell(self, request: Request, caller: Caller) -> AnyShell:
        return self.shells.find(request.shell_id, caller.user)

    def _admitted(self, request: Request, caller: Caller) -> AnyShell:
        shell = self._shell(request, caller)
        shell.presence.admit(request.session_id)
        return shell

    def _pass(self, request: Request, gate: FaultGate) -> None:
        gate(self._moment(request.action, frozenset()))

    def _moment(self, action: str, functions: frozenset[str]) -> Moment:
        return request_moment(self.host, action, functions)

    def _sending(self, functions: frozenset[str], started: frozenset[str]) -> Moment:
        """A Send that completes a pipeline is its Command, too, for faults."""
        moment = self._moment("Send", functions)
        return Moment(self.host, moment.actions | {"Command"}, functions) if started else moment


def _binary(request: Request, path: str) -> bytes:
    element = request.find(path)
    if element is None:
        return b""
    try:
        return base64.b64decode(element.text or "", validate=False)
    except binascii.Error as error:
        raise codes.bad_message("Base64") from error


def _identifier(text: str) -> str:
    try:
        return str(uuid.UUID(text)).upper()
    except ValueError as error:
        raise codes.unknown_command(text) from error


__all__ = ["Caller", "ClientGoneError", "Endpoint", "EndpointSettings", "FaultGate"]
