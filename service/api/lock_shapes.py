"""How the locks of a host look to callers."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from service.api.answers import rfc3339
from service.api.conditional import etag_of
from service.ledger.job import Job
from service.ledger.known import capacity_of
from service.ledger.locks import Room, expected_end, expected_release, expected_starts
from service.ledger.store import Host, HostLocks, Reservation, RunningStep, Waiter

_PASSING = frozenset({"at", "lease_age_seconds", "lease_left_seconds", "expected_free_at", "expected_at"})
_HIDDEN_STEP = {"job_id": "", "step_id": "", "worker": ""}
_HIDDEN_WAITER = {"job_id": "", "memory_mib": 0, "disk_gib": 0}


def named_in(locks: HostLocks) -> list[str]:
    """Return the ids of all jobs and labs that these locks name."""
    held = (one.holder for one in locks.reservations)
    waiting, running = (one.job_id for one in locks.waiting), (one.job_id for one in locks.running)
    return sorted({*locks.targets.values(), *held, *waiting, *running})


def locks_body(host: Host, locks: HostLocks, hidden: Collection[str] = ()) -> dict[str, Any]:
    """Return the locks of a host with the times that the estimates give.

    Of `hidden` jobs and labs it is said that they are there and how long, not what they are or do.
    """
    starts = expected_starts(locks, room_of(host))
    waiting = list(enumerate(locks.waiting, 1))
    return {
        "host_id": host.id,
        "host_name": host.name,
        "at": rfc3339(locks.now),
        "targets": [
            _target(locks, target, job) | ({"target": "", "job_id": ""} if job in hidden else {})
            for target, job in sorted(locks.targets.items())
        ],
        "steps": [
            _step(locks, one) | (_HIDDEN_STEP if one.job_id in hidden else {})
            for one in sorted(locks.running, key=lambda one: (one.job_id, one.step_id))
        ],
        "reservations": [
            _held(locks, one) | ({"holder": ""} if one.holder in hidden else {}) for one in locks.reservations
        ],
        "waiting": [
            _waiter(locks.jobs.get(one.job_id), place, one, starts) | (_HIDDEN_WAITER if one.job_id in hidden else {})
            for place, one in waiting
        ],
        "left_off": locks.left_off,
    }


def _held(locks: HostLocks, held: Reservation) -> dict[str, Any]:
    return {
        "holder": held.holder,
        "memory_mib": held.memory_mib,
        "disk_gib": held.disk_gib,
        "since": rfc3339(held.since),
        "expected_free_at": rfc3339(expected_release(locks, held.holder)),
    }


def locks_etag(body: Any) -> str:
    """Return the ETag of what is held and who waits. Ages and expected times pass with the time, as a job's do."""
    return etag_of("locks", 0, json.dumps(_lasting(body)))


def _lasting(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _lasting(inner) for name, inner in value.items() if name not in _PASSING}
    return [_lasting(inner) for inner in value] if isinstance(value, list) else value


def room_of(host: Host) -> Room:
    """Return what labs may take of a host, its reserve taken off; what is not known is None.

    Disk is bounded only where a capacity was set: a report tells what is free, not what there is.
    """
    known = capacity_of(host)
    if known is None:
        return Room(None, None)
    memory = max(0, known["memory_mib"] - host.limits.memory_reserve_mib)
    return Room(memory, host.capacity.disk_gib if host.capacity else None)


def _target(locks: HostLocks, target: str, job_id: str) -> dict[str, Any]:
    job = locks.jobs.get(job_id)
    return {
        "target": target,
        "job_id": job_id,
        "state": str(job.state) if job else "",
        "since": rfc3339(_entered(job)),
        "expected_free_at": rfc3339(expected_end(job, locks.now)),
    }


def _step(locks: HostLocks, step: RunningStep) -> dict[str, Any]:
    return {
        "job_id": step.job_id,
        "step_id": step.step_id,
        "worker": step.worker,
        "heavy": step.heavy,
        "started_at": rfc3339(step.started_at),
        "claimed_at": rfc3339(step.claimed_at),
        "lease_age_seconds": _between(step.claimed_at, locks.now),
        "lease_left_seconds": _between(locks.now, step.lease_until),
    }


def _waiter(job: Job | None, place: int, waiter: Waiter, starts: Mapping[str, float | None]) -> dict[str, Any]:
    return {
        "place": place,
        "job_id": waiter.job_id,
        "wants": waiter.wants,
        "memory_mib": waiter.memory_mib,
        "disk_gib": waiter.disk_gib,
        "since": rfc3339(_entered(job)),
        "expected_at": rfc3339(starts.get(waiter.job_id)),
    }


def _entered(job: Job | None) -> float | None:
    # Jobs of earlier releases did not note when they came in.
    return (job.entered_at or job.created_at) if job else None


def _between(earlier: float | None, later: float | None) -> float | None:
    return None if earlier is None or later is None else round(later - earlier, 3)
