"""What the ledger knows when it plans: records as the plain mappings that plans read, without credentials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.ledger.plan import PlanContext
from service.ledger.store import Host, Image, Lab


def plan_context(lab_id: str, host: Host | None, image: Image | None = None, lab: Lab | None = None) -> PlanContext:
    """Return the context of a plan. `lab_id` is the lab that the job builds or works on ('' = none)."""
    return PlanContext(
        lab_id=lab_id,
        host=_host_facts(host) if host else None,
        image=dict(vars(image)) if image else None,
        lab=_lab_facts(lab) if lab else None,
    )


def capacity_of(host: Host) -> dict[str, int] | None:
    """Return what labs may take of a host: what was set, else what it reported; None when neither is known."""
    if host.capacity is not None:
        return {"memory_mib": host.capacity.memory_mib, "disk_gib": host.capacity.disk_gib}
    report: Mapping[str, Any] = host.report or {}
    if not report.get("memory_total_mib"):
        return None
    free = max((int(volume.get("free_gib") or 0) for volume in report.get("volumes") or ()), default=0)
    return {"memory_mib": int(report["memory_total_mib"]), "disk_gib": free}


def _host_facts(host: Host) -> dict[str, Any]:
    facts = {name: value for name, value in vars(host).items() if name != "secrets"}
    return facts | {"limits": vars(host.limits), "capacity": capacity_of(host)}


def _lab_facts(lab: Lab) -> dict[str, Any]:
    return vars(lab) | {"state": str(lab.state), "demand": vars(lab.demand)}
