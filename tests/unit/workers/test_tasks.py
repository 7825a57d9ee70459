"""The tasks: many pieces of work in a row, none while leaving, results recorded until the ledger answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import redis

from service.ledger.event import Event, EventType
from service.ledger.store.claims import Claim, StepOutcome, StepResult
from service.ledger.store.deliveries import Delivery, DeliveryClaim, DeliveryResult, DeliveryState
from service.ledger.store.scripts import dumps
from tests.fakes import FakeClock, make_claim
from tests.unit.workers.kit import FakeLedger
from workers.keeper import Lease, LeaseKeeper
from workers.process import Slots
from workers.tasks import Hands


@dataclass
class FakeLeases:
    """Claims from a list; an exception in it is raised. `finish` fails `away` times first."""

    claims: list[Any]
    away: int = 0
    finished: list[tuple[str, StepResult]] = field(default_factory=list)

    def claim(self, worker: str, lease_seconds: float) -> Claim | None:
        """Give the next claim."""
        item = self.claims.pop(0) if self.claims else None
        if isinstance(item, Exception):
            raise item
        return item

    def finish(self, claim: Claim, result: StepResult) -> bool:
        """Remember a result."""
        if self.away:
            self.away -= 1
            raise redis.ConnectionError("away")
        dumps(dict(result.facts))
        self.finished.append((claim.token, result))
        return True


class FakeRunner:
    """Succeeds, or loses the lease of claims whose token says so, or finds what JSON has no word for."""

    def run(self, claim: Claim, lease: Lease) -> StepResult | None:
        """Run it."""
        if claim.token == "odd":
            return StepResult(StepOutcome.SUCCEEDED, facts={"load": float("nan")}, call_open=True)
        return None if claim.token == "lost" else StepResult(StepOutcome.SUCCEEDED)


def _hands(leases: FakeLeases, *, leaving: bool = False) -> tuple[Hands, FakeClock]:
    clock = FakeClock()
    keeper = LeaseKeeper(FakeLedger(), monotonic=clock.monotonic)
    store: Any = SimpleNamespace(leases=leases)
    settings: Any = SimpleNamespace(worker_name="w1")
    sender: Any = None
    hands = Hands(settings, store, keeper, FakeRunner(), sender, Slots(), lambda: leaving, clock.sleep)
    return hands, clock


def test_a_slot_goes_on_until_there_is_no_work() -> None:
    """One wake-up serves every step that is ready, up to a bound."""
    leases = FakeLeases([make_claim(token=str(number)) for number in range(5)])

    assert 5 == _hands(leases)[0].work()
    assert ["0", "1", "2", "3", "4"] == [token for token, _ in leases.finished]
    assert 50 == _hands(FakeLeases([make_claim() for _ in range(200)]))[0].work()


def test_a_slot_that_ends_in_the_middle_of_a_backlog_wakes_the_next() -> None:
    """After some pieces of work in a row the rest waits for a message, not for the next sweep."""
    hands, _ = _hands(FakeLeases([make_claim() for _ in range(60)]))
    woken: list[str] = []
    hands.wake = lambda: woken.append("one")

    assert (50, ["one"]) == (hands.work(), woken)
    assert (10, ["one"]) == (hands.work(), woken)


def test_a_claim_that_leaves_more_wakes_another_worker() -> None:
    """Steps that become ready together start together, not one sweep after the other."""
    hands, _ = _hands(FakeLeases([make_claim(more=True), make_claim(more=True), make_claim()]))
    woken: list[str] = []
    hands.wake = lambda: woken.append("one")

    hands.work()

    assert ["one", "one"] == woken


def test_nothing_is_claimed_while_leaving() -> None:
    """A process that drains takes nothing new."""
    leases = FakeLeases([make_claim()])

    assert 0 == _hands(leases, leaving=True)[0].work()
    assert 1 == len(leases.claims)


def test_a_lost_lease_records_nothing() -> None:
    """When the runner says that the lease is lost, nothing is written; the slot goes on."""
    leases = FakeLeases([make_claim(token="lost"), make_claim(token="next")])

    assert 2 == _hands(leases)[0].work()
    assert ["next"] == [token for token, _ in leases.finished]


def test_a_result_that_cannot_be_written_is_recorded_as_a_bug() -> None:
    """Unrecorded it would come back with its lease, be run again, and end as lost by its workers."""
    leases = FakeLeases([make_claim(token="odd"), make_claim(token="next")])

    assert 2 == _hands(leases)[0].work()
    (token, result), _ = leases.finished
    assert ("odd", StepOutcome.FAILED, False, True) == (token, result.outcome, result.retryable, result.call_open)
    assert result.error is not None
    assert "WORKER_BUG" == result.error["code"]


def test_a_result_is_recorded_however_long_the_ledger_is_away() -> None:
    """The result is offered again with growing pauses: the token makes that safe."""
    leases = FakeLeases([make_claim(token="a")], away=20)
    hands, clock = _hands(leases)

    hands.work()

    assert ["a"] == [token for token, _ in leases.finished]
    assert 20 == len(clock.slept)
    assert 5.0 == max(clock.slept)


def test_a_ledger_that_is_away_at_the_claim_ends_the_task() -> None:
    """No claim, no work: the sweep wakes again."""
    assert 0 == _hands(FakeLeases([redis.ConnectionError("away")]))[0].work()


def test_a_try_that_crashes_is_a_try() -> None:
    """A bug in sending is recorded as a failure without its text: unrecorded, the delivery would come back for ever."""

    class Crashing:
        def send(self, claim: DeliveryClaim) -> DeliveryResult:
            raise RuntimeError("whsec_secret")

    event = Event("evt_1", EventType.JOB_STARTED, 0.0)
    delivery = Delivery("wd_1", "we_1", "https://receiver.example", event, DeliveryState.PENDING, 0, 0.0)
    claims = [DeliveryClaim(delivery, "t", 1, 1, 0.0, {})]
    results: list[DeliveryResult] = []

    def finish(_: DeliveryClaim, result: DeliveryResult) -> bool:
        results.append(result)
        return True

    hands, _ = _hands(FakeLeases([]))
    deliveries = SimpleNamespace(claim=lambda *_: claims.pop() if claims else None, finish=finish)
    hands.store = cast("Any", SimpleNamespace(deliveries=deliveries))
    hands.sender = Crashing()

    assert 1 == hands.deliver()
    assert [(False, False, "a worker's bug: RuntimeError")] == [(r.succeeded, r.released, r.error) for r in results]
