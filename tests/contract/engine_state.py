"""Reads what the pretended Windows made of a world, as `observation` says it."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.contract.engine_world import GIB, MIB
from tests.contract.observation import by_name, owner_of, without_available
from tests.contract.world import KNOWN_PASSWORDS

_POLICY = "currentversion\\policies\\system"
_TCPIP = "services\\tcpip\\parameters"
_NETWORK_NAME = "vethernet ({})"


def observe(folder: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """The world in a folder, and what its ids stand for."""
    world = json.loads((folder / "world.json").read_text(encoding="utf-8"))
    paths = {uid: _path_of(world, uid) for uid in world["machines"]}
    machines = {
        paths[uid]: _machine(machine, folder / "machines" / uid)
        for uid, machine in world["machines"].items()
        if _is_held(world, machine)
    }
    clusters = {name: _cluster(cluster, paths) for name, cluster in world["clusters"].items()}
    return {"machines": machines, "clusters": clusters}, _names(world, paths)


def _is_held(world: Mapping[str, Any], machine: Mapping[str, Any]) -> bool:
    """Whether a VM still holds this machine: what lies on a disk of no VM is not seen."""
    host = world["machines"].get(machine["host"])
    return host is None or machine["vm"] in host["vms"]


def _path_of(world: Mapping[str, Any], uid: str) -> str:
    machine = world["machines"][uid]
    host = world["machines"].get(machine["host"])
    if host is None:
        return "host"
    vm = host["vms"].get(machine["vm"])
    name = vm["name"] if vm else uid
    return name if not host["host"] else f"{_path_of(world, host['uid'])}/{name}"


def _names(world: Mapping[str, Any], paths: Mapping[str, str]) -> dict[str, str]:
    names = {}
    for uid, machine in world["machines"].items():
        for group, word in (("vms", "vm"), ("switches", "switch")):
            for key, item in machine[group].items():
                names[key.lower()] = f"<{word} {item['name']} on {paths[uid]}>"
    return names


def _machine(machine: Mapping[str, Any], home: Path) -> dict[str, Any]:
    return {
        "powered": machine["powered"],
        "computer_name": machine["computer_name"],
        "domain": machine["domain"],
        "passwords": {name: KNOWN_PASSWORDS.get(text, "?") for name, text in sorted(machine["accounts"].items())},
        "features": without_available(machine["features"]),
        "pending_reboot": machine["pending_reboot"] or bool(machine.get("pending_domain")),
        "hypervisor_running": machine["hypervisor_running"],
        "cluster": machine["cluster"],
        "vms": by_name((vm["name"], _vm(machine, vm)) for vm in machine["vms"].values()),
        "switches": by_name((one["name"], _switch(machine, one)) for one in machine["switches"].values()),
        "nats": by_name((nat["name"], nat["prefix"]) for nat in machine["nats"]),
        "disks": _disks(machine, home / "Windows"),
        "network": _network(machine, home / "Windows"),
        "seed_left": (home / "Windows" / "Panther" / "unattend.xml").exists(),
        "firewall": _firewall(machine["firewall"]),
        "calls": _calls(home / "ProgramData" / "Matryoshka" / "journal"),
        "fences": _fences(home / "ProgramData" / "Matryoshka" / "journal"),
    }


def _vm(machine: Mapping[str, Any], vm: Mapping[str, Any]) -> dict[str, Any]:
    switches = {key.lower(): one["name"] for key, one in machine["switches"].items()}
    return {
        "owner": owner_of(vm["notes"]),
        "state": vm["state"],
        "generation": vm["generation"],
        "version": vm["version"],
        "processor_count": vm["processor_count"],
        "memory_mib": vm["memory_startup"] // MIB,
        "dynamic_memory": vm["dynamic_memory"],
        "exposed": vm["exposed"],
        "automatic_checkpoints": vm["automatic_checkpoints"],
        "start_action": vm["start_action"],
        "adapters": [
            {
                "name": one["name"],
                "switch": switches.get((one["switch"] or "").lower(), ""),
                "spoofing": one["spoofing"],
            }
            for one in vm["adapters"]
        ],
        "disks": [_path(drive["path"]) for drive in vm["drives"]],
        "checkpoints": len(vm["snapshots"]),
    }


def _switch(machine: Mapping[str, Any], switch: Mapping[str, Any]) -> dict[str, Any]:
    port = _NETWORK_NAME.format(switch["name"].lower())
    indexes = {one["index"] for one in machine["net_adapters"] if one["name"].lower() == port}
    addresses = [f"{one['address']}/{one['prefix']}" for one in machine["addresses"] if one["index"] in indexes]
    return {"kind": switch["type"], "owner": owner_of(switch["notes"]), "address": ", ".join(sorted(addresses))}


def _disks(machine: Mapping[str, Any], windows: Path) -> dict[str, Any]:
    """The virtual disks whose files are there: the module deletes files, which Windows has no cmdlet for."""
    present = {key: vhd for key, vhd in machine["vhds"].items() if (windows / vhd["path"]).exists()}
    return {_path(key): _disk(vhd, windows) for key, vhd in sorted(present.items())}


def _path(text: str) -> str:
    """A Windows path in one form: the test engine joins with the other separator."""
    return text.replace("/", "\\").lower()


def _disk(vhd: Mapping[str, Any], windows: Path) -> dict[str, Any]:
    tag = _tag(windows / f"{vhd['path']}.matryoshka.json")
    file = windows / vhd["path"]
    return {
        "kind": vhd["type"],
        "size_gib": vhd["size"] // GIB,
        "parent": _path(vhd["parent"]),
        "owner": tag.get("owner") or "",
        "seeded": bool(tag.get("seed_sha256")),
        "read_only": file.exists() and not file.stat().st_mode & stat.S_IWUSR,
        "mounted": vhd["attached"],
    }


def _tag(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8-sig"))["matryoshka"])
    except (OSError, ValueError, KeyError):
        return {}


def _network(machine: Mapping[str, Any], windows: Path) -> dict[str, Any]:
    indexes = {one["index"] for one in machine["net_adapters"] if not one["name"].startswith("vEthernet")}
    found = [one for one in machine["addresses"] if one["index"] in indexes and one["origin"] == "Manual"]
    gateways = [one["next_hop"] for one in machine["routes"] if one["prefix"] == "0.0.0.0/0"]
    suffix = _value(machine, _TCPIP, "Domain")
    categories = [machine["profiles"].get(str(index)) for index in indexes]
    return {
        "addresses": sorted(f"{one['address']}/{one['prefix']}" for one in found),
        "gateway": ", ".join(gateways),
        "dns": sorted(server for index in indexes for server in machine["dns"].get(str(index), [])),
        "dns_suffix": suffix or "",
        "hosts": _hosts(windows / "drivers" / "etc" / "hosts"),
        "private": bool(categories) and all(str(one) in ("Private", "1") for one in categories),
        "token_filter_policy": _value(machine, _POLICY, "LocalAccountTokenFilterPolicy") == 1,
    }


def _value(machine: Mapping[str, Any], end: str, name: str) -> Any:
    for key, values in machine["registry"].items():
        if key.lower().endswith(end):
            return values.get(name)
    return None


def _hosts(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = [re.sub("#.*", "", line).split() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    return {name: words[0] for words in lines for name in words[1:]}


def _firewall(rules: list[Mapping[str, Any]]) -> list[str]:
    groups = {one["group"] for one in rules}
    off = {one["group"] for one in rules if not one["enabled"]}
    return sorted(groups - off)


def _calls(journal: Path) -> dict[str, Any]:
    found = {}
    for path in sorted(journal.glob("*.call")):
        try:
            header = json.loads(path.read_text(encoding="utf-8-sig").split("\n", 1)[0])
        except ValueError:
            header = {"Name": "", "Status": "torn", "Fence": 0}
        found[path.stem] = {"name": header["Name"], "status": header["Status"], "fence": header["Fence"]}
    return found


def _fences(journal: Path) -> dict[str, int]:
    files = sorted(journal.glob("fence.*.txt"))
    return {path.name.removeprefix("fence.").removesuffix(".txt"): int(path.read_text("utf-8-sig")) for path in files}


def _cluster(cluster: Mapping[str, Any], paths: Mapping[str, str]) -> dict[str, Any]:
    return {
        "access_point": cluster["access_point"],
        "address": ", ".join(cluster["addresses"]),
        "nodes": sorted(paths.get(uid, uid) for uid in cluster["nodes"]),
        "stopped": sorted(paths.get(uid, uid) for uid, state in cluster["nodes"].items() if state == "Down"),
        "paused": sorted(paths.get(uid, uid) for uid, state in cluster["nodes"].items() if state == "Paused"),
        "witness": (cluster["witness"] or {}).get("kind") or "none",
        "storage": cluster["s2d"],
        "pool": cluster["pool"] or "",
    }
