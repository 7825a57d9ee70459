"""Renders a world for the pretended Windows: its JSON, as tests/powershell/fakes/README.md says it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.contract.engine_files import text_of, uid_of, write_files
from tests.contract.engine_network import mac_of, network
from tests.contract.faults import engine_faults
from tests.contract.world import Cluster, Disk, Machine, Place, Vm, World, made_id, vm_id

GIB = 1024**3
MIB = 1024**2
DAY_SECONDS = 86400
_CPUS = {
    "intel": ("GenuineIntel", "Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz", "000000CC"),
    "amd": ("AuthenticAMD", "AMD EPYC 7763 64-Core Processor", "0A0011D1"),
}
_GUEST_MICROCODE = "FFFFFFFF"
_GUEST_KEY = "HKLM:\\SOFTWARE\\Microsoft\\Virtual Machine\\Guest\\Parameters"
_POLICY_KEY = "HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System"
_BOOT_KEY = "HKLM:\\BCD00000000\\Objects"
_TCPIP_KEY = "HKLM:\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters"
_CLUSTER_KEY = "HKLM:\\SYSTEM\\CurrentControlSet\\Services\\ClusSvc"
_AUTOMATIC, _DISABLED = 2, 4
_SETUP_KEY = "HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Setup\\State"


def write_world(world: World, folder: Path, now: datetime) -> Path:
    """Make the world's file and folders; return the file."""
    folder.mkdir(parents=True)
    made = {place.path: _machine(world, place, now) for place in world.machines()}
    for place in world.machines():
        write_files(place, folder, now)
    document = {
        "language": world.language or "de-DE",
        "sequence": 1000,
        "faults": engine_faults(world),
        "times": dict.fromkeys(("boot", "session", "setup", "restart", "second_reboot", "cluster"), 0),
        "calls": [],
        "machines": {uid_of(path): machine for path, machine in made.items()},
        "clusters": {item.name: _cluster(world, item) for item in world.clusters},
        "domains": [dict(zip(("name", "netbios", "user", "password"), one, strict=True)) for one in world.domains],
        "addresses_in_use": list(world.addresses_in_use),
    }
    path = folder / "world.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def _machine(world: World, place: Place, now: datetime) -> dict[str, Any]:
    machine, release = place.machine, world.build_of(place)
    disks = {
        disk.path.lower(): _vhd(place, disk, number)
        for number, disk in enumerate(machine.all_disks())
        if not disk.mark_only
    }
    return {
        "uid": uid_of(place.path),
        "computer_name": machine.computer_name,
        "level": place.level,
        "host": uid_of(place.host.path) if place.host else "",
        "vm": vm_id(place.vm, place.host.path) if place.vm and place.host else "",
        "os_build": release.build,
        "caption": release.caption,
        "installation_type": machine.installation_type,
        "cpu": _cpu(world, place),
        "memory_mib": machine.memory_gib * 1024,
        "is_admin": machine.is_admin,
        "is_hyperv_admin": machine.is_hyperv_admin,
        "powered": place.vm is None or place.vm.state == "Running",
        "setup_complete": machine.setup_complete,
        "boots": 1,
        # Boot times are 0 here: what is not up yet boots tomorrow.
        "booted_at": text_of(now - timedelta(seconds=DAY_SECONDS if machine.up else -DAY_SECONDS)),
        "domain": machine.domain,
        "accounts": {"administrator": machine.password, **{key.lower(): one for key, one in machine.accounts.items()}},
        "features": dict(machine.features),
        "pending_reboot": "InstallPending" in machine.features.values(),
        "hypervisor_running": place.has_hypervisor,
        "vbs_status": 2 if world.vbs_running and place.level == 0 else 0,
        "services": _services(world, place),
        "events": _events(world, place, now),
        "registry": {
            **_registry(place, joined=any(place.path in one.nodes for one in world.clusters)),
            **_boot_store(world, place),
        },
        "volumes": [{"path": "C:\\", "filesystem": "NTFS", "free": _free(machine), "size": machine.disk_gib * GIB}],
        **network(place),
        "wsman": {
            "MaxShellsPerUser": 30,
            "MaxMemoryPerShellMB": 1024,
            # Who wrote the hosts file trusts the others, too.
            "TrustedHosts": ",".join(machine.hosts),
        },
        "nats": [{"name": nat.name, "prefix": nat.prefix} for nat in machine.nats],
        "switches": _switches(place),
        "vms": {vm_id(vm, place.path): _vm(world, place, vm, now) for vm in machine.vms},
        "vhds": disks,
        "disks": {},
        "cluster": next((one.name for one in world.clusters if place.path in one.nodes), ""),
    }


