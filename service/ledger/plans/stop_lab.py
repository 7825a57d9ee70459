"""`stop_lab`: nested VMs first, then the cluster, then the nodes; each is seen stopped before the next. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.ledger.plan import Plan, PlanContext, Step
from service.ledger.plans.day_two import (
    RUNNING,
    STARTING,
    STOPPED,
    STOPPING,
    living_layout,
    mark_power,
    power_of,
    reaching,
    work_findings,
)
from service.ledger.plans.guests import guest_reads
from service.ledger.plans.living import built_request
from service.ledger.plans.nominal import make_step

KIND = "stop_lab"


def build(request: Mapping[str, Any], context: PlanContext) -> Plan:
    """Return the plan. A lab whose stop broke off is stopped from where it is."""
    findings = work_findings(context, RUNNING, STOPPING, STARTING)
    if findings:
        return Plan(KIND, (), findings=findings)
    built = built_request(context)
    names = [place.name for place in living_layout(context)[1]]
    again = power_of(context) != RUNNING
    steps = [mark_power(STOPPING)]
    for name in names:
        steps += _nested(request, built, name, again=again)
    if "cluster" in built:
        steps.append(_cluster(built, names))
    for name in names:
        needs = ["stop-cluster"] if "cluster" in built else [f"stop-nested-{name}"]
        steps.append(_node(name, needs))
    steps.append(mark_power(STOPPED, *(f"stop-{name}" for name in names)))
    return Plan(KIND, reaching(steps, built))


def _nested(request: Mapping[str, Any], built: Mapping[str, Any], name: str, *, again: bool) -> tuple[Step, Step]:
    fact = f"node.{name}.nested"
    note = make_step(
        "NoteNestedVMs",
        f"note-nested-{name}",
        f"Note which VMs run in {name}",
        needs=["mark-stopping"],
        # Those that a broken stop has stopped already ran before.
        params={"again": again},
        reads=guest_reads(built, name, "nested"),
        node=name,
    )
    stop = make_step(
        "StopNestedVMs",
        f"stop-nested-{name}",
        f"Stop the VMs in {name}",
        needs=[note.id],
        params={"save": request["nested_vms"] == "save"},
        reads=(*guest_reads(built, name), fact),
        node=name,
    )
    return note, stop


def _cluster(built: Mapping[str, Any], names: list[str]) -> Step:
    params = {"name": built["cluster"]["name"], "nodes": names}
    return make_step(
        "StopCluster",
        "stop-cluster",
        f"Stop the cluster {params['name']}",
        needs=[f"stop-nested-{name}" for name in names],
        params=params,
        reads=tuple(fact for name in names for fact in guest_reads(built, name)),
    )


def _node(name: str, needs: list[str]) -> Step:
    return make_step(
        "StopNode",
        f"stop-{name}",
        f"Shut {name} down",
        needs=needs,
        params={"turn_off": False},
        reads=(f"node.{name}.vm_id",),
        node=name,
    )
