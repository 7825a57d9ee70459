"""A VM that exists already: found on its host, then worked on. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.ledger.nesting.judging import error
from service.ledger.plan import Finding, PlanContext
from service.ledger.plans.chain import Chain
from service.ledger.plans.findings import host_findings


@dataclass(frozen=True)
class Existing:
    """The VM that a request names. `name` stands in step ids and facts; `of_lab` says that a lab of ours has it."""

    name: str
    params: Mapping[str, str]
    of_lab: bool


def existing_of(request: Mapping[str, Any], context: PlanContext) -> Existing:
    """Return the target of a request; a node of a lab by the id that its lab knows, if it does."""
    target = request["target"]
    if "lab_id" in target:
        name = target["node"]
        vm_id = _facts(context).get(f"node.{name}.vm_id")
        return Existing(name, {"vm_id": vm_id} if vm_id else {"name": name}, of_lab=True)
    if "vm_id" in target:
        return Existing(f"vm-{target['vm_id'][:8].lower()}", {"vm_id": target["vm_id"].lower()}, of_lab=False)
    # Names of VMs may hold blanks and dots, which step ids and facts do not.
    name = re.sub(r"[^A-Za-z0-9-]+", "-", target["vm_name"]).strip("-") or "vm"
    return Existing(name, {"name": target["vm_name"]}, of_lab=False)


def existing_findings(existing: Existing, context: PlanContext) -> tuple[Finding, ...]:
    """Return what is found about a job on an existing VM: its host, and whether its lab knows the node."""
    if not existing.of_lab or f"node.{existing.name}.vm_id" in _facts(context):
        return (*_sleeping(existing, context), *host_findings(context))
    missing = error(
        "NODE_UNKNOWN",
        f"The lab has no node {existing.name}, or it was never built.",
        "Name a node of the lab.",
        "the lab's facts",
        "#/target/node",
    )
    return (missing, *host_findings(context))


def _sleeping(existing: Existing, context: PlanContext) -> tuple[Finding, ...]:
    power = _facts(context).get("lab.power", "running") if existing.of_lab else "running"
    if power == "running":
        return ()
    return (error("LAB_POWER", f"The lab is {power}.", "Start it (start_lab).", "the lab's record", "#/target/lab_id"),)


def resolve(chain: Chain, existing: Existing) -> None:
    """Append the step that finds the VM."""
    title = f"Find the VM {existing.name}"
    chain.then("ResolveNode", f"resolve-{existing.name}", title, params=dict(existing.params))


def _facts(context: PlanContext) -> Mapping[str, Any]:
    return (context.lab or {}).get("facts") or {}
