"""`nested_vm`: a VM inside a node, started, probed and kept. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.ledger.plan import Plan, PlanContext
from service.ledger.plans.chain import Chain
from service.ledger.plans.ending import publish_lab
from service.ledger.plans.existing import existing_findings, existing_of, resolve
from service.ledger.plans.guests import guest_reads
from service.ledger.plans.node_chain import prove_hypervisor, reach_guest

KIND = "nested_vm"


def build(request: Mapping[str, Any], context: PlanContext) -> Plan:
    """Return the plan. It takes nothing of the host: the node's own memory holds the VM."""
    existing = existing_of(request, context)
    name, wanted = existing.name, request["nested_vm"]
    chain, reads = Chain(node=name), guest_reads(request, name)
    resolve(chain, existing)
    reach_guest(chain, name, prove_exposed=False)
    prove_hypervisor(chain, request, name)
    if wanted["switch"]:
        params = {"name": wanted["switch"]}
        title = f"Switch inside {name}"
        chain.then("CreateInnerSwitch", f"inner-switch-{name}", title, params=params, reads=reads)
    params = {part: wanted[part] for part in ("name", "memory_mib", "parent_disk_path", "switch")}
    title = f"Run the nested VM {wanted['name']} in {name}"
    chain.then("CreateNestedVM", "create-nested-vm", title, params=params, reads=reads)
    steps = [*chain.steps, publish_lab(chain.steps)]
    return Plan(KIND, tuple(steps), findings=existing_findings(existing, context))
