"""Whose eyes a ledger is read with: an operator's, who sees all, or those of one tenant; and who owns a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from service.ledger.store.scripts import Scripts
from service.ledger.tenant import ALL_TENANTS, DEFAULT_TENANT, owner_of

# The tenant of a list that is empty for whoever asks.
NOBODY: Final = "nobody's"
# Stands for jobs and labs that are not seen.
OTHER_TENANTS: Final = "other-tenants"
# Where a record of a kind says whose it is.
_FIELDS: Mapping[str, str] = {"job": "tenant", "lab": "tenant", "endpoint": "tenant", "delivery": "owner"}


class Owned(Protocol):
    """A record of one tenant."""

    @property
    def tenant(self) -> str:
        """The slug."""


Record = TypeVar("Record", bound=Owned)


@dataclass(frozen=True)
class Eyes:
    """Who looks: the slug of a tenant, or None for one who sees what all tenants have."""

    tenant: str | None = None

    def sees(self, tenant: str) -> bool:
        """Tell whether what this tenant has is seen."""
        return self.tenant is None or self.tenant == tenant

    def seen(self, record: Record | None) -> Record | None:
        """Return the record if it is seen, else None, as if there were none."""
        return record if record is not None and self.sees(record.tenant) else None

    def narrowed(self, asked: str | None) -> str | None:
        """Return whose records a list shows when those of `asked` (None: all) are wanted; NOBODY for what is not seen.

        None is for those of all tenants.
        """
        if asked is None or self.tenant is None:
            return asked or self.tenant
        return asked if asked == self.tenant else NOBODY


EVERYONE = Eyes()


def owned_indexes(tenant: str | None, indexes: Sequence[str]) -> dict[str, Any]:
    """Return what a list's move needs to walk these indexes ('' = none) for one tenant, or for all (None).

    What `default` owns stands in no index of its own: the move looks at each record.
    """
    own = f"tenant:{tenant}" if tenant not in (None, DEFAULT_TENANT) else ""
    return {"indexes": [index for index in (own, *indexes) if index] or ["all"], "tenant": tenant or ""}


class OwnerStore:
    """Who owns what, by id."""

    def __init__(self, scripts: Scripts, eyes: Eyes = EVERYONE) -> None:
        self._scripts = scripts
        self._eyes = eyes

    def owner(self, kind: str, identifier: str) -> str | None:
        """Return the tenant of a `job`, `lab`, `endpoint` or `delivery`; None when there is none.

        An endpoint that hears of all tenants, and its deliveries, have an owner that is no tenant.
        """
        found = self._scripts.client.hmget(self._scripts.key(kind, identifier), "id", _FIELDS[kind])
        return owner_of(found[1] or "") if found[0] else None

    def hidden(self, holders: Sequence[str]) -> frozenset[str]:
        """Return which of these jobs and labs are not seen."""
        if self._eyes.tenant is None or not holders:
            return frozenset()
        with self._scripts.client.pipeline(transaction=False) as reads:
            for holder in holders:
                reads.hget(self._scripts.key(*_place(holder)), "tenant")
            owners = reads.execute()
        pairs = zip(holders, owners, strict=True)
        return frozenset(holder for holder, owner in pairs if not self._eyes.sees(owner_of(owner or "")))

    def named(self, holders: Sequence[str]) -> list[str]:
        """Return these jobs and labs by name, those that are not seen as one word for all of them."""
        hidden = self.hidden(holders)
        seen = [holder for holder in holders if holder not in hidden]
        return [*seen, OTHER_TENANTS] if hidden else seen


def _place(holder: str) -> tuple[str, str]:
    return ("lab" if holder.startswith("lab_") else "job"), holder


def endpoint_owner(tenant: str, *, all_tenants: bool) -> str:
    """Return who owns an endpoint: nobody but operators when it hears of all tenants."""
    return ALL_TENANTS if all_tenants else tenant
