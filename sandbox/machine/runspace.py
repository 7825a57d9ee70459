"""One PSRP shell on a host: finds the command, binds it, runs it, and lets no foreign exception out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.machine import winerrors
from sandbox.machine.api import Command, Streams
from sandbox.machine.binder import bind
from sandbox.machine.call import Call, Logon
from sandbox.machine.catalogue import COMMANDS
from sandbox.machine.errors import MachineLost, PsError
from sandbox.machine.finding import FIND
from sandbox.machine.life import settle
from sandbox.machine.model import Machine
from sandbox.machine.realm import Realm


class MachineRunspace:
    """A runspace; it holds no state, so any number of threads may use it."""

    def __init__(self, realm: Realm, machine: Machine, logon: Logon) -> None:
        """Opened for this boot of the machine: after a reboot every call breaks."""
        self._realm = realm
        self._machine = machine
        self._logon = logon
        self._boot_id = machine.boot_id

    def invoke(self, command: Command, streams: Streams) -> None:
        """Run one command; see `api.Runspace.invoke`."""
        with self._realm.lock:
            settle(self._realm, self._machine)
        boots = ((self._machine, self._boot_id),)
        call = Call(self._realm, self._machine, self._logon, streams, dispatch, boots=boots)
        call.check()
        if command.is_script:
            result = dispatch(call, _only_command(command.name), command.parameters, command.positional)
        else:
            result = dispatch(call, command.name, command.parameters, command.positional)
        for item in result if isinstance(result, list) else [] if result is None else [result]:
            streams.output(item)


def _only_command(script: str) -> str:
    """A script that is only the name of a command; others are refused as where no language is (docs/sources.md H19)."""
    name = script.strip()
    if name.lower() in COMMANDS:
        return name
    raise PsError(
        "ScriptsNotAllowed",
        "ParserError",
        "The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode.",
        exception_type="System.Management.Automation.ParseException",
    )


def dispatch(call: Call, name: str, parameters: Mapping[str, Any], positional: Any = ()) -> Any:
    """Run a command by name on the call's machine and give what it returns. Raises PsError or MachineLost."""
    function = FIND if name.lower() == FIND.name.lower() else COMMANDS.get(name.lower())
    if function is None:
        raise winerrors.command_missing(name)
    bound = bind(function, parameters, positional)
    inner = call.named(function.name, bound.common)
    try:
        return function.run(inner, **bound.arguments)
    except (PsError, MachineLost):
        raise
    except Exception as reason:  # the door: a fault of the sandbox itself must show as one, never as a broken test
        call.realm.bug(f"{function.name}: {type(reason).__name__}: {reason}")
        raise PsError("SandboxBug", "NotSpecified", f"the sandbox failed in {function.name}: {reason!r}") from reason
