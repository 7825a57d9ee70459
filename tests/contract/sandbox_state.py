"""Reads what the sandbox made of a world, as `observation` says it."""

from __future__ import annotations

from typing import Any

from sandbox.machine import cpu
from sandbox.machine.functions_reports import pending_reasons
from sandbox.machine.life import settle
from sandbox.machine.model import Cluster, Disk, Machine, Switch, Vm
from sandbox.machine.realm import Realm
from sandbox.machine.world import World
from tests.contract.observation import by_name, owner_of, without_available
from tests.contract.world import KNOWN_PASSWORDS

_WITNESSES = {"": "none", "File Share Witness": "file_share", "Cloud Witness": "cloud", "Cluster Disk 1": "disk"}


def observe(world: World) -> tuple[dict[str, Any], dict[str, str]]:
    """The world as it is now, and what its ids stand for."""
    realm = world.realm
    with realm.lock:
        paths = _paths(realm)
        machines = {path: _machine(realm, machine) for path, machine in paths.items()}
        by_uid = {machine.uid: path for path, machine in paths.items()}
        clusters = {one.name: _cluster(one, by_uid) for one in realm.state.clusters.values()}
        return {"machines": machines, "clusters": clusters}, _names(paths)


def _paths(realm: Realm) -> dict[str, Machine]:
    (host,) = realm.state.hosts.values()
    found = {"host": host}
    waiting = [("host", host)]
    while waiting:
        path, machine = waiting.pop(0)
        for vm in machine.vms.values():
            for disk in filter(None, (machine.disks.get(one.lower()) for one in vm.disks)):
                if disk.system is not None:
                    inner = vm.name if path == "host" else f"{path}/{vm.name}"
                    found[inner] = disk.system
                    waiting.append((inner, disk.system))
    return found


def _names(paths: dict[str, Machine]) -> dict[str, str]:
    names = {}
    for path, machine in paths.items():
        for vm in machine.vms.values():
            names[vm.id.lower()] = f"<vm {vm.name} on {path}>"
        for switch in machine.switches.values():
            names[switch.id.lower()] = f"<switch {switch.name} on {path}>"
    return names


def _machine(realm: Realm, machine: Machine) -> dict[str, Any]:
    settle(realm, machine)
    return {
        "powered": machine.powered,
        "computer_name": machine.computer_name,
        "domain": machine.domain,
        "passwords": {name: _password(realm, one) for name, one in sorted(machine.accounts.items())},
        "features": without_available(machine.features),
        "pending_reboot": bool(pending_reasons(machine)),
        "hypervisor_running": cpu.launched(machine),
        "cluster": machine.cluster,
        "vms": by_name((vm.name, _vm(machine, vm)) for vm in machine.vms.values()),
        "switches": by_name((one.name, _switch(one)) for one in machine.switches.values()),
        "nats": by_name((nat.name, nat.prefix) for nat in machine.nats.values()),
        "disks": {disk.path.lower(): _disk(disk) for disk in sorted(machine.disks.values(), key=lambda one: one.path)},
        "network": _network(machine),
        "seed_left": machine.seeded and not machine.seed_removed,
        "firewall": sorted(machine.firewall_groups),
        "calls": {
            key: {"name": one.name, "status": one.status, "fence": one.fence}
            for key, one in sorted(machine.journal.items())
        },
        "fences": dict(sorted(machine.fences.items())),
    }


def _password(realm: Realm, hashed: str) -> str:
    return next((word for text, word in KNOWN_PASSWORDS.items() if realm.password_hash(text) == hashed), "?")


def _vm(machine: Machine, vm: Vm) -> dict[str, Any]:
    return {
        "owner": owner_of(vm.notes),
        "state": vm.state,
        "generation": vm.generation,
        "version": vm.version,
        "processor_count": vm.processor_count,
        "memory_mib": vm.memory_startup_mib,
        "dynamic_memory": vm.dynamic_memory,
        "exposed": vm.exposed,
        "automatic_checkpoints": vm.automatic_checkpoints,
        "start_action": vm.start_action,
        "adapters": [
            {"name": one.name, "switch": _switch_name(machine, one.switch), "spoofing": one.spoofing}
            for one in vm.adapters
        ],
        "disks": [path.lower() for path in vm.disks],
        "checkpoints": vm.checkpoints,
    }


def _switch_name(machine: Machine, name: str) -> str:
    switch = machine.switches.get(name.lower())
    return switch.name if switch else ""


def _switch(switch: Switch) -> dict[str, Any]:
    address = f"{switch.host_address}/{switch.prefix_length}" if switch.host_address else ""
    return {"kind": switch.kind, "owner": switch.owner, "address": address}


def _disk(disk: Disk) -> dict[str, Any]:
    return {
        "kind": disk.kind,
        "size_gib": disk.size_gib,
        "parent": disk.parent.lower(),
        "owner": disk.owner,
        "seeded": disk.seed is not None,
        "read_only": disk.read_only,
        "mounted": bool(disk.attached),
    }


def _network(machine: Machine) -> dict[str, Any]:
    interfaces = machine.interfaces.values()
    return {
        "addresses": sorted(address for one in interfaces for address in one.addresses),
        "gateway": ", ".join(one.gateway for one in interfaces if one.gateway),
        "dns": sorted(server for one in interfaces for server in one.dns),
        "dns_suffix": machine.dns_suffix,
        "hosts": dict(machine.hosts_file),
        "private": machine.network_category == "Private",
        "token_filter_policy": machine.token_filter_policy,
    }


def _cluster(cluster: Cluster, by_uid: dict[str, str]) -> dict[str, Any]:
    return {
        "access_point": cluster.access_point,
        "address": cluster.address,
        "nodes": sorted(by_uid.get(uid, uid) for uid in cluster.members),
        "stopped": sorted(by_uid.get(uid, uid) for uid in cluster.stopped),
        "paused": sorted(by_uid.get(uid, uid) for uid in cluster.paused),
        "witness": _WITNESSES.get(cluster.witness, cluster.witness),
        "storage": cluster.storage,
        "pool": cluster.pool,
    }
