"""Reads docs/functions.md: the functions of the PowerShell module, their parameters, and which change something."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "functions.md"
_ROW = re.compile(r"^\| `(?P<name>[A-Z][a-z]+-Nested\w*)`(?P<mark> \*\*C\*\*)? \|(?P<rest>.*)$")
_PARAMETER = re.compile(r"`-(\w+)`")


@dataclass(frozen=True)
class PageFunction:
    """One row of the page. `parameters` keep Microsoft's spelling."""

    name: str
    changes: bool
    parameters: frozenset[str]


def functions_of_page(text: str | None = None) -> dict[str, PageFunction]:
    """Return the functions of the page by name."""
    found = {}
    for line in (text or PAGE.read_text(encoding="utf-8")).splitlines():
        match = _ROW.match(line)
        if match:
            found[match["name"]] = PageFunction(match["name"], bool(match["mark"]), _parameters(match))
    return found


def _parameters(match: re.Match[str]) -> frozenset[str]:
    # The first column of the rest that has parameters; the outputs name none.
    names = {name for cell in match["rest"].split("|")[:2] for name in _PARAMETER.findall(cell)}
    if match["name"] == "Invoke-NestedGuestCall":  # "as above, and ..."
        names |= {"Name", "Parameters", "CallId", "Fence", "WaitSeconds"}
    return frozenset(names)
