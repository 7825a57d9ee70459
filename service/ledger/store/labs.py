"""Labs: what jobs built. Their state follows their jobs inside the jobs' own moves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from service.ledger.plan import Demand
from service.ledger.store.errors import IllegalMove, NotFound, VersionConflict
from service.ledger.store.job_view import optional_time, pairs
from service.ledger.store.owners import EVERYONE, NOBODY, Eyes, owned_indexes
from service.ledger.store.scripts import Scripts
from service.ledger.tenant import DEFAULT_TENANT, owner_of


class LabState(StrEnum):
    """Where a lab is. `failed` keeps what is left of it, and its reservation, until it is removed."""

    BUILDING = "building"
    READY = "ready"
    FAILED = "failed"
    REMOVING = "removing"
    REMOVED = "removed"


@dataclass(frozen=True)
class Lab:
    """One lab. `facts` are its job's facts, `probes` the rows of its CPU ledger; both stay in lists' records empty.

    `expires_at` is None without a lease and before the lab is ready. `demand` is what it holds of its host. `power` is
    running, stopping, stopped or starting; None before the lab is ready and once it goes.
    """

    id: str
    name: str
    state: LabState
    host_id: str
    job_id: str
    kind: str
    version: int
    created_at: float
    expires_at: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    demand: Demand = field(default_factory=Demand)
    request: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    probes: Sequence[Mapping[str, Any]] = ()
    removed_at: float | None = None
    tenant: str = DEFAULT_TENANT
    power: str | None = None


@dataclass(frozen=True)
class LabFilter:
    """Which labs a list shows: all given conditions hold."""

    state: LabState | str | None = None
    host_id: str | None = None
    kind: str | None = None
    label: tuple[str, str] | None = None
    tenant: str | None = None


class LabStore:
    """The labs of one ledger, or what one tenant sees of them."""

    def __init__(self, scripts: Scripts, eyes: Eyes = EVERYONE) -> None:
        self._scripts = scripts
        self._eyes = eyes

    def get(self, lab_id: str) -> Lab | None:
        """Return the lab with its facts or None. A removed lab is kept for the retention time."""
        row = self._scripts.client.hgetall(self._scripts.key("lab", lab_id))
        if not row or not self._eyes.sees(owner_of(row.get("tenant", ""))):
            return None
        return _lab(row, self._scripts.client.hgetall(self._scripts.key("lab", lab_id, "facts")))

    def list(
        self, filters: LabFilter = LabFilter(), before: tuple[float, str] | None = None, limit: int = 100
    ) -> list[Lab]:
        """Return up to `limit` labs older than `before` (created_at, id), newest first, without their facts."""
        indexes = [
            f"state:{filters.state}" if filters.state else "",
            f"host:{filters.host_id}" if filters.host_id else "",
            f"kind:{filters.kind}" if filters.kind else "",
            f"label:{filters.label[0]}={filters.label[1]}" if filters.label else "",
        ]
        found: list[Lab] = []
        tenant, position = self._eyes.narrowed(filters.tenant), before
        while len(found) < limit and tenant is not NOBODY:
            arguments = {
                **owned_indexes(tenant, indexes),
                "before": repr(position[0]) if position else "",
                "before_id": position[1] if position else "",
                "limit": limit - len(found),
            }
            rows, last_score, last_id = self._scripts.run("list_labs", arguments)
            found.extend(_lab(pairs(row), {}) for row in rows)
            if not last_id:
                break
            position = (float(last_score), last_id)
        return found

    def extend(self, lab_id: str, seconds: int, expected_version: int = 0) -> Lab:
        """Let the lab's lease end `seconds` from now, by the ledger's time; 0 takes the lease away.

        Raise NotFound, IllegalMove when the lab is neither ready nor failed, VersionConflict when its version is not
        the expected one (0: any).
        """
        arguments = {"lab": lab_id, "seconds": seconds, "version": expected_version}
        code, detail = self._scripts.run("extend_lab", arguments)
        if code == "changed":
            raise VersionConflict(f"lab {lab_id} changed since it was read", int(detail))
        if code == "illegal":
            raise IllegalMove(f"lab {lab_id} is {detail}", state=detail)
        lab = self.get(lab_id)
        if lab is None:
            raise NotFound(f"no lab {lab_id}")
        return lab

    def secrets(self, lab_id: str) -> dict[str, dict[str, Any]]:
        """Return the lab's sealed secrets and references; empty when unknown or removed."""
        text = self._scripts.client.hget(self._scripts.key("lab", lab_id), "secrets")
        found: dict[str, dict[str, Any]] = json.loads(text or "{}")
        return found


def _lab(row: Mapping[str, str], facts: Mapping[str, str]) -> Lab:
    values = {name: json.loads(value) for name, value in facts.items()}
    probes = values.pop("lab.probes", ())
    return Lab(
        id=row["id"],
        name=row["name"],
        state=LabState(row["state"]),
        host_id=row["host_id"],
        job_id=row["job_id"],
        kind=row["kind"],
        version=int(row["version"]),
        created_at=float(row["created_at"]),
        expires_at=optional_time(row.get("expires_at", "")),
        labels=json.loads(row["labels"]),
        demand=Demand(int(row["mem"]), int(row["disk"])),
        request=json.loads(row["request"]),
        facts=values,
        probes=probes,
        removed_at=optional_time(row.get("removed_at", "")),
        tenant=owner_of(row.get("tenant", "")),
        power=_power(row),
    )


def _power(row: Mapping[str, str]) -> str | None:
    """Return what the last stop or start said; a lab that is ready and was never stopped runs."""
    if row["state"] not in (LabState.READY, LabState.FAILED):
        return None
    said: str | None = json.loads(row.get("power", "null"))
    return said or ("running" if row["state"] == LabState.READY else None)
