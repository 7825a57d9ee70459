"""The host-side script: everything that lets a VM run Hyper-V itself, each setting compared on its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from sandbox.machine import hyperv
from sandbox.machine.call import Call
from sandbox.machine.function import Function, Range, Record, Switch
from sandbox.machine.functions_node_making import MOST_MIB
from sandbox.machine.life import OFF, label_of
from sandbox.machine.model import Adapter, Vm

MEMORY_LEAST_MIB = 4096
_SPOOFING = "MacAddressSpoofing:"


@dataclass(frozen=True)
class Setting:
    """One setting of a VM: its name, how it reads and how it is written (None: only reported)."""

    name: str
    read: Callable[[Vm], str]
    write: Callable[[Vm, str], None]


def _settings(call: Call, vm: Vm) -> list[Setting]:
    fixed = [
        Setting("DynamicMemoryEnabled", lambda it: str(it.dynamic_memory), _set_dynamic(call)),
        Setting("MemoryStartupMib", lambda it: str(it.memory_startup_mib), _set_startup(call)),
        Setting("ExposeVirtualizationExtensions", lambda it: str(it.exposed), _set_exposed(call)),
        Setting("AutomaticCheckpointsEnabled", lambda it: str(it.automatic_checkpoints), _set_checkpoints),
    ]
    return fixed + [_spoofing(call, name, adapter) for name, adapter in _ports(call, vm)]


def _ports(call: Call, vm: Vm) -> list[tuple[str, Adapter]]:
    """The connected adapters by the names of their settings: of those that share a name the later ones get a number."""
    found: list[tuple[str, Adapter]] = []
    used: Counter[str] = Counter()
    for adapter in vm.adapters:
        if adapter.switch.lower() not in call.machine.switches:
            continue
        name = f"{_SPOOFING}{adapter.name}"
        used[name.lower()] += 1
        number = used[name.lower()]
        found.append((name if number == 1 else f"{name} ({number})", adapter))
    return found


def _set_dynamic(call: Call) -> Callable[[Vm, str], None]:
    return lambda vm, value: hyperv.set_memory(call, vm, vm.memory_startup_mib, value == "True")


def _set_startup(call: Call) -> Callable[[Vm, str], None]:
    return lambda vm, value: hyperv.set_memory(call, vm, int(value), vm.dynamic_memory)


def _set_exposed(call: Call) -> Callable[[Vm, str], None]:
    return lambda vm, value: hyperv.set_exposed(call, vm, value == "True")


def _set_checkpoints(vm: Vm, value: str) -> None:
    vm.automatic_checkpoints = value == "True"


def _spoofing(call: Call, name: str, adapter: Adapter) -> Setting:
    def write(vm: Vm, value: str) -> None:
        adapter.spoofing = value == "On"
        if adapter.spoofing:
            call.realm.effect("spoofing_enabled", f"{label_of(call.machine, vm)}:{adapter.name}")

    return Setting(name, lambda _: "On" if adapter.spoofing else "Off", write)


def enable(
    call: Call, *, VMId: UUID, MemoryMib: Annotated[int, Range(0, MOST_MIB)] = 0, AllowSmallMemory: Switch = False
) -> Record:
    """Static memory, exposed extensions, no automatic checkpoints, MAC spoofing: all read back."""
    hyperv.require(call, "GetVM", "Get-VM")
    with call.realm.lock:
        vm = _vm(call, VMId)
        wanted = _wanted(call, vm, MemoryMib)
        differ = _differ(call, vm, wanted)
        _refuse(call, vm, int(wanted["MemoryStartupMib"]), AllowSmallMemory, bool(differ))
        if vm.checkpoints:
            call.streams.warning(f"{vm.name} has {vm.checkpoints} checkpoints")
    answer = _apply(call, vm, wanted)
    wrong = [row["Setting"] for row in answer["Settings"] if row["After"] != wanted[row["Setting"]]]
    if wrong and not call.what_if:
        raise call.refuse("NotConverged", "InvalidResult", f"read back differently: {', '.join(wrong)}", vm.name)
    return answer


def _vm(call: Call, vm_id: UUID) -> Vm:
    vm = call.machine.vms.get(str(vm_id))
    if vm is None:
        raise call.refuse("VmNotFound", "ObjectNotFound", f"there is no VM {vm_id}", str(vm_id))
    return vm


def _wanted(call: Call, vm: Vm, memory_mib: int) -> dict[str, str]:
    return {
        "DynamicMemoryEnabled": "False",
        "MemoryStartupMib": str(memory_mib or vm.memory_startup_mib),
        "ExposeVirtualizationExtensions": "True",
        "AutomaticCheckpointsEnabled": "False",
        **dict.fromkeys((name for name, _ in _ports(call, vm)), "On"),
    }


def _differ(call: Call, vm: Vm, wanted: dict[str, str]) -> list[Setting]:
    return [item for item in _settings(call, vm) if item.name in wanted and item.read(vm) != wanted[item.name]]


def _refuse(call: Call, vm: Vm, memory_mib: int, small: bool, differs: bool) -> None:
    reason = hyperv.why_not_nest(call.realm, call.machine)
    if reason:
        raise call.refuse("HostCannotNest", "NotImplemented", reason, vm.name)
    if not hyperv.can_nest(call.realm, call.machine, vm.version):
        raise call.refuse("VmVersionTooLow", "InvalidOperation", f"version {vm.version} cannot nest", vm.name)
    if memory_mib < MEMORY_LEAST_MIB and not small:
        text = f"{memory_mib} MiB is less than {MEMORY_LEAST_MIB}"
        raise call.refuse("MemoryTooSmall", "InvalidArgument", text, vm.name)
    if differs:
        _refuse_state(call, vm)


def _refuse_state(call: Call, vm: Vm) -> None:
    if vm.state == "Saved":
        raise call.refuse("VmSaved", "InvalidOperation", f"{vm.name} is saved", vm.name)
    if vm.state != OFF:
        raise call.refuse("VmNotOff", "InvalidOperation", f"{vm.name} is {vm.state}", vm.name)


def _apply(call: Call, vm: Vm, wanted: dict[str, str]) -> Record:
    """Write what differs and read back; under -WhatIf the rows say what would be."""
    before = {item.name: item.read(vm) for item in _settings(call, vm)}
    goal = {name: wanted.get(name, value) for name, value in before.items()}
    if before == goal or not call.should(call.name, vm.name):
        return {**_answer(vm, before, goal), "Changed": False}
    for item in _settings(call, vm):
        if before[item.name] != goal[item.name]:
            call.sleep(0.5)
            with call.realm.lock:
                item.write(vm, goal[item.name])
                call.realm.changed()
    call.sleep(0.5)
    return _answer(vm, before, {item.name: item.read(vm) for item in _settings(call, vm)})


def _answer(vm: Vm, before: dict[str, str], after: dict[str, str]) -> Record:
    rows = [
        {"Setting": name, "Before": value, "After": after[name], "Changed": value != after[name]}
        for name, value in before.items()
    ]
    return {"Changed": True, "VMId": vm.id, "Name": vm.name, "Settings": rows}


def disable(call: Call, *, VMId: UUID, Settings: list[Any] = []) -> Record:  # noqa: B006 - never changed
    """Go back to what `Settings` says was before; without it: extensions off, spoofing off."""
    hyperv.require(call, "GetVM", "Get-VM")
    with call.realm.lock:
        vm = _vm(call, VMId)
        wanted = {row["Setting"]: str(row["Before"]) for row in Settings}
        if not Settings:
            wanted = {"ExposeVirtualizationExtensions": "False"}
            wanted |= dict.fromkeys((name for name, _ in _ports(call, vm)), "Off")
        if _differ(call, vm, wanted) and vm.state != OFF:
            raise call.refuse("VmNotOff", "InvalidOperation", f"{vm.name} is {vm.state}", vm.name)
    return _apply(call, vm, wanted)


TABLE = (
    Function("Enable-NestedVirtualization", enable, changes=True),
    Function("Disable-NestedVirtualization", disable, changes=True),
)
