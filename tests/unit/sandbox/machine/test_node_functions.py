"""Nodes: creation, power, removal, waiting."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from sandbox.machine import Credential, Faults, PsError, SecretText
from tests.unit.sandbox.machine.lab import ADMINISTRATOR, CONFIG, OWNER, Lab

UNKNOWN = "00000000-0000-0000-0000-000000000001"
NODE = {
    "Name": "n",
    "Owner": OWNER,
    "MemoryMib": 8192,
    "ProcessorCount": 4,
    "DiskPath": "C:\\Lab\\n.vhdx",
    "SwitchName": "External",
    "Path": "C:\\Lab",
}


def test_a_node_is_made_once() -> None:
    """A second New-NestedNode adopts the first one."""
    lab = Lab()
    lab.disk("n")
    first = lab.run("New-NestedNode", **NODE)
    second = lab.run("New-NestedNode", **NODE)

    assert (first["Changed"], first["State"], first["Owner"]) == (True, "Off", OWNER)
    assert (first["Generation"], first["Version"], first["ProcessorCount"]) == (2, "10.0", 4)
    assert second == {**first, "Changed": False}
    assert lab.count("vm_created") == 1


def test_a_half_made_node_is_completed() -> None:
    """A VM of this name and owner, or one without a mark in the lab's folder, gets what it lacks."""
    lab = Lab()
    lab.disk("n")
    wanted = {**NODE, "DataDiskPath": [lab.disk("data")]}
    vm_id = lab.run("New-NestedNode", **wanted)["VMId"]
    vm = lab.machine.vms[vm_id]
    vm.notes, vm.disks, vm.adapters[0].switch = "", vm.disks[:1], ""
    record = lab.run("New-NestedNode", **wanted)

    assert (record["VMId"], record["Changed"], record["Owner"]) == (vm_id, True, OWNER)
    assert record["Disks"] == [NODE["DiskPath"], *wanted["DataDiskPath"]]
    assert lab.count("vm_created") == 1


@pytest.mark.parametrize(
    ("change", "word", "category"),
    [
        ({"Owner": "lab_b"}, "NameTaken", "ResourceExists"),
        ({"Name": "m", "SwitchName": "no"}, "SwitchNotFound", "ObjectNotFound"),
        ({"Name": "m", "DiskPath": "C:\\no.vhdx"}, "DiskNotFound", "ObjectNotFound"),
    ],
)
def test_nodes_that_are_refused(change: dict[str, str], word: str, category: str) -> None:
    """A foreign VM of the name, an unknown switch and an unknown disk are refused."""
    lab = Lab()
    lab.disk("n")
    lab.run("New-NestedNode", **NODE)

    with pytest.raises(PsError) as caught:
        lab.run("New-NestedNode", **{**NODE, **change})
    assert (caught.value.fqid, caught.value.category) == (f"Matryoshka.{word},New-NestedNode", category)


def test_an_unknown_version_is_refused() -> None:
    """New-VM refuses a configuration version that the host cannot run."""
    lab = Lab()
    lab.disk("n")

    with pytest.raises(PsError) as caught:
        lab.run("New-NestedNode", **NODE, Version="12.0")
    assert caught.value.fqid == "InvalidParameter,Microsoft.HyperV.PowerShell.Commands.NewVM"


def test_a_node_is_read_by_id_or_by_name_and_owner() -> None:
    """Both ways find it; what is not there is Exists = False; neither is an error."""
    lab = Lab()
    vm_id = lab.node("n")

    assert lab.run("Get-NestedNode", VMId=UUID(vm_id))["Exists"] is True
    assert lab.run("Get-NestedNode", Name="N", Owner=OWNER)["VMId"] == vm_id
    assert lab.run("Get-NestedNode", Name="n", Owner="x")["Exists"] is False
    assert lab.run("Get-NestedNode", VMId=UUID(UNKNOWN)) == {
        **lab.run("Get-NestedNode", VMId=UUID(UNKNOWN)),
        "Exists": False,
        "Adapters": [],
        "State": None,
    }
    with pytest.raises(PsError) as caught:
        lab.run("Get-NestedNode")
    assert caught.value.fqid == "MissingMandatoryParameter,Get-NestedNode"


def test_start_and_stop_are_done_once() -> None:
    """Starting a running node and stopping one that is off change nothing."""
    lab = Lab()
    vm_id = UUID(lab.node())

    assert lab.run("Start-NestedNode", VMId=vm_id) == {"Changed": True, "State": "Running"}
    assert lab.run("Start-NestedNode", VMId=vm_id) == {"Changed": False, "State": "Running"}
    assert lab.run("Stop-NestedNode", VMId=vm_id) == {"Changed": True, "State": "Off"}
    assert lab.run("Stop-NestedNode", VMId=vm_id) == {"Changed": False, "State": "Off"}
    assert lab.count("vm_started") == 1


@pytest.mark.parametrize("function", ["Start-NestedNode", "Stop-NestedNode", "Enable-NestedVirtualization"])
def test_an_unknown_node_is_an_error(function: str) -> None:
    """Actions on a VM that is not there say VmNotFound."""
    with pytest.raises(PsError) as caught:
        Lab().run(function, VMId=UUID(UNKNOWN))
    assert (caught.value.fqid, caught.value.category) == (f"Matryoshka.VmNotFound,{function}", "ObjectNotFound")


