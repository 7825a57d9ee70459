"""The literal subset of PowerShell, and everything that is not in it."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.machine import Command, PsError
from sandbox.scripts import parse, sha256_of


def command(name: str, *positional: Any, **parameters: Any) -> Command:
    """A command as `parse` makes it."""
    return Command(name, False, parameters, positional)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Get-VM", [(command("Get-VM"),)]),
        ("Get-VM -Name web01 -Count 3", [(command("Get-VM", Name="web01", Count=3),)]),
        ("Get-VM -Name:'a b'", [(command("Get-VM", Name="a b"),)]),
        ("Get-VM 'it''s' \"x\"", [(command("Get-VM", "it's", "x"),)]),
        (
            "A-B -On $true -Off $false -Null $null -Switch",
            [(command("A-B", On=True, Off=False, Null=None, Switch=True),)],
        ),
        (
            "A-B -List 1,2, 3 -Array @('x', 'y') -Empty @()",
            [(command("A-B", List=[1, 2, 3], Array=["x", "y"], Empty=[]),)],
        ),
        ("A-B -Path C:\\Images\\x.vhdx -Ip 10.0.0.1", [(command("A-B", Path="C:\\Images\\x.vhdx", Ip="10.0.0.1"),)]),
        (
            "A-B | C-D -X 1.5 ; E-F\nG-H",
            [(command("A-B"), command("C-D", X=1.5)), (command("E-F"),), (command("G-H"),)],
        ),
        ("'hi'; 5", [(command("Write-Output", InputObject="hi"),), (command("Write-Output", InputObject=5),)]),
        ("# a remark\n\n", []),
    ],
)
def test_literal_scripts_are_read(text: str, expected: list[tuple[Command, ...]]) -> None:
    """Commands, parameters, pipes and statements of literal values."""
    assert tuple(expected) == parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "$x = 1",
        "Get-VM -Name $name",
        'Write-Output "a $b"',
        "if ($true) { 1 }",
        "Get-VM | Where-Object { $_.State }",
        "Get-VM > file",
        "(Get-VM).Name",
        "& cmd",
        "Get-VM -Name @('a'",
        "Get-VM | ",
        "[int]5",
        "10.0.0.1 x",
    ],
)
def test_everything_else_is_not_simulated(text: str) -> None:
    """Language beyond literals is a terminating error, never silence."""
    with pytest.raises(PsError) as refused:
        parse(text)

    assert ("Sandbox.ScriptNotSimulated", "NotImplemented") == (refused.value.fqid, refused.value.category)


def test_the_hash_ignores_line_ends_and_marks() -> None:
    """A script is the same with CRLF, a byte order mark or a last empty line."""
    assert sha256_of("a\nb") == sha256_of("\ufeffa\r\nb\r\n")
