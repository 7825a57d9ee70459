"""Runs one claim: check, record the intent, apply, verify (or undo), and turn what happens into one result.

No Celery in here: the task claims, hands over and records.
"""

from __future__ import annotations

import contextlib
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import structlog

from service.ledger.store.claims import Claim, StepOutcome, StepResult
from workers.errors import (
    DeadlinePassed,
    LeaseLost,
    OutcomeUnknown,
    RemoteError,
    StepCancelled,
    StepRefused,
    WorkerError,
)
from workers.keeper import Lease
from workers.opencalls import is_over
from workers.outcomes import BEGUN, Effects, bug_result, effects_of, result_of, without_notes
from workers.psrp.host import CallScope, ClaimHost, OpenCall, open_call_of
from workers.psrp.invoke import Watch
from workers.psrp.line import HostLine
from workers.reporter import Appends, Reporter
from workers.secrets import Keyring, Scrubber, SecretBox
from workers.steps import HANDLERS
from workers.steps.base import Applied, Checked, Step, StepContext, Wait
from workers.watch import ConfirmWatch, Intents, StepWatch, deadline_of

log = structlog.get_logger(__name__)

_CONFIRM_SECONDS = 15.0
_AWAIT_SECONDS = 30.0  # how long a claim waits for an earlier one's call before it gives its place back
_ASK_SECONDS = 0.5


class Ledger(Appends, Intents, Protocol):
    """The moves that a running claim makes."""


@dataclass(frozen=True)
class Tools:
    """What the runner is made of. `line` opens a claim's way to its host; tests give their own."""

    ledger: Ledger
    line: Callable[[str, Watch, Scrubber], HostLine]
    keyring: Keyring
    draining: threading.Event
    handlers: Mapping[str, Step] = field(default_factory=lambda: HANDLERS)
    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


