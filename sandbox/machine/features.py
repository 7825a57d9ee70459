"""Windows features of a machine: what Install-WindowsFeature and DISM do and refuse (docs/sources.md H11).

Callers hold the realm's lock.
"""

from __future__ import annotations

from sandbox.machine import cpu
from sandbox.machine.call import Call
from sandbox.machine.errors import COR_E_EXCEPTION, PsError
from sandbox.machine.life import HYPERV, INSTALLED, PENDING
from sandbox.machine.model import Machine

CLUSTERING = "Failover-Clustering"
AVAILABLE = "Available"
KNOWN = (
    HYPERV, CLUSTERING, "Hyper-V-PowerShell", "Hyper-V-Tools", "RSAT-Hyper-V-Tools", "RSAT-Clustering",
    "RSAT-Clustering-PowerShell", "RSAT-Clustering-Mgmt", "RSAT-Clustering-CmdInterface", "FS-FileServer",
    "Data-Center-Bridging", "FS-Data-Deduplication", "Multipath-IO", "BitLocker", "RSAT-AD-PowerShell",
)  # fmt: skip
_COMMAND = "Microsoft.Windows.ServerManager.Commands.AddWindowsFeatureCommand"
_GROWTH_GIB = 1.0


def canonical(name: str) -> str:
    """The feature's own spelling; raises what Install-WindowsFeature says of an unknown one."""
    for known in KNOWN:
        if known.lower() == name.lower():
            return known
    text = f"The role, role service, or feature name is not valid: '{name}'. The name was not found."
    raise PsError(f"NameDoesNotExist,{_COMMAND}", "InvalidArgument", text, hresult=COR_E_EXCEPTION, target=name)


def state_of(machine: Machine, name: str) -> str:
    """Installed, InstallPending or Available."""
    return machine.features.get(name, AVAILABLE)


def refuse_hyperv(call: Call, name: str) -> None:
    """ServerManager's prerequisite check: Hyper-V needs to see the virtualization flags."""
    if name != HYPERV or (cpu.shows_extensions(call.machine) and not call.realm.faults.blind_prerequisite):
        return
    why = "virtualization support is not enabled in the BIOS"
    if not cpu.shows_extensions(call.machine):
        why = "The processor does not have required virtualization capabilities"
    raise PsError(
        f"Alteration_PrerequisiteCheck_Failed,{_COMMAND}",
        "InvalidOperation",
        f"A prerequisite check for the Hyper-V feature failed. 1. Hyper-V cannot be installed: {why}.",
        exception_type="System.Exception",
        hresult=COR_E_EXCEPTION,
        target="Hyper-V:ServerComponentWrapper",
    )


def install(call: Call, name: str) -> None:
    """Put a feature in; Hyper-V waits for a restart."""
    machine = call.machine
    if state_of(machine, name) != AVAILABLE:
        return
    machine.features[name] = PENDING if name == HYPERV else INSTALLED
    machine.disk_used_gib += _GROWTH_GIB
    call.effect("role_installed", name)
