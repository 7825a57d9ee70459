"""Records that plans read, for tests."""

from __future__ import annotations

from typing import Any

from service.ledger.plan import Finding, Plan, PlanContext, Step
from service.ledger.plans import build_plan
from tests.unit.schemas.bodies import LAB_ID, loaded

IMAGE: dict[str, Any] = {
    "path": r"C:\Images\ws2022.vhdx",
    "sha256": "a" * 64,
    "os_build": 20348,
    "os_name": "Windows Server 2022",
    "edition": "datacenter",
    "generation": 2,
}


def report(**more: Any) -> dict[str, Any]:
    """Return the report of a healthy host."""
    return {
        "os_build": 20348,
        "cpu_vendor": "GenuineIntel",
        "memory_total_mib": 262144,
        "memory_free_mib": 200000,
        "volumes": [{"path": "D:\\", "free_gib": 2000, "size_gib": 4000}],
        "switches": [{"name": "LAN", "owner": None}],
        "vms": [],
        **more,
    }


def host(**more: Any) -> dict[str, Any]:
    """Return the record of a host that was inspected."""
    return {
        "storage_path": r"D:\Labs",
        "limits": {"memory_reserve_mib": 4096},
        "capacity": None,
        "report": report(),
        **more,
    }


def context(**more: Any) -> PlanContext:
    """Return the context of a new lab on a healthy host."""
    return PlanContext(**{"lab_id": LAB_ID, "host": host(), "image": IMAGE, **more})


def plan_of(kind: str = "nested_cluster", *, known: PlanContext | None = None, **changes: Any) -> Plan:
    """Return the plan of a body with changes."""
    return build_plan(loaded(kind, **changes), known or context())


def living(plan: Plan, request: dict[str, Any], **more: Any) -> PlanContext:
    """Return the context of a lab that was built by this plan: every node has an id."""
    nodes = {step.node for step in plan.steps if step.node}
    facts = {f"node.{name}.vm_id": f"id-of-{name}" for name in nodes}
    return context(lab={"id": LAB_ID, "request": request, "facts": facts | more})


def by_id(plan: Plan) -> dict[str, Step]:
    """Return the steps by their ids."""
    return {step.id: step for step in plan.steps}


def before(plan: Plan, step_id: str) -> set[str]:
    """Return everything that a step needs, near or far."""
    steps, seen = by_id(plan), set[str]()
    todo = [*steps[step_id].needs]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += steps[name].needs
    return seen


def finding(plan: Plan, code: str) -> Finding | None:
    """Return the finding of this code or None."""
    return next((item for item in plan.findings if item.code == code), None)
