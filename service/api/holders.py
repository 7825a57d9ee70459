"""Who holds what of a host, as a caller may see it: other tenants are one sum, and their labs' VMs are not told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from service.api.context import Context
from service.ledger.store import OTHER_TENANTS, Reservation

_REPORT = "host.report"
_OWNED = ("vms", "switches")  # rows of a report that carry the note of a lab


def seen_reservations(ctx: Context, held: Sequence[Reservation]) -> list[Reservation]:
    """Return who holds what of a host as the caller may see it: what other tenants hold is one sum."""
    hidden = ctx.store.owners.hidden([one.holder for one in held])
    others = [one for one in held if one.holder in hidden]
    seen = [one for one in held if one.holder not in hidden]
    if not others:
        return seen
    memory, disk = sum(one.memory_mib for one in others), sum(one.disk_gib for one in others)
    return [*seen, Reservation(OTHER_TENANTS, memory, disk, None)]


def seen_report(ctx: Context, report: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return a host's report without what it tells of labs that the caller does not see; None for none."""
    if report is None or ctx.store.eyes.tenant is None:
        return report
    rows = {name: report[name] for name in _OWNED if report.get(name)}
    owners = {str(row.get("owner") or "") for found in rows.values() for row in found}
    hidden = ctx.store.owners.hidden(sorted(owners - {""}))
    kept = {name: [row for row in found if row.get("owner") not in hidden] for name, found in rows.items()}
    return {**report, **kept}


def seen_facts(ctx: Context, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the facts of a job or a lab with the host's report as the caller may see it."""
    return {**facts, _REPORT: seen_report(ctx, facts[_REPORT])} if _REPORT in facts else facts
