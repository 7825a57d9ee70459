"""Get-Command: which commands there are, by wildcard. Beside the catalogue, because it looks into it."""

from __future__ import annotations

from fnmatch import fnmatchcase

from sandbox.machine.call import Call
from sandbox.machine.catalogue import COMMANDS
from sandbox.machine.function import Function, Record


def get_command(_call: Call, *, Name: list[str] = ["*"]) -> list[Record]:  # noqa: B006 - never changed
    """The commands whose names match, each with name and kind; none is no error where a wildcard was given."""
    wanted = [pattern.lower() for pattern in Name]
    found = [item for name, item in sorted(COMMANDS.items()) if any(fnmatchcase(name, one) for one in wanted)]
    return [{"Name": item.name, "CommandType": "Cmdlet" if item.class_name else "Function"} for item in found]


FIND = Function("Get-Command", get_command, class_name="Microsoft.PowerShell.Commands.GetCommandCommand")
