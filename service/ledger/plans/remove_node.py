"""`remove_node`: the quorum is looked at, the node drained and evicted, then its VM and disks go. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from service.ledger.nesting.judging import error, warning
from service.ledger.plan import Finding, Plan, PlanContext, Reshape, Step
from service.ledger.plans.chain import Chain
from service.ledger.plans.cluster_steps import witness_of
from service.ledger.plans.day_two import reaching, work_findings
from service.ledger.plans.ending import PUBLISHED
from service.ledger.plans.ground import demand_of
from service.ledger.plans.guests import guest_reads
from service.ledger.plans.layout import Layout, NodePlace, layout_of
from service.ledger.plans.living import built_request, lab_context, lab_nodes
from service.ledger.plans.shape import is_named, shrunk

KIND = "remove_node"
_RECORD = "the lab's record"
_LEAST_S2D = 2


def build(request: Mapping[str, Any], context: PlanContext) -> Plan:
    """Return the plan; what would leave the lab without a node or its cluster without a quorum is refused before."""
    findings = work_findings(context)
    if findings:
        return Plan(KIND, (), findings=findings)
    built, layout = built_request(context), layout_of(built_request(context), lab_context(context))
    findings = tuple(_findings(request, built, layout))
    place = next((one for one in layout.nodes if is_named(one, request["name"])), None)
    if place is None or any(one.severity == "error" for one in findings):
        return Plan(KIND, (), findings=findings)
    after = shrunk(built, layout, place.name)
    steps = _steps(built, layout, place, lab_nodes(context).get(place.name, ""))
    return Plan(
        KIND, reaching(steps, built), findings=findings, reshape=Reshape(after, demand_of(after), (place.name,))
    )


def _findings(request: Mapping[str, Any], built: Mapping[str, Any], layout: Layout) -> Iterator[Finding]:
    if not any(is_named(place, request["name"]) for place in layout.nodes):
        names = ", ".join(place.name for place in layout.nodes)
        yield error(
            "NODE_UNKNOWN", f"The lab has no node {request['name']}.", f"Name one of {names}.", _RECORD, "#/name"
        )
        return
    left = len(layout.nodes) - 1
    if left < 1:
        yield error("LAST_NODE", "It is the lab's only node.", "Tear the lab down.", _RECORD, "#/name")
        return
    if built["cluster"]["storage"] == "s2d":
        yield from _storage(left)
    yield warning(
        "NESTED_VMS_GO",
        "VMs inside the node are removed with it, unless they are roles of the cluster, which the drain moves.",
        "Move what is still needed.",
        _RECORD,
        "#/name",
    )


def _storage(left: int) -> Iterator[Finding]:
    source = "Microsoft Learn: Removing servers in Storage Spaces Direct"
    if left < _LEAST_S2D:
        reason = "Storage Spaces Direct needs two nodes."
        yield error("S2D_NEEDS_TWO", reason, "Tear the lab down.", source, "#/name")
    reason = (
        "The node's disks go with it: the pool rebuilds what was on them, and virtual disks are degraded until then."
    )
    yield warning("S2D_REBUILDS", reason, "Repair the virtual disks afterwards.", source, "#/name")


def _steps(built: Mapping[str, Any], layout: Layout, place: NodePlace, vm_id: str) -> list[Step]:
    name, left = place.name, [one.name for one in layout.nodes if one is not place]
    shared, chain, reads = {"name": name, "first_node": left[0]}, Chain(), guest_reads(built, left[0])
    quorum = {"witness": witness_of(built), "first_node": left[0]}
    chain.then("CheckQuorum", "check-quorum", f"See that the cluster can do without {name}", params=shared, reads=reads)
    chain.then("DrainNode", f"drain-{name}", f"Drain {name}", params=shared, reads=reads, node=name)
    chain.then("EvictNode", f"evict-{name}", f"Evict {name} from the cluster", params=shared, reads=reads, node=name)
    chain.then("SetQuorum", "set-quorum", "Set the witness", params=quorum, reads=reads)
    verify = {"nodes": left, "first_node": left[0]}
    chain.then("VerifyCluster", "verify-cluster", "See the other nodes up", params=verify, reads=reads)
    vm = {"vm_id": vm_id, "name": name}
    chain.then("RemoveNode", f"remove-node-{name}", f"Remove {name}", params=vm, node=name)
    paths = {"paths": [place.disk_path, *place.data_disk_paths]}
    chain.then("RemoveDisk", f"remove-disk-{name}", f"Remove the disks of {name}", params=paths, node=name)
    chain.then("ReshapeLab", "reshape-lab", f"The lab has no {name}", undoable=False)
    chain.then("PublishLab", "publish-lab", "Publish the lab", reads=PUBLISHED)
    return chain.steps
