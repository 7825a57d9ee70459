"""`install_role`: Hyper-V, and clustering when asked for, inside a VM that exists; restarted and proven. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.ledger.plan import Plan, PlanContext
from service.ledger.plans.chain import Chain
from service.ledger.plans.ending import publish_lab
from service.ledger.plans.existing import existing_findings, existing_of, resolve
from service.ledger.plans.guests import FEATURES
from service.ledger.plans.node_chain import install_steps, prove_hypervisor, reach_guest

KIND = "install_role"


def build(request: Mapping[str, Any], context: PlanContext) -> Plan:
    """Return the plan; its proof is published as a CPU ledger: the lab's, or that of a VM of its own."""
    existing = existing_of(request, context)
    chain = Chain(node=existing.name)
    resolve(chain, existing)
    with_hypervisor = "hyper_v" in request["roles"]
    reach_guest(chain, existing.name, prove_exposed=with_hypervisor)
    features = tuple(feature for role in request["roles"] for feature in FEATURES[role])
    install_steps(chain, request, existing.name, features)
    if with_hypervisor:
        prove_hypervisor(chain, request, existing.name)
    steps = chain.steps
    if existing.of_lab or with_hypervisor:
        steps = [*steps, publish_lab(steps)]
    return Plan(KIND, tuple(steps), findings=existing_findings(existing, context))
