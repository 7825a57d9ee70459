"""`verify_lab`: every node of a living lab is compared with what was asked for. Nothing is changed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.ledger.nesting.judging import error
from service.ledger.plan import Plan, PlanContext, Step
from service.ledger.plans.day_two import STOPPED, power_of, reaching
from service.ledger.plans.guests import CLUSTERING, FIREWALL_GROUPS, HYPER_V, guest_reads
from service.ledger.plans.layout import Layout, NodePlace, layout_of, memory_of, node_shape
from service.ledger.plans.living import built_request, lab_context, lab_nodes
from service.ledger.plans.nominal import make_step

KIND = "verify_lab"


def build(_request: Mapping[str, Any], context: PlanContext) -> Plan:
    """Return the plan: the nodes side by side, then the drift of all of them. Of a stopped lab the VMs only."""
    built = built_request(context)
    if not lab_nodes(context):
        reason = "The lab has no nodes of its own, or none was ever built."
        finding = error("NOTHING_TO_VERIFY", reason, "Tear it down.", "the lab's facts", "#/lab_id")
        return Plan(KIND, (), findings=(finding,))
    layout = layout_of(built, lab_context(context))
    known = set(lab_nodes(context))
    places = [place for place in layout.nodes if place.name in known]
    if power_of(context) == STOPPED:
        steps = [_vm_step(built, layout, place, "Off") for place in places]
    else:
        steps = [step for place in places for step in _node(built, layout, place)]
    ends = [step.id for step in steps]
    steps.append(make_step("PublishDrift", "publish-drift", "Publish the drift", needs=ends, reads=("drift.*",)))
    return Plan(KIND, reaching(steps, built))


def _node(built: Mapping[str, Any], layout: Layout, place: NodePlace) -> tuple[Step, Step]:
    name, node = place.name, _vm_step(built, layout, place, "Running")
    guest = make_step(
        "VerifyGuest",
        f"verify-guest-{name}",
        f"Compare the inside of {name}",
        needs=[node.id],
        params={"expectations": _inside(built, layout, place)},
        reads=guest_reads(built, name, "mac"),
        node=name,
    )
    return node, guest


def _vm_step(built: Mapping[str, Any], layout: Layout, place: NodePlace, state: str) -> Step:
    return make_step(
        "VerifyNode",
        f"verify-node-{place.name}",
        f"Compare the VM {place.name}",
        params={"expectations": {"state": state, **_vm(built, layout, place)}},
        reads=(f"node.{place.name}.vm_id",),
        node=place.name,
    )


def _vm(built: Mapping[str, Any], layout: Layout, place: NodePlace) -> dict[str, Any]:
    shape = node_shape(built)
    return {
        "processor_count": shape["processor_count"],
        "memory_startup_mib": memory_of(built, place.name),
        "dynamic_memory_enabled": False,
        "expose_virtualization_extensions": True,
        "automatic_checkpoints_enabled": False,
        "mac_address_spoofing": "On",
        "switch": layout.network.switch,
    }


def _inside(built: Mapping[str, Any], layout: Layout, place: NodePlace) -> dict[str, Any]:
    network, clustered = layout.network, "cluster" in built
    expected = {
        "computer_name": place.name,
        "address": place.address,
        "prefix_length": network.prefix_length,
        "gateway": network.gateway if network.static else "",
        "dns_servers": list(network.dns_servers),
        "dns_suffix": network.dns_suffix,
        "host_entries": dict(layout.host_entries),
        "domain": built["identity"].get("domain", ""),
        "features": [*HYPER_V, *(CLUSTERING if clustered else ())],
        "groups": list(FIREWALL_GROUPS) if clustered else [],
        "hypervisor_launched": True,
    }
    if clustered and place is layout.nodes[0]:
        expected["cluster"] = {"name": built["cluster"]["name"], "nodes": [node.name for node in layout.nodes]}
    return expected
