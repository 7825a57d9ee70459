"""`start_lab`: nodes with their hypervisors proved, then the cluster, then the nested VMs that ran before. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.ledger.plan import Plan, PlanContext, Step
from service.ledger.plans.chain import Chain
from service.ledger.plans.day_two import (
    RUNNING,
    STARTING,
    STOPPED,
    STOPPING,
    living_layout,
    mark_power,
    reaching,
    work_findings,
)
from service.ledger.plans.guests import guest_reads
from service.ledger.plans.living import built_request
from service.ledger.plans.node_chain import prove_hypervisor, reach_guest
from service.ledger.plans.nominal import make_step

KIND = "start_lab"


def build(_request: Mapping[str, Any], context: PlanContext) -> Plan:
    """Return the plan. Its reservation is still the lab's, so it asks for no room."""
    findings = work_findings(context, STOPPED, STARTING, STOPPING)
    if findings:
        return Plan(KIND, (), findings=findings)
    built = built_request(context)
    names = [place.name for place in living_layout(context)[1]]
    steps = [mark_power(STARTING)]
    for name in names:
        steps += _node(built, name)
    if "cluster" in built:
        steps.append(_cluster(built, names))
    for name in names:
        needs = "start-cluster" if "cluster" in built else f"prove-hypervisor-{name}"
        steps.append(_nested(built, name, needs))
    steps.append(mark_power(RUNNING, *(f"start-nested-{name}" for name in names)))
    return Plan(KIND, reaching(steps, built))


def _node(built: Mapping[str, Any], name: str) -> list[Step]:
    chain = Chain("mark-starting", node=name)
    chain.then("StartNode", f"start-{name}", f"Start {name}", reads=(f"node.{name}.vm_id",))
    reach_guest(chain, name, prove_exposed=False)
    prove_hypervisor(chain, built, name)
    return chain.steps


def _cluster(built: Mapping[str, Any], names: list[str]) -> Step:
    return make_step(
        "StartCluster",
        "start-cluster",
        f"See the cluster {built['cluster']['name']} whole",
        needs=[f"prove-hypervisor-{name}" for name in names],
        params={"nodes": names, "first_node": names[0]},
        reads=guest_reads(built, names[0]),
    )


def _nested(built: Mapping[str, Any], name: str, needs: str) -> Step:
    return make_step(
        "StartNestedVMs",
        f"start-nested-{name}",
        f"Start the VMs in {name} that ran before",
        needs=[needs],
        reads=guest_reads(built, name, "nested"),
        node=name,
    )