def _free(machine: Machine) -> int:
    return int(machine.disk_gib * GIB // 2)


def _cpu(world: World, place: Place) -> dict[str, Any]:
    vendor, name, microcode = _CPUS[world.vendor]
    signature = _GUEST_MICROCODE if place.level else microcode
    return {
        "vendor": vendor,
        "name": name,
        "sockets": place.machine.sockets,
        "logical": place.machine.processors,
        "bits": place.sees_extensions,
        "microcode": "00000000" + signature if not place.level else signature * 2,
    }


def _services(world: World, place: Place) -> dict[str, str]:
    made = {}
    if place.machine.has_hyperv():
        made["vmms"] = "Running"
    if place.machine.features.get("Failover-Clustering") == "Installed":
        joined = [one for one in world.clusters if place.path in one.nodes and place.path not in one.down]
        made["ClusSvc"] = "Running" if joined else "Stopped"
    return made


def _events(world: World, place: Place, now: datetime) -> list[dict[str, Any]]:
    made = [
        (one.log, one.provider, one.id, one.level, now - timedelta(seconds=one.age_seconds))
        for one in place.machine.events
    ]
    failure = place.launch_failure(world.vendor)
    if place.has_hypervisor or failure:
        launched = now - timedelta(seconds=DAY_SECONDS - 5)
        level = "Error" if failure else "Information"
        made.append(("System", "Microsoft-Windows-Hyper-V-Hypervisor", failure or 1, level, launched))
    made.sort(key=lambda one: one[4])
    keys = ("log", "provider", "id", "level", "time", "message")
    return [dict(zip(keys, (*one[:4], text_of(one[4]), ""), strict=True)) for one in made]


def _registry(place: Place, *, joined: bool) -> dict[str, dict[str, Any]]:
    machine = place.machine
    state = "IMAGE_STATE_COMPLETE" if machine.setup_complete else "IMAGE_STATE_UNDEPLOYABLE"
    made: dict[str, dict[str, Any]] = {_SETUP_KEY: {"ImageState": state}}
    if place.level:
        made[_GUEST_KEY] = {"VirtualMachineName": place.vm.name if place.vm else ""}
    made[_POLICY_KEY] = {"LocalAccountTokenFilterPolicy": 1} if machine.token_filter_policy else {}
    if machine.features.get("Failover-Clustering") == "Installed":
        made[_CLUSTER_KEY] = {"Start": _AUTOMATIC if joined else _DISABLED}
    made[_TCPIP_KEY] = {"NV Domain": machine.dns_suffix, "Domain": machine.dns_suffix}
    return made


def _boot_store(world: World, place: Place) -> dict[str, dict[str, Any]]:
    """The host's boot entry, where it forbids nesting."""
    if place.host is not None or world.nesting_offered:
        return {}
    entry = f"{_BOOT_KEY}\\{{b5a1d4ca-0000-11ee-be56-0242ac120002}}"
    options = f"{entry}\\Elements\\22000117"
    return {_BOOT_KEY: {}, entry: {}, f"{entry}\\Elements": {}, options: {"Element": "OFFERNESTEDVIRT=FALSE"}}


def _switches(place: Place) -> dict[str, Any]:
    return {
        made_id("switch", place.path, one.name): {
            "id": made_id("switch", place.path, one.name),
            "name": one.name,
            "type": one.kind,
            "notes": notes_of(one.owner, one.name),
        }
        for one in place.machine.switches
    }


def notes_of(owner: str, node: str) -> str:
    """The Notes of what belongs to a lab; '' for what does not."""
    return json.dumps({"matryoshka": {"owner": owner, "node": node}}, separators=(",", ":")) if owner else ""


def _vm(world: World, place: Place, vm: Vm, now: datetime) -> dict[str, Any]:
    switches = {one.name.lower(): made_id("switch", place.path, one.name) for one in place.machine.switches}
    running = vm.state == "Running"
    adapters = [
        {
            "id": made_id("adapter", place.path, vm.name, vm.tag, str(number)),
            "name": one.name,
            "switch": switches.get(one.switch.lower(), ""),
            "mac": mac_of(vm, number),
            "static": bool(one.mac),
            "spoofing": one.spoofing,
        }
        for number, one in enumerate(vm.adapters)
    ]
    path = vm.name if place.level == 0 else f"{place.path}/{vm.name}"
    return {
        "id": vm_id(vm, place.path),
        "name": vm.name,
        "state": vm.state,
        "notes": notes_of(vm.owner, vm.name) if vm.notes is None else vm.notes,
        "generation": vm.generation,
        "version": vm.version or world.build_of(place).vm_version,
        "processor_count": vm.processor_count,
        "memory_startup": vm.memory_mib * MIB,
        "memory_assigned": vm.memory_mib * MIB if running else 0,
        "dynamic_memory": vm.dynamic_memory,
        "exposed": vm.exposed,
        "automatic_checkpoints": vm.automatic_checkpoints,
        "start_action": vm.start_action,
        "stop_action": "Save",
        "path": vm.path,
        "started_at": text_of(now - timedelta(seconds=DAY_SECONDS)) if running else "",
        "adapters": adapters,
        "drives": [
            {"controller": "SCSI", "number": 0, "location": number, "path": disk}
            for number, disk in enumerate(vm.all_disks())
        ],
        "snapshots": [f"{vm.name} - {number + 1}" for number in range(vm.checkpoints)],
        "heartbeat": "",
        "machine": uid_of(path) if vm.guest is not None else "",
    }


def _vhd(place: Place, disk: Disk, number: int) -> dict[str, Any]:
    system = {"os_build": 20348, "installation_type": "Server Core", "password": ""} if disk.system else None
    return {
        "path": disk.path,
        "format": "VHDX",
        "type": disk.kind,
        "size": disk.size_gib * GIB,
        "file_size": 4 * MIB,
        "parent": disk.parent,
        "attached": disk.mounted,
        "number": number + 1 if disk.mounted else None,
        "system": system,
        "folder": f"vhds/{uid_of(place.path)}-{number}",
        "read_only": disk.read_only,
    }


def _node_state(cluster: Cluster, path: str) -> str:
    return "Down" if path in cluster.down else "Paused" if path in cluster.paused else "Up"


def _cluster(world: World, cluster: Cluster) -> dict[str, Any]:
    resources = {"none": None, "file_share": "File Share Witness", "cloud": "Cloud Witness", "disk": "Cluster Disk 1"}
    return {
        "name": cluster.name,
        "access_point": cluster.access_point,
        "addresses": [cluster.address] if cluster.address else [],
        "nodes": {uid_of(path): _node_state(cluster, path) for path in cluster.nodes},
        "quorum": {"type": "Majority", "resource": resources[cluster.witness]},
        "witness": {"kind": cluster.witness, "detail": cluster.witness_detail},
        "s2d": cluster.storage,
        "pool": cluster.pool,
    }
