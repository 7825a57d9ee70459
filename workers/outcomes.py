"""How a step that did not go through is left in the ledger: tried again, given back to wait, or failed for good.

A retry begins a new generation, so its calls get new ids and run anew. A wait keeps the generation: the journal is
asked about the same call again. Hence an effect whose end is not known waits, it is never retried.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from service.ledger.store.claims import Claim, StepOutcome, StepResult
from workers.errors import (
    DeadlinePassed,
    HostBusy,
    HostUnreachable,
    LedgerAway,
    OutcomeUnknown,
    ProtocolBroken,
    RemoteError,
    SessionLost,
    StepRefused,
    StepReleased,
    WorkerError,
)
from workers.problems import bug_problem, problem_of
from workers.secrets import Scrubber

BEGUN = "_begun"  # the step was applied before: its check may pass because of us
ROUND = "_round"
AWAY = "_away"  # the host could not be reached at the last claim
CRASHES = "_crashes"  # how often a worker's own bug ended a claim after an effect
_ASK_AGAIN_SECONDS = 15.0
_BUSY_SECONDS = 5.0
_FIRST_RETRY_SECONDS = 5.0
_LONGEST_RETRY_SECONDS = 120.0
_CRASHES_MAX = 3
_AWAY = (HostUnreachable, OutcomeUnknown, SessionLost)
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
    would answer again and again to the same call id. `is_open`: the end of the last call is not known. `noted`: an
    earlier claim of this try acted. `crashes` counts the claims of this try that a bug of ours ended. `away` is the
    code of the error for which the last claim waited for its host.
    """

    changes: int = 0
    begun: bool = False
    round: int = 0
    is_open: bool = False
    noted: bool = False
    crashes: int = 0
    away: str = ""

    @property
    def may_have_acted(self) -> bool:
        """Whether this try may have changed something: its calls must keep their ids then."""
        return self.changes > 0 or self.is_open or self.noted

    def memo(self, memo: Mapping[str, Any]) -> dict[str, Any]:
        """Return a memo with the runner's own notes; handlers never see them."""
        begun = self.begun or self.changes > 0
        notes: dict[str, Any] = {BEGUN: begun, ROUND: self.round, CRASHES: self.crashes}
        return {**memo, **{name: note for name, note in notes.items() if note}}


def effects_of(claim: Claim) -> Effects:
    """Return what earlier claims of this try did, before this one does anything."""
    notes = claim.memo
    return Effects(
        begun=BEGUN in notes,
        round=int(notes.get(ROUND) or 0),
        is_open=bool(claim.open_call),
        noted=BEGUN in notes,
        crashes=int(notes.get(CRASHES) or 0),
        away=str(notes.get(AWAY) or ""),
    )


def without_notes(memo: Mapping[str, Any]) -> dict[str, Any]:
    """Return the memo as its handler stored it."""
    return {name: value for name, value in memo.items() if name not in (BEGUN, ROUND, AWAY, CRASHES)}


def result_of(
    error: WorkerError, claim: Claim, scrubber: Scrubber, effects: Effects, spread: Callable[[], float] = random.random
) -> StepResult:
    """Return what the ledger is told about a claim that ended with this error. `claim.memo` is without notes."""
    factor = 0.75 + 0.5 * spread()
    memo = effects.memo(claim.memo)
    if isinstance(error, StepReleased):
        return StepResult(StepOutcome.RELEASED, memo=memo, call_open=effects.is_open)
    if isinstance(error, HostBusy | LedgerAway):
        return _wait(memo, _BUSY_SECONDS * factor, "waiting for a session of the host", is_open=effects.is_open)
    if isinstance(error, _AWAY) and error.about != "running":
        # The peer restarts, its network is down: nobody's failure, and the step's deadline is the bound.
        memo[AWAY] = error.code
    if isinstance(error, _AWAY) or _is_guest_away(error) or (effects.may_have_acted and isinstance(error, _UNKNOWN)):
        message = "waiting for the host, then asking what became of the call"
        return _wait(memo, _ASK_AGAIN_SECONDS * factor, message, is_open=effects.is_open)
    return StepResult(
        StepOutcome.FAILED,
        facts=_seen(error, scrubber),
        error=problem_of(_cause(error, effects), scrubber),
        retryable=error.retryable,
        retry_after_seconds=retry_seconds(claim.attempt) * factor,
        requeue_capacity=error.code in _CAPACITY and claim.request.get("admission") != "refuse",
        memo=memo,
        call_open=effects.is_open,
    )


def bug_result(error: BaseException, claim: Claim, effects: Effects) -> StepResult:
    """Return what the ledger is told about an exception that nobody foresaw.

    Before any effect it is tried again while attempts are left. After one the step waits in its generation a few times:
    new call ids would have the effect again.
    """
    if effects.may_have_acted and effects.crashes < _CRASHES_MAX:
        memo = replace(effects, crashes=effects.crashes + 1).memo(claim.memo)
        message = "a worker's bug ended the claim; asking again what became of the call"
        return _wait(memo, retry_seconds(effects.crashes + 1), message, is_open=effects.is_open)
    return StepResult(
        StepOutcome.FAILED,
        error=bug_problem(error),
        retryable=not effects.may_have_acted,
        retry_after_seconds=retry_seconds(claim.attempt),
        call_open=effects.is_open,
    )


def retry_seconds(attempt: int) -> float:
    """Return the pause before the next attempt: 5 s, doubled each time, at most two minutes."""
    return float(min(_LONGEST_RETRY_SECONDS, _FIRST_RETRY_SECONDS * 2 ** max(0, attempt - 1)))


def _seen(error: WorkerError, scrubber: Scrubber) -> dict[str, Any]:
    return dict(scrubber.value(dict(error.facts))) if isinstance(error, StepRefused) else {}


def _cause(error: WorkerError, effects: Effects) -> WorkerError:
    # A step that only ever waited for its host is late because of that.
    if not isinstance(error, DeadlinePassed) or not effects.away:
        return error
    return HostUnreachable(f"the host did not answer before the end ({effects.away}): {error}")


def _is_guest_away(error: WorkerError) -> bool:
    if not isinstance(error, RemoteError):
        return False
    return error.is_id(*_GUEST_AWAY) or error.code == _GUEST_NOT_READY


def _wait(memo: Mapping[str, Any], seconds: float, message: str, *, is_open: bool) -> StepResult:
    return StepResult(StepOutcome.WAIT, wait_seconds=seconds, memo=memo, message=message, call_open=is_open)
