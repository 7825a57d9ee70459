"""Between polls a step looks after its lease first, then cancellation, drain and deadline."""

from __future__ import annotations

import threading

import pytest

from tests.fakes import FakeClock, make_claim
from tests.unit.workers.kit import IDS, FakeLedger
from workers.errors import DeadlinePassed, LeaseLost, StepCancelled, StepReleased
from workers.keeper import Lease
from workers.psrp.invoke import Invocation
from workers.reporter import Reporter
from workers.secrets import Scrubber
from workers.watch import StepWatch, deadline_of


def _watch(clock: FakeClock, ledger: FakeLedger, seconds: float = 100.0) -> StepWatch:
    claim = make_claim()
    lease = Lease(claim, clock.now + 60, 2.0, clock.monotonic)
    reporter = Reporter(ledger, claim, Scrubber(), clock.monotonic)
    return StepWatch(lease, reporter, ledger, threading.Event(), clock.now + seconds, clock.monotonic, clock.sleep)


def test_the_order_of_reasons() -> None:
    """A lost lease outranks a cancellation, which outranks drain, which outranks the deadline."""
    clock = FakeClock()
    watch = _watch(clock, FakeLedger(), seconds=-1)
    with pytest.raises(DeadlinePassed):
        watch.tick()
    watch.draining.set()
    with pytest.raises(StepReleased):
        watch.tick()
    watch.lease.cancelling = True
    with pytest.raises(StepCancelled):
        watch.tick()
    watch.lease.lost = True
    with pytest.raises(LeaseLost):
        watch.tick()


def test_an_intent_waits_for_the_ledger_as_long_as_the_lease_holds() -> None:
    """A ledger that is away for a moment is waited for; one that stays away until the lease ends stops the effect."""
    clock = FakeClock()
    ledger = FakeLedger(away=3)
    _watch(clock, ledger).starting(Invocation("Invoke-NestedCall", call_id="c#1", function="New-X"), IDS)
    assert ["c#1"] == [intent["call_id"] for intent in ledger.intents]

    with pytest.raises(LeaseLost):
        _watch(clock, FakeLedger(away=10_000)).starting(Invocation("Invoke-NestedCall", call_id="c#2"), IDS)


def test_reads_are_not_recorded() -> None:
    """Only calls that change something cost a write before they start."""
    ledger = FakeLedger()
    _watch(FakeClock(), ledger).starting(Invocation("Invoke-NestedCall", function="Get-X"), IDS)

    assert [] == ledger.intents


def test_the_deadline_is_what_earlier_claims_left() -> None:
    """A step that waited for a minute has a minute less."""
    claim = make_claim(step={"deadline_seconds": 600}, step_started_at=1000.0, claimed_at=1060.0)

    assert 5540.0 == deadline_of(claim, 5000.0)
