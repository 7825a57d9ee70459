"""Nested VMs in a node, and Windows' own cmdlets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from sandbox.machine import Command, Faults, PsError
from tests.unit.sandbox.machine.lab import CONFIG, NANO, OWNER, Lab, Recorder

VM = {"Name": "smoke", "Owner": OWNER}


def refusal(lab: Lab, node: str, name: str, **parameters: Any) -> PsError:
    """The error that a guest call ends with."""
    with pytest.raises(PsError) as caught:
        lab.guest(node, name, **parameters)
    return caught.value


def test_a_nested_vm_lives_once() -> None:
    """Made and started once, found again, probed by its state, removed once with its disk."""
    lab = Lab()
    node = lab.hyperv()
    first = lab.guest(node, "New-NestedVM", **VM, ParentDiskPath=NANO)
    second = lab.guest(node, "New-NestedVM", **VM, ParentDiskPath=NANO)
    probe = lab.guest(node, "Get-NestedVMProbe", VMId=first["VMId"])

    assert (first["Changed"], first["State"], second["Changed"]) == (True, "Running", False)
    assert (probe["Running"], probe["ProbeSource"], probe["Probe"]) == (True, "vm_state", None)
    assert lab.guest(node, "Remove-NestedVM", **VM) == {"Changed": True, "Existed": True}
    assert lab.guest(node, "Remove-NestedVM", **VM) == {"Changed": False, "Existed": False}
    assert list(lab.system(node).disks) == [NANO.lower()]
    assert (lab.count("nested_vm_created"), lab.count("nested_vm_removed")) == (1, 1)


def test_a_nested_vm_without_a_disk_runs_too() -> None:
    """No operating system is needed for the smoke test."""
    lab = Lab()
    node = lab.hyperv()

    assert lab.guest(node, "New-NestedVM", **VM, MemoryMib=64)["MemoryAssignedMib"] == 64


def test_a_half_made_nested_vm_is_started() -> None:
    """A VM that was made but not started is completed, not made anew."""
    lab = Lab()
    node = lab.hyperv()
    made = lab.guest(node, "New-NestedVM", **VM)
    lab.system(node).vms[made["VMId"]].state = "Off"
    again = lab.guest(node, "New-NestedVM", **VM)

    assert (again["VMId"], again["Changed"], again["State"]) == (made["VMId"], True, "Running")
    assert lab.count("nested_vm_created") == 1


def test_no_hypervisor_no_nested_vm() -> None:
    """Where no hypervisor runs the start fails: one of the Hyper-V components is not running."""
    lab = Lab(replace(CONFIG, faults=Faults(hypervisor_fails=True)))
    node = lab.hyperv()

    error = refusal(lab, node, "New-NestedVM", **VM)
    assert "one of the Hyper-V components is not running" in error.message


def test_no_role_no_command() -> None:
    """Without the role the cmdlets do not exist; while it waits for its restart the platform does not answer."""
    lab = Lab()
    node = lab.running()
    assert refusal(lab, node, "New-NestedVM", **VM).fqid == "CommandNotFoundException,Get-MkNestedVMFolder"
    lab.guest(node, "Install-NestedRole", Feature=["Hyper-V"])

    error = refusal(lab, node, "New-NestedVM", **VM)
    whole = "Unspecified,Microsoft.HyperV.PowerShell.Commands.GetVMHost"
    assert (error.fqid, error.category) == (whole, "NotSpecified")


def test_nested_vms_use_the_nodes_memory() -> None:
    """A nested VM that is bigger than the node's free memory does not start."""
    lab = Lab()
    node = lab.hyperv()

    error = refusal(lab, node, "New-NestedVM", **VM, MemoryMib=8192)
    assert (error.fqid, error.category) == ("OutOfMemory,Microsoft.HyperV.PowerShell.Commands.StartVM", "FromStdErr")


def test_foreign_names_and_missing_parents() -> None:
    """A VM of another owner blocks the name; the parent disk must be there."""
    lab = Lab()
    node = lab.hyperv()
    lab.guest(node, "New-NestedVM", **VM)
    other = {**VM, "Owner": "lab_b"}

    assert refusal(lab, node, "New-NestedVM", **other).fqid == "Matryoshka.NameTaken,New-NestedVM"
    assert refusal(lab, node, "Remove-NestedVM", **other).fqid == "Matryoshka.NotOwned,Remove-NestedVM"
    missing = {"Name": "x", "Owner": OWNER, "ParentDiskPath": "C:\\no.vhdx"}
    assert refusal(lab, node, "New-NestedVM", **missing).fqid == "Matryoshka.ParentNotFound,New-NestedVM"


def test_a_power_cut_of_the_node_takes_its_vms() -> None:
    """When the node goes off, its nested VMs are off too."""
    lab = Lab()
    node = lab.hyperv()
    lab.guest(node, "New-NestedVM", **VM)
    lab.run("Stop-NestedNode", VMId=UUID(node), TurnOff=True)
    lab.run("Start-NestedNode", VMId=UUID(node))
    lab.pass_time(120)

    assert lab.guest(node, "Get-NestedVM", **VM)["State"] == "Off"


