"""`inspect_host`: one step that only reads. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.ledger.plan import Plan, PlanContext
from service.ledger.plans.nominal import make_step

KIND = "inspect_host"


def build(_request: Mapping[str, Any], _context: PlanContext) -> Plan:
    """Return the plan. Nothing is gated: what forbids nesting is the answer, not a failure."""
    params = {"gates": {"memory_mib": 0, "disk_gib": 0, "nesting": False}, "switch": ""}
    return Plan(KIND, (make_step("InspectHost", "inspect-host", "Inspect the host", params=params),))