def test_too_little_memory() -> None:
    """Start-VM without free memory fails with OutOfMemory, category FromStdErr."""
    lab = Lab(replace(CONFIG, memory_gib=16))
    lab.run("Start-NestedNode", VMId=UUID(lab.node("a")))

    with pytest.raises(PsError) as caught:
        lab.run("Start-NestedNode", VMId=UUID(lab.node("b")))
    assert caught.value.fqid == "OutOfMemory,Microsoft.HyperV.PowerShell.Commands.StartVM"
    assert caught.value.category == "FromStdErr"
    assert lab.run("Get-NestedHostReport")["MemoryFreeMib"] == 4 * 1024


def test_a_disk_in_use_or_without_parent_does_not_start() -> None:
    """A VM does not start while its disk is mounted, nor when the parent is gone."""
    lab = Lab()
    vm_id = UUID(lab.node())
    disk = lab.machine.disks["c:\\lab\\nest-1.vhdx"]

    disk.attached = "mount"
    with pytest.raises(PsError) as caught:
        lab.run("Start-NestedNode", VMId=vm_id)
    assert caught.value.fqid == "OperationFailed,Microsoft.HyperV.PowerShell.Commands.StartVM"
    disk.attached, disk.parent = "", "C:\\gone.vhdx"
    with pytest.raises(PsError, match="cannot find the file"):
        lab.run("Start-NestedNode", VMId=vm_id)


def test_waiting_for_stages() -> None:
    """A node is running at once, has a heartbeat after a while, and a wait that is too short says so."""
    lab = Lab()
    vm_id = UUID(lab.node())
    lab.run("Start-NestedNode", VMId=vm_id)

    assert lab.run("Wait-NestedNode", VMId=vm_id, Stage="Running")["Reached"] is True
    short = lab.run("Wait-NestedNode", VMId=vm_id, Stage="Heartbeat", TimeoutSeconds=5)
    assert (short["Reached"], short["Heartbeat"]) == (False, "NoContact")
    assert lab.run("Wait-NestedNode", VMId=vm_id, Stage="Heartbeat", TimeoutSeconds=60)["Reached"] is True
    assert lab.run("Wait-NestedNode", VMId=vm_id, Stage="Off", TimeoutSeconds=5)["Reached"] is False


def test_a_first_boot_goes_through_its_stages() -> None:
    """no_session, then session, then setup_complete after about 140 seconds."""
    lab = Lab()
    vm_id = UUID(lab.node())
    lab.run("Start-NestedNode", VMId=vm_id)
    seen = []
    for _ in range(20):
        answer = lab.run("Wait-NestedGuest", VMId=vm_id, Credential=ADMINISTRATOR, TimeoutSeconds=10)
        seen.append(answer["Stage"])
        if answer["Reached"]:
            break

    assert list(dict.fromkeys(seen)) == ["no_session", "session", "setup_complete"]
    assert (answer["ImageState"], answer["PendingReboot"]) == ("IMAGE_STATE_COMPLETE", False)
    assert 13 <= len(seen) <= 15
    assert lab.system(str(vm_id)).computer_name == "nest-1"


def test_an_unseeded_disk_has_the_images_own_password() -> None:
    """Without a seed only the image's password opens the guest."""
    lab = Lab()
    vm_id = UUID(lab.node(seed=False))
    lab.run("Start-NestedNode", VMId=vm_id)
    lab.pass_time(200)

    with pytest.raises(PsError) as caught:
        lab.run("Wait-NestedGuest", VMId=vm_id, Credential=ADMINISTRATOR)
    assert caught.value.fqid == "Matryoshka.GuestCredentialRejected,Wait-NestedGuest"
    own = Credential("Administrator", SecretText("nano-pass"))
    assert lab.run("Wait-NestedGuest", VMId=vm_id, Credential=own)["Reached"] is True


def test_a_guest_that_never_answers() -> None:
    """With the fault the VM runs, but neither heartbeat nor session come."""
    lab = Lab(replace(CONFIG, faults=Faults(boot_fails=True)))
    vm_id = UUID(lab.node())
    lab.run("Start-NestedNode", VMId=vm_id)
    answer = lab.run("Wait-NestedGuest", VMId=vm_id, Credential=ADMINISTRATOR, TimeoutSeconds=600)

    assert (answer["Reached"], answer["Stage"], answer["BootId"]) == (False, "no_session", None)
    assert lab.run("Get-NestedNode", VMId=vm_id)["State"] == "Running"


def test_a_node_is_removed_once_and_its_files_stay() -> None:
    """Removal turns it off first, needs the owner, and leaves the disk with what is in it."""
    lab = Lab()
    vm_id = UUID(lab.running())

    with pytest.raises(PsError) as caught:
        lab.run("Remove-NestedNode", VMId=vm_id, Owner="lab_b")
    assert caught.value.fqid == "Matryoshka.NotOwned,Remove-NestedNode"
    assert lab.run("Remove-NestedNode", VMId=vm_id, Owner=OWNER) == {"Changed": True, "Existed": True}
    assert lab.run("Remove-NestedNode", VMId=vm_id, Owner=OWNER) == {"Changed": False, "Existed": False}
    assert lab.run("Get-NestedDisk", Path="C:\\Lab\\nest-1.vhdx")["Attached"] is False
