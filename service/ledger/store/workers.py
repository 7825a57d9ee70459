"""Which workers are alive: each tells so with its heartbeat; one that stays silent is forgotten."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.ledger.store.job_view import pairs
from service.ledger.store.scripts import Scripts, dumps


@dataclass(frozen=True)
class WorkerRecord:
    """One worker process. `seen_at` is the server's time of its last heartbeat; `leases` the steps it holds now."""

    name: str
    seen_at: float
    started_at: float
    leases: int = 0
    info: Mapping[str, Any] = field(default_factory=dict)


class WorkerRegistry:
    """The worker processes of one ledger."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def beat(self, name: str, info: Mapping[str, Any] | None = None, ttl_seconds: float = 60.0) -> None:
        """Say that the worker lives and what it is (version, slots, queues). It is forgotten `ttl_seconds` later."""
        self._scripts.run("worker_beat", {"name": name, "info": dumps(info or {}), "ttl": ttl_seconds})

    def forget(self, name: str) -> None:
        """Take a worker off the list, at its orderly end. Its leases stay as they are."""
        self._scripts.run("worker_forget", {"name": name})

    def list(self) -> list[WorkerRecord]:
        """Return the living workers by name."""
        rows = [pairs(row) for row in self._scripts.run("list_workers", {})]
        found = [
            WorkerRecord(
                name=row["name"],
                seen_at=float(row["seen_at"]),
                started_at=float(row["started_at"]),
                leases=int(row["leases"]),
                info=json.loads(row["info"]),
            )
            for row in rows
        ]
        return sorted(found, key=lambda record: record.name)
