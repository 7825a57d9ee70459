"""What a step's thread looks after while a remote call runs: its lease, cancellation, drain and deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import redis

from service.ledger.store import errors as ledger
from service.ledger.store.claims import Claim
from workers.errors import DeadlinePassed, LeaseLost, StepCancelled, StepReleased
from workers.keeper import Lease
from workers.psrp.host import OpenCall
from workers.psrp.invoke import Invocation
from workers.psrp.session import CallIds
from workers.psrp.streams import Record
from workers.reporter import Reporter

_RETRY_SECONDS = 0.5


class Intents(Protocol):
    """The one move of the ledger that the watch needs."""

    def record_intent(self, claim: Claim, intent: Mapping[str, Any]) -> None:
        """Write down what is about to be done."""


@dataclass
class StepWatch:
    """The watch of one claim; implements `psrp.invoke.Watch`. `deadline` is in the monotonic clock's seconds.

    Undo steps are what a cancelled job runs, so they do not obey the cancellation again. `begun` is told each call that
    changes something once its intent is recorded.
    """

    lease: Lease
    reporter: Reporter
    intents: Intents
    draining: threading.Event
    deadline: float
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    begun: Callable[[OpenCall], None] = lambda _: None

    def tick(self) -> None:
        """Raise LeaseLost, StepCancelled, StepReleased or DeadlinePassed, in this order; else flush what is due."""
        self.lease.check()
        if self.lease.cancelling and self.lease.claim.phase == "forward":
            raise StepCancelled
        if self.draining.is_set():
            raise StepReleased("this worker is leaving")
        if self.remaining_seconds() <= 0:
            raise DeadlinePassed(f"the step's deadline of {self.lease.claim.step.get('deadline_seconds')} s is over")
        self.reporter.flush()

    def starting(self, invocation: Invocation, ids: CallIds) -> None:
        """Record the ids of a call that changes something, before it starts; raises LeaseLost."""
        self.lease.check()
        if invocation.call_id:
            self.record(
                {
                    "call_id": invocation.call_id,
                    "function": invocation.function,
                    "session_id": ids.session_id,
                    "shell_id": ids.shell_id,
                    "command_id": ids.command_id,
                    **({"guest": asdict(invocation.guest)} if invocation.guest else {}),
                }
            )
            self.begun(OpenCall(invocation.call_id, invocation.guest))
        # Recording can take long when the ledger is down: the effect comes after this check.
        self.lease.check()

    def record(self, intent: Mapping[str, Any]) -> None:
        """Record an intent; waits for a ledger that cannot be reached, as long as the lease holds."""
        while True:
            try:
                self.intents.record_intent(self.lease.claim, intent)
            except ledger.LeaseLost as error:
                raise LeaseLost(str(error)) from error
            except redis.RedisError:
                self.sleep(_RETRY_SECONDS)
                self.tick()
            else:
                return

    def relay(self, records: list[Record]) -> None:
        """Hand records to the reporter."""
        self.reporter.relay(records)

    def remaining_seconds(self) -> float:
        """Return what is left of the step's deadline, over all its claims."""
        return self.deadline - self.monotonic()


@dataclass
class ConfirmWatch:
    """The watch of the calls that ask the journal after a cancellation: bounded by time and lease only."""

    lease: Lease
    until: float
    monotonic: Callable[[], float] = time.monotonic
    _seen: list[Record] = field(default_factory=list)

    def tick(self) -> None:
        """Raise LeaseLost, or DeadlinePassed when the time to confirm is over."""
        self.lease.check()
        if self.monotonic() >= self.until:
            raise DeadlinePassed("the journal could not be asked in time")

    def starting(self, invocation: Invocation, ids: CallIds) -> None:
        """Nothing to record: reads only."""

    def relay(self, records: list[Record]) -> None:
        """Nothing to tell."""


def deadline_of(claim: Claim, now: float) -> float:
    """Return the monotonic time of the step's deadline, given the monotonic time of the claim.

    What earlier claims of this generation used is taken off, by the ledger's clock alone.
    """
    used = max(0.0, claim.claimed_at - claim.step_started_at) if claim.step_started_at else 0.0
    return now + float(claim.step.get("deadline_seconds") or 600) - used
