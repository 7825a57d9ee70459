"""Is the ledger well: what is late, who swept last, how many wake-ups wait, and what the Redis server says of itself.

Everything here only reads, in a few bounded calls. Lateness is in seconds by the server's clock; 0: nothing is late.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import redis

from service.ledger.job import JobState
from service.ledger.store.durability import REQUIRED, durability_faults
from service.ledger.store.job_view import optional_time, pairs
from service.ledger.store.scripts import Scripts

_SETTINGS = (*REQUIRED, "maxmemory")
_INFO = ("server", "clients", "memory", "persistence", "stats", "replication")


@dataclass(frozen=True)
class Vitals:
    """The ledger at the server's time `now`.

    `swept_at` is the end of the last sweep by any process, None before the first. `lease_late_seconds` is how long the
    oldest lost lease waits to be taken back, `wait_late_seconds` how long the step that is due longest, and
    `delivery_late_seconds` how long the webhook that is due longest; the sweep keeps the first two near 0. `claimable`
    is about how many steps a worker could take now (at most some hundreds), `oldest_queued_seconds` the age of the
    oldest job that no worker has begun. `jobs` counts jobs by state.
    """

    now: float
    swept_at: float | None
    claimable: int
    leases: int
    lease_late_seconds: float
    wait_late_seconds: float
    deliveries_due: int
    delivery_late_seconds: float
    oldest_queued_seconds: float
    audit_open: int
    jobs: Mapping[str, int]

    @property
    def sweep_lag_seconds(self) -> float | None:
        """Seconds since the last sweep; None when nobody ever swept."""
        return None if self.swept_at is None else max(0.0, self.now - self.swept_at)


@dataclass(frozen=True)
class ServerFacts:
    """What the Redis server says of itself; None for what it does not tell (an ACL, a managed server).

    Sizes are bytes; `memory_max` 0 means no bound. `faults` says in words which settings may lose acknowledged writes.
    `aof_ok` and `rdb_ok` are whether the last write of that file went well. `evicted` counts keys since the start.
    """

    version: str | None = None
    product: str | None = None
    uptime_seconds: int | None = None
    clients: int | None = None
    clients_max: int | None = None
    memory_used: int | None = None
    memory_max: int | None = None
    memory_system: int | None = None
    evicted: int | None = None
    role: str | None = None
    replicas: int | None = None
    aof_enabled: bool | None = None
    aof_ok: bool | None = None
    aof_size: int | None = None
    aof_delayed_syncs: int | None = None
    rdb_ok: bool | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    faults: Sequence[str] = ()


class VitalStore:
    """The vitals of one ledger."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def read(self) -> Vitals:
        """Return the ledger's vitals now. Raise redis errors."""
        row = pairs(self._scripts.run("vitals", {"states": [str(state) for state in JobState]}))
        return Vitals(
            now=float(row["now"]),
            swept_at=optional_time(row["swept_at"]),
            claimable=int(row["claimable"]),
            leases=int(row["leases"]),
            lease_late_seconds=float(row["lease_late"]),
            wait_late_seconds=float(row["wait_late"]),
            deliveries_due=int(row["deliveries_due"]),
            delivery_late_seconds=float(row["delivery_late"]),
            oldest_queued_seconds=float(row["oldest_queued"]),
            audit_open=int(row["audit_open"]),
            jobs={name: int(count) for name, count in pairs(json.loads(row["jobs"])).items()},
        )

    def server(self) -> ServerFacts:
        """Return what the server says of itself. Raise redis errors, but not for a command that it forbids."""
        info: dict[str, Any] = {}
        for section in _INFO:
            info |= _allowed(self._scripts.client.info, section)
        settings: dict[str, str] = {}
        for name in _SETTINGS:
            settings |= _allowed(self._scripts.client.config_get, name)
        return _facts(info, settings)


def _allowed(ask: Callable[[str], Any], what: str) -> dict[str, Any]:
    """Return the answer; {} when the server does not let this account ask, or does not know the command."""
    try:
        return dict(ask(what))
    except redis.exceptions.ResponseError:  # NoPermissionError is one
        return {}


def _facts(info: Mapping[str, Any], settings: Mapping[str, str]) -> ServerFacts:
    known = {name: settings[name] for name in REQUIRED if name in settings}
    return ServerFacts(
        version=_text(info.get("valkey_version") or info.get("redis_version")),
        product="valkey" if "valkey_version" in info else "redis" if "redis_version" in info else None,
        uptime_seconds=_number(info.get("uptime_in_seconds")),
        clients=_number(info.get("connected_clients")),
        clients_max=_number(info.get("maxclients")),
        memory_used=_number(info.get("used_memory")),
        memory_max=_number(info.get("maxmemory", settings.get("maxmemory"))),
        memory_system=_number(info.get("total_system_memory")),
        evicted=_number(info.get("evicted_keys")),
        role=_text(info.get("role")),
        replicas=_number(info.get("connected_slaves")),
        aof_enabled=_flag(info.get("aof_enabled")),
        aof_ok=_good(info.get("aof_last_write_status")),
        aof_size=_number(info.get("aof_current_size")),
        aof_delayed_syncs=_number(info.get("aof_delayed_fsync")),
        rdb_ok=_good(info.get("rdb_last_bgsave_status")),
        settings=known,
        faults=tuple(durability_faults({**dict.fromkeys(REQUIRED, "unknown"), **known})) if known else (),
    )


def _text(value: Any) -> str | None:
    return None if value in (None, "") else str(value)


def _number(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def _flag(value: Any) -> bool | None:
    number = _number(value)
    return None if number is None else bool(number)


def _good(value: Any) -> bool | None:
    return None if value is None else value == "ok"
