"""New-NestedNode: a VM of a lab is made, or one that is half made is found and completed, setting by setting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from sandbox.machine import files, hyperv, vmrecords
from sandbox.machine.call import Call
from sandbox.machine.function import Pattern, Range, Record
from sandbox.machine.life import OFF, owner_of
from sandbox.machine.model import Adapter, Vm

MOST_MIB = 12582912
_RANDOM_BITS = slice(22, 32)


@dataclass(frozen=True)
class Wanted:
    """What the node must be."""

    name: str
    owner: str
    memory_mib: int
    processors: int
    disk: str
    data_disks: tuple[str, ...]
    switch: str
    path: str
    version: str


def new_node(
    call: Call,
    *,
    Name: str,
    Owner: str,
    MemoryMib: Annotated[int, Range(32, MOST_MIB)],
    ProcessorCount: Annotated[int, Range(1, 2048)],
    DiskPath: str,
    SwitchName: str,
    Path: str,
    DataDiskPath: list[str] = [],  # noqa: B006 - never changed
    Version: Annotated[str, Pattern(r"|[0-9]{1,3}\.[0-9]{1,3}")] = "",
) -> Record:
    """A VM of a lab; one of this name and owner, or one without a mark in the lab's folder, is adopted, completed."""
    hyperv.require(call, "GetVM", "Get-VM")
    disks = vmrecords.disk_paths([DiskPath, *DataDiskPath])
    wanted = Wanted(
        Name, Owner, MemoryMib, ProcessorCount, disks[0], tuple(disks[1:]), SwitchName, Path.rstrip("\\/"), Version
    )
    with call.realm.lock:
        vm = _find(call, wanted)
        _refuse(call, wanted, vm)
    if not call.should("New-VM", Name):
        record = vmrecords.absent_node(None, Name) if vm is None else vmrecords.node(call, vm)
        return {**record, "Changed": False}
    made = vm is None
    if vm is None:
        call.sleep(2)
        with call.realm.lock:
            vm = _make(call, wanted)
        call.sleep(1)
    with call.realm.lock:
        completed = _complete(call, vm, wanted)
    call.sleep(1 if completed else 0)
    with call.realm.lock:
        return {**vmrecords.node(call, vm), "Changed": made or completed}


def _find(call: Call, wanted: Wanted) -> Vm | None:
    """The owner's VM of the name, or one that an interrupted creation left in the folder without a mark."""
    named = [vm for vm in call.machine.vms.values() if vm.name.lower() == wanted.name.lower()]
    ours = [vm for vm in named if owner_of(vm.notes) == wanted.owner or _is_left_over(vm, wanted)]
    if named and not ours:
        raise call.refuse("NameTaken", "ResourceExists", f"a VM {wanted.name} of someone else exists", wanted.name)
    return ours[-1] if ours else None


def _is_left_over(vm: Vm, wanted: Wanted) -> bool:
    return not vm.notes and vm.path.lower().startswith(f"{wanted.path.lower()}\\")


def _refuse(call: Call, wanted: Wanted, vm: Vm | None) -> None:
    if wanted.switch.lower() not in call.machine.switches:
        raise call.refuse("SwitchNotFound", "ObjectNotFound", f"there is no switch {wanted.switch}", wanted.switch)
    for path in (wanted.disk, *wanted.data_disks):
        if files.disk_at(call.machine, path) is None:
            raise call.refuse("DiskNotFound", "ObjectNotFound", f"there is no file {path}", path)
    if vm is None and not call.what_if:
        hyperv.require_version(call, wanted.version, wanted.name)


def _make(call: Call, wanted: Wanted) -> Vm:
    vm = hyperv.new_vm(
        call, wanted.name, vmrecords.notes_for(wanted.owner, wanted.name), wanted.memory_mib, wanted.version
    )
    vm.generation = 1 if wanted.disk.lower().endswith(".vhd") else 2
    vm.path, vm.disks = f"{wanted.path}\\{wanted.name}", [wanted.disk]
    vm.adapters[0].switch = wanted.switch
    return vm


def _complete(call: Call, vm: Vm, wanted: Wanted) -> bool:
    changed = [_mark(vm, wanted), _size(vm, wanted), _attach(vm, wanted), _connect(call, vm, wanted)]
    if any(changed):
        call.effect("vm_configured", vm.id)
    return any(changed)


def _mark(vm: Vm, wanted: Wanted) -> bool:
    if owner_of(vm.notes) == wanted.owner:
        return False
    vm.notes, vm.automatic_checkpoints = vmrecords.notes_for(wanted.owner, wanted.name), False
    vm.start_action = "StartIfRunning"
    return True


def _size(vm: Vm, wanted: Wanted) -> bool:
    """Processors and static memory; left alone while the VM is not off."""
    present = (vm.processor_count, vm.memory_startup_mib, vm.dynamic_memory)
    if vm.state != OFF or present == (wanted.processors, wanted.memory_mib, False):
        return False
    vm.processor_count, vm.memory_startup_mib, vm.dynamic_memory = wanted.processors, wanted.memory_mib, False
    return True


def _attach(vm: Vm, wanted: Wanted) -> bool:
    present = {path.lower() for path in vm.disks}
    missing = [path for path in wanted.data_disks if path.lower() not in present]
    vm.disks += missing
    return bool(missing)


def _connect(call: Call, vm: Vm, wanted: Wanted) -> bool:
    """The first adapter: there, connected, with an address that is known before the first start."""
    changed = not vm.adapters
    if not vm.adapters:
        vm.adapters.append(Adapter(hyperv.DEFAULT_ADAPTER, wanted.switch, call.realm.next_mac()))
    first = vm.adapters[0]
    if first.switch.lower() != wanted.switch.lower():
        first.switch, changed = wanted.switch, True
    mac = static_mac(vm)
    if vm.state == OFF and first.mac != mac:
        first.mac, changed = mac, True
    return changed


def static_mac(vm: Vm) -> str:
    """Locally administered, and the last 40 random bits of the VM's id."""
    return f"02{vm.id.replace('-', '')[_RANDOM_BITS].upper()}"
