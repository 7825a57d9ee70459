"""The commands that work on a pipeline's objects."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.filters import find_filter
from sandbox.machine import Command

OBJECTS = [{"Name": "a", "Size": 1}, {"Name": "b", "Size": 2}]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (Command("Out-Null"), []),
        (Command("OUT-DEFAULT"), OBJECTS),
        (Command("Select-Object", parameters={"First": 1}), OBJECTS[:1]),
        (Command("Select-Object", parameters={"ExpandProperty": "Name"}), ["a", "b"]),
        (Command("Select-Object", positional=("Name",)), [{"Name": "a"}, {"Name": "b"}]),
        (Command("ConvertTo-Json", parameters={"Compress": True}), ['[{"Name":"a","Size":1},{"Name":"b","Size":2}]']),
        (Command("Write-Output", positional=("x", ["y", "z"])), [*OBJECTS, "x", "y", "z"]),
        (Command("Out-String"), ["\r\nName : a\r\nSize : 1\r\n\r\n\r\nName : b\r\nSize : 2\r\n\r\n"]),
    ],
)
def test_filters(command: Command, expected: list[Any]) -> None:
    """Each filter gives what PowerShell gives for plain objects."""
    work = find_filter(command.name)
    assert work is not None

    assert expected == work(command, list(OBJECTS))


def test_other_commands_are_the_machines() -> None:
    """A name that is no filter is left to the machine."""
    assert find_filter("Get-VM") is None
