"""The leases that this process holds: one renewal for all of them, and the clock that fences each one.

A lease is worth what the last answered renewal says: it counts from when that request was sent, never from the answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import redis
import structlog

from service.ledger.store.claims import Claim, RenewResult, StepOutcome, StepResult
from workers.errors import LeaseLost

log = structlog.get_logger(__name__)


class Renewals(Protocol):
    """The one move of the ledger that the keeper needs."""

    def renew(self, tokens: Sequence[tuple[str, str, str]], lease_seconds: float) -> RenewResult:
        """Renew every lease of the process."""


@dataclass
class Lease:
    """One claim as this process holds it. Written by the renewal thread, read by the step's thread.

    `left` answers how the step would be given back now; the step's runner sets it.
    """

    claim: Claim
    valid_until: float
    margin_seconds: float
    monotonic: Callable[[], float]
    lost: bool = False
    cancelling: bool = False
    left: Callable[[], StepResult] | None = None

    def check(self) -> None:
        """Raise LeaseLost when the lease is lost or ends within the margin. Call it before each outside effect."""
        if self.lost or self.monotonic() >= self.valid_until - self.margin_seconds:
            raise LeaseLost(f"the lease of {self.claim.step_id} is over")

    def released(self) -> StepResult:
        """Return the result that gives the step back as it is now."""
        if self.left is not None:
            return self.left()
        return StepResult(StepOutcome.RELEASED, memo=self.claim.memo, call_open=bool(self.claim.open_call))

    @property
    def entry(self) -> tuple[str, str, str]:
        """What a renewal names this lease by."""
        return self.claim.job_id, self.claim.step_id, self.claim.token


@dataclass
class LeaseKeeper:
    """Holds and renews. `renew_seconds` is also how late a cancellation may be seen, so it is far below the lease."""

    leases: Renewals
    lease_seconds: float = 60.0
    renew_seconds: float = 3.0
    margin_seconds: float = 2.0
    monotonic: Callable[[], float] = time.monotonic
    _held: dict[str, Lease] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def hold(self, claim: Claim, asked_at: float) -> Iterator[Lease]:
        """Keep the claim's lease alive inside the block. `asked_at` is the monotonic time before the claim was sent."""
        lease = Lease(claim, asked_at + self.lease_seconds, self.margin_seconds, self.monotonic)
        with self._lock:
            self._held[claim.token] = lease
        try:
            yield lease
        finally:
            with self._lock:
                self._held.pop(claim.token, None)

    def held(self) -> list[Lease]:
        """Return the leases held now."""
        with self._lock:
            return list(self._held.values())

    def renew_once(self) -> None:
        """Renew all leases in one call. A ledger that cannot be reached changes nothing: the clock fences in time."""
        held = self.held()
        if not held:
            return
        sent = self.monotonic()
        try:
            result = self.leases.renew([lease.entry for lease in held], self.lease_seconds)
        except redis.RedisError as error:
            log.warning("renewal_failed", leases=len(held), error=type(error).__name__)
            return
        for lease in held:
            # Set and never written back: who leaves may have fenced the lease while the answer was on its way.
            if lease.claim.token in result.lost:
                lease.lost = True
            if lease.claim.job_id in result.cancelling:
                lease.cancelling = True
            if not lease.lost:
                lease.valid_until = sent + self.lease_seconds

    def start(self) -> threading.Thread:
        """Start the renewal thread of this process."""
        thread = threading.Thread(target=self._run, name="lease-keeper", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """End the renewal thread at its next turn."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(self.renew_seconds):
            try:
                self.renew_once()
            except Exception:  # the door: a dead thread would lose every lease of this process
                log.exception("renewal_crashed")
