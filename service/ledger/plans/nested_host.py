"""`nested_host`: one node with Hyper-V inside, and a nested VM in it as proof. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.ledger.plan import Plan, PlanContext
from service.ledger.plans.ending import publish_lab, smoke_steps
from service.ledger.plans.findings import lab_findings
from service.ledger.plans.ground import demand_of, ground_steps
from service.ledger.plans.guests import HYPER_V
from service.ledger.plans.layout import layout_of
from service.ledger.plans.node_chain import node_steps

KIND = "nested_host"


def build(request: Mapping[str, Any], context: PlanContext) -> Plan:
    """Return the plan."""
    layout = layout_of(request, context)
    place = layout.nodes[0]
    steps = [*ground_steps(request, layout, context), *node_steps(request, layout, place, HYPER_V)]
    steps += smoke_steps(request, place.name, f"prove-hypervisor-{place.name}")
    steps.append(publish_lab(steps))
    return Plan(KIND, tuple(steps), demand_of(request), lab_findings(request, layout, context))
