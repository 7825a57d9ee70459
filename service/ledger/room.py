"""What is free of a host, from its record, its last inspection and what the ledger gave away. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from service.ledger.placement import Candidate
from service.ledger.plan import Demand
from service.ledger.plans.capacity import volume_of
from service.ledger.store import Host, HostLoad

# A look at the host says what strangers on it take, but not for ever.
FRESH_SECONDS = 3600.0


@dataclass(frozen=True)
class Room:
    """Free memory in MiB and disk in GiB; None where nobody knows. Never below 0."""

    memory_mib: int | None
    disk_gib: int | None


def room_of(host: Host, load: HostLoad, now: float) -> Room:
    """Return what is free: capacity without what is held; less, when a fresh inspection saw less.

    An inspection is fresh for an hour, and only until something is given back: it saw that as taken. What was given
    away since is not in it yet.
    """
    seen = _seen(host, load, now)
    return Room(_least(_booked_memory(host, load), seen.memory_mib), _least(_booked_disk(host, load), seen.disk_gib))


def candidate_of(host: Host, load: HostLoad, demand: Demand, forbidden: str, now: float) -> Candidate:
    """Return the host as `place` judges it; `forbidden` is the rule that the lab breaks there, '' for none."""
    room = room_of(host, load, now)
    return Candidate(
        host_id=host.id,
        name=host.name,
        free_memory_mib=room.memory_mib,
        free_disk_gib=room.disk_gib,
        ahead=load.ahead,
        frees_at=_frees_at(room, load, demand, now),
        schedulable=host.schedulable,
        inspected=bool(host.report),
        paused=host.limits.max_parallel_steps == 0,
        forbidden=forbidden,
    )


def _booked_memory(host: Host, load: HostLoad) -> int | None:
    total = host.capacity.memory_mib if host.capacity else (host.report or {}).get("memory_total_mib")
    return None if total is None else int(total) - host.limits.memory_reserve_mib - load.memory_mib


def _booked_disk(host: Host, load: HostLoad) -> int | None:
    return host.capacity.disk_gib - load.disk_gib if host.capacity else None


def _seen(host: Host, load: HostLoad, now: float) -> Room:
    report, at = host.report or {}, host.inspected_at
    if at is None or now - at > FRESH_SECONDS or (load.freed_at or 0) > at:
        return Room(None, None)
    since = [one for one in load.held if one.since > at]
    memory, disk = report.get("memory_free_mib"), volume_of(report, host.storage_path).get("free_gib")
    reserve = host.limits.memory_reserve_mib
    return Room(
        None if memory is None else int(memory) - reserve - sum(one.memory_mib for one in since),
        None if disk is None else int(disk) - sum(one.disk_gib for one in since),
    )


def _least(*amounts: int | None) -> int | None:
    known = [amount for amount in amounts if amount is not None]
    return max(0, min(known)) if known else None


def _frees_at(room: Room, load: HostLoad, demand: Demand, now: float) -> float | None:
    """Return when the job would have room: after those ahead of it, as leases end; None when leases do not tell."""
    memory = demand.memory_mib + load.ahead_memory_mib - _known(room.memory_mib)
    disk = demand.disk_gib + load.ahead_disk_gib - _known(room.disk_gib)
    at = now
    for until, freed_memory, freed_disk in _endings(load):
        if memory <= 0 and disk <= 0:
            break
        at, memory, disk = max(at, until), memory - freed_memory, disk - freed_disk
    return at if memory <= 0 and disk <= 0 else None


def _known(amount: int | None) -> float:
    return float("inf") if amount is None else amount


def _endings(load: HostLoad) -> Iterator[tuple[float, int, int]]:
    yield from sorted((one.until, one.memory_mib, one.disk_gib) for one in load.held if one.until is not None)
