"""What a job will do: a plan is a DAG of steps, made by a pure function of the request and known facts.

Pure: no Redis, no Flask, no Celery. A kind's own plan is in `service/ledger/plans/`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from service.ledger import estimate


class Severity(StrEnum):
    """How much a finding matters: an error forbids the build, a warning is shown, info explains."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Finding:
    """One thing a rule found, with its reason and the way out.

    `pointer` is a JSON Pointer fragment into the request (`#/nodes/memory_mib`) or '' when it is about the host.
    """

    code: str
    severity: Severity
    reason: str
    remedy: str
    source: str
    pointer: str = ""


class Step(NamedTuple):
    """One idempotent change with its check, as data.

    `action` names the handler in `workers/steps`; `reads` are the facts that the handler needs from earlier steps;
    `weight_seconds` is the estimate on a healthy host; `heavy` steps count against the host's bound of heavy steps.
    A tuple: a plan makes many on the way of every submission, and a frozen dataclass costs four times as much.
    """

    id: str
    action: str
    title: str
    needs: tuple[str, ...] = ()
    params: Mapping[str, Any] = {}  # nobody writes to it
    reads: tuple[str, ...] = ()
    node: str | None = None
    weight_seconds: float = 1.0
    deadline_seconds: int = 600
    max_attempts: int = 3
    heavy: bool = False
    undoable: bool = False


@dataclass(frozen=True)
class Demand:
    """What a lab takes from its host for as long as it lives, in MiB of memory and GiB of disk."""

    memory_mib: int = 0
    disk_gib: int = 0


@dataclass(frozen=True)
class Reshape:
    """What a job makes of its lab: the request that describes it, all that it takes, the names of nodes that go."""

    request: Mapping[str, Any]
    demand: Demand
    gone: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlanContext:
    """What the ledger knows when it plans: the host's and the image's record and, for later jobs, the lab's.

    Each is a plain mapping or None when it is not known; a plan never fails for what it does not know, but says so in
    a finding. A lab is its record; its `facts` and `request` are what later plans are made of.
    """

    lab_id: str = ""
    host: Mapping[str, Any] | None = None
    image: Mapping[str, Any] | None = None
    lab: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Plan:
    """The steps of one job, what they take and what the rules found. `reshape`: what its `ReshapeLab` step writes."""

    kind: str
    steps: tuple[Step, ...]
    demand: Demand = Demand()
    findings: tuple[Finding, ...] = ()
    reshape: Reshape | None = None

    @property
    def refused(self) -> bool:
        """True when a finding forbids the build."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)

    def critical_path_seconds(self) -> float:
        """Return the longest chain of weights: the shortest possible duration with unlimited parallelism."""
        return estimate.critical_path_seconds(self.steps)

    def bounded_seconds(self, parallel: int, heavy: int) -> float:
        """Return the duration with at most `parallel` steps at once, `heavy` of them heavy; ValueError below 1."""
        return estimate.bounded_seconds(self.steps, parallel, heavy)

    def digest(self) -> str:
        """Return a SHA-256 over steps and demand: the same request and facts give the same digest."""
        body = json.dumps([[step._asdict() for step in self.steps], asdict(self.demand)], sort_keys=True)
        return hashlib.sha256(body.encode()).hexdigest()
