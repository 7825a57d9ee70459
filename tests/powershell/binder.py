"""Binds command calls without running them: the same refusals that Windows' own binder would answer, from tables.

A call is the facts of tests/powershell/facts.py, a table is an entry of cmdlets.json. `problems` answers one text for
each way in which a call would not bind, or might not on a Windows that we support; it begins with the rule's name:

    unknown command, unknown parameter, short name, no parameter set, missing parameter, ambiguous set, bad value,
    later cmdlet, later parameter, only in 7, unfollowed splat
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

Table = Mapping[str, Any]
Given = dict[str, dict[str, Any]]

# The Windows Servers that the job kinds run on: service/ledger/nesting/releases.py.
SUPPORTED = ("2016", "2019", "2022", "2025")
EVERYWHERE = "(All)"
COMMON = frozenset(
    {
        "Debug",
        "ErrorAction",
        "ErrorVariable",
        "InformationAction",
        "InformationVariable",
        "OutBuffer",
        "OutVariable",
        "PipelineVariable",
        "Verbose",
        "WarningAction",
        "WarningVariable",
    }
)
_ACTIONS = ("SilentlyContinue", "Stop", "Continue", "Inquire", "Ignore", "Suspend")


@dataclass(frozen=True)
class Splat:
    """A splatted variable that its own function does not make: the function that does, and every set of keys it has."""

    maker: str
    variants: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class World:
    """What a call may name: cmdlets and enums of Windows, functions of ours, and splats that come from elsewhere."""

    cmdlets: Table
    enums: Table
    functions: Table
    splats: Mapping[tuple[str, str], Splat] = field(default_factory=dict)


def world(
    table: Table,
    sources: tuple[Table, ...],
    splats: Mapping[tuple[str, str], Splat],
    later: Mapping[tuple[str, str], tuple[str, ...]],
) -> World:
    """Return the world of the committed table and of these sources' functions.

    `later` corrects the table: releases of a parameter (cmdlet and name) whose page was copied to earlier ones.
    """
    functions = {one["name"]: one for source in sources for one in source["functions"]}
    cmdlets = dict(table["cmdlets"])
    for (name, parameter), releases in later.items():
        parameters = cmdlets[name]["parameters"]
        grown = {parameter: {**parameters[parameter], "releases": [*releases]}}
        cmdlets[name] = {**cmdlets[name], "parameters": {**parameters, **grown}}
    return World(cmdlets, table["enums"], functions, splats)


def problems(call: Table, source: Table, known: World) -> list[str]:
    """Return what is wrong with a call, an empty list when it binds. `source` has the call and its guards."""
    name = call["name"]
    if call["module"] and call["module"] != known.cmdlets.get(name, {}).get("module"):
        return [f"unknown command: {call['module']}\\{name}"]
    if name in known.functions:
        tables = [known.functions[name]]
    elif name in known.cmdlets:
        tables = _tables(known.cmdlets[name])
    else:
        return [f"unknown command: {name}"]
    variants, found = _variants(call, known)
    for table in tables:
        for given in variants:
            found += _bind(call, given, table, known)
    if name in known.cmdlets:
        found += _releases(call, source, known.cmdlets[name], variants)
    return sorted(set(found))


def _tables(cmdlet: Table) -> list[Table]:
    """The page's signature, and a real machine's where one was read. A page may be silent about the default set."""
    observed = cmdlet["observed"]
    if not observed:
        return [cmdlet]
    machine = {**observed, "parameters": dict(observed["parameters"])}
    if observed["should_process"]:
        switch = {"type": "switch", "sets": {EVERYWHERE: {}}}
        machine["parameters"] |= {"WhatIf": switch, "Confirm": switch}
    page = {**cmdlet, "default_set": cmdlet["default_set"] or observed["default_set"]}
    return [page, machine]


def _variants(call: Table, known: World) -> tuple[list[Given], list[str]]:
    """Every set of arguments that the call may have: its own, with each thing that its splats may hold."""
    own = {pair["parameter"]: pair["value"] for pair in call["given"]}
    found, loose = [own], list[str]()
    for splat in call["splats"]:
        held = _followed(splat["events"])
        elsewhere = known.splats.get((call["function"], splat["variable"]))
        if held is None and elsewhere is not None:
            held = [{name: {"kind": "elsewhere"} for name in names} for names in elsewhere.variants]
        if held is None:
            loose.append(f"unfollowed splat: @{splat['variable']} of {call['name']}")
            held = []
        found = [{**one, **more} for one in found for more in held]
    return found, loose


def _followed(events: list[Table]) -> list[Given] | None:
    """What a variable holds after its events, one table for each way through the ifs; None when that cannot be seen."""
    if not any(event["whole"] and not event["branch"] for event in events) or not all(one["known"] for one in events):
        return None
    clauses: dict[int, set[int]] = {}
    for event in events:
        for step in event["branch"]:
            clauses.setdefault(step["at"], {-1}).add(step["clause"])
    ways = [dict(zip(clauses, way, strict=True)) for way in product(*clauses.values())]
    return [_held(events, way) for way in ways]


def _held(events: list[Table], way: dict[int, int]) -> Given:
    held: Given = {}
    for event in events:
        if all(way[step["at"]] == step["clause"] for step in event["branch"]):
            # `at` says under which guard a key was added.
            pairs = {pair["parameter"]: {**pair["value"], "at": event.get("at")} for pair in event["pairs"]}
            held = pairs if event["whole"] else {**held, **pairs}
    return held


def _bind(call: Table, given: Given, table: Table, known: World) -> Iterator[str]:
    parameters = table["parameters"]
    wrong = list(_names(call["name"], given, parameters))
    yield from wrong
    for name, value in given.items():
        facts = parameters.get(name) or _common(name)
        if facts:
            yield from _value(f"{call['name']} -{name}", value, facts, known.enums)
    if not wrong:
        yield from _sets(call, given, table)


def _common(name: str) -> Table | None:
    return {"type": "ActionPreference", "values": _ACTIONS} if name in ("ErrorAction", "WarningAction") else None


def _names(command: str, given: Given, parameters: Table) -> Iterator[str]:
    aliases = {alias.lower() for facts in parameters.values() for alias in facts.get("aliases") or ()}
    for name in given:
        if name in parameters or name in COMMON:
            continue
        low = name.lower()
        if low in aliases or any(one.lower().startswith(low) for one in parameters):
            yield f"short name: {command} -{name}"
        else:
            yield f"unknown parameter: {command} -{name}"


def _sets(call: Table, given: Given, table: Table) -> Iterator[str]:
    parameters = table["parameters"]
    named = {name for facts in parameters.values() for name in facts["sets"]} | {*table.get("sets", ())}
    named = named - {EVERYWHERE} or {EVERYWHERE}
    fitting = [name for name in sorted(named) if _takes(name, given, parameters)]
    if not fitting:
        yield f"no parameter set: {call['name']} has none with {' '.join(sorted(given))}"
        return
    lacking = {name: _missing(name, given, table, fed=call["fed"]) for name in fitting}
    whole = [name for name in fitting if not lacking[name]]
    if not whole:
        fewest = min(lacking.values(), key=len)
        yield f"missing parameter: {call['name']} lacks {' '.join(fewest)}"
    elif len(whole) > 1 and table["default_set"] not in whole:
        yield f"ambiguous set: {call['name']} fits {' '.join(whole)}"


def _takes(name: str, given: Given, parameters: Table) -> bool:
    return all({name, EVERYWHERE} & parameters[one]["sets"].keys() for one in given if one in parameters)


def _missing(name: str, given: Given, table: Table, *, fed: bool) -> list[str]:
    found = []
    for parameter, facts in table["parameters"].items():
        if facts.get("dynamic"):
            continue
        rule = facts["sets"].get(name) or facts["sets"].get(EVERYWHERE) or {}
        if rule.get("mandatory") and parameter not in given and not (fed and rule.get("pipeline")):
            found.append(parameter)
    return found


def _value(place: str, value: Table, facts: Table, enums: Table) -> Iterator[str]:
    if "literal" not in value or value["literal"] is None:
        return
    allowed = facts.get("values") or list(enums.get(facts["type"].rstrip("[]"), ()))
    kind = facts["type"].rpartition(".")[2].rstrip("[]").lower()
    for one in value["literal"] if isinstance(value["literal"], list) else [value["literal"]]:
        if allowed and isinstance(one, str):
            words = [word.strip().lower() for word in one.split(",")]
            if not {*words} <= {name.lower() for name in allowed}:
                yield f"bad value: {place} takes no {one!r}"
        elif not _converts(one, kind):
            yield f"bad value: {place} is a {kind}, not {one!r}"


def _converts(value: object, kind: str) -> bool:
    """Whether PowerShell makes a Boolean or a number of this literal; of other types nothing is said."""
    if kind in ("boolean", "bool", "switchparameter", "switch"):
        return isinstance(value, bool)
    if kind in ("int16", "int32", "int64", "uint16", "uint32", "uint64", "byte", "int", "long", "uint", "ulong"):
        return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, str) and value.isdigit())
    return True


def _releases(call: Table, source: Table, cmdlet: Table, variants: list[Given]) -> Iterator[str]:
    name = call["name"]
    own = {"5.1"} if cmdlet["releases"] == ["5.1"] else {*SUPPORTED}
    if not own <= {*cmdlet["releases"]} and not _guarded(source, call["at"], name, None):
        yield f"later cmdlet: {name} is of {' '.join(cmdlet['releases'])}"
    for given in variants:
        for parameter, value in given.items():
            if parameter in cmdlet["seven"]:
                yield f"only in 7: {name} -{parameter}"
            releases = cmdlet["parameters"].get(parameter, {}).get("releases")
            at = value.get("at") or call["at"]
            if releases and not own <= {*releases} and not _guarded(source, at, name, parameter):
                yield f"later parameter: {name} -{parameter} is of {' '.join(releases)}"


def _guarded(source: Table, at: int, command: str, parameter: str | None) -> bool:
    """Whether the place is reached only where a look found the command, or the parameter."""
    for guard in source["guards"]:
        told = [(guard.get(key) or {}).get("literal") for key in ("Name", "Command", "Parameter")]
        wanted = [command, None, None] if parameter is None else [None, command, parameter]
        if told == wanted and guard["from"] <= at < guard["to"]:
            return True
    return False
