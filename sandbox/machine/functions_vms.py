"""Nested VMs: small VMs inside a node, the proof that nesting works."""

from __future__ import annotations

from uuid import UUID

from sandbox.machine import cpu, files, hyperv, vmrecords, winerrors
from sandbox.machine.api import Credential
from sandbox.machine.call import Call
from sandbox.machine.errors import PsError
from sandbox.machine.function import Function, Record
from sandbox.machine.functions_disks import delete
from sandbox.machine.life import RUNNING, guest_of, stage
from sandbox.machine.model import Vm
from sandbox.machine.sessions import accepts

DISK_FOLDER = "C:\\Users\\Public\\Documents\\Hyper-V\\Virtual Hard Disks"
CONFIGURATION_FOLDER = "C:\\ProgramData\\Microsoft\\Windows\\Hyper-V"
_GUEST_TIMEOUT_SECONDS = 600


def get_vm(call: Call, *, Name: str, Owner: str) -> Record:
    """A nested VM by name and owner."""
    _require(call, "GetVM", "Get-VM", "Get-MkVMByName")
    call.sleep(0.5)
    with call.realm.lock:
        return vmrecords.nested(call, vmrecords.find_owned(call, Name, Owner), Name, Owner)


def _require(call: Call, cmdlet: str, command: str, inside: str) -> None:
    """As hyperv.require. `inside`: the module's function that a missing cmdlet ends (part of the id)."""
    try:
        hyperv.require(call, cmdlet, command)
    except PsError as error:
        if error.fqid == "CommandNotFoundException":
            error.fqid += f",{inside}"
        raise


def _require_host(call: Call) -> None:
    """What asks the host for its folders first."""
    _require(call, "GetVMHost", "Get-VMHost", "Get-MkNestedVMFolder")


def disk_path_of(name: str, owner: str, extension: str = ".vhdx") -> str:
    """Where a nested VM's own differencing disk lies."""
    return f"{DISK_FOLDER}\\{owner}\\{name}{extension}"


def _find(call: Call, name: str, owner: str) -> Vm | None:
    """The owner's VM of the name, or one that an interrupted creation left in the owner's folder without a mark."""
    found = vmrecords.find_owned(call, name, owner)
    folder = f"{CONFIGURATION_FOLDER}\\{owner}\\".lower()
    named = [vm for vm in call.machine.vms.values() if vm.name.lower() == name.lower() and not vm.notes]
    return found or next((vm for vm in named if vm.path.lower().startswith(folder)), None)


def new_vm(
    call: Call, *, Name: str, Owner: str, MemoryMib: int = 64, ParentDiskPath: str = "", SwitchName: str = ""
) -> Record:
    """Make a VM, start it, read Running back."""
    _require_host(call)
    with call.realm.lock:
        vm = _find(call, Name, Owner)
        _refuse(call, vm, Name, Owner, ParentDiskPath)
        done = vm is not None and vm.state == RUNNING
    if done or not call.should("New-VM", Name):
        with call.realm.lock:
            return {**vmrecords.nested(call, vm, Name, Owner), "Changed": False}
    call.sleep(3)
    with call.realm.lock:
        vm = vm or _create(call, Name, Owner, MemoryMib, parent=ParentDiskPath, switch=SwitchName)
        vm.notes = vmrecords.notes_for(Owner, Name)
    call.sleep(1)
    with call.realm.lock:
        if vm.state != RUNNING:
            hyperv.start(call, vm)
    call.sleep(2)
    with call.realm.lock:
        return {**vmrecords.nested(call, vm, Name, Owner), "Changed": True}


def _refuse(call: Call, own: Vm | None, name: str, owner: str, parent: str) -> None:
    if own is None and vmrecords.find_foreign(call, name, owner) is not None:
        raise call.refuse("NameTaken", "ResourceExists", f"a VM {name} of someone else exists", name)
    if parent and files.disk_at(call.machine, parent) is None:
        raise call.refuse("ParentNotFound", "ObjectNotFound", f"there is no file {parent}", parent)


def _create(call: Call, name: str, owner: str, memory_mib: int, *, parent: str, switch: str) -> Vm:
    """Its disk first, then the VM, as New-VM wants them."""
    extension = ".vhd" if parent.lower().endswith(".vhd") else ".vhdx"
    path = disk_path_of(name, owner, extension)
    if parent and files.disk_at(call.machine, path) is None:
        files.new_vhd(call, path, parent, 0, owner)
    if switch and switch.lower() not in call.machine.switches:
        raise winerrors.switch_missing("NewVM", switch)
    vm = hyperv.new_vm(call, name, "", memory_mib)
    vm.path, vm.generation = f"{CONFIGURATION_FOLDER}\\{owner}\\{name}", 1 if extension == ".vhd" else 2
    vm.adapters[0].switch = switch
    vm.disks = [path] if parent else []
    return vm


def get_probe(call: Call, *, VMId: UUID, Credential: Credential | None = None) -> Record:
    """Whether the VM runs; with an account of its guest, what that guest's CPU shows."""
    _require(call, "GetVM", "Get-VM", "Get-MkVM")
    call.sleep(2)
    with call.realm.lock:
        vm = call.machine.vms.get(str(VMId))
        guest = guest_of(call.machine, vm) if vm is not None else None
    if vm is None:
        return _probe_record(Vm(str(VMId), "", state=""), None, "there is no such VM")
    if Credential is None:
        return _probe_record(vm, None, "no guest credential was given")
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
    _require_host(call)
    with call.realm.lock:
        vm = _find(call, Name, Owner)
        paths = [disk_path_of(Name, Owner), disk_path_of(Name, Owner, ".vhd"), *(vm.disks if vm is not None else ())]
        disks = {path.lower(): files.disk_at(call.machine, path) for path in paths}
        owned = [disk for disk in disks.values() if disk is not None and disk.owner == Owner]
        foreign = vmrecords.find_foreign(call, Name, Owner)
        if vm is None and not owned:
            if foreign is not None:
                raise call.refuse("NotOwned", "PermissionDenied", f"{Name} belongs to someone else", Name)
            return {"Changed": False, "Existed": False}
    if not call.should("Remove-VM", Name):
        return {"Changed": False, "Existed": True}
    call.sleep(3)
    with call.realm.lock:
        _remove(call, vm)
        for disk in owned:
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
