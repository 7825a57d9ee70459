"""What is taken of each host at one moment: who holds memory and disk, and who waits for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.ledger.store.job_view import optional_time
from service.ledger.store.scripts import Scripts


@dataclass(frozen=True)
class Held:
    """What one job or lab holds since a time, and when its lease ends (None: nobody can tell)."""

    memory_mib: int
    disk_gib: int
    since: float
    until: float | None = None


@dataclass(frozen=True)
class HostLoad:
    """The load of one host.

    `held` is empty for a host whose capacity nobody knows. `ahead` are the jobs that wait and would go first, `ahead_*`
    what the first 200 of them want together. `freed_at` is when a reservation was last given back, None for never.
    """

    held: Sequence[Held] = ()
    ahead: int = 0
    ahead_memory_mib: int = 0
    ahead_disk_gib: int = 0
    freed_at: float | None = None

    @property
    def memory_mib(self) -> int:
        """The memory that all holders hold."""
        return sum(one.memory_mib for one in self.held)

    @property
    def disk_gib(self) -> int:
        """The disk that all holders hold."""
        return sum(one.disk_gib for one in self.held)


_NOTHING = HostLoad()


class LoadStore:
    """The loads of one ledger's hosts."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def read(self, host_ids: Sequence[str], priority: int = 1) -> Mapping[str, HostLoad]:
        """Return the load of each host as a job of this priority (0 high to 2 low) meets it; empty for unknown hosts.

        One reading of all: no reservation is counted twice or missed between two hosts. Raise redis errors.
        """
        if not host_ids:
            return {}
        rows = self._scripts.run("read_loads", {"hosts": list(host_ids), "priority": priority})
        found = {row[0]: _load(row) for row in rows}
        return {host_id: found.get(host_id, _NOTHING) for host_id in host_ids}


def _load(row: Sequence[Any]) -> HostLoad:
    _, freed_at, ahead, memory, disk, holders = row
    return HostLoad(
        held=tuple(Held(int(m), int(d), float(since), optional_time(until)) for m, d, since, until in holders),
        ahead=int(ahead),
        ahead_memory_mib=int(memory),
        ahead_disk_gib=int(disk),
        freed_at=optional_time(freed_at),
    )
