"""What metrics show of the ledger: counts by kind and state, of one moment, in one move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.ledger.store.job_view import pairs
from service.ledger.store.scripts import Scripts

_HOST_FIELDS = 5


@dataclass(frozen=True)
class HostTally:
    """One host: steps that run on it now, heavy ones among them, jobs that wait for its room.

    `away_seconds` is how long it has not answered; 0 while it answers or nobody asked.
    """

    host_id: str
    steps: int
    heavy_steps: int
    jobs_waiting: int
    away_seconds: float


@dataclass(frozen=True)
class Tallies:
    """Counts of one moment.

    `jobs` are by kind and state, those that are kept after their end too. `endpoints` are by state: active, resting
    (after failures in a row), disabled; of the first 5000. `hosts` are the first 1000. `ready_seconds` is how long the
    step waits that is ready longest among those that are next in line, 0 without one.
    """

    jobs: Mapping[tuple[str, str], int]
    deliveries_pending: int
    endpoints: Mapping[str, int]
    workers: int
    hosts: Sequence[HostTally]
    ready_seconds: float


class TallyStore:
    """The counts of one ledger."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def read(self) -> Tallies:
        """Return the counts now. The first call of a ledger's life counts its jobs. Raise redis errors."""
        jobs, pending, endpoints, workers, hosts, ready = self._scripts.run("tallies", {})
        counted = {tuple(name.split("|", 1)): int(count) for name, count in pairs(jobs).items() if name != "|"}
        return Tallies(
            jobs={(kind, state): count for (kind, state), count in counted.items()},
            deliveries_pending=int(pending),
            endpoints={state: int(count) for state, count in pairs(endpoints).items()},
            workers=int(workers),
            hosts=[_host(hosts[at : at + _HOST_FIELDS]) for at in range(0, len(hosts), _HOST_FIELDS)],
            ready_seconds=float(ready),
        )


def _host(row: Sequence[str]) -> HostTally:
    return HostTally(row[0], int(row[1]), int(row[2]), int(row[3]), float(row[4]))
