"""Whether .NET members that a PowerShell source calls are there in Windows PowerShell 5.1, that is in .NET Framework.

framework.json is the proof for .NET: read by tests/powershell/Make-Framework.ps1 from the reference assemblies of .NET
Framework 4.6.2 (Windows Server 2016's). PowerShell's own types are listed here with what Microsoft's API pages have for
Windows PowerShell 3.0 to 5.1 (learn.microsoft.com/dotnet/api/system.management.automation). An object's type is not
seen by a parser, so methods of objects are allowed by name and count of arguments, each with the types that it is for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

FRAMEWORK = Path(__file__).with_name("framework.json")
_SMA = "System.Management.Automation"

# Short names that 5.1 knows, of those that the module uses: about_Type_Accelerators, Windows PowerShell 5.1.
ACCELERATORS = {
    "array": "System.Array",
    "bool": "System.Boolean",
    "byte": "System.Byte",
    "char": "System.Char",
    "datetime": "System.DateTime",
    "guid": "System.Guid",
    "hashtable": "System.Collections.Hashtable",
    "int": "System.Int32",
    "long": "System.Int64",
    "object": "System.Object",
    "regex": "System.Text.RegularExpressions.Regex",
    "securestring": "System.Security.SecureString",
    "string": "System.String",
    "uint32": "System.UInt32",
    "uint64": "System.UInt64",
    "version": "System.Version",
}
# PowerShell's own: the members that may be called, with their counts of arguments.
POWERSHELL: dict[str, dict[str, tuple[int, ...]]] = {
    "ordered": {},
    "pscustomobject": {},
    "ref": {},
    "switch": {},
    "scriptblock": {"Create": (1,)},
    f"{_SMA}.CommandInfo": {},
    f"{_SMA}.ErrorCategory": {},
    f"{_SMA}.ErrorRecord": {".ctor": (4,)},
    f"{_SMA}.Language.NullString": {"Value": (0,)},
    f"{_SMA}.ParameterBindingException": {},
    f"{_SMA}.PathIntrinsics": {"GetUnresolvedProviderPathFromPSPath": (1,)},
    f"{_SMA}.PSCmdlet": {"ShouldProcess": (1, 2), "ThrowTerminatingError": (1,)},
    f"{_SMA}.PSCredential": {"GetNetworkCredential": (0,), ".ctor": (2,)},
    f"{_SMA}.PSCustomObject": {},
    # The magic methods of collections are PowerShell 4.0's: about_Arrays.
    "collection": {"Where": (1,), "ForEach": (1,)},
}
ATTRIBUTES = frozenset(
    {
        "AllowEmptyCollection",
        "AllowEmptyString",
        "AllowNull",
        "CmdletBinding",
        "OutputType",
        "Parameter",
        "ValidateNotNull",
        "ValidateNotNullOrEmpty",
        "ValidatePattern",
        "ValidateRange",
        "ValidateSet",
    }
)
# Methods of objects: whose they are.
OBJECTS = {
    "Add": ("System.Collections.Generic.List`1",),
    "AddDays": ("System.DateTime",),
    "AddMinutes": ("System.DateTime",),
    "AddYears": ("System.DateTime",),
    "ComputeHash": ("System.Security.Cryptography.SHA256",),
    "Contains": ("System.String", "System.Collections.IDictionary", "System.Collections.Generic.List`1"),
    "ContainsKey": ("System.Collections.Hashtable", "System.Collections.Generic.Dictionary`2"),
    "Dispose": ("System.IDisposable",),
    "Flush": ("System.IO.FileStream", "System.Xml.XmlWriter"),
    "GetAddressBytes": ("System.Net.IPAddress",),
    "GetAttribute": ("System.Xml.XmlElement",),
    "GetBytes": ("System.Text.Encoding",),
    "GetNetworkCredential": (f"{_SMA}.PSCredential",),
    "GetSecurityDescriptorSddlForm": ("System.Security.AccessControl.DirectorySecurity",),
    "GetString": ("System.Text.Encoding",),
    "GetType": ("System.Object",),
    "GetUnresolvedProviderPathFromPSPath": (f"{_SMA}.PathIntrinsics",),
    "IndexOf": ("System.String",),
    "Insert": ("System.Collections.Specialized.OrderedDictionary",),
    "IsInRole": ("System.Security.Principal.WindowsPrincipal",),
    "LastIndexOfAny": ("System.String",),
    "Load": ("System.Xml.XmlDocument",),
    "Read": ("System.IO.FileStream",),
    "ReadToEnd": ("System.IO.StreamReader",),
    "ReleaseMutex": ("System.Threading.Mutex",),
    "Replace": ("System.String",),
    "SelectNodes": ("System.Xml.XmlDocument",),
    "SelectSingleNode": ("System.Xml.XmlElement",),
    "SetSecurityDescriptorSddlForm": ("System.Security.AccessControl.DirectorySecurity",),
    "ShouldProcess": (f"{_SMA}.PSCmdlet",),
    "Split": ("System.String",),
    "StartsWith": ("System.String",),
    "Substring": ("System.String",),
    "ThrowTerminatingError": (f"{_SMA}.PSCmdlet",),
    "ToArray": ("System.Collections.Generic.List`1", "System.IO.MemoryStream"),
    "ToLowerInvariant": ("System.String",),
    "ToString": ("System.Object", "System.Guid", "System.Int64", "System.DateTime"),
    "ToUniversalTime": ("System.DateTime",),
    "ToUpperInvariant": ("System.String",),
    "TransformBlock": ("System.Security.Cryptography.SHA256",),
    "TransformFinalBlock": ("System.Security.Cryptography.SHA256",),
    "Trim": ("System.String",),
    "TrimEnd": ("System.String",),
    "TrimStart": ("System.String",),
    "WaitOne": ("System.Threading.Mutex",),
    "Where": ("collection",),
    "Write": ("System.IO.FileStream",),
    "WriteAttributeString": ("System.Xml.XmlWriter",),
    "WriteEndDocument": ("System.Xml.XmlWriter",),
    "WriteEndElement": ("System.Xml.XmlWriter",),
    "WriteStartDocument": ("System.Xml.XmlWriter",),
    "WriteStartElement": ("System.Xml.XmlWriter",),
    "WriteString": ("System.Xml.XmlWriter",),
}
# .NET Framework has these for characters only; Core added strings, so that a longer text means another thing there.
_CHARACTERS = frozenset({"Split", "Trim", "TrimEnd", "TrimStart"})
# Their last form takes an array that PowerShell makes of all further arguments.
_ANY_COUNT = frozenset({"Combine", "Trim", "TrimEnd", "TrimStart"})


@cache
def framework() -> Mapping[str, Any]:
    """Return the committed table of .NET Framework's types."""
    found: dict[str, Any] = json.loads(FRAMEWORK.read_text(encoding="utf-8"))
    return found


