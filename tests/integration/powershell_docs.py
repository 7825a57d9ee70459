"""Reads docs/functions.md: the promise that module, steps and sandbox share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.integration.powershell_kit import ROOT

_ROW = re.compile(r"^\| `(?P<name>[A-Z][a-z]+-Nested\w+)`(?P<mark>[^|]*)\|(?P<rest>.*)\|\s*$")
_PARAMETER = re.compile(
    r"`-(\w+)`(?: (string\[\]|object\[\]|string|hashtable|int64|int|guid|switch|PSCredential|SecureString)(?![\w\[]))?"
)
_RECORD = re.compile(r"^The (\w+) record: `([^`]+)`", re.MULTILINE)
_TYPES = {
    "int": "System.Int32",
    "int64": "System.Int64",
    "string": "System.String",
    "string[]": "System.String[]",
    "object[]": "System.Object[]",
    "guid": "System.Guid",
    "switch": "System.Management.Automation.SwitchParameter",
    "hashtable": "System.Collections.Hashtable",
    "PSCredential": "System.Management.Automation.PSCredential",
    "SecureString": "System.Security.SecureString",
}


@dataclass(frozen=True)
class Documented:
    """What the page says of a function. `types` has those that it names; `fields` are the answer's, in their order."""

    name: str
    changes: bool
    parameters: frozenset[str]
    types: dict[str, str]
    optional: frozenset[str]
    fields: tuple[str, ...]


@cache
def page() -> str:
    """The page's text."""
    return (ROOT / "docs" / "functions.md").read_text(encoding="utf-8")


@cache
def documented() -> dict[str, Documented]:
    """Every function of the page by name."""
    found: dict[str, Documented] = {}
    for line in page().splitlines():
        match = _ROW.match(line)
        if match is None:
            continue
        cells = _cells(match["rest"])
        mark = match["mark"]
        if re.fullmatch(r"(H|G|HG)( \*\*C\*\*)?", cells[0]):
            mark += cells.pop(0)
        previous = found[list(found)[-1]] if found else None
        found[match["name"]] = _row(match["name"], "**C**" in mark, cells, previous)
    return found


def assert_fields(function: str, outcome: dict[str, Any]) -> None:
    """The outcome's result has exactly the fields that the page promises of the function, in their order."""
    assert outcome["result"] is not None, outcome
    assert tuple(outcome["result"]) == documented()[function].fields


def _row(name: str, changes: bool, cells: list[str], previous: Documented | None) -> Documented:
    pairs = _PARAMETER.findall(cells[0])
    parameters = {name for name, _ in pairs}
    types = {name: _TYPES[kind] for name, kind in pairs if kind}
    optional = set(re.findall(r"`-(\w+)`[^,`]*? = ", cells[0]))
    if previous and cells[0].startswith("as above"):
        parameters |= previous.parameters
        types = {**previous.types, **types}
        optional |= previous.optional
    fields = _fields(cells[1], previous)
    return Documented(name, changes, frozenset(parameters), types, frozenset(optional), fields)


def _fields(cell: str, previous: Documented | None) -> tuple[str, ...]:
    more = tuple(re.findall(r"\b(Changed|RestartNeeded)\b", cell))
    if previous and cell.startswith("as above"):
        return tuple(dict.fromkeys([*previous.fields, *more]))
    if cell.startswith("as Get"):
        return tuple(dict.fromkeys([*_cluster_fields(), *more]))
    for record in ("node", "probe", "call"):
        if f"{record} record" in cell and not cell.startswith("`"):
            return tuple(dict.fromkeys([*records()[record], *more]))
    return names(cell)


def _cluster_fields() -> tuple[str, ...]:
    line = next(line for line in page().splitlines() if line.startswith("| `Get-NestedCluster`"))
    return names(_cells(line)[2])


def _cells(row: str) -> list[str]:
    # A bar inside of a code span has no space before it.
    return [cell.strip() for cell in re.split(r" \|(?= )", row)]


@cache
def records() -> dict[str, tuple[str, ...]]:
    """The records that the page names once: call, probe, node."""
    return {match[1]: names(f"`{match[2]}`") for match in _RECORD.finditer(page())}


def names(cell: str) -> tuple[str, ...]:
    """The field names of a cell's first code span, without what stands in brackets behind them."""
    spans = re.findall(r"`([^`]+)`", cell)
    text = spans[0] if spans else ""
    for _ in range(3):
        text = re.sub(r"\[[^\[\]]*\]|\([^()]*\)|\{[^{}]*\}", "", text)
    return tuple(re.findall(r"\b[A-Z]\w+", text))
