"""What each level reads of its CPU: the table of docs/sources.md H6."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from sandbox.machine import Faults
from tests.unit.sandbox.machine.lab import CONFIG, NANO, NESTED, Lab

FIELDS = (
    "HypervisorPresent",
    "VMMonitorModeExtensions",
    "SecondLevelAddressTranslation",
    "VirtualizationFirmwareEnabled",
    "GuestMarker",
    "Classification",
)


def row(probe: dict[str, Any]) -> tuple[Any, ...]:
    """The fields of the table."""
    return tuple(probe[name] for name in FIELDS)


def test_metal() -> None:
    """Without a hypervisor the metal shows all three bits and its real microcode."""
    probe = Lab(replace(CONFIG, host_role=False)).run("Get-NestedCpuProbe")

    assert row(probe) == (False, True, True, True, False, "metal")
    assert probe["MicrocodeSignature"] == "000000CC"


@pytest.mark.parametrize(("cpu", "vendor"), [("intel", "GenuineIntel"), ("amd", "AuthenticAMD")])
def test_root(cpu: str, vendor: str) -> None:
    """A root partition hides the bits but keeps the real microcode."""
    probe = Lab(replace(CONFIG, cpu_vendor=cpu)).run("Get-NestedCpuProbe")

    assert row(probe) == (True, False, False, False, False, "root")
    assert probe["CpuVendor"] == vendor
    assert probe["MicrocodeSignature"] != "FFFFFFFF"


def test_slat_of_a_root_can_be_chosen() -> None:
    """Reports about SLAT on a root differ, so the world can say either."""
    assert Lab(replace(CONFIG, root_slat=True)).run("Get-NestedCpuProbe")["SecondLevelAddressTranslation"] is True


def test_guest_that_is_not_exposed() -> None:
    """A plain guest shows a hypervisor, no bits, and the guest's microcode."""
    lab = Lab()
    probe = lab.guest(lab.running(nesting=False), "Get-NestedCpuProbe")

    assert row(probe) == (True, False, False, False, True, "guest_not_exposed")
    assert probe["MicrocodeSignature"] == "FFFFFFFF"


def test_exposed_guest() -> None:
    """An exposed guest without the role is the one place where bits and a hypervisor are seen together."""
    lab = Lab()
    probe = lab.guest(lab.running(), "Get-NestedCpuProbe")

    assert row(probe) == (True, True, True, True, True, "guest_exposed")
    assert probe["MicrocodeSignature"] == "FFFFFFFF"


def test_guest_root_and_nested_guest() -> None:
    """After its role a guest hides the bits again, and so do the VMs in it."""
    lab = Lab()
    node = lab.hyperv()
    inner = lab.guest(node, "New-NestedVM", Name="smoke", Owner="lab_a", ParentDiskPath=NANO)
    nested = lab.guest(node, "Get-NestedVMProbe", VMId=inner["VMId"], Credential=NESTED)

    assert row(lab.guest(node, "Get-NestedCpuProbe")) == (True, False, False, False, True, "guest_root")
    assert nested["ProbeSource"] == "guest"
    assert row(nested["Probe"]) == (True, False, False, False, True, "guest_not_exposed")
    assert nested["Probe"]["MicrocodeSignature"] == "FFFFFFFF"


def test_role_does_not_change_anything_before_the_restart() -> None:
    """While the role waits for its restart the guest still reads as exposed."""
    lab = Lab()
    node = lab.running()
    lab.guest(node, "Install-NestedRole", Feature=["Hyper-V"])

    assert lab.guest(node, "Get-NestedCpuProbe")["Classification"] == "guest_exposed"


def test_exposure_that_is_lost_on_the_way() -> None:
    """With the fault the host reads the setting back, and the guest still sees nothing."""
    lab = Lab(replace(CONFIG, faults=Faults(exposure_lost=True)))
    node = lab.running()

    assert lab.run("Get-NestedNode", VMId=UUID(node))["ExposeVirtualizationExtensions"] is True
    assert lab.guest(node, "Get-NestedCpuProbe")["Classification"] == "guest_not_exposed"
