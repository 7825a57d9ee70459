"""The host-side script: Enable- and Disable-NestedVirtualization, and what each platform refuses."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from sandbox.machine import Faults, PsError
from tests.unit.sandbox.machine.lab import CONFIG, Lab


def refusal(lab: Lab, vm_id: str, **parameters: object) -> tuple[str, str]:
    """Word and category of the error of Enable-NestedVirtualization."""
    with pytest.raises(PsError) as caught:
        lab.run("Enable-NestedVirtualization", VMId=UUID(vm_id), **parameters)
    return caught.value.fqid.split(",")[0].removeprefix("Matryoshka."), caught.value.category


def test_all_settings_are_set_once() -> None:
    """Each setting shows before and after; a second run changes nothing."""
    lab = Lab()
    vm_id = UUID(lab.node())
    lab.machine.vms[str(vm_id)].dynamic_memory = True
    first = lab.run("Enable-NestedVirtualization", VMId=vm_id, MemoryMib=6144)
    second = lab.run("Enable-NestedVirtualization", VMId=vm_id, MemoryMib=6144)
    rows = {row["Setting"]: (row["Before"], row["After"]) for row in first["Settings"]}

    assert rows == {
        "DynamicMemoryEnabled": ("True", "False"),
        "MemoryStartupMib": ("8192", "6144"),
        "ExposeVirtualizationExtensions": ("False", "True"),
        "AutomaticCheckpointsEnabled": ("False", "False"),
        "MacAddressSpoofing:Network Adapter": ("Off", "On"),
    }
    assert (first["Changed"], second["Changed"]) == (True, False)
    assert lab.count("nesting_enabled") == 1


def test_a_half_done_run_is_repaired() -> None:
    """Every setting is compared on its own: spoofing is set although the extensions are exposed already."""
    lab = Lab()
    vm_id = lab.node()
    lab.machine.vms[vm_id].exposed = True
    record = lab.run("Enable-NestedVirtualization", VMId=UUID(vm_id))
    changed = [row["Setting"] for row in record["Settings"] if row["Changed"]]

    assert changed == ["MacAddressSpoofing:Network Adapter"]


def test_a_running_vm_is_refused_unless_nothing_is_to_do() -> None:
    """Extensions need the VM off; when all is set a running one is fine."""
    lab = Lab()
    vm_id = lab.running(nesting=False)

    assert refusal(lab, vm_id) == ("VmNotOff", "InvalidOperation")
    lab.run("Stop-NestedNode", VMId=UUID(vm_id), TurnOff=True)
    lab.run("Enable-NestedVirtualization", VMId=UUID(vm_id))
    lab.run("Start-NestedNode", VMId=UUID(vm_id))
    assert lab.run("Enable-NestedVirtualization", VMId=UUID(vm_id))["Changed"] is False


def test_a_saved_vm_and_small_memory() -> None:
    """A saved VM and one below 4 GiB are refused; small memory can be allowed."""
    lab = Lab()
    vm_id = lab.node(memory=2048)

    assert refusal(lab, vm_id) == ("MemoryTooSmall", "InvalidArgument")
    lab.machine.vms[vm_id].state = "Saved"
    assert refusal(lab, vm_id, AllowSmallMemory=True) == ("VmSaved", "InvalidOperation")
    lab.machine.vms[vm_id].state = "Off"
    assert lab.run("Enable-NestedVirtualization", VMId=UUID(vm_id), AllowSmallMemory=True)["Changed"] is True


def test_checkpoints_are_warned_about() -> None:
    """A VM with checkpoints gets a warning, no refusal."""
    lab = Lab()
    vm_id = lab.node()
    lab.machine.vms[vm_id].checkpoints = 2
    lab.run("Enable-NestedVirtualization", VMId=UUID(vm_id))

    assert len(lab.streams.warnings) == 1


@pytest.mark.parametrize(
    ("build", "cpu", "version", "answer"),
    [
        (10586, "intel", "", ""),
        (10586, "amd", "", "HostCannotNest"),
        (14393, "intel", "", ""),
        (14393, "intel", "7.1", "VmVersionTooLow"),
        (14393, "amd", "", "HostCannotNest"),
        (17763, "intel", "", ""),
        (17763, "amd", "", "HostCannotNest"),
        (20348, "intel", "8.0", ""),
        (20348, "amd", "9.2", "VmVersionTooLow"),
        (20348, "amd", "9.3", ""),
        (26100, "intel", "", ""),
        (26100, "amd", "", ""),
    ],
)
def test_who_can_nest(build: int, cpu: str, version: str, answer: str) -> None:
    """Intel from TP4, AMD from 2022 with version 9.3; otherwise version 8.0 (docs/sources.md H1 to H3)."""
    lab = Lab(replace(CONFIG, os_build=build, cpu_vendor=cpu))
    vm_id = lab.node(Version=version)

    if answer:
        assert refusal(lab, vm_id)[0] == answer
    else:
        assert lab.run("Enable-NestedVirtualization", VMId=UUID(vm_id))["Changed"] is True
        assert lab.run("Start-NestedNode", VMId=UUID(vm_id))["State"] == "Running"


def test_amd_before_2022_is_refused_at_start() -> None:
    """Set-VMProcessor takes the setting, Start-VM says that the platform cannot nest."""
    lab = Lab(replace(CONFIG, os_build=17763, cpu_vendor="amd"))
    vm_id = lab.node()
    lab.invoke("Set-VMProcessor", VMName="nest-1", ExposeVirtualizationExtensions=True)

    with pytest.raises(PsError, match="does not support nested virtualization") as caught:
        lab.run("Start-NestedNode", VMId=UUID(vm_id))
    assert caught.value.fqid == "OperationFailed,Microsoft.HyperV.PowerShell.Commands.StartVM"


def test_tp4_needs_static_memory_and_no_vbs() -> None:
    """On build 10586 an exposed VM with dynamic memory does not start, and a host with VBS cannot nest."""
    lab = Lab(replace(CONFIG, os_build=10586))
    vm_id = lab.node()
    lab.run("Enable-NestedVirtualization", VMId=UUID(vm_id))
    lab.machine.vms[vm_id].dynamic_memory = True

    with pytest.raises(PsError, match="dynamic memory"):
        lab.run("Start-NestedNode", VMId=UUID(vm_id))
    with_vbs = Lab(replace(CONFIG, os_build=10586, vbs_running=True))
    assert refusal(with_vbs, with_vbs.node())[0] == "HostCannotNest"


def test_a_setting_that_falls_back() -> None:
    """When the setting reads back false the function says NotConverged."""
    lab = Lab(replace(CONFIG, faults=Faults(exposure_reverts=True)))

    assert refusal(lab, lab.node()) == ("NotConverged", "InvalidResult")


def test_disabling_goes_back() -> None:
    """With the rows of Enable every value returns; without them extensions and spoofing go off."""
    lab = Lab()
    vm_id = UUID(lab.node())
    rows = lab.run("Enable-NestedVirtualization", VMId=vm_id, MemoryMib=6144)["Settings"]
    back = lab.run("Disable-NestedVirtualization", VMId=vm_id, Settings=rows)
    node = lab.run("Get-NestedNode", VMId=vm_id)

    assert (back["Changed"], node["MemoryStartupMib"], node["ExposeVirtualizationExtensions"]) == (True, 8192, False)
    lab.run("Enable-NestedVirtualization", VMId=vm_id)
    assert lab.run("Disable-NestedVirtualization", VMId=vm_id)["Changed"] is True
    assert lab.run("Get-NestedNode", VMId=vm_id)["Adapters"][0]["MacAddressSpoofing"] == "Off"
    lab.run("Enable-NestedVirtualization", VMId=vm_id)
    lab.run("Start-NestedNode", VMId=vm_id)
    with pytest.raises(PsError) as caught:
        lab.run("Disable-NestedVirtualization", VMId=vm_id)
    assert caught.value.fqid == "Matryoshka.VmNotOff,Disable-NestedVirtualization"
