"""`enable_nesting`: the host-side settings on a VM that exists, with the way back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from service.ledger.nesting import findings_for_node
from service.ledger.plan import Finding, Plan, PlanContext
from service.ledger.plans.chain import Chain
from service.ledger.plans.existing import existing_findings, existing_of, resolve

KIND = "enable_nesting"


def build(request: Mapping[str, Any], context: PlanContext) -> Plan:
    """Return the plan. The stop is always in it: on a VM that is off already it does nothing."""
    existing = existing_of(request, context)
    name, vm_id = existing.name, f"node.{existing.name}.vm_id"
    # Undo starts it again, or shuts down what was off, so all three read how it was before.
    reads = (vm_id, f"node.{name}.was_running")
    chain = Chain(node=name)
    gates = {"memory_mib": 0, "disk_gib": 0, "nesting": True}
    chain.then("InspectHost", "inspect-host", "Check that the host can nest", params={"gates": gates}, node=None)
    resolve(chain, existing)
    stop = {"turn_off": False}
    chain.then("StopNode", f"stop-{name}", f"Shut {name} down", params=stop, reads=reads, undoable=True)
    chain.then(
        "EnableNesting",
        f"enable-nesting-{name}",
        f"Expose virtualization extensions to {name}",
        params={"memory_mib": request["memory_mib"], "allow_small_memory": request["allow_small_memory"]},
        reads=(vm_id, f"node.{name}.settings"),
        undoable=True,
    )
    if request["start_after"]:
        chain.then("StartNode", f"start-{name}", f"Start {name}", reads=reads, undoable=True)
    findings = (*existing_findings(existing, context), *_node_findings(request, context))
    return Plan(KIND, tuple(chain.steps), findings=findings)


def _node_findings(request: Mapping[str, Any], context: PlanContext) -> tuple[Finding, ...]:
    report = (context.host or {}).get("report") or {}
    settings = {"memory_mib": request["memory_mib"], "allow_small_memory": request["allow_small_memory"]}
    found = findings_for_node(report, settings)
    return tuple(replace(finding, pointer=f"#/{finding.pointer}" if finding.pointer else "") for finding in found)
