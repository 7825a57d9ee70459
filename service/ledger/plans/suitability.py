"""Whether a host could hold a lab at all, by the same rules as the plan: what forbids it there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.ledger.plan import Demand, PlanContext, Severity
from service.ledger.plans import nested_cluster, nested_host
from service.ledger.plans.findings import lab_findings
from service.ledger.plans.ground import demand_of
from service.ledger.plans.layout import layout_of

PLACED_KINDS = frozenset({nested_cluster.KIND, nested_host.KIND})


def demand_on_host(request: Mapping[str, Any]) -> Demand:
    """Return what a job takes of the host that is looked for; nothing for kinds that build no nodes."""
    return demand_of(request) if request["kind"] in PLACED_KINDS else Demand()


def forbidden_by(request: Mapping[str, Any], context: PlanContext) -> str:
    """Return why the lab cannot be built on the context's host, '' when no rule is against it.

    Makes no steps, so that many hosts can be looked at on the way of one request.
    """
    if request["kind"] not in PLACED_KINDS:
        return ""
    findings = lab_findings(request, layout_of(request, context), context)
    return next((found.reason for found in findings if found.severity is Severity.ERROR), "")
