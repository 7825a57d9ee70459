"""`nested_cluster`: N nodes side by side, then one cluster of them, then a nested VM in each. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.ledger.plan import Plan, PlanContext
from service.ledger.plans.cluster_findings import cluster_findings
from service.ledger.plans.cluster_steps import cluster_steps
from service.ledger.plans.ending import publish_lab, smoke_steps
from service.ledger.plans.findings import lab_findings
from service.ledger.plans.ground import demand_of, ground_steps
from service.ledger.plans.guests import CLUSTERING, HYPER_V
from service.ledger.plans.layout import layout_of
from service.ledger.plans.node_chain import node_steps

KIND = "nested_cluster"


def build(request: Mapping[str, Any], context: PlanContext) -> Plan:
    """Return the plan; 3 nodes give some fifty steps."""
    layout = layout_of(request, context)
    steps = [*ground_steps(request, layout, context)]
    for place in layout.nodes:
        steps += node_steps(request, layout, place, HYPER_V + CLUSTERING)
    steps += cluster_steps(request, layout)
    for place in layout.nodes:
        steps += smoke_steps(request, place.name, "verify-cluster")
    steps.append(publish_lab(steps))
    findings = (*lab_findings(request, layout, context), *cluster_findings(request, layout, context))
    return Plan(KIND, tuple(steps), demand_of(request), findings)
