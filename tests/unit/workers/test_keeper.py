"""Leases: one renewal for all, counted from when it was sent, and a clock that fences in time."""

from __future__ import annotations

import pytest

from service.ledger.store.claims import RenewResult
from tests.fakes import FakeClock, make_claim
from tests.unit.workers.kit import FakeLedger
from workers.errors import LeaseLost
from workers.keeper import LeaseKeeper


def _keeper(ledger: FakeLedger, clock: FakeClock) -> LeaseKeeper:
    return LeaseKeeper(ledger, lease_seconds=60.0, margin_seconds=2.0, monotonic=clock.monotonic)


def test_all_leases_are_renewed_in_one_call() -> None:
    """A process renews everything that it holds at once, and nothing when it holds nothing."""
    ledger, clock = FakeLedger(), FakeClock()
    keeper = _keeper(ledger, clock)
    keeper.renew_once()
    with keeper.hold(make_claim(token="a"), clock.now), keeper.hold(make_claim(token="b"), clock.now):
        keeper.renew_once()
    keeper.renew_once()

    assert [["a", "b"]] == [[token for _, _, token in call] for call in ledger.renewed]


def test_a_lease_counts_from_when_its_claim_was_sent() -> None:
    """The answer may have been long on its way: the lease ends a lease's time after the question, less the margin."""
    ledger, clock = FakeLedger(), FakeClock()
    asked_at = clock.now
    clock.advance(20)
    with _keeper(ledger, clock).hold(make_claim(), asked_at) as lease:
        clock.advance(37.9)
        lease.check()
        clock.advance(0.1)
        with pytest.raises(LeaseLost):
            lease.check()


def test_a_renewal_that_fails_fences_in_time() -> None:
    """While the ledger is away nothing is extended; when it is back in time the lease goes on."""
    ledger, clock = FakeLedger(away=1), FakeClock()
    keeper = _keeper(ledger, clock)
    with keeper.hold(make_claim(), clock.now) as lease:
        clock.advance(50)
        keeper.renew_once()
        assert lease.valid_until == clock.now + 10
        keeper.renew_once()
        assert lease.valid_until == clock.now + 60


def test_lost_and_cancelling_are_told_to_the_steps() -> None:
    """A lost token stops its own step only; a cancelling job stops all of its steps."""
    clock = FakeClock()
    ledger = FakeLedger(answer=RenewResult(frozenset({"a"}), frozenset({"job_2"})))
    keeper = _keeper(ledger, clock)
    first, second = make_claim(token="a", job_id="job_1"), make_claim(token="b", job_id="job_2")
    with keeper.hold(first, clock.now) as one, keeper.hold(second, clock.now) as two:
        keeper.renew_once()

        assert (True, False) == (one.lost, one.cancelling)
        assert (False, True) == (two.lost, two.cancelling)
        with pytest.raises(LeaseLost):
            one.check()
        two.check()


def test_a_renewal_does_not_give_back_what_was_fenced_meanwhile() -> None:
    """Whoever leaves fences a lease from a thread of its own; an answer that is being read undoes nothing."""

    class Fencing(frozenset[str]):
        def __contains__(self, _: object) -> bool:
            lease.lost = True
            return False

    clock = FakeClock()
    keeper = _keeper(FakeLedger(answer=RenewResult(Fencing(), frozenset())), clock)
    with keeper.hold(make_claim(), clock.now) as lease:
        keeper.renew_once()

        with pytest.raises(LeaseLost):
            lease.check()


def test_a_claim_that_ended_is_not_held() -> None:
    """Whatever ends the block, the lease is renewed no more."""
    ledger, clock = FakeLedger(), FakeClock()
    keeper = _keeper(ledger, clock)
    with pytest.raises(ValueError, match="x"), keeper.hold(make_claim(), clock.now):
        raise ValueError("x")

    assert [] == keeper.held()
