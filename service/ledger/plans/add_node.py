"""`add_node`: more nodes for a cluster lab, each with the whole chain of proofs, then joined. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, islice
from typing import Any

from service.ledger.nesting.judging import error
from service.ledger.plan import Demand, Finding, Plan, PlanContext, Reshape, Step
from service.ledger.plans.capacity import capacity_findings
from service.ledger.plans.chain import Chain
from service.ledger.plans.cluster_steps import joining_steps
from service.ledger.plans.day_two import reaching, work_findings
from service.ledger.plans.ending import publish_lab, smoke_steps
from service.ledger.plans.findings import host_findings, image_findings, names_taken
from service.ledger.plans.ground import demand_of, ground_steps
from service.ledger.plans.guests import CLUSTERING, HYPER_V
from service.ledger.plans.layout import Layout, NodePlace, free_addresses, layout_of
from service.ledger.plans.living import built_request, lab_context, lab_nodes
from service.ledger.plans.node_chain import guest_settings, node_steps
from service.ledger.plans.nominal import make_step
from service.ledger.plans.shape import grown

KIND = "add_node"
_RECORD = "the lab's record"
_LONGEST_NAME = 15  # of a Windows computer
_MOST_NODES = {"none": 64, "s2d": 16}


def build(request: Mapping[str, Any], context: PlanContext) -> Plan:
    """Return the plan. Only what the new nodes take is asked of the host: the lab holds the rest."""
    built = built_request(context)
    findings = (*work_findings(context), *_not_a_cluster(built))
    if findings:
        return Plan(KIND, (), findings=findings)
    known = lab_context(context)
    layout = layout_of(built, known)
    names = _names(request, built, layout)
    addresses = list(request.get("addresses") or free_addresses(layout, len(names)))
    findings = tuple(_findings(request, built, layout, names, addresses))
    if findings:
        return Plan(KIND, (), findings=findings)
    after = grown(built, layout, names, addresses, request.get("memory_mib", 0))
    return _plan(built, after, names, known)


def _plan(built: Mapping[str, Any], after: Mapping[str, Any], names: Sequence[str], context: PlanContext) -> Plan:
    layout, taken, whole = layout_of(after, context), demand_of(built), demand_of(after)
    more = Demand(whole.memory_mib - taken.memory_mib, whole.disk_gib - taken.disk_gib)
    new = [place for place in layout.nodes if place.name in names]
    old = [place for place in layout.nodes if place.name in lab_nodes(context)]
    steps = [make_step("ReshapeLab", "reshape-lab", f"The lab has {', '.join(names)}")]
    steps += _ground(after, layout, context, more)
    for place in new:
        steps += node_steps(after, layout, place, HYPER_V + CLUSTERING)
    told = [_tell(layout, place) for place in old] if layout.host_entries else []
    steps += told
    steps += joining_steps(after, layout, names, [step.id for step in told])
    for place in new:
        steps += smoke_steps(after, place.name, "verify-cluster")
    steps.append(publish_lab(steps))
    findings = (
        *host_findings(context),
        *image_findings(context, "#/lab_id"),
        *capacity_findings(more, context, "#"),
        *names_taken(new, context, "#/names"),
    )
    return Plan(KIND, reaching(steps, built), more, findings, Reshape(after, whole))


def _ground(after: Mapping[str, Any], layout: Layout, context: PlanContext, more: Demand) -> Iterator[Step]:
    # Switch and NAT are the lab's: they must be there, and a rollback leaves them.
    for step in ground_steps(after, layout, context):
        if step.action != "InspectHost":
            yield step._replace(undoable=False)
            continue
        gates = {**step.params["gates"], "memory_mib": more.memory_mib, "disk_gib": more.disk_gib}
        yield step._replace(needs=("reshape-lab",), params={**step.params, "gates": gates})


def _tell(layout: Layout, place: NodePlace) -> Step:
    # In a workgroup every node must know the names of all: the new ones are written beside the old ones.
    name = place.name
    chain = Chain("reshape-lab", node=name)
    reads = (f"node.{name}.vm_id", f"node.{name}.mac")
    title = f"Tell {name} the new names"
    return chain.then("ConfigureGuest", f"tell-{name}", title, params=guest_settings(layout, place), reads=reads)


def _names(request: Mapping[str, Any], built: Mapping[str, Any], layout: Layout) -> list[str]:
    if request.get("names"):
        return list(request["names"])
    taken = {place.name.lower() for place in layout.nodes}
    fresh = (f"{built['nodes']['name_prefix']}-{number}" for number in count(1))
    return list(islice((name for name in fresh if name.lower() not in taken), request.get("count", 1)))


def _not_a_cluster(built: Mapping[str, Any]) -> Iterator[Finding]:
    if built.get("kind") == "nested_host":
        reason = "Nodes are added to clusters; this lab is none."
        yield error("LAB_NOT_A_CLUSTER", reason, "Build a nested_cluster.", _RECORD, "#/lab_id")


def _findings(
    request: Mapping[str, Any], built: Mapping[str, Any], layout: Layout, names: list[str], addresses: list[str]
) -> Iterator[Finding]:
    taken = {place.name.lower() for place in layout.nodes} | {built["cluster"]["name"].lower()}
    for number, name in enumerate(names):
        pointer = f"#/names/{number}" if request.get("names") else "#/count"
        if name.lower() in taken:
            remedy = "Choose another name; retry the job that began to add it, or remove_node it."
            yield error("NODE_EXISTS", f"The lab has {name} already.", remedy, _RECORD, pointer)
        if len(name) > _LONGEST_NAME:
            yield error("NAME_TOO_LONG", f"{name} has more than 15 characters.", "Give names.", _RECORD, pointer)
    most = _MOST_NODES[built["cluster"]["storage"]]
    if len(layout.nodes) + len(names) > most:
        reason = f"The cluster would have {len(layout.nodes) + len(names)} nodes; it may have {most}."
        yield error("CLUSTER_FULL", reason, "Add fewer nodes.", _RECORD, "#/count")
    if layout.network.static:
        yield from _address_findings(layout, len(names), addresses)
    elif request.get("addresses"):
        reason = "The lab's nodes get their addresses by DHCP."
        yield error("ADDRESSES_BY_DHCP", reason, "Leave addresses out.", _RECORD, "#/addresses")


def _is_inside(address: str, subnet: str) -> bool:
    network, one = ipaddress.IPv4Network(subnet), ipaddress.IPv4Address(address)
    return one in network and one not in (network.network_address, network.broadcast_address)


def _address_findings(layout: Layout, wanted: int, addresses: list[str]) -> Iterator[Finding]:
    subnet, used = layout.network.prefix, {place.address for place in layout.nodes}
    used |= {layout.cluster_address, layout.network.gateway}
    if len(addresses) < wanted:
        yield error("ADDRESSES_SHORT", f"{subnet} has too few free addresses.", "Add fewer nodes.", _RECORD, "#/count")
    for number, address in enumerate(addresses):
        pointer = f"#/addresses/{number}"
        if not _is_inside(address, subnet):
            yield error("ADDRESS_OUTSIDE", f"{address} is not in {subnet}.", "Choose another.", _RECORD, pointer)
        elif address in used:
            yield error("ADDRESS_TAKEN", f"The lab uses {address} already.", "Choose another.", _RECORD, pointer)
