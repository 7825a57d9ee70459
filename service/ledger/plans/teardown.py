"""`teardown`: what the lab made goes, in reverse order; each step bears that nothing is there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.ledger.plan import Plan, PlanContext, Step
from service.ledger.plans.cluster_steps import access_point_of
from service.ledger.plans.guests import guest_reads
from service.ledger.plans.layout import Layout, layout_of
from service.ledger.plans.living import built_request, lab_context, lab_facts, lab_nodes
from service.ledger.plans.nominal import make_step

KIND = "teardown"


def build(request: Mapping[str, Any], context: PlanContext) -> Plan:
    """Return the plan. A lab that was never built has only its reservation to give back."""
    built = built_request(context)
    if built.get("kind") == "nested_vm":
        steps = _nested_vm(built, context)
    elif built:
        steps = _nodes(request, built, context)
    else:
        steps = []
    ends = [step.id for step in steps]
    steps.append(make_step("ReleaseLab", "release-lab", "Release the lab", needs=ends))
    return Plan(KIND, tuple(steps))


def _nested_vm(built: Mapping[str, Any], context: PlanContext) -> list[Step]:
    # The node is somebody else's: only the VM in it goes.
    names = [key.split(".")[1] for key in lab_facts(context) if key.startswith("node.") and key.endswith(".vm_id")]
    wanted = built["nested_vm"]["name"]
    return [
        make_step(
            "RemoveNestedVM",
            f"remove-nested-vm-{name}",
            f"Remove the nested VM {wanted} from {name}",
            params={"name": wanted},
            reads=guest_reads(built, name),
            node=name,
        )
        for name in names
    ]


def _nodes(request: Mapping[str, Any], built: Mapping[str, Any], context: PlanContext) -> list[Step]:
    layout, known = layout_of(built, lab_context(context)), lab_nodes(context)
    steps = _cluster(request, built, layout) if "cluster" in built and known else []
    before = [step.id for step in steps]
    for place in layout.nodes:
        name = place.name
        vm = {"vm_id": known.get(name, ""), "name": name}
        remove = make_step("RemoveNode", f"remove-node-{name}", f"Remove {name}", needs=before, params=vm, node=name)
        paths = {"paths": [place.disk_path, *place.data_disk_paths]}
        title = f"Remove the disks of {name}"
        disks = make_step("RemoveDisk", f"remove-disk-{name}", title, needs=[remove.id], params=paths, node=name)
        steps += [remove, disks]
    return steps + _network(layout)


def _cluster(request: Mapping[str, Any], built: Mapping[str, Any], layout: Layout) -> list[Step]:
    in_directory = access_point_of(built) == "ActiveDirectoryAndDns"
    params = {
        "name": built["cluster"]["name"],
        "first_node": layout.nodes[0].name,
        "cleanup_ad": in_directory and request.get("cleanup_ad", True),
    }
    title = f"Remove the cluster {params['name']}"
    return [make_step("RemoveCluster", "remove-cluster", title, params=params, reads=("node.*",))]


def _network(layout: Layout) -> list[Step]:
    network, steps = layout.network, list[Step]()
    needs = [f"remove-node-{place.name}" for place in layout.nodes]
    if network.nat_name:
        params = {"name": network.nat_name}
        steps.append(
            make_step("RemoveNat", "remove-nat", f"Remove the NAT {network.nat_name}", needs=needs, params=params)
        )
        needs = ["remove-nat"]
    if network.internal:
        params = {"name": network.switch}
        title = f"Remove the switch {network.switch}"
        steps.append(make_step("RemoveSwitch", "remove-switch", title, needs=needs, params=params))
    return steps
