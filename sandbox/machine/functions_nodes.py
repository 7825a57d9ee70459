"""Nodes: VMs of a lab on this machine, from creation to removal."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from sandbox.machine import hyperv, vmrecords
from sandbox.machine.api import Credential
from sandbox.machine.call import Call
from sandbox.machine.errors import PsError
from sandbox.machine.function import Function, Range, Record, Switch
from sandbox.machine.functions_node_making import new_node
from sandbox.machine.functions_reports import pending_reasons
from sandbox.machine.life import OFF, RUNNING, SAVED, guest_of, heartbeat, owner_of, stage
from sandbox.machine.model import Machine, Vm
from sandbox.machine.network import find
from sandbox.machine.sessions import accepts

_NO_SET = "Parameter set cannot be resolved using the specified named parameters."
_OFF_SECONDS = 2
_SHUTDOWN_SECONDS = 20


def get_node(call: Call, *, VMId: UUID | None = None, Name: str = "", Owner: str = "") -> Record:
    """A node by id, or by name and owner."""
    _require_one(call, VMId, Name)
    hyperv.require(call, "GetVM", "Get-VM")
    call.sleep(0.5)
    with call.realm.lock:
        vm = call.machine.vms.get(str(VMId)) if VMId else _find(call, Name, Owner)
        if vm is None:
            return vmrecords.absent_node(str(VMId) if VMId else None, Name or None)
        return vmrecords.node(call, vm)


def _find(call: Call, name: str, owner: str) -> Vm | None:
    """The owner's VM of a name; without an owner the only one of the name, whoever made it."""
    if owner:
        return vmrecords.find_owned(call, name, owner)
    named = [vm for vm in call.machine.vms.values() if vm.name.lower() == name.lower()]
    return named[0] if len(named) == 1 else None


def _require_one(call: Call, vm_id: UUID | None, name: str) -> None:
    """Id and name are two parameter sets; without either the first one lacks its id."""
    if vm_id is None and not name:
        text = "Cannot process command because of one or more missing mandatory parameters: VMId."
        raise _unbound(call, "MissingMandatoryParameter", text)
    if vm_id is not None and name:
        raise _unbound(call, "AmbiguousParameterSet", _NO_SET)


def _unbound(call: Call, word: str, text: str) -> PsError:
    kind = "System.Management.Automation.ParameterBindingException"
    return PsError(f"{word},{call.name}", "InvalidArgument", text, exception_type=kind)


def _require_either(call: Call, *given: bool) -> None:
    if not any(given):
        raise _unbound(call, "AmbiguousParameterSet", _NO_SET)


def _vm(call: Call, vm_id: UUID) -> Vm:
    vm = call.machine.vms.get(str(vm_id))
    if vm is None:
        raise call.refuse("VmNotFound", "ObjectNotFound", f"there is no VM {vm_id}", str(vm_id))
    return vm


def start_node(call: Call, *, VMId: UUID) -> Record:
    """Give a node power."""
    hyperv.require(call, "GetVM", "Get-VM")
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


def stop_node(call: Call, *, VMId: UUID, TurnOff: Switch = False, Save: Switch = False) -> Record:
    """Shut a node down, save it, or cut its power."""
    saves = Save and not TurnOff
    hyperv.require(call, "GetVM", "Get-VM")
    with call.realm.lock:
        vm = _vm(call, VMId)
        off = vm.state == OFF or (saves and vm.state == SAVED)
    if off or not call.should("Stop-VM", vm.name):
        return {"Changed": False, "State": vm.state}
    how = "vm_turned_off" if TurnOff else hyperv.SAVE if saves else "vm_shut_down"
    call.sleep(_OFF_SECONDS if TurnOff or saves else _SHUTDOWN_SECONDS)
    with call.realm.lock:
        changed = vm.state != OFF and hyperv.stop(call, vm, how)
    return {"Changed": changed, "State": vm.state}


def remove_node(call: Call, *, VMId: UUID, Owner: str) -> Record:
    """Turn a node off and remove it; its files stay."""
    hyperv.require(call, "GetVM", "Get-VM")
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
        if vm.state not in {OFF, "Saved"}:
            hyperv.stop(call, vm, "vm_turned_off")
    call.sleep(2)
    with call.realm.lock:
        if vm.id in call.machine.vms:
            hyperv.remove_vm(call, vm)
    return {"Changed": True, "Existed": True}


def wait_node(
    call: Call,
    *,
    VMId: UUID,
    Stage: Literal["Running", "Heartbeat", "Off"],
    TimeoutSeconds: Annotated[int, Range(0, 3600)] = 30,
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
    known = guest if where == "setup_complete" else None
    complete = "IMAGE_STATE_COMPLETE" if where == "setup_complete" else "IMAGE_STATE_UNDEPLOYABLE"
    return {
        "Reached": reached,
        "Stage": where,
        "ImageState": complete if where != "no_session" else None,
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
