"""The bodies of the answers, shaped as recorded from Windows; tests/unit/sandbox/test_wsman_shapes.py checks them."""

from __future__ import annotations

import base64
from typing import Final
from xml.sax.saxutils import escape

from sandbox.outbox import Answer
from sandbox.running import RunningCommand
from sandbox.shell_port import AnyShell

_RSP: Final = 'xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"'
_DONE: Final = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Done"
_DAY, _HOUR, _MINUTE = 86400, 3600, 60


def created(shell: AnyShell, address: str) -> str:
    """ResourceCreated with the ShellId selector, then the shell itself."""
    identity = shell.identity
    return (
        f"<x:ResourceCreated><a:Address>{escape(address)}</a:Address><a:ReferenceParameters>"
        f"<w:ResourceURI>{escape(identity.resource_uri)}</w:ResourceURI><w:SelectorSet>"
        f'<w:Selector Name="ShellId">{identity.shell_id}</w:Selector></w:SelectorSet></a:ReferenceParameters>'
        f"</x:ResourceCreated>{described(shell)}"
    )


def described(shell: AnyShell, *, with_memory: bool = False, now: float | None = None) -> str:
    """The rsp:Shell element; Get and Enumerate add MemoryUsed and ChildProcesses."""
    identity = shell.identity
    run = 0.0 if now is None else now - identity.created_at
    name = f"<rsp:Name>{escape(identity.name)}</rsp:Name>" if identity.name else ""
    memory = "<rsp:MemoryUsed>58MB</rsp:MemoryUsed><rsp:ChildProcesses>0</rsp:ChildProcesses>" if with_memory else ""
    return (
        f"<rsp:Shell {_RSP}><rsp:ShellId>{identity.shell_id}</rsp:ShellId>{name}"
        f"<rsp:ResourceUri>{escape(identity.resource_uri)}</rsp:ResourceUri>"
        f"<rsp:Owner>{escape(identity.owner)}</rsp:Owner><rsp:ClientIP>{escape(identity.client_ip)}</rsp:ClientIP>"
        f"<rsp:ProcessId>{identity.process_id}</rsp:ProcessId>"
        f"<rsp:IdleTimeOut>PT{identity.idle_timeout_seconds:.3f}S</rsp:IdleTimeOut>"
        "<rsp:InputStreams>stdin pr</rsp:InputStreams><rsp:OutputStreams>stdout</rsp:OutputStreams>"
        "<rsp:MaxIdleTimeOut>PT2147483.647S</rsp:MaxIdleTimeOut><rsp:Locale>en-US</rsp:Locale>"
        "<rsp:DataLocale>en-US</rsp:DataLocale><rsp:CompressionMode>NoCompression</rsp:CompressionMode>"
        "<rsp:ProfileLoaded>Yes</rsp:ProfileLoaded><rsp:Encoding>UTF8</rsp:Encoding>"
        "<rsp:BufferMode>Block</rsp:BufferMode>"
        f"<rsp:State>{'Connected' if shell.presence.is_connected() else 'Disconnected'}</rsp:State>"
        f"<rsp:ShellRunTime>{_elapsed(run)}</rsp:ShellRunTime>"
        f"<rsp:ShellInactivity>{_elapsed(shell.presence.idle_seconds())}</rsp:ShellInactivity>{memory}</rsp:Shell>"
    )


def command_started(command_id: str) -> str:
    """CommandResponse."""
    return f"<rsp:CommandResponse><rsp:CommandId>{command_id}</rsp:CommandId></rsp:CommandResponse>"


def received(answer: Answer, command_id: str) -> str:
    """ReceiveResponse: one Stream a fragment; the last answer of a command says Done."""
    target = f' CommandId="{command_id}"' if command_id else ""
    streams = "".join(
        f'<rsp:Stream Name="stdout"{target}>{base64.b64encode(packet).decode()}</rsp:Stream>'
        for packet in answer.packets
    )
    state = (
        f'<rsp:CommandState{target} State="{_DONE}"><rsp:ExitCode>0</rsp:ExitCode></rsp:CommandState>'
        if answer.is_last
        else ""
    )
    return f"<rsp:ReceiveResponse>{streams}{state}</rsp:ReceiveResponse>"


def connected(packets: bytes | None) -> str:
    """ConnectResponse; with the pool's packets for a shell, without for a command."""
    inner = ""
    if packets is not None:
        encoded = base64.b64encode(packets).decode()
        inner = (
            "<rsp:InputStreams>stdin pr</rsp:InputStreams><rsp:OutputStreams>stdout</rsp:OutputStreams>"
            f'<connectResponseXml xmlns="http://schemas.microsoft.com/powershell">{encoded}</connectResponseXml>'
        )
    return f"<rsp:ConnectResponse>{inner}</rsp:ConnectResponse>"


def enumerated(items: list[str]) -> str:
    """EnumerateResponse in one piece (OptimizeEnumeration)."""
    inner = f"<w:Items>{''.join(items)}</w:Items>" if items else ""
    return (
        f"<n:EnumerateResponse><n:EnumerationContext></n:EnumerationContext>{inner}"
        "<w:EndOfSequence/></n:EnumerateResponse>"
    )


def listed_command(shell: AnyShell, command: RunningCommand) -> str:
    """One rsp:Command of an enumeration."""
    return (
        f"<rsp:Command {_RSP}><rsp:ShellId>{shell.identity.shell_id}</rsp:ShellId>"
        f"<rsp:CommandId>{command.command_id}</rsp:CommandId><rsp:State>Running</rsp:State>"
        "<rsp:CommandLine></rsp:CommandLine></rsp:Command>"
    )


def configuration(max_envelope_kb: int) -> str:
    """The part of winrm/config that clients read."""
    return (
        '<cfg:Config xmlns:cfg="http://schemas.microsoft.com/wbem/wsman/1/config">'
        f"<cfg:MaxEnvelopeSizekb>{max_envelope_kb}</cfg:MaxEnvelopeSizekb>"
        "<cfg:MaxTimeoutms>60000</cfg:MaxTimeoutms></cfg:Config>"
    )


def _elapsed(seconds: float) -> str:
    whole = int(seconds)
    days, rest = divmod(whole, _DAY)
    hours, rest = divmod(rest, _HOUR)
    return f"P{days}DT{hours}H{rest // _MINUTE}M{rest % _MINUTE}S"
