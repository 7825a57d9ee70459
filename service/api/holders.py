"""Who holds a host's memory and disk, as a caller may see it: other tenants are one sum."""

from __future__ import annotations

from collections.abc import Sequence

from service.api.context import Context
from service.ledger.store import OTHER_TENANTS, Reservation


def seen_reservations(ctx: Context, held: Sequence[Reservation]) -> list[Reservation]:
    """Return who holds what of a host as the caller may see it: what other tenants hold is one sum."""
    hidden = ctx.store.owners.hidden([one.holder for one in held])
    others = [one for one in held if one.holder in hidden]
    seen = [one for one in held if one.holder not in hidden]
    if not others:
        return seen
    memory, disk = sum(one.memory_mib for one in others), sum(one.disk_gib for one in others)
    return [*seen, Reservation(OTHER_TENANTS, memory, disk, None)]
