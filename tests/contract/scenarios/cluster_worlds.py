"""Worlds with nodes that can become a cluster, or are one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.contract.world import (
    CLUSTERING,
    HYPERV,
    IMAGE,
    OWNER,
    Adapter,
    Cluster,
    Disk,
    Interface,
    Vm,
    World,
    a_node,
    a_world,
)

NAME = "nest"
ADDRESS = "10.77.1.10"
FIRST = "nest-1"
SECOND = "nest-2"
SUFFIX = "lab.test"
PREFIX = "Microsoft.FailoverClusters.PowerShell."
_FIREWALL = ("FailoverCluster",)


def node(number: int, *, vm: Mapping[str, Any] | None = None, **guest: Any) -> Vm:
    """A node of ours: the roles, a static address, a DNS suffix, open rules."""
    common: dict[str, Any] = {
        "features": {**HYPERV, **CLUSTERING},
        "interfaces": (Interface(f"10.77.1.{number}"),),
        "dns_suffix": SUFFIX,
        "firewall": _FIREWALL,
    }
    return a_node(f"nest-{number}", vm=vm, **{**common, **guest})


def apart(*nodes: Vm) -> World:
    """Nodes that are of no cluster."""
    return a_world(vms=nodes or (node(1), node(2)))


def clustered(*nodes: Vm, members: tuple[str, ...] = (), **cluster: Any) -> World:
    """Nodes that are one cluster (or the `members` of them)."""
    vms = nodes or (node(1), node(2))
    made = Cluster(NAME, members or tuple(vm.name for vm in vms), **{"address": ADDRESS, **cluster})
    return a_world(vms=vms, clusters=(made,))


def with_data_disks(count: int, **cluster: Any) -> World:
    """A cluster of two nodes with data disks."""
    vms, disks = [], []
    for number in (1, 2):
        system = f"C:\\Labs\\nest-{number}.vhdx"
        data = [f"C:\\Labs\\nest-{number}-data{one}.vhdx" for one in range(count)]
        vms.append(node(number, vm={"disks": (system, *data), "adapters": (Adapter(spoofing=True),)}))
        disks.append(Disk(system, "Differencing", 127, parent=IMAGE, owner=OWNER, system=True))
        disks.extend(Disk(path, owner=OWNER) for path in data)
    made = Cluster(NAME, (FIRST, SECOND), **{"address": ADDRESS, **cluster})
    return a_world(vms=tuple(vms), disks=tuple(disks), clusters=(made,))
