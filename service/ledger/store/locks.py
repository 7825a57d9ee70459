"""Who holds what on a host and who waits: one consistent look, in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.ledger.job import Job
from service.ledger.store.hosts import Reservation, reservation_of
from service.ledger.store.job_view import job_of, optional_time, pairs
from service.ledger.store.scripts import Scripts


@dataclass(frozen=True)
class RunningStep:
    """A step under a lease. Times are seconds since 1970 UTC; `started_at` is that of its try."""

    job_id: str
    step_id: str
    worker: str
    claimed_at: float | None
    lease_until: float | None
    started_at: float | None
    heavy: bool


@dataclass(frozen=True)
class HoldingLab:
    """A lab that holds memory and disk. `expires_at` is the end of its lease, None when it has none."""

    id: str
    expires_at: float | None
    tenant: str
    state: str


@dataclass(frozen=True)
class Waiter:
    """A job in a line of the host: for `room`, or for its turn as `step` or `heavy_step`. First comes first."""

    job_id: str
    wants: str
    memory_mib: int = 0
    disk_gib: int = 0


@dataclass(frozen=True)
class HostLocks:
    """What is held on one host at the ledger's time `now`. `jobs` are the jobs named here, by id.

    `targets` maps names (and labs) to the one unfinished job that may work on them. `left_off` counts jobs that are
    named but not in `jobs`, because there are too many.
    """

    now: float
    targets: Mapping[str, str]
    reservations: Sequence[Reservation]
    labs: Mapping[str, HoldingLab]
    running: Sequence[RunningStep]
    waiting: Sequence[Waiter]
    jobs: Mapping[str, Job]
    left_off: int = 0


class LockStore:
    """The locks of one ledger."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def of_host(self, host_id: str) -> HostLocks:
        """Return what is held on a host now; all empty for an unknown one. Changes nothing."""
        flat: list[Any] = self._scripts.run("locks", {"host": host_id})
        row = dict(zip(flat[::2], flat[1::2], strict=True))
        jobs = [job_of(job) for job in row["jobs"]]
        held = [reservation_of(holder, value) for holder, value in pairs(row["held"]).items()]
        return HostLocks(
            now=float(row["now"]),
            targets=pairs(row["targets"]),
            reservations=sorted(held, key=lambda one: (one.since or 0.0, one.holder)),
            labs={lab[0]: HoldingLab(lab[0], optional_time(lab[1]), lab[2], lab[3]) for lab in row["labs"]},
            running=[_running(one) for one in row["running"]],
            waiting=[Waiter(one[0], one[1], int(one[2]), int(one[3])) for one in row["waiting"]],
            jobs={job.id: job for job in jobs},
            left_off=int(row["left_off"]),
        )


def _running(row: Sequence[Any]) -> RunningStep:
    times = [optional_time(value) for value in row[3:6]]
    return RunningStep(row[0], row[1], row[2], times[0], times[1], times[2], heavy=bool(int(row[6])))
