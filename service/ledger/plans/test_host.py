"""`test_host`: one step a check, each after the one before it, so the first that fails ends the job. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.ledger.checks import HOST_CHECKS
from service.ledger.plan import Plan, PlanContext
from service.ledger.plans.chain import Chain

KIND = "test_host"


def build(_request: Mapping[str, Any], _context: PlanContext) -> Plan:
    """Return the plan. It needs nothing of the host and changes nothing."""
    chain = Chain()
    for check in HOST_CHECKS:
        chain.then(check.action, check.id, check.title)
    return Plan(KIND, tuple(chain.steps))
