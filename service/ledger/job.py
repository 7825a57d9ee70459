"""Jobs and steps as the ledger knows them, and the one table of allowed transitions.

Pure: no Redis, no Flask, no Celery. The store keeps these records; Lua moves apply this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class JobState(StrEnum):
    """Where a job is. The last four are final. docs/jobs.md draws the way between them."""

    WAITING_APPROVAL = "waiting_approval"
    SCHEDULED = "scheduled"  # begins at its `not_before`
    QUEUED = "queued"
    WAITING = "waiting"  # for capacity on its host
    RUNNING = "running"
    PAUSING = "pausing"  # the steps that run end first
    PAUSED = "paused"
    CANCELLING = "cancelling"
    ROLLING_BACK = "rolling_back"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


TERMINAL_STATES = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED})

_ENDINGS = frozenset({JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED})
# A job that is not wanted before it began; a retried one may have finished steps to undo.
_STOPPED = frozenset({JobState.ROLLING_BACK, JobState.CANCELLED, JobState.EXPIRED})
_IN = frozenset({JobState.QUEUED, JobState.WAITING})
_ENTRANCES = _IN | {JobState.WAITING_APPROVAL, JobState.SCHEDULED}

TRANSITIONS: Mapping[JobState, frozenset[JobState]] = {
    JobState.WAITING_APPROVAL: frozenset({JobState.SCHEDULED}) | _IN | _STOPPED,
    # Its time may be moved, which is the same state again; whoever had approved another time is asked again.
    JobState.SCHEDULED: frozenset({JobState.SCHEDULED, JobState.WAITING_APPROVAL}) | _IN | _STOPPED,
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.PAUSED}) | _STOPPED,
    JobState.WAITING: frozenset({JobState.QUEUED, JobState.PAUSED}) | _STOPPED,
    JobState.RUNNING: frozenset(
        {JobState.SUCCEEDED, JobState.PAUSING, JobState.PAUSED, JobState.CANCELLING, JobState.ROLLING_BACK}
    )
    | _ENDINGS,
    JobState.PAUSING: frozenset(
        {JobState.PAUSED, JobState.RUNNING, JobState.SUCCEEDED, JobState.CANCELLING, JobState.ROLLING_BACK}
    )
    | _ENDINGS,
    JobState.PAUSED: frozenset({JobState.RUNNING}) | _IN | _STOPPED,
    JobState.CANCELLING: frozenset({JobState.ROLLING_BACK}) | _ENDINGS,
    JobState.ROLLING_BACK: _ENDINGS,
    JobState.SUCCEEDED: frozenset(),
    # Retry from the failed step reopens the same record.
    JobState.FAILED: _ENTRANCES,
    JobState.CANCELLED: _ENTRANCES,
    JobState.EXPIRED: _ENTRANCES,
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
class Approval:
    """The question whether a job may begin, and its answer. `required_by` is `request` or `host`.

    `expires_at` is when nobody may agree any more; `approved_by` and `rejected_by` are ids of API keys, '' before.
    """

    required_by: str
    reason: str = ""
    expires_at: float | None = None
    approved_by: str = ""
    approved_name: str = ""
    approved_at: float | None = None
    rejected_by: str = ""
    rejected_name: str = ""
    rejected_at: float | None = None


@dataclass(frozen=True)
class Job:
    """One job record as callers see it. Times are seconds since 1970 UTC; `version` rises with every change (ETag).

    `request` is the validated request without secrets. `error` is a problem object and `result` the lab's facts; both
    are None until there is one. `waiting_for` says what a job waits for and who holds it. `cancel_unconfirmed` says
    that a remote call could not be shown to have stopped. `not_before` is when it may begin, `start_by` when it must
    have started; `paused_from` the state in which it was paused. `approval` is None when nobody has to agree.
    `placement` says how the host was chosen, None when it was named.
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
    not_before: float | None = None
    start_by: float | None = None
    paused_at: float | None = None
    paused_from: str = ""
    entered_at: float | None = None
    approval: Approval | None = None
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
