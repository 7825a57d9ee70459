"""Which functions change the machine, and where without having asked ShouldProcess: what -WhatIf would not stop.

A function changes something when it calls a cmdlet that takes -WhatIf or whose verb says so, writes a file, or calls a
function of ours that does, each unless ShouldProcess said yes before. Scripts sent elsewhere (Invoke-Command) are not
followed: their functions are these again, and ask there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Facts = Mapping[str, Any]

_VERBS = re.compile(
    r"(Add|Clear|Connect|Copy|Disable|Disconnect|Dismount|Enable|Export|Initialize|Install|Mount|Move|New|Out|Register|Remove|"
    r"Rename|Reset|Resize|Restart|Restore|Save|Set|Start|Stop|Suspend|Uninstall|Unregister|Update)-"
)
# Cmdlets that take -WhatIf or have such a verb, and change nothing but the session.
_HARMLESS = frozenset(
    {
        "Add-Member",
        "Export-ModuleMember",
        "ForEach-Object",
        "New-Module",
        "New-Object",
        "New-PSTransportOption",
        "Set-StrictMode",
        "Start-Sleep",
    }
)
_FILES = {
    "System.IO.File": re.compile(r"Append|Copy|Create|Delete|Move|OpenWrite|Replace|Set|Write"),
    "System.IO.Directory": re.compile(r"Create|Delete|Move|Set"),
}


def unasked(sources: tuple[Facts, ...], cmdlets: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return by function what it changes without asking, as `file:line what`; others are not in it."""
    own = {one["name"] for source in sources for one in source["functions"]}
    found: dict[str, list[str]] = {}
    calls: list[tuple[str, str, str]] = []
    for source in sources:
        for call in source["commands"]:
            place = f"{source['name']}:{call['line']} {call['name']}"
            if call["asked"]:
                continue
            if call["name"] in own:
                calls.append((_who(source, call), call["name"], place))
            elif call["makes"] or _changes(call["name"], cmdlets):
                found.setdefault(_who(source, call), []).append(place)
        for member in source["members"]:
            pattern = _FILES.get(member["owner"])
            if pattern and pattern.match(member["name"]) and not member["asked"]:
                place = f"{source['name']}:{member['line']} {member['owner']}::{member['name']}"
                found.setdefault(_who(source, member), []).append(place)
    return _spread(found, calls)


def _who(source: Facts, thing: Facts) -> str:
    """The function in which something stands; a script's own lines go by the script's path."""
    return str(thing["function"] or source["name"])


def _changes(name: str | None, cmdlets: Mapping[str, Any]) -> bool:
    if name is None or name in _HARMLESS:
        return False
    facts = cmdlets.get(name)
    asks = facts is not None and (
        "WhatIf" in facts["parameters"] or bool((facts["observed"] or {}).get("should_process"))
    )
    return asks or bool(_VERBS.match(name))


def _spread(found: dict[str, list[str]], calls: list[tuple[str, str, str]]) -> dict[str, list[str]]:
    """Add to each caller the calls of functions that change something, until nothing is added."""
    waiting = True
    while waiting:
        waiting = False
        for caller, name, place in calls:
            if name in found and caller != name and place not in found.get(caller, ()):
                found.setdefault(caller, []).append(place)
                waiting = True
    return found