def test_probing_what_is_not_there() -> None:
    """A VM that is gone is not running, and the reason says so."""
    lab = Lab()
    probe = lab.run("Get-NestedVMProbe", VMId=UUID(int=1))

    assert (probe["Running"], probe["State"], probe["Reason"]) == (False, None, "there is no such VM")


def test_get_vm_of_nobody_does_not_terminate() -> None:
    """An exact name without a VM is a non-terminating InvalidParameter; a pattern is just empty; Stop terminates."""
    lab = Lab()

    assert lab.invoke("Get-VM", Name="nobody") == []
    (error,) = lab.streams.errors
    assert (error.fqid, error.category) == (
        "InvalidParameter,Microsoft.HyperV.PowerShell.Commands.GetVM",
        "InvalidArgument",
    )
    assert error.terminating is False
    assert lab.invoke("Get-VM", Name="no*") == []
    assert lab.streams.errors == []
    with pytest.raises(PsError):
        lab.invoke("Get-VM", Name="nobody", ErrorAction="Stop")


def test_stop_vm_on_an_off_vm_only_warns() -> None:
    """Start-VM and Stop-VM in the wanted state warn and go on."""
    lab = Lab()
    lab.node("n")

    assert lab.invoke("Stop-VM", Name="n", TurnOff=True) == []
    assert len(lab.streams.warnings) == 1
    lab.invoke("Start-VM", Name="n")
    assert lab.streams.warnings == []
    lab.invoke("Start-VM", Name="n")
    assert len(lab.streams.warnings) == 1
    assert lab.count("vm_started") == 1


def test_names_of_vms_are_not_unique() -> None:
    """Two VMs of different owners may have one name outside of the module."""
    lab = Lab()
    lab.node("n")
    vm = next(iter(lab.machine.vms.values()))
    vm.notes = "somebody else's"
    lab.disk("m")
    vm.name = "m"
    with pytest.raises(PsError):
        lab.node("m")
    assert [row["Name"] for row in lab.invoke("Get-VM")] == ["m"]


def test_extensions_need_the_vm_off() -> None:
    """Set-VMProcessor on a running VM is refused as InvalidState; the count alone is taken."""
    lab = Lab()
    lab.node("n")
    lab.invoke("Start-VM", Name="n")

    with pytest.raises(PsError) as caught:
        lab.invoke("Set-VMProcessor", VMName="n", ExposeVirtualizationExtensions=True)
    assert caught.value.fqid == "InvalidState,Microsoft.HyperV.PowerShell.Commands.SetVMProcessor"
    with pytest.raises(PsError) as caught:
        lab.invoke("Set-VMMemory", VMName="n", StartupBytes=1 << 30)
    assert caught.value.fqid == "InvalidState,Microsoft.HyperV.PowerShell.Commands.SetVMMemory"
    assert lab.invoke("Get-VMProcessor", VMName="n")[0]["ExposeVirtualizationExtensions"] is False


def test_install_windows_feature_has_no_way_round() -> None:
    """The cmdlet itself fails on a blind check; on a good one it says Yes to a restart."""
    lab = Lab(replace(CONFIG, host_role=False))
    record = lab.invoke("Install-WindowsFeature", Name=["Hyper-V"])[0]

    assert (record["RestartNeeded"], record["ExitCode"]) == ("Yes", "SuccessRestartRequired")
    assert lab.invoke("Get-WindowsFeature", Name=["Hyper-V"])[0]["InstallState"] == "InstallPending"


def test_streams_of_the_small_cmdlets() -> None:
    """The cmdlets for tests of the wire write to their own streams."""
    lab = Lab()

    assert lab.invoke("Write-Output", InputObject=[1, 2]) == [1, 2]
    lab.invoke("Write-Warning", Message="w")
    assert lab.streams.warnings == ["w"]
    lab.invoke("Write-Progress", Activity="a", PercentComplete=40)
    assert lab.streams.percents == [40]
    lab.invoke("Write-Error", Message="e", ErrorId="mine", Category="LimitsExceeded")
    assert (lab.streams.errors[0].fqid, lab.streams.errors[0].category) == ("mine,Write-Error", "LimitsExceeded")
    before = lab.clock.now()
    lab.invoke("Start-Sleep", Seconds=30)
    assert lab.clock.now() - before == pytest.approx(30, abs=1)


def test_scripts_are_not_allowed() -> None:
    """A script is refused as in a no-language endpoint, unless it is only a command's name."""
    lab = Lab()
    runspace, streams = lab.host.runspace("a", True), Recorder()

    with pytest.raises(PsError) as caught:
        runspace.invoke(Command("Get-VM | Stop-VM", is_script=True), streams)
    assert caught.value.fqid == "ScriptsNotAllowed"
    runspace.invoke(Command(" Get-VMHost ", is_script=True), streams)
    assert streams.outputs[0]["Name"] == "HV01"
