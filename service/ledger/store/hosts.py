"""Hosts: the Hyper-V machines (L0), their limits, what they last reported and who holds their memory and disk."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.ledger.event import EventType
from service.ledger.store.documents import Change, Document, Documents
from service.ledger.store.job_view import optional_time
from service.ledger.store.scripts import Scripts


@dataclass(frozen=True)
class HostLimits:
    """Bounds of a host. 0 for a bound of steps means: start none (maintenance)."""

    max_sessions: int = 16
    max_parallel_steps: int = 16
    max_heavy_steps: int = 4
    memory_reserve_mib: int = 4096


@dataclass(frozen=True)
class HostCapacity:
    """What labs may take from a host in all; `memory_reserve_mib` is taken off the memory."""

    memory_mib: int
    disk_gib: int


@dataclass(frozen=True)
class Host:
    """One host. `secrets` has `password`, sealed or a reference. `report` is the last InspectHost, None before it.

    `capacity` None means unknown: jobs are admitted, until a report tells the host's memory. `reached_at` is when a
    step last had its answer; `unreachable_since` and `unreachable_error` (a worker's code) tell since when it has not.
    A host that is not `schedulable` (cordoned) takes no new lab.
    """

    id: str
    name: str
    address: str
    port: int = 5986
    scheme: str = "https"
    auth: str = "negotiate"
    username: str = ""
    secrets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    ca_pem: str = ""
    configuration_name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    limits: HostLimits = HostLimits()
    capacity: HostCapacity | None = None
    storage_path: str = ""
    schedulable: bool = True
    report: Mapping[str, Any] | None = None
    inspected_at: float | None = None
    requires_approval: bool = False
    reached_at: float | None = None
    unreachable_since: float | None = None
    unreachable_error: str = ""
    version: int = 0
    created_at: float = 0.0
    updated_at: float = 0.0


@dataclass(frozen=True)
class Reservation:
    """What a job (until it ends) or a lab (until it is removed) holds of a host since a time; None for several."""

    holder: str
    memory_mib: int
    disk_gib: int
    since: float | None


_REACHED = ("reached_at", "unreachable_since", "unreachable_error")
_KEPT_BESIDE = frozenset({"id", "report", "inspected_at", "version", "created_at", "updated_at", *_REACHED})


class HostStore:
    """The hosts of one ledger."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        self._documents = Documents(scripts, "host")

    def put(self, host: Host) -> Host:
        """Register a new host; version and times are set here. Raise NameTaken, VersionConflict when the id exists."""
        return _host(self._documents.put(host.id, _change(host, EventType.HOST_REGISTERED), expected=0))

    def update(self, host: Host, expected_version: int | None = None) -> Host:
        """Replace a host's settings; waiting jobs that fit now are queued in the same move.

        Raise NotFound, NameTaken, or VersionConflict when it is not at `expected_version` (default: host.version).
        """
        expected = host.version if expected_version is None else expected_version
        return _host(self._documents.put(host.id, _change(host, EventType.HOST_UPDATED), expected=max(1, expected)))

    def get(self, host_id: str) -> Host | None:
        """Return the host or None."""
        document = self._documents.get(host_id)
        return _host(document) if document else None

    def by_name(self, name: str) -> Host | None:
        """Return the host of this name or None."""
        document = self._documents.by_name(name)
        return _host(document) if document else None

    def list(self, before: tuple[float, str] | None = None, limit: int = 100) -> list[Host]:
        """Return up to `limit` hosts older than `before` (created_at, id), newest first."""
        return [_host(document) for document in self._documents.list(before, limit)]

    def delete(self, host_id: str, expected_version: int | None = None) -> bool:
        """Forget a host; False when unknown. Raise InUse while unfinished jobs or labs use it, VersionConflict."""
        return self._documents.delete(host_id, EventType.HOST_DELETED, expected_version)

    def reservations(self, host_id: str) -> Sequence[Reservation]:
        """Return who holds memory and disk of the host, oldest first."""
        rows = self._scripts.client.hgetall(self._scripts.key("host", host_id, "held"))
        found = [reservation_of(holder, value) for holder, value in rows.items()]
        return sorted(found, key=lambda one: (one.since or 0.0, one.holder))

    def holders(self, host_id: str, targets: Sequence[str]) -> dict[str, str]:
        """Return which unfinished job has each of these targets of the host; free ones are left out."""
        if not targets:
            return {}
        found = self._scripts.client.hmget(self._scripts.key("host", host_id, "targets"), list(targets))
        return {target: job for target, job in zip(targets, found, strict=True) if job}


def reservation_of(holder: str, value: str) -> Reservation:
    """Read one reservation as it is stored."""
    memory, disk, since = value.split(",")
    return Reservation(holder, int(memory), int(disk), float(since))


def _change(host: Host, event: EventType) -> Change:
    body = {name: value for name, value in dataclasses.asdict(host).items() if name not in _KEPT_BESIDE}
    capacity = host.capacity
    flat = {
        "max_parallel": host.limits.max_parallel_steps,
        "max_heavy": host.limits.max_heavy_steps,
        "reserve": host.limits.memory_reserve_mib,
        "cordoned": int(not host.schedulable),
        "requires_approval": int(host.requires_approval),
        "cap_mem": capacity.memory_mib if capacity else "",
        "cap_disk": capacity.disk_gib if capacity else "",
    }
    return Change(body, name=host.name, flat=flat, event=event, event_data={"host_id": host.id, "name": host.name})


def _host(document: Document) -> Host:
    body, extra = dict(document.body), document.extra
    limits, capacity = body.pop("limits"), body.pop("capacity")
    return Host(
        id=document.id,
        limits=HostLimits(**limits),
        capacity=HostCapacity(**capacity) if capacity else None,
        report=json.loads(extra["report"]) if extra.get("report") else None,
        inspected_at=optional_time(extra.get("inspected_at", "")),
        reached_at=optional_time(extra.get("reached_at", "")),
        unreachable_since=optional_time(extra.get("unreachable_since", "")),
        unreachable_error=extra.get("unreachable_error", ""),
        version=document.version,
        created_at=document.created_at,
        updated_at=document.updated_at,
        **body,
    )
