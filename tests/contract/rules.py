"""What may differ between the engines and is compared all the same, by a named rule: field -> (rule, reason).

A rule is looked up by the field's name, or by 'Function.Field' for one function's field, which comes first.
"""

from __future__ import annotations

RULES: dict[str, tuple[str, str]] = {
    # field: (rule of compare.py, reason)
    "VMId": ("id", "ids are made anew by each engine; that of a known VM must stand for the same VM"),
    "SwitchId": ("id", "as VMId"),
    "Id": ("id", "as VMId, where it is text; an event's number is compared as it is"),
    "BootId": ("opaque", "the sandbox's is a GUID, the module's is a time stamp: only that there is one is promised"),
    "BootedAt": ("time", "a moment"),
    "LaunchedAt": ("time", "a moment"),
    "StartedAt": ("time", "a moment"),
    "EndedAt": ("time", "a moment"),
    "TimeCreated": ("time", "a moment"),
    "New-NestedVM.UptimeSeconds": ("integer", "it was started just now: the sandbox's clock counts what that takes"),
    "Get-NestedVMProbe.Reason": ("opaque", "words for people"),
    "UptimeSeconds": ("number", "the clocks differ by what the test takes"),
    "MemoryFreeMib": ("number", "what Windows itself uses is not the same on two machines"),
    "FreeGib": ("number", "as MemoryFreeMib"),
    "MacAddress": (
        "mac",
        "Windows and the sandbox give new adapters numbers of their own; a node's first one follows from its id",
    ),
    "SizeMib": ("integer", "an image of the tests is a file of some bytes, one of the sandbox takes what it says"),
    "Sha256": ("same", "the file's bytes are the same on both"),
    "SeedSha256": ("opaque", "the sandbox hashes what goes in, the module the file that comes out"),
    "PSVersion": ("opaque", "the sandbox is a 5.1, the test engine a 7"),
    "PSEdition": ("opaque", "as PSVersion"),
    "ComputerName": ("opaque", "the engine cannot be told another name: its own machine is this one"),
    "HostEntries": ("entries", "pypsrp reads an object without properties as an empty text"),
    "ResultJson": ("json", "text of an object: compared as the object"),
    "ErrorMessage": ("opaque", "texts are translated"),
    "FailureReason": ("same", "the module's own word"),
    "WitnessResource": (
        "opaque",
        "the name of a resource, which Windows translates; its kind is in the world afterwards",
    ),
    "ReportPath": ("opaque", "a file of the machine"),
    "Message": ("opaque", "texts are translated"),
}
