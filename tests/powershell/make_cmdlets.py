"""Writes cmdlets.json: what the Windows cmdlets that the module calls take and return, a subset of larger tables.

    python -m tests.powershell.make_cmdlets FOLDER

FOLDER holds one JSON file a Windows module, read from Microsoft's reference pages, and in `observed/` the same read off
real machines. Only cmdlets whose name stands in a file of `workers/powershell` or `deploy/windows` are kept. The table:

    {"cmdlets": {"Set-VMProcessor": {
        "module": "Hyper-V",
        "releases": ["2016", ...],      its page exists for these Windows Servers ("5.1": a module of PowerShell itself)
        "sets": ["VMName", ...],        all parameter sets, also those without a parameter of their own
        "default_set": "VMName",        as the page says, null when it names none
        "seven": [...],                 parameters that only PowerShell 7 has: never to be used
        "outputs": [...],
        "parameters": {"Count": {"type", "aliases", "values", "wildcard", "releases" (where not on every page),
            "dynamic" (true: a provider's own, not in the cmdlet's signature),
            "sets": {"VMName" or "(All)": {"mandatory", "position", "pipeline"}}}},
        "observed": {"default_set", "should_process", "outputs", "parameters" (also "range", "not_empty")}}},
     "enums": {"Microsoft.HyperV.PowerShell.OnOffState": {"On": 0, ...}},
     "types": {"Microsoft.HyperV.PowerShell.VMProcessor": {"Count": "Int64", ...}}}

`observed` is null for cmdlets of which no machine was read. Enums and types are the observed ones that kept cmdlets
take, return, or reach through a property.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CMDLETS = Path(__file__).with_name("cmdlets.json")
CALLERS = (ROOT / "workers" / "powershell", ROOT / "deploy" / "windows")
_NAME = re.compile(r"\b[A-Z][A-Za-z]+-[A-Z][A-Za-z0-9]+\b")
_WIDTH = 118
_TITLE = re.compile(r"(?P<name>.*?)(?P<default> \(Default\))?(?: - [\w ]+ providers?)?")

Table = dict[str, Any]


def tables() -> Table:
    """Return the committed table."""
    found: Table = json.loads(CMDLETS.read_text(encoding="utf-8"))
    return found


def called_names() -> set[str]:
    """Return every word of the callers' files that looks like a cmdlet."""
    files = [path for folder in CALLERS for path in folder.rglob("*.ps*")]
    return {word for path in files for word in _NAME.findall(path.read_text(encoding="utf-8-sig"))}


def collect(folder: Path) -> Table:
    """Return the whole table for the cmdlets that the callers name."""
    names = called_names()
    pages, machines = (_read(folder.glob("*.json")), _read(folder.glob("observed/*.json")))
    observed = {name: facts for _, page in machines for name, facts in page["cmdlets"].items()}
    cmdlets = {
        name: _cmdlet(module, facts, observed.get(name))
        for module, page in pages
        for name, facts in page["cmdlets"].items()
        if name in names
    }
    enums = {name: values for _, page in machines for name, values in page["enums"].items()}
    types = {name: members for _, page in machines for name, members in page["types"].items()}
    reached = _reached([facts["observed"] for facts in cmdlets.values() if facts["observed"]], types)
    return {
        "cmdlets": dict(sorted(cmdlets.items())),
        "enums": {name: enums[name] for name in sorted(reached) if name in enums},
        "types": {name: types[name] for name in sorted(reached) if name in types},
    }


def _read(paths: Iterable[Path]) -> list[tuple[str, Table]]:
    return [(path.stem, json.loads(path.read_text(encoding="utf-8"))) for path in sorted(paths)]


def _cmdlet(module: str, facts: Table, observed: Table | None) -> Table:
    titles = [_TITLE.fullmatch(title) for title in facts["syntax"]]
    sets = list(dict.fromkeys(title["name"] for title in titles if title))
    defaults = {title["name"] for title in titles if title and title["default"]}
    return {
        "module": module,
        "releases": facts["releases"],
        "sets": sets,
        "default_set": defaults.pop() if len(defaults) == 1 else None,
        "seven": facts.get("only_in_7") or [],
        "outputs": facts["outputs"],
        "parameters": {name: one | _dynamic(name, facts["syntax"]) for name, one in facts["parameters"].items()},
        "observed": observed,
    }


def _dynamic(name: str, syntax: Table) -> Table:
    """Parameters that no line for all providers has; cmdlets without such lines have none."""
    general = [line for title, line in syntax.items() if title.endswith("- All providers")]
    return {"dynamic": True} if general and not any(re.search(rf"-{name}\b", line) for line in general) else {}


def _reached(observed: list[Table], types: Table) -> set[str]:
    waiting = [kind for facts in observed for kind in facts["outputs"]]
    waiting += [one["type"] for facts in observed for one in facts["parameters"].values()]
    found: set[str] = set()
    while waiting:
        for word in set(re.findall(r"[\w.+]+", waiting.pop())) - found:
            found.add(word)
            waiting += types.get(word, {}).values()
    return found


def _lines(value: Any) -> Iterator[str]:
    """One line for what fits into one: a diff then shows the parameter that changed."""
    short = json.dumps(value, separators=(",", ":"))
    if len(short) <= _WIDTH or not isinstance(value, dict):
        yield short
        return
    yield "{"
    for number, (key, inner) in enumerate(value.items(), 1):
        *body, last = _lines(inner)
        first, *middle = [*body, last + ("," if number < len(value) else "")]
        yield f"{json.dumps(key)}:{first}"
        yield from middle
    yield "}"


def written(table: Table) -> str:
    """Return the table as the committed file's text."""
    return "\n".join(_lines(table)) + "\n"


if __name__ == "__main__":
    CMDLETS.write_text(written(collect(Path(sys.argv[1]))), encoding="utf-8")
