"""Nested VMs: small VMs inside a node, the proof that nesting works."""

from __future__ import annotations

from uuid import UUID

from sandbox.machine import cpu, files, hyperv, vmrecords, winerrors
from sandbox.machine.api import Credential
from sandbox.machine.call import Call
from sandbox.machine.function import Function, Record
from sandbox.machine.functions_disks import delete
from sandbox.machine.life import RUNNING, guest_of, stage
from sandbox.machine.model import Vm
from sandbox.machine.sessions import accepts

_DISK_FOLDER = "C:\\Hyper-V\\Virtual Hard Disks"
_GUEST_TIMEOUT_SECONDS = 600


def get_vm(call: Call, *, Name: str, Owner: str) -> Record:
    """A nested VM by name and owner."""
    hyperv.require(call, "GetVM", "Get-VM")
    call.sleep(0.5)
    with call.realm.lock:
        return vmrecords.nested(call, vmrecords.find_owned(call, Name, Owner), Name, Owner)


def disk_path_of(name: str, owner: str) -> str:
    """Where a nested VM's own differencing disk lies."""
    return f"{_DISK_FOLDER}\\{owner}-{name}.vhdx"


def new_vm(
    call: Call, *, Name: str, Owner: str, MemoryMib: int = 64, ParentDiskPath: str = "", SwitchName: str = ""
) -> Record:
    """Make a VM, start it, read Running back."""
    hyperv.require(call, "NewVM", "New-VM")
    with call.realm.lock:
        _refuse(call, Name, Owner, ParentDiskPath, SwitchName)
        vm = vmrecords.find_owned(call, Name, Owner)
        done = vm is not None and vm.state == RUNNING
    if done or not call.should("New-VM", Name):
        with call.realm.lock:
            return {**vmrecords.nested(call, vm, Name, Owner), "Changed": False}
    call.sleep(3)
    with call.realm.lock:
        vm = vm or _create(call, Name, Owner, MemoryMib, SwitchName)
        _give_disk(call, vm, ParentDiskPath, disk_path_of(Name, Owner), Owner)
    call.sleep(1)
    with call.realm.lock:
        if vm.state != RUNNING:
            hyperv.start(call, vm)
    call.sleep(2)
    with call.realm.lock:
        return {**vmrecords.nested(call, vm, Name, Owner), "Changed": True}


def _refuse(call: Call, name: str, owner: str, parent: str, switch: str) -> None:
    own = vmrecords.find_owned(call, name, owner)
    if own is None and vmrecords.find_foreign(call, name, owner) is not None:
        raise call.refuse("NameTaken", "ResourceExists", f"a VM {name} of someone else exists", name)
    if parent and files.disk_at(call.machine, parent) is None:
        raise call.refuse("ParentNotFound", "ObjectNotFound", f"there is no file {parent}", parent)
    if switch and switch.lower() not in call.machine.switches:
        raise winerrors.switch_missing("NewVM", switch)


def _create(call: Call, name: str, owner: str, memory_mib: int, switch: str) -> Vm:
    vm = hyperv.new_vm(call, name, vmrecords.notes_for(owner, name), memory_mib)
    vm.adapters[0].switch = switch
    return vm


def _give_disk(call: Call, vm: Vm, parent: str, path: str, owner: str) -> None:
    if not parent or vm.disks:
        return
    if files.disk_at(call.machine, path) is None:
        files.new_vhd(call, path, parent, 0, owner)
    vm.disks.append(path)


def get_probe(call: Call, *, VMId: UUID, Credential: Credential | None = None) -> Record:
    """Whether the VM runs; with an account of its guest, what that guest's CPU shows."""
    hyperv.require(call, "GetVM", "Get-VM")
    call.sleep(2)
    with call.realm.lock:
        vm = call.machine.vms.get(str(VMId))
        guest = guest_of(call.machine, vm) if vm is not None else None
    if vm is None:
        return _probe_record(Vm(str(VMId), "", state=""), None, "there is no such VM")
    if Credential is None:
        return _probe_record(vm, None, "no credential was given")
    if guest is None:
        return _probe_record(vm, None, "the VM has no operating system or does not run")
    if not call.wait(lambda: stage(call.realm, guest) != "no_session", _GUEST_TIMEOUT_SECONDS):
        return _probe_record(vm, None, "the guest did not answer")
    with call.realm.lock:
        if not accepts(call.realm, guest, Credential):
            return _probe_record(vm, None, "the guest refused the credential")
        return _probe_record(vm, cpu.probe(call.realm, guest), None)


def _probe_record(vm: Vm, probe: Record | None, reason: str | None) -> Record:
    return {
        "VMId": vm.id,
        "State": vm.state or None,
        "Running": vm.state == RUNNING,
        "ProbeSource": "guest" if probe else "vm_state",
        "Probe": probe,
        "Reason": reason,
    }


def remove_vm(call: Call, *, Name: str, Owner: str) -> Record:
    """Remove a nested VM and its own differencing disk."""
    hyperv.require(call, "RemoveVM", "Remove-VM")
    with call.realm.lock:
        vm = vmrecords.find_owned(call, Name, Owner)
        disk = files.disk_at(call.machine, disk_path_of(Name, Owner))
        foreign = vmrecords.find_foreign(call, Name, Owner)
        if vm is None and disk is None:
            if foreign is not None:
                raise call.refuse("NotOwned", "PermissionDenied", f"{Name} belongs to someone else", Name)
            return {"Changed": False, "Existed": False}
    if not call.should("Remove-VM", Name):
        return {"Changed": False, "Existed": True}
    call.sleep(3)
    with call.realm.lock:
        _remove(call, vm)
        if disk is not None:
            delete(call, disk)
    return {"Changed": True, "Existed": True}


def _remove(call: Call, vm: Vm | None) -> None:
    if vm is None or vm.id not in call.machine.vms:
        return
    if vm.state == RUNNING:
        hyperv.stop(call, vm, "nested_vm_turned_off")
    hyperv.remove_vm(call, vm)


TABLE = (
    Function("Get-NestedVM", get_vm),
    Function("New-NestedVM", new_vm, changes=True),
    Function("Get-NestedVMProbe", get_probe),
    Function("Remove-NestedVM", remove_vm, changes=True),
)
