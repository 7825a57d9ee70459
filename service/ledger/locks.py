"""When is it my turn? Expected times of locks and of the line for room, from the estimates of the jobs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from service.ledger.job import Job, JobState
from service.ledger.store.locks import HostLocks

# Their remaining seconds do not pass now.
_STANDING = frozenset({JobState.PAUSED, JobState.WAITING, JobState.WAITING_APPROVAL})


@dataclass(frozen=True)
class Room:
    """What a host gives in all; None when it is not known. The memory is without the host's own reserve."""

    memory_mib: int | None
    disk_gib: int | None


def expected_end(job: Job | None, now: float) -> float | None:
    """Return when a job is likely to end, in seconds since 1970 UTC; None when nobody can say."""
    if job is None or job.eta_seconds is None or job.state in _STANDING:
        return None
    begins = max(now, job.not_before or now) if job.state is JobState.SCHEDULED else now
    return begins + job.eta_seconds


def expected_release(locks: HostLocks, holder: str) -> float | None:
    """Return when a reservation is likely to be given back; None when it has no end.

    A lab gives back at the end of its lease. A job that builds a lab hands its reservation over to it.
    """
    lab = locks.labs.get(holder)
    if lab is not None:
        return lab.expires_at
    job = locks.jobs.get(holder)
    end = expected_end(job, locks.now)
    if job is None or end is None or not job.lab_id:
        return end
    lease = int(job.request.get("lease_seconds") or 0)
    return end + lease if lease else None


def expected_starts(locks: HostLocks, room: Room) -> Mapping[str, float | None]:
    """Return by job when each one in the line for room is likely to be let in, in its order; None: nobody can say.

    It is assumed that nobody comes in between, and that each keeps what it gets.
    """
    memory = sum(one.memory_mib for one in locks.reservations)
    disk = sum(one.disk_gib for one in locks.reservations)
    releases = list(_releases(locks))
    found: dict[str, float | None] = {}
    now: float | None = locks.now
    for waiter in (one for one in locks.waiting if one.wants == "room"):
        while now is not None and not _fits(room, memory + waiter.memory_mib, disk + waiter.disk_gib):
            if not releases:
                now = None
                break
            when, memory_back, disk_back = releases.pop(0)
            now, memory, disk = max(now, when), memory - memory_back, disk - disk_back
        found[waiter.job_id] = now
        memory, disk = memory + waiter.memory_mib, disk + waiter.disk_gib
    return found


def _releases(locks: HostLocks) -> Iterator[tuple[float, int, int]]:
    known = [(expected_release(locks, one.holder), one) for one in locks.reservations]
    timed = [(when, one.memory_mib, one.disk_gib) for when, one in known if when is not None]
    yield from sorted(timed)


def _fits(room: Room, memory_mib: int, disk_gib: int) -> bool:
    return (room.memory_mib is None or memory_mib <= room.memory_mib) and (
        room.disk_gib is None or disk_gib <= room.disk_gib
    )
