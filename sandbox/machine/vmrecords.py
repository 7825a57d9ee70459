"""The records that functions give about VMs. Callers hold the realm's lock."""

from __future__ import annotations

import json

from sandbox.machine import files, network
from sandbox.machine.call import Call
from sandbox.machine.function import Record
from sandbox.machine.life import RUNNING, guest_of, heartbeat, owner_of
from sandbox.machine.model import Vm


def notes_for(owner: str, node: str) -> str:
    """The Notes of a VM that belongs to a lab."""
    return json.dumps({"matryoshka": {"owner": owner, "node": node}}, separators=(",", ":"))


def find_owned(call: Call, name: str, owner: str) -> Vm | None:
    """The VM of this name and owner; None when there is none."""
    for vm in call.machine.vms.values():
        if vm.name.lower() == name.lower() and owner_of(vm.notes) == owner:
            return vm
    return None


def find_foreign(call: Call, name: str, owner: str) -> Vm | None:
    """A VM of this name that is not this owner's; None when there is none."""
    for vm in call.machine.vms.values():
        if vm.name.lower() == name.lower() and owner_of(vm.notes) != owner:
            return vm
    return None


def uptime(call: Call, vm: Vm) -> int:
    """Seconds since the VM got power; 0 when it is off."""
    return int(call.realm.clock.now() - vm.started_at) if vm.state == RUNNING else 0


def absent_node(vm_id: str | None, name: str | None) -> Record:
    """The node record of nothing."""
    return {**dict.fromkeys(_NODE_FIELDS), "Exists": False, "VMId": vm_id, "Name": name, "Adapters": [], "Disks": []}


def node(call: Call, vm: Vm) -> Record:
    """The node record of docs/functions.md."""
    return {
        "Exists": True,
        "VMId": vm.id,
        "Name": vm.name,
        "Owner": owner_of(vm.notes) or None,
        "State": vm.state,
        "Generation": vm.generation,
        "Version": vm.version,
        "ProcessorCount": vm.processor_count,
        "MemoryStartupMib": vm.memory_startup_mib,
        "MemoryAssignedMib": vm.memory_startup_mib if vm.state == RUNNING else 0,
        "DynamicMemoryEnabled": vm.dynamic_memory,
        "ExposeVirtualizationExtensions": vm.exposed,
        "AutomaticCheckpointsEnabled": vm.automatic_checkpoints,
        "Adapters": adapters(call, vm),
        "Disks": list(vm.disks),
        "CheckpointCount": vm.checkpoints,
        "Heartbeat": heartbeat(call.realm, call.machine, vm),
        "UptimeSeconds": uptime(call, vm),
    }


_NODE_FIELDS = (
    "Exists", "VMId", "Name", "Owner", "State", "Generation", "Version", "ProcessorCount", "MemoryStartupMib",
    "MemoryAssignedMib", "DynamicMemoryEnabled", "ExposeVirtualizationExtensions", "AutomaticCheckpointsEnabled",
    "Adapters", "Disks", "CheckpointCount", "Heartbeat", "UptimeSeconds",
)  # fmt: skip


def adapters(call: Call, vm: Vm) -> list[Record]:
    """A VM's adapters; addresses are known only once its guest services report them."""
    guest = guest_of(call.machine, vm)
    return [
        {
            "Name": item.name,
            "SwitchName": item.switch or None,
            "Connected": item.switch.lower() in call.machine.switches,
            "MacAddress": item.mac,
            "MacAddressSpoofing": "On" if item.spoofing else "Off",
            "IPAddresses": network.reported_addresses(call.realm, guest, item),
        }
        for item in vm.adapters
    ]


def nested(call: Call, vm: Vm | None, name: str, owner: str) -> Record:
    """The record of Get-NestedVM."""
    return {
        "Exists": vm is not None,
        "VMId": vm.id if vm else None,
        "Name": name,
        "Owner": owner if vm else None,
        "State": vm.state if vm else None,
        "UptimeSeconds": uptime(call, vm) if vm else None,
        "MemoryAssignedMib": vm.memory_startup_mib if vm and vm.state == RUNNING else 0 if vm else None,
    }


def disk_paths(paths: list[str]) -> list[str]:
    """Paths with Windows' separators."""
    return [files.normal(path) for path in paths]
