"""Nodes: VMs of a lab on this machine, from creation to removal."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from sandbox.machine import files, hyperv, vmrecords
from sandbox.machine.api import Credential
from sandbox.machine.call import Call
from sandbox.machine.errors import PsError
from sandbox.machine.function import Function, Record, Switch
from sandbox.machine.functions_reports import pending_reasons
from sandbox.machine.life import OFF, RUNNING, guest_of, heartbeat, owner_of, stage
from sandbox.machine.model import Machine, Vm
from sandbox.machine.network import find
from sandbox.machine.sessions import accepts

_DEFAULT_MEMORY_MIB = 512
_OFF_SECONDS = 2
_SHUTDOWN_SECONDS = 20


def get_node(call: Call, *, VMId: UUID | None = None, Name: str = "", Owner: str = "") -> Record:
    """A node by id, or by name and owner."""
    _require_either(call, bool(VMId), bool(Name))
    hyperv.require(call, "GetVM", "Get-VM")
    call.sleep(0.5)
    with call.realm.lock:
        vm = call.machine.vms.get(str(VMId)) if VMId else vmrecords.find_owned(call, Name, Owner)
        if vm is None:
            return vmrecords.absent_node(str(VMId) if VMId else None, Name or None)
        return vmrecords.node(call, vm)


def _require_either(call: Call, *given: bool) -> None:
    if not any(given):
        raise PsError(
            f"AmbiguousParameterSet,{call.name}",
            "InvalidArgument",
            "Parameter set cannot be resolved using the specified named parameters.",
            exception_type="System.Management.Automation.ParameterBindingException",
        )


def new_node(
    call: Call,
    *,
    Name: str,
    Owner: str,
    MemoryMib: int,
    ProcessorCount: int,
    DiskPath: str,
    SwitchName: str,
    Path: str,
    DataDiskPath: list[str] = [],  # noqa: B006 - never changed
    Version: str = "",
) -> Record:
    """A VM of a lab; one of this name and owner is adopted and completed."""
    hyperv.require(call, "NewVM", "New-VM")
    disks = vmrecords.disk_paths([DiskPath, *DataDiskPath])
    with call.realm.lock:
        vm = vmrecords.find_owned(call, Name, Owner)
        if vm is None and vmrecords.find_foreign(call, Name, Owner) is not None:
            raise call.refuse("NameTaken", "ResourceExists", f"a VM {Name} of someone else exists", Name)
        _refuse_node(call, SwitchName, disks)
    if vm is None:
        if not call.should("New-VM", Name):
            return {**vmrecords.absent_node(None, Name), "Changed": False}
        call.sleep(2)
        with call.realm.lock:
            vm = hyperv.new_vm(call, Name, vmrecords.notes_for(Owner, Name), MemoryMib, Version)
            vm.path = Path
        call.sleep(1)
        changed = True
    else:
        changed = False
    with call.realm.lock:
        completed = _complete(call, vm, ProcessorCount, SwitchName, disks)
    call.sleep(1 if completed else 0)
    with call.realm.lock:
        return {**vmrecords.node(call, vm), "Changed": changed or completed}


def _refuse_node(call: Call, switch: str, disks: list[str]) -> None:
    if switch.lower() not in call.machine.switches:
        raise call.refuse("SwitchNotFound", "ObjectNotFound", f"there is no switch {switch}", switch)
    for path in disks:
        if files.disk_at(call.machine, path) is None:
            raise call.refuse("DiskNotFound", "ObjectNotFound", f"there is no file {path}", path)


def _complete(call: Call, vm: Vm, processors: int, switch: str, disks: list[str]) -> bool:
    adapter = vm.adapters[0]
    wanted = (processors, switch, disks, False)
    if (vm.processor_count, adapter.switch, vm.disks, vm.automatic_checkpoints) == wanted:
        return False
    if not call.should("Set-VM", vm.name):
        return False
    vm.processor_count, adapter.switch, vm.disks = processors, switch, list(disks)
    vm.automatic_checkpoints = False
    call.effect("vm_configured", vm.id)
    return True


def _vm(call: Call, vm_id: UUID) -> Vm:
    vm = call.machine.vms.get(str(vm_id))
    if vm is None:
        raise call.refuse("VmNotFound", "ObjectNotFound", f"there is no VM {vm_id}", str(vm_id))
    return vm


def start_node(call: Call, *, VMId: UUID) -> Record:
    """Give a node power."""
    hyperv.require(call, "StartVM", "Start-VM")
    with call.realm.lock:
        vm = _vm(call, VMId)
        running = vm.state == RUNNING
    if running or not call.should("Start-VM", vm.name):
        return {"Changed": False, "State": vm.state}
    call.sleep(2)
    with call.realm.lock:
        changed = hyperv.start(call, vm)
    call.sleep(1)
    return {"Changed": changed, "State": vm.state}


def stop_node(call: Call, *, VMId: UUID, TurnOff: Switch = False) -> Record:
    """Shut a node down, or cut its power."""
    hyperv.require(call, "StopVM", "Stop-VM")
    with call.realm.lock:
        vm = _vm(call, VMId)
        off = vm.state == OFF
    if off or not call.should("Stop-VM", vm.name):
        return {"Changed": False, "State": vm.state}
    call.sleep(_OFF_SECONDS if TurnOff else _SHUTDOWN_SECONDS)
    with call.realm.lock:
        changed = vm.state != OFF and hyperv.stop(call, vm, "vm_turned_off" if TurnOff else "vm_shut_down")
    return {"Changed": changed, "State": vm.state}


def remove_node(call: Call, *, VMId: UUID, Owner: str) -> Record:
    """Turn a node off and remove it; its files stay."""
    hyperv.require(call, "RemoveVM", "Remove-VM")
    with call.realm.lock:
        vm = call.machine.vms.get(str(VMId))
        if vm is None:
            return {"Changed": False, "Existed": False}
        if owner_of(vm.notes) != Owner:
            raise call.refuse("NotOwned", "PermissionDenied", f"{vm.name} belongs to someone else", vm.name)
    if not call.should("Remove-VM", vm.name):
        return {"Changed": False, "Existed": True}
    call.sleep(2)
    with call.realm.lock:
        if vm.state != OFF:
            hyperv.stop(call, vm, "vm_turned_off")
    call.sleep(2)
    with call.realm.lock:
        if vm.id in call.machine.vms:
            hyperv.remove_vm(call, vm)
    return {"Changed": True, "Existed": True}


def wait_node(
    call: Call, *, VMId: UUID, Stage: Literal["Running", "Heartbeat", "Off"], TimeoutSeconds: int = 30
) -> Record:
    """Wait until a node is running, has a heartbeat or is off."""
    hyperv.require(call, "GetVM", "Get-VM")
    with call.realm.lock:
        _vm(call, VMId)

    def ready() -> bool:
        vm = _vm(call, VMId)
        if Stage == "Heartbeat":
            return (heartbeat(call.realm, call.machine, vm) or "").startswith("Ok")
        return vm.state == Stage

    reached = call.wait(ready, TimeoutSeconds)
    with call.realm.lock:
        vm = _vm(call, VMId)
        return {"Reached": reached, "State": vm.state, "Heartbeat": heartbeat(call.realm, call.machine, vm)}


def wait_guest(
    call: Call,
    *,
    Credential: Credential,
    VMId: UUID | None = None,
    ComputerName: str = "",
    NotBootId: str = "",
    TimeoutSeconds: int = 30,
) -> Record:
    """Wait until a guest answers, has finished its setup and is in another boot than `NotBootId`."""
    _require_either(call, VMId is not None, bool(ComputerName))

    def reached() -> bool:
        guest = _guest(call, VMId, ComputerName)
        if guest is None or stage(call.realm, guest) == "no_session":
            return False
        if not accepts(call.realm, guest, Credential):
            text = "The credential is invalid."
            raise call.refuse("GuestCredentialRejected", "AuthenticationError", text, guest.computer_name)
        return stage(call.realm, guest) == "setup_complete" and guest.boot_id != NotBootId

    done = call.wait(reached, TimeoutSeconds)
    with call.realm.lock:
        return _guest_record(call, done, _guest(call, VMId, ComputerName))


def _guest(call: Call, vm_id: UUID | None, computer_name: str) -> Machine | None:
    if vm_id is None:
        return find(call.realm, call.machine, computer_name)
    return guest_of(call.machine, _vm(call, vm_id))


def _guest_record(call: Call, reached: bool, guest: Machine | None) -> Record:
    where = stage(call.realm, guest) if guest is not None else "no_session"
    known = guest if where != "no_session" else None
    complete = "IMAGE_STATE_COMPLETE" if where == "setup_complete" else "IMAGE_STATE_UNDEPLOYABLE"
    return {
        "Reached": reached,
        "Stage": where,
        "ImageState": complete if known else None,
        "BootId": known.boot_id if known else None,
        "PendingReboot": bool(pending_reasons(known)) if known else None,
    }


TABLE = (
    Function("Get-NestedNode", get_node),
    Function("New-NestedNode", new_node, changes=True),
    Function("Start-NestedNode", start_node, changes=True),
    Function("Stop-NestedNode", stop_node, changes=True),
    Function("Remove-NestedNode", remove_node, changes=True),
    Function("Wait-NestedNode", wait_node),
    Function("Wait-NestedGuest", wait_guest),
)