class Runner:
    """Runs claims; keeps nothing between them, so any number of threads may use one."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def run(self, claim: Claim, lease: Lease) -> StepResult | None:
        """Run the claim and return what to record; None when the lease is lost, so that there is nothing to record."""
        bound = structlog.contextvars.bound_contextvars(job_id=claim.job_id, step_id=claim.step_id, fence=claim.fence)
        with bound:
            one: _Run | None = None
            try:
                one = _Run(self._tools, claim, lease)
                return one.with_contact(one.result())
            except Exception as error:  # noqa: BLE001 - the door: whatever a handler raises ends as a record
                # The text of a foreign exception may hold anything, so the trace is scrubbed too.
                scrubber = one.scrubber if one else Scrubber()
                log.error("step_crashed", trace=scrubber.text(traceback.format_exc()))  # noqa: TRY400 - above
                if one is None:  # nothing was done yet by this claim
                    return bug_result(error, replace(claim, memo=without_notes(claim.memo)), effects_of(claim))
                return bug_result(error, one.claim, one.effects())


class _Run:
    def __init__(self, tools: Tools, claim: Claim, lease: Lease) -> None:
        self.tools = tools
        self.claim = replace(claim, memo=without_notes(claim.memo))
        self.begun = claim.attempt > 1 or BEGUN in claim.memo or bool(self.claim.memo)
        self.before = effects_of(claim)
        self.lease = lease
        self.scrubber = Scrubber()
        self.reporter = Reporter(tools.ledger, claim, self.scrubber, tools.monotonic)
        now = tools.monotonic()
        self.watch = StepWatch(
            lease, self.reporter, tools.ledger, tools.draining, deadline_of(claim, now), tools.monotonic, tools.sleep
        )
        self.secrets = SecretBox(claim.secrets, tools.keyring, self.scrubber)
        self.scope = CallScope(
            _prefix(claim, self.before.round),
            claim.fence,
            self.watch.remaining_seconds,
            open=open_call_of(claim.open_call),
        )
        self.watch.begun = self.scope.begun
        self.line = tools.line(claim.host_id, self.watch, self.scrubber)
        self.host = ClaimHost(self.line, self.scope, self.secrets)
        lease.left = self._left

    def result(self) -> StepResult | None:
        try:
            result = self._run()
            self.reporter.flush(now=True)
        except LeaseLost:
            log.warning("step_abandoned", reason="lease lost")
            return None
        except StepCancelled:
            self._tell_the_last()
            return self._cancelled()
        except WorkerError as error:
            log.info("step_not_done", code=error.code, error_id=getattr(error, "error_id", ""))
            self._tell_the_last()
            if isinstance(error, DeadlinePassed):
                self._confirm_over()
            return result_of(error, self.claim, self.scrubber, self.effects())
        return self._clean(result)

    def with_contact(self, result: StepResult | None) -> StepResult | None:
        """Say with the result whether the host answered."""
        contact = self.line.contact
        if result is None or contact.error is None:
            return result
        away = self.tools.monotonic() - contact.since if contact.error else 0.0
        return replace(result, host_error=contact.error, host_away_seconds=max(0.0, away))

    def _run(self) -> StepResult:
        self.watch.tick()
        handler = _handler(self.tools.handlers, str(self.claim.step.get("action")))
        context = self._context()
        if self.scope.open is not None and self.scope.open.scope != self.scope.prefix:
            self._await(self.scope.open)
        if self.claim.phase == "undo":
            self.watch.record({"action": handler.action, "phase": "undo"})
            handler.undo(context)
            return StepResult(StepOutcome.SUCCEEDED)
        return self._forward(handler, context)

    def _forward(self, handler: Step, context: StepContext) -> StepResult:
        checked = handler.check(context)
        if isinstance(checked, Checked):
            if self.scope.open is not None:
                self._await(self.scope.open)  # what it is still about to do belongs to the step
            return StepResult(self._found_done(), facts=checked.facts, host_report=_report_of(checked.facts))
        self.watch.record({"action": handler.action, "phase": "forward", "reason": self.scrubber.text(checked.reason)})
        self.begun = True
        applied = handler.apply(context)
        if isinstance(applied, Wait):
            return _wait_result(applied, self.effects())
        return self._verified(handler, context, applied)

    def _verified(self, handler: Step, context: StepContext, applied: Applied) -> StepResult:
        facts = {**applied.facts, **handler.verify(context)}
        return StepResult(StepOutcome.SUCCEEDED, facts=facts, host_report=_report_of(facts))

    def effects(self) -> Effects:
        """What was done up to now. Read by other threads too."""
        return replace(
            self.before,
            changes=self.scope.count,
            begun=self.begun,
            round=self.before.round + self.scope.recorded_failure,
            is_open=self.scope.open is not None,
        )

    def _left(self) -> StepResult:
        effects = self.effects()
        return StepResult(StepOutcome.RELEASED, memo=effects.memo(self.claim.memo), call_open=effects.is_open)

    def _found_done(self) -> StepOutcome:
        # Skipped means that nobody had to do anything. After an earlier claim, that claim may have done it.
        return StepOutcome.SUCCEEDED if self.begun else StepOutcome.SKIPPED

    def _context(self) -> StepContext:
        return StepContext(
            claim=self.claim,
            host=self.host,
            facts=self.claim.facts,
            params=dict(self.claim.step.get("params") or {}),
            owner=self.claim.lab_id,
            secrets=self.secrets,
            clock=self.tools.wall,
            report=self.reporter.report,
            log=self.reporter.log,
        )

    def _await(self, call: OpenCall) -> None:
        """Wait until a call that an earlier claim left is over: nothing is built, undone or trusted beside it.

        Raises OutcomeUnknown when it still runs after a while; the step then waits, as long as its deadline lets it. A
        guest that cannot be asked does not stop an undo: what runs in it ends with it.
        """
        until = self.tools.monotonic() + _AWAIT_SECONDS
        while True:
            self.watch.tick()
            try:
                if is_over(self.host, call, self.secrets):
                    self.scope.over(call.call_id)
                    return
            except RemoteError as error:
                if self.claim.phase != "undo" or call.target is None:
                    raise
                if self.tools.monotonic() >= until:
                    log.warning("guest_not_asked", call_id=call.call_id, error_id=error.error_id)
                    return
            if self.tools.monotonic() >= until:
                raise OutcomeUnknown.still_running(f"the call {call.call_id} of an earlier claim")
            self.tools.sleep(_ASK_SECONDS)

    def _cancelled(self) -> StepResult:
        confirmed = self._confirm_over()
        return StepResult(StepOutcome.CANCELLED, cancel_unconfirmed=not confirmed, call_open=not confirmed)

    def _confirm_over(self) -> bool:
        """Return whether the last call, of this claim or an earlier one, is known to be over, asking for a while."""
        call = self.scope.open
        if call is None:
            return True
        try:
            confirmed = self._stopped_on_host(call)
        except WorkerError as error:
            log.warning("end_unconfirmed", call_id=call.call_id, code=error.code)
            confirmed = False
        if confirmed:
            self.scope.over(call.call_id)
        return confirmed

    def _stopped_on_host(self, call: OpenCall) -> bool:
        """Ask the journal, through a second session, whether the call is over; False when it still runs."""
        until = self.tools.monotonic() + _CONFIRM_SECONDS
        watch = ConfirmWatch(self.lease, until, self.tools.monotonic)
        line = self.tools.line(self.claim.host_id, watch, self.scrubber)
        scope = CallScope(self.scope.prefix, self.claim.fence, lambda: _CONFIRM_SECONDS)
        host = ClaimHost(line, scope, self.secrets)
        while self.tools.monotonic() < until:
            if is_over(host, call, self.secrets):
                return True
            self.tools.sleep(_ASK_SECONDS)
        return False

    def _tell_the_last(self) -> None:
        # What was said last explains the failure; a lost lease is found out by the result itself.
        with contextlib.suppress(LeaseLost):
            self.reporter.flush(now=True)

    def _clean(self, result: StepResult) -> StepResult:
        facts = self.scrubber.value(dict(result.facts))
        memo = self.scrubber.value(dict(result.memo))
        report = self.scrubber.value(dict(result.host_report)) if result.host_report is not None else None
        return StepResult(
            result.outcome,
            facts=facts,
            memo=memo,
            host_report=report,
            wait_seconds=result.wait_seconds,
            message=self.scrubber.text(result.message),
            call_open=self.scope.open is not None,
        )


def _prefix(claim: Claim, turn: int) -> str:
    undo = ".undo" if claim.phase == "undo" else ""
    return f"{claim.job_id}.{claim.step_id}.{claim.generation}{undo}{f'.r{turn}' if turn else ''}"


def _handler(handlers: Mapping[str, Step], action: str) -> Step:
    if action not in handlers:
        message = f"this worker has no handler for {action}"
        raise StepRefused(message, reason="ACTION_UNKNOWN", remedy="Run workers of the same version as the API.")
    return handlers[action]


def _wait_result(wait: Wait, effects: Effects) -> StepResult:
    return StepResult(StepOutcome.WAIT, wait_seconds=wait.seconds, memo=effects.memo(wait.memo), message=wait.message)


def _report_of(facts: Mapping[str, Any]) -> Mapping[str, Any] | None:
    report = facts.get("host.report")
    return report if isinstance(report, Mapping) else None
