"""How a step that did not go through is left in the ledger: tried again, given back to wait, or failed for good.

A retry begins a new generation, so its calls get new ids and run anew. A wait keeps the generation: the journal is
asked about the same call again. Hence an effect whose end is not known waits, it is never retried.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from service.ledger.store.claims import Claim, StepOutcome, StepResult
from workers.errors import (
    HostBusy,
    HostUnreachable,
    LedgerAway,
    OutcomeUnknown,
    ProtocolBroken,
    RemoteError,
    SessionLost,
    StepReleased,
    WorkerError,
)
from workers.problems import bug_problem, problem_of
from workers.secrets import Scrubber

BEGUN = "_begun"  # the step was applied before: its check may pass because of us
ROUND = "_round"
_ASK_AGAIN_SECONDS = 15.0
_BUSY_SECONDS = 5.0
_FIRST_RETRY_SECONDS = 5.0
_LONGEST_RETRY_SECONDS = 120.0
_UNKNOWN = (OutcomeUnknown, SessionLost, HostUnreachable, ProtocolBroken)
# A guest that restarts or is not there yet: nothing can be said about the call until it answers.
_GUEST_AWAY = ("Matryoshka.GuestNotReady", "Matryoshka.CallStillRunning")
# Codes that the steps give to known errors (workers/steps/reasons.py).
_GUEST_NOT_READY = "GUEST_NOT_READY"
_CAPACITY = frozenset({"CAPACITY_RAM"})  # the host is full: wait until something of it is given back


@dataclass(frozen=True)
class Effects:
    """What was done before it went wrong.

    `changes` counts the journaled calls that this claim began; `begun` says that this try was applied at least once.
    `round` is the one that the next claim of this try belongs to: it rises after a recorded failure, which the journal
    would answer again and again to the same call id.
    """

    changes: int = 0
    begun: bool = False
    round: int = 0

    def memo(self, memo: Mapping[str, Any]) -> dict[str, Any]:
        """Return a memo with the runner's own notes; handlers never see them."""
        notes = {BEGUN: True} if self.begun or self.changes else {}
        return {**memo, **notes, **({ROUND: self.round} if self.round else {})}


def without_notes(memo: Mapping[str, Any]) -> dict[str, Any]:
    """Return the memo as its handler stored it."""
    return {name: value for name, value in memo.items() if name not in (BEGUN, ROUND)}


def result_of(
    error: WorkerError, claim: Claim, scrubber: Scrubber, effects: Effects, spread: Callable[[], float] = random.random
) -> StepResult:
    """Return what the ledger is told about a claim that ended with this error."""
    factor = 0.75 + 0.5 * spread()
    if isinstance(error, StepReleased):
        return StepResult(StepOutcome.RELEASED, memo=effects.memo(claim.memo))
    if isinstance(error, HostBusy | LedgerAway):
        return _wait(effects.memo(claim.memo), _BUSY_SECONDS * factor, "waiting for a session of the host")
    if _is_guest_away(error) or (effects.changes and isinstance(error, _UNKNOWN)):
        message = "waiting for the host, then asking what became of the call"
        return _wait(effects.memo(claim.memo), _ASK_AGAIN_SECONDS * factor, message)
    return StepResult(
        StepOutcome.FAILED,
        error=problem_of(error, scrubber),
        retryable=error.retryable,
        retry_after_seconds=retry_seconds(claim.attempt) * factor,
        requeue_capacity=error.code in _CAPACITY,
        memo=effects.memo(claim.memo),
    )


def bug_result(error: BaseException, claim: Claim) -> StepResult:
    """Return what the ledger is told about an exception that nobody foresaw: tried again while attempts are left."""
    return StepResult(
        StepOutcome.FAILED,
        error=bug_problem(error),
        retryable=True,
        retry_after_seconds=retry_seconds(claim.attempt),
    )


def retry_seconds(attempt: int) -> float:
    """Return the pause before the next attempt: 5 s, doubled each time, at most two minutes."""
    return float(min(_LONGEST_RETRY_SECONDS, _FIRST_RETRY_SECONDS * 2 ** max(0, attempt - 1)))


def _is_guest_away(error: WorkerError) -> bool:
    if not isinstance(error, RemoteError):
        return False
    return error.is_id(*_GUEST_AWAY) or error.code == _GUEST_NOT_READY


def _wait(memo: Mapping[str, Any], seconds: float, message: str) -> StepResult:
    return StepResult(StepOutcome.WAIT, wait_seconds=seconds, memo=memo, message=message)
