"""The two Celery tasks. A message says only that there is work; what and whether is the ledger's to say."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import redis
import structlog
from celery import Celery

from service.ledger.queue import DELIVER_TASK, WORK_TASK
from service.ledger.store import Store
from service.ledger.store.claims import Claim, StepOutcome, StepResult
from service.ledger.store.deliveries import DeliveryClaim, DeliveryResult
from workers.keeper import Lease, LeaseKeeper
from workers.measuring import claimed, delivered, delivery_span, left, step_span, woken
from workers.problems import bug_problem
from workers.process import Slots
from workers.settings import Settings

log = structlog.get_logger(__name__)

# After one piece of work a slot takes the next itself, which saves a message; it ends after some so that Celery stays
# in charge.
_IN_A_ROW = 50
_DELIVERY_LEASE_SECONDS = 60.0
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0


class Runs(Protocol):
    """Runs one claim; see `runner.Runner`."""

    def run(self, claim: Claim, lease: Lease) -> StepResult | None:
        """Run it; None when there is nothing to record."""


class Sends(Protocol):
    """Sends one delivery; see `webhooks.Sender`."""

    def send(self, claim: DeliveryClaim) -> DeliveryResult:
        """Try it once."""


@dataclass
class Hands:
    """What the tasks work with; one a process."""

    settings: Settings
    store: Store
    keeper: LeaseKeeper
    runner: Runs
    sender: Sends
    slots: Slots
    is_leaving: Callable[[], bool]
    sleep: Callable[[float], None] = time.sleep
    wake: Callable[[], object] = lambda: None  # called when a claim leaves another step to claim
    wake_deliveries: Callable[[], object] = lambda: None

    def work(self, traceparent: str = "") -> int:
        """Claim and run steps until there is none, at most some in a row; returns how many.

        `traceparent` is that of the request whose wake-up this is, '' for a sweep's.
        """
        with self.slots.for_steps() as free, woken(traceparent):
            return self._repeat(self.work_once, self.wake) if free else 0

    def deliver(self) -> int:
        """Claim and send deliveries until there is none, at most some in a row; returns how many."""
        with self.slots.for_deliveries() as free:
            return self._repeat(self.deliver_once, self.wake_deliveries) if free else 0

    def work_once(self) -> bool:
        """Claim and run one step; False when there was none. Raises redis errors of the claim only."""
        asked_at = self.keeper.monotonic()
        claim = self.store.leases.claim(self.settings.worker_name, self.keeper.lease_seconds)
        if claim is None:
            return False
        if claim.more:
            self.wake()
        claimed(claim)
        with step_span(claim) as one, self.keeper.hold(claim, asked_at) as lease:
            result = self.runner.run(claim, lease)
            left(claim, result, self.keeper.monotonic() - asked_at, one)
            if result is not None:
                accepted = self._record(claim, result)
                log.info("step_left", outcome=str(result.outcome), accepted=accepted)
        return True

    def deliver_once(self) -> bool:
        """Claim and send one delivery; False when there was none. Raises redis errors of the claim only."""
        claim = self.store.deliveries.claim(self.settings.worker_name, _DELIVERY_LEASE_SECONDS)
        if claim is None:
            return False
        leaving = self.is_leaving()
        with delivery_span(claim) as one:
            result = DeliveryResult(False, released=True) if leaving else self._sent(claim)
            outcome = delivered(claim, result, one)
            self._insist(lambda: self.store.deliveries.finish(claim, result))
            log.info("delivery_left", outcome=outcome, status=result.status, attempt=claim.attempt)
        return not leaving

    def _record(self, claim: Claim, result: StepResult) -> bool:
        try:
            return self._insist(lambda: self.store.leases.finish(claim, result))
        except Exception as error:
            # The door: a result that cannot be written (a number that JSON has not) would look like a lost worker.
            log.exception("result_not_recordable")
            unfit = StepResult(StepOutcome.FAILED, error=bug_problem(error), call_open=result.call_open)
            return self._insist(lambda: self.store.leases.finish(claim, unfit))

    def _sent(self, claim: DeliveryClaim) -> DeliveryResult:
        try:
            return self.sender.send(claim)
        except Exception as error:
            # The door: a try that is not recorded is no try, and comes back with its lease for ever.
            log.exception("delivery_crashed")
            return DeliveryResult(False, error=f"a worker's bug: {type(error).__name__}")

    def _repeat(self, once: Callable[[], bool], wake: Callable[[], object]) -> int:
        for done in range(_IN_A_ROW):
            if self.is_leaving() or not _quietly(once):
                return done
        wake()  # there may be more: the slot goes on with the next message, not at the next sweep
        return _IN_A_ROW

    def _insist(self, record: Callable[[], bool]) -> bool:
        """Record a result until the ledger answers: its token makes repeating safe, losing it repeats work."""
        pause = _FIRST_PAUSE
        while True:
            try:
                return record()
            except redis.RedisError as error:
                log.warning("result_not_recorded_yet", error=type(error).__name__)
            self.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)


def register(app: Celery, hands: Callable[[], Hands]) -> None:
    """Give the application its two tasks. `hands` is asked when a task runs, never at import."""

    @app.task(name=WORK_TASK, bind=True)  # type: ignore[untyped-decorator]  # Celery has no types
    def work(self: Any) -> Any:
        return hands().work(str(self.request.get("traceparent") or ""))

    @app.task(name=DELIVER_TASK)  # type: ignore[untyped-decorator]  # Celery has no types
    def deliver() -> Any:
        return hands().deliver()


def _quietly(once: Callable[[], bool]) -> bool:
    try:
        return once()
    except redis.RedisError as error:
        # Nothing was claimed, or a claim whose answer was lost is given back by the sweep.
        log.warning("claim_failed", error=type(error).__name__)
        return False
