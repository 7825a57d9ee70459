"""The module's functions are one promise in three places: docs/functions.md, the PowerShell files, the sandbox."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.machine.binder import parameters_of
from sandbox.machine.catalogue import MODULE_FUNCTIONS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "functions.md"
PUBLIC = ROOT / "workers" / "powershell" / "Matryoshka" / "Public"
_ROW = re.compile(r"^\| `(?P<name>[A-Z]\w+-Nested\w*)`(?P<marks>[^|]*)\|(?P<cells>.*)\|$")
_AS_ABOVE = {"Invoke-NestedGuestCall": "Invoke-NestedCall"}


@dataclass(frozen=True)
class Signature:
    """A function's parameters and whether it supports -WhatIf."""

    parameters: frozenset[str]
    changes: bool


def _page() -> dict[str, Signature]:
    found: dict[str, Signature] = {}
    column = 0
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("| function "):
            column = [cell.strip() for cell in line.split("|")[2:]].index("parameters")
        row = _ROW.match(line)
        if row is None:
            continue
        cells = row["cells"].split("|")
        names = set(re.findall(r"`-([A-Z]\w*)`", cells[column]))
        # "as above" stands for the row before it.
        above = _AS_ABOVE.get(row["name"])
        names |= found[above].parameters if above else set()
        found[row["name"]] = Signature(frozenset(names), "**C**" in row["marks"] + cells[0])
    return found


def _param_block(text: str) -> str:
    """What stands between the parentheses of the first param( of a script, without nested ones and strings."""
    start = re.search(r"^\s*param\(", text, re.MULTILINE)
    assert start is not None
    depth, quote, kept = 1, "", []
    for letter in text[start.end() :]:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        else:
            depth += (letter == "(") - (letter == ")")
            if depth == 0:
                break
            if depth == 1:
                kept.append(letter)
    return "".join(kept)


def parameters_of_script(text: str) -> frozenset[str]:
    """Return the names in the first param( of a script."""
    return frozenset(re.findall(r"\]\s*\$(\w+)", _param_block(text)))


def _scripts() -> dict[str, Signature]:
    found: dict[str, Signature] = {}
    for path in sorted(PUBLIC.glob("*.ps1")):
        text = re.sub(r"<#.*?#>", "", path.read_text(encoding="utf-8-sig"), flags=re.DOTALL)
        found[path.stem] = Signature(parameters_of_script(text), "SupportsShouldProcess" in text)
    return found


def _sandbox() -> dict[str, Signature]:
    return {
        item.name: Signature(frozenset(parameter.name for parameter in parameters_of(item)), item.changes)
        for item in MODULE_FUNCTIONS
    }


def test_the_sandbox_knows_every_function_of_the_page() -> None:
    """The page's functions and the sandbox's are the same, with the same parameters and the same -WhatIf."""
    assert _page() == _sandbox()


def test_the_module_has_every_function_of_the_page() -> None:
    """The page's functions and the PowerShell files are the same set."""
    assert set(_page()) == set(_scripts())


@pytest.mark.parametrize("name", sorted(_scripts()))
def test_each_script_keeps_the_pages_promise(name: str) -> None:
    """A function's parameters and its -WhatIf are those of the page."""
    assert _page()[name] == _scripts()[name]


@pytest.mark.parametrize("name", sorted(_scripts()))
def test_each_script_explains_itself(name: str) -> None:
    """Get-Help of a function has a synopsis, a text for each parameter and no other, an example and the outputs."""
    sections = _help((PUBLIC / f"{name}.ps1").read_text(encoding="utf-8-sig"))
    explained = {title.partition(" ")[2] for title in sections if title.startswith("PARAMETER ")}

    assert {"SYNOPSIS", "EXAMPLE", "OUTPUTS"} <= set(sections)
    assert [] == [title for title, text in sections.items() if not text]
    assert _scripts()[name].parameters == explained
    assert name in sections["EXAMPLE"]


def _help(text: str) -> dict[str, str]:
    """The sections of the first block comment by title; a parameter's title has its name."""
    block = re.search(r"<#(.*?)#>", text, re.DOTALL)
    parts = re.split(r"^\s*\.([A-Z]+(?: \w+)?)[ \t]*$", block[1] if block else "", flags=re.MULTILINE)
    return dict(zip(parts[1::2], map(str.strip, parts[2::2]), strict=True))
