"""Jobs and steps as the ledger knows them, and the one table of allowed transitions.

Pure: no Redis, no Flask, no Celery. The store keeps these records; Lua moves apply this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class JobState(StrEnum):
    """Where a job is. The last four are final."""

    QUEUED = "queued"
    WAITING = "waiting"  # for capacity on its host
    RUNNING = "running"
    CANCELLING = "cancelling"
    ROLLING_BACK = "rolling_back"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


TERMINAL_STATES = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED})

_ENDINGS = frozenset({JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED})

TRANSITIONS: Mapping[JobState, frozenset[JobState]] = {
    # A retried job that is stopped while it is queued or waiting may still have finished steps to undo.
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.ROLLING_BACK, JobState.CANCELLED, JobState.EXPIRED}),
    JobState.WAITING: frozenset({JobState.QUEUED, JobState.ROLLING_BACK, JobState.CANCELLED, JobState.EXPIRED}),
    JobState.RUNNING: frozenset({JobState.SUCCEEDED, JobState.CANCELLING, JobState.ROLLING_BACK}) | _ENDINGS,
    JobState.CANCELLING: frozenset({JobState.ROLLING_BACK}) | _ENDINGS,
    JobState.ROLLING_BACK: _ENDINGS,
    JobState.SUCCEEDED: frozenset(),
    # Retry from the failed step reopens the same record.
    JobState.FAILED: frozenset({JobState.QUEUED, JobState.WAITING}),
    JobState.CANCELLED: frozenset({JobState.QUEUED, JobState.WAITING}),
    JobState.EXPIRED: frozenset({JobState.QUEUED, JobState.WAITING}),
}


class StepState(StrEnum):
    """Where a step is. `skipped` means: its check passed on the host, nothing had to be done."""

    PENDING = "pending"
    READY = "ready"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    SKIPPED = "skipped"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNDONE = "undone"


@dataclass(frozen=True)
class Job:
    """One job record as callers see it. Times are seconds since 1970 UTC; `version` rises with every change (ETag).

    `request` is the validated request without secrets. `error` is a problem object and `result` the lab's facts; both
    are None until there is one. `waiting_for` says what a job waits for and who holds it. `cancel_unconfirmed` says
    that a remote call could not be shown to have stopped. `placement` says how the host was chosen, None when it was
    named.
    """

    id: str
    kind: str
    state: JobState
    request: Mapping[str, Any]
    version: int
    created_at: float
    host_id: str = ""
    lab_id: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    started_at: float | None = None
    ended_at: float | None = None
    progress_percent: int = 0
    eta_seconds: float | None = None
    waiting_for: str = ""
    error: Mapping[str, Any] | None = None
    result: Mapping[str, Any] | None = None
    cancel_unconfirmed: bool = False
    retries: int = 0
    request_id: str = ""
    traceparent: str = ""
    steps_total: int = 0
    steps_done: int = 0
    priority: int = 1
    tenant: str = ""
    on_failure: str = "keep"
    on_cancel: str = "keep"
    deadline_at: float | None = None
    targets: tuple[str, ...] = ()
    callback_url: str = ""
    placement: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class StepRecord:
    """One step of a job as callers see it.

    `attempt` counts tries (waits and releases are not counted); `generation` rises when a failed step is tried again;
    `intent` is what it was last about to do; `message` is the last progress text.
    """

    id: str
    action: str
    title: str
    state: StepState
    node: str | None = None
    needs: tuple[str, ...] = ()
    attempt: int = 0
    percent: int = 0
    message: str = ""
    started_at: float | None = None
    ended_at: float | None = None
    weight_seconds: float = 0.0
    error: Mapping[str, Any] | None = None
    worker: str = ""
    generation: int = 1
    fence: int = 0
    intent: Mapping[str, Any] | None = None
