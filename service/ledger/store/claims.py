"""What passes between the ledger and a worker: a claim, its result, and what renewals and sweeps tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal


class StepOutcome(StrEnum):
    """How a worker leaves a step. `wait` and `released` give it back without an end; they do not count as attempts."""

    SUCCEEDED = "succeeded"
    SKIPPED = "skipped"
    FAILED = "failed"
    WAIT = "wait"
    RELEASED = "released"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Claim:
    """A step under a lease. Every later write shows `token`; `fence` rises with each claim of the step.

    `step` is the plan's step as a mapping. `facts` are those that the step reads. `lease_deadline` is the server's time
    (seconds since 1970 UTC); `step_started_at` is the first claim of this generation, from which the step's deadline
    counts. `memo` is what the last `wait` stored. `attempt` counts from 1. `open_call` is the
    call (`call_id`, `guest`) that an earlier claim began and whose end nobody has told, empty without one. `more` says
    that the job has another step that could be claimed at that moment: another worker should be woken.
    `step_waited_seconds` is how long the step was ready, None when nobody knows; `job_waited_seconds` how long the job
    waited for the first claim of any of its steps, None for later ones.
    """

    job_id: str
    kind: str
    step: Mapping[str, Any]
    phase: Literal["forward", "undo"]
    fence: int
    token: str
    attempt: int
    generation: int
    host_id: str
    lab_id: str
    facts: Mapping[str, Any]
    secrets: Mapping[str, Mapping[str, Any]] = field(repr=False)
    request: Mapping[str, Any] = field(repr=False)
    lease_deadline: float
    step_started_at: float
    memo: Mapping[str, Any]
    worker: str = ""
    claimed_at: float = 0.0
    open_call: Mapping[str, Any] = field(default_factory=dict)
    more: bool = False
    request_id: str = ""
    traceparent: str = ""
    tracestate: str = ""
    step_waited_seconds: float | None = None
    job_waited_seconds: float | None = None

    @property
    def step_id(self) -> str:
        """The step's id within its job."""
        return str(self.step["id"])


@dataclass(frozen=True)
class StepResult:
    """What a worker records about a claim.

    `error` is a problem object without secrets. `retryable` failures are tried again after `retry_after_seconds` while
    attempts are left. `wait_seconds` and `memo` belong to `wait`; `message` is shown to the caller. `requeue_capacity`
    turns a failure into a wait of `retry_after_seconds` for the host's capacity, without costing an attempt.
    `call_open` says that the last remote call of the step may still run: a job that ends then is `cancel_unconfirmed`,
    and whoever has the step next asks about that call first. `host_error` is '' when the host answered, the code of the
    error when it did not for `host_away_seconds` by now, None when nobody asked it.
    """

    outcome: StepOutcome | str
    facts: Mapping[str, Any] = field(default_factory=dict)
    host_report: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    retryable: bool = False
    retry_after_seconds: float = 0.0
    wait_seconds: float = 0.0
    memo: Mapping[str, Any] = field(default_factory=dict)
    cancel_unconfirmed: bool = False
    requeue_capacity: bool = False
    message: str = ""
    call_open: bool = False
    host_error: str | None = None
    host_away_seconds: float = 0.0


@dataclass(frozen=True)
class RenewResult:
    """Tokens that no longer own their step, and jobs whose steps shall stop."""

    lost: frozenset[str]
    cancelling: frozenset[str]


@dataclass(frozen=True)
class SweepResult:
    """What one sweep did and what is worth waking for."""

    lost: int = 0
    expired_jobs: int = 0
    due_waits: int = 0
    expired_labs: tuple[str, ...] = ()
    wake_steps: int = 0
    wake_deliveries: int = 0
    removed: int = 0
    audit_open: int = 0
