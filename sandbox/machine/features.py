"""Windows features of a machine: what Install-WindowsFeature and DISM do and refuse (docs/sources.md H11).

Callers hold the realm's lock.
"""

from __future__ import annotations

from sandbox.machine import cpu
from sandbox.machine.call import Call
from sandbox.machine.errors import COR_E_EXCEPTION, PsError
from sandbox.machine.life import HYPERV, HYPERV_TOOLS, INSTALLED, PENDING
from sandbox.machine.model import Machine

CLUSTERING = "Failover-Clustering"
AVAILABLE = "Available"
REMOVED = "Removed"
KNOWN = (
    HYPERV, CLUSTERING, "Hyper-V-PowerShell", "Hyper-V-Tools", "RSAT-Hyper-V-Tools", "RSAT-Clustering",
    "RSAT-Clustering-PowerShell", "RSAT-Clustering-Mgmt", "RSAT-Clustering-CmdInterface", "FS-FileServer",
    "Data-Center-Bridging", "FS-Data-Deduplication", "Multipath-IO", "BitLocker", "RSAT-AD-PowerShell",
)  # fmt: skip
_TOOLS = {
    HYPERV: ("RSAT-Hyper-V-Tools", "Hyper-V-Tools", HYPERV_TOOLS),
    CLUSTERING: ("RSAT-Clustering", "RSAT-Clustering-Mgmt", "RSAT-Clustering-PowerShell"),
}
_GROUPS = {
    "Hyper-V-Tools": "RSAT-Hyper-V-Tools",
    HYPERV_TOOLS: "RSAT-Hyper-V-Tools",
    "RSAT-Clustering-Mgmt": "RSAT-Clustering",
    "RSAT-Clustering-PowerShell": "RSAT-Clustering",
    "RSAT-Clustering-CmdInterface": "RSAT-Clustering",
}
_COMMAND = "Microsoft.Windows.ServerManager.Commands.AddWindowsFeatureCommand"
_GROWTH_GIB = 1.0


def canonical(name: str) -> str:
    """The feature's own spelling; raises what Install-WindowsFeature says of an unknown one."""
    for known in KNOWN:
        if known.lower() == name.lower():
            return known
    text = f"The role, role service, or feature name is not valid: '{name}'. The name was not found."
    raise refusal("NameDoesNotExist", "InvalidArgument", text, target=name)


def is_known(name: str) -> bool:
    """Whether there is such a feature."""
    return name.lower() in {known.lower() for known in KNOWN}


def with_tools(names: list[str]) -> list[str]:
    """Features with the tools that -IncludeManagementTools brings, and the groups that tools are in."""
    found = [item for name in names for item in (name, *_TOOLS.get(name, ()))]
    return list(dict.fromkeys(found + [_GROUPS[name] for name in found if name in _GROUPS]))


def state_of(machine: Machine, name: str) -> str:
    """Installed, InstallPending, Available, or Removed: without its files."""
    return machine.features.get(name, AVAILABLE)


def is_missing(machine: Machine, name: str) -> bool:
    """Whether a feature is neither installed nor on its way."""
    return state_of(machine, name) not in {INSTALLED, PENDING}


def refusal(word: str, category: str, text: str, *, target: str = "") -> PsError:
    """What Install-WindowsFeature refuses with."""
    return PsError(
        f"{word},{_COMMAND}",
        category,
        text,
        exception_type="System.Exception",
        hresult=COR_E_EXCEPTION,
        target=target,
    )


def refuse_removed(machine: Machine, names: list[str]) -> None:
    """Files that were removed come from Windows Update, which a node does not reach."""
    if any(state_of(machine, name) == REMOVED for name in names):
        text = "Installation of one or more roles, role services, or features failed. The source files could not be"
        raise refusal("DISMAPI_Error__Cbs_Download_Failure", "InvalidOperation", f"{text} downloaded. 0x800f0906")


def refuse_hyperv(call: Call, name: str) -> None:
    """ServerManager's prerequisite check: Hyper-V needs to see the virtualization flags."""
    if name != HYPERV or (cpu.shows_extensions(call.machine) and not call.realm.faults.blind_prerequisite):
        return
    why = "virtualization support is not enabled in the BIOS"
    if not cpu.shows_extensions(call.machine):
        why = "The processor does not have required virtualization capabilities"
    text = f"A prerequisite check for the Hyper-V feature failed. 1. Hyper-V cannot be installed: {why}."
    target = "Hyper-V:ServerComponentWrapper"
    raise refusal("Alteration_PrerequisiteCheck_Failed", "InvalidOperation", text, target=target)


def add_tools(machine: Machine, names: list[str]) -> None:
    """What came with a feature that was asked for."""
    machine.features |= {name: INSTALLED for name in names if is_missing(machine, name)}


def install(call: Call, name: str) -> None:
    """Put a feature in; Hyper-V waits for a restart."""
    machine = call.machine
    if not is_missing(machine, name):
        return
    machine.features[name] = PENDING if name == HYPERV else INSTALLED
    machine.disk_used_gib += _GROWTH_GIB
    call.effect("role_installed", name)
