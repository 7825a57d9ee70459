"""What a machine reads of its own CPU. Every cell is one of docs/sources.md H6; those marked U there are inferred."""

from __future__ import annotations

from typing import Any

from sandbox.machine.life import HYPERV, INSTALLED
from sandbox.machine.model import Machine
from sandbox.machine.realm import Realm

_NAMES = {
    "intel": ("GenuineIntel", "Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz", "000000CC"),
    "amd": ("AuthenticAMD", "AMD EPYC 7763 64-Core Processor", "0A0011D1"),
}
_GUEST_MICROCODE = "FFFFFFFF"


def vendor_name(machine: Machine) -> str:
    """The CPUID vendor string."""
    return _NAMES[machine.vendor][0]


def cpu_name(machine: Machine) -> str:
    """The CPU's brand string."""
    return _NAMES[machine.vendor][1]


def is_guest(machine: Machine) -> bool:
    """Whether the registry key of Hyper-V guests is there."""
    return machine.level > 0


def launched(machine: Machine) -> bool:
    """Whether a hypervisor runs at this level, started by this machine."""
    return machine.launch_event is not None


def shows_extensions(machine: Machine) -> bool:
    """Whether CIM shows VMX or SVM here: on bare metal and in exposed guests, until a hypervisor runs at this level."""
    return machine.exposed and not launched(machine)


def classification(machine: Machine) -> str:
    """The rule of docs/functions.md."""
    if not is_guest(machine):
        return "root" if launched(machine) else "metal"
    if shows_extensions(machine):
        return "guest_exposed"
    return "guest_root" if launched(machine) else "guest_not_exposed"


def probe(realm: Realm, machine: Machine) -> dict[str, Any]:
    """The probe record of Get-NestedCpuProbe."""
    bits = shows_extensions(machine)
    vendor, name, microcode = _NAMES[machine.vendor]
    # SLAT on a root partition: reports differ (docs/sources.md H6), so it can be chosen.
    slat = bits or (classification(machine) == "root" and realm.config.root_slat)
    return {
        "ComputerName": machine.computer_name,
        "CpuVendor": vendor,
        "CpuName": name,
        "HypervisorPresent": is_guest(machine) or launched(machine),
        "VMMonitorModeExtensions": bits,
        "SecondLevelAddressTranslation": slat,
        "VirtualizationFirmwareEnabled": bits,
        "MicrocodeSignature": _GUEST_MICROCODE if is_guest(machine) else microcode,
        "GuestMarker": is_guest(machine),
        "HyperVInstalled": machine.features.get(HYPERV) == INSTALLED,
        "HypervisorLaunched": launched(machine),
        "Classification": classification(machine),
    }
