"""The first steps of every lab: the host is looked at, its switch and NAT are there, the image is right. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.ledger.plan import Demand, PlanContext, Step
from service.ledger.plans.layout import Layout, memory_of, node_names, node_shape
from service.ledger.plans.nominal import make_step


def demand_of(request: Mapping[str, Any]) -> Demand:
    """Return what the lab takes: all memory of its nodes, the growth of their disks, and their data disks in full."""
    shape, names = node_shape(request), node_names(request)
    disk = shape["disk_gib"] + sum(disk["size_gib"] for disk in shape["data_disks"])
    return Demand(memory_mib=sum(memory_of(request, name) for name in names), disk_gib=len(names) * disk)


def ground_steps(request: Mapping[str, Any], layout: Layout, context: PlanContext) -> tuple[Step, ...]:
    """Return the steps on the host before any node: inspect, switch, NAT if there is one, image."""
    demand, network = demand_of(request), layout.network
    gates = {"memory_mib": demand.memory_mib, "disk_gib": demand.disk_gib, "nesting": True, "path": layout.folder}
    inspect = make_step(
        "InspectHost",
        "inspect-host",
        "Inspect the host and check that it can build this lab",
        params={"gates": gates, "switch": "" if network.internal else network.switch},
    )
    steps = [inspect, _switch(layout)]
    if network.nat_name:
        params = {"name": network.nat_name, "prefix": network.prefix}
        steps.append(
            make_step("EnsureNat", "ensure-nat", f"NAT for {network.prefix}", needs=["ensure-switch"], params=params)
        )
    params = {"path": layout.image_path, "sha256": (context.image or {}).get("sha256", "")}
    steps.append(make_step("VerifyImage", "verify-image", "Verify the image", needs=["inspect-host"], params=params))
    return tuple(steps)


def _switch(layout: Layout) -> Step:
    network = layout.network
    return make_step(
        "EnsureSwitch",
        "ensure-switch",
        f"Switch {network.switch}",
        needs=["inspect-host"],
        params={
            "name": network.switch,
            "kind": "internal" if network.internal else "external",
            "host_address": network.gateway if network.internal else "",
            "prefix_length": network.prefix_length,
        },
        undoable=network.internal,  # a switch of the caller's is not ours to take away
    )