def problems(source: Mapping[str, Any]) -> list[str]:
    """Return what a source uses that 5.1 may not have; each text begins with `type` or `member`."""
    found = [*_types(source), *(text for member in source["members"] for text in _member(member))]
    return sorted(set(found))


def full_name(name: str) -> str:
    """Return a type's name as framework.json has it: no brackets, no accelerator, List`1 for a list of something."""
    plain = name.removesuffix("[]")
    generic = re.fullmatch(r"(.*)\[(.*)\]", plain)
    if generic:
        return f"{generic[1]}`{generic[2].count(',') + 1}"
    return ACCELERATORS.get(plain.lower(), plain)


def _types(source: Mapping[str, Any]) -> Iterator[str]:
    for one in source["types"]:
        name = full_name(one["name"] or "?")
        if one["name"] not in ATTRIBUTES and name not in framework() and name not in POWERSHELL:
            yield f"type: {one['name']} (line {one['line']})"


def _member(member: Mapping[str, Any]) -> Iterator[str]:
    name, arguments = member["name"], member["arguments"]
    place = f"{member['owner'] or '.'}::{name}/{'' if arguments is None else len(arguments)} (line {member['line']})"
    owners = (full_name(member["owner"]),) if member["owner"] else OBJECTS.get(name, ())
    counts = [_counts(owner, name) for owner in owners]
    known = [one for one in counts if one is not None]
    if not known or (arguments is not None and not any(len(arguments) in one for one in known)):
        yield f"member: {place}"
    elif name in _CHARACTERS:
        for value in (arguments or [])[: 1 if name == "Split" else None]:
            text = value.get("literal")
            if isinstance(text, str) and len(text) != 1:
                yield f"member: {place} takes characters, not {text!r}"


def _counts(owner: str | None, name: str) -> list[int] | None:
    """Return how many arguments a type's member takes in all its forms, None when there is no such member."""
    if owner in POWERSHELL:
        found = POWERSHELL[owner].get(name)
        return None if found is None else [*found]
    counts: list[int] = []
    seen = False
    while owner is not None and owner in framework():
        members = framework()[owner]["members"]
        seen = seen or name in members
        counts += members.get(name, ())
        owner = framework()[owner]["base"]
    if name in _ANY_COUNT and counts:
        counts += range(max(counts) + 1, 9)
    return counts if seen else None
