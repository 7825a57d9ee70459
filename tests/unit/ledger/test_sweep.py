"""Unit tests of service.ledger.sweep with fakes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from service.ledger.queue import WakeFailed
from service.ledger.store import IllegalMove, Store, SweepResult
from service.ledger.sweep import Sweeper


@dataclass
class FakeLeases:
    """Answers one sweep result again and again."""

    result: SweepResult

    def sweep(self) -> SweepResult:
        """Answer."""
        return self.result


@dataclass
class FakeStore:
    """A store that can only sweep."""

    leases: FakeLeases


@dataclass
class FakeWaker:
    """Counts wake-ups; `broken` fails each."""

    queued: int = 0
    broken: bool = False
    woken: list[tuple[str, int]] = field(default_factory=list)

    def wake_steps(self, count: int) -> None:
        """Note it."""
        self._wake("steps", count)

    def wake_deliveries(self, count: int) -> None:
        """Note it."""
        self._wake("deliveries", count)

    def waiting(self, queue: str) -> int:
        """Say what waits in each queue."""
        return self.queued

    def _wake(self, queue: str, count: int) -> None:
        if self.broken:
            raise WakeFailed("away")
        self.woken.append((queue, count))


def _sweeper(result: SweepResult, waker: FakeWaker, told: Any = None) -> Sweeper:
    store = cast("Store", FakeStore(FakeLeases(result)))
    return Sweeper(store, cast("Any", waker), 1, told or (lambda _: None))


def test_only_missing_wake_ups_are_sent() -> None:
    """What waits in the queue already is not sent again."""
    waker = FakeWaker(queued=2)
    _sweeper(SweepResult(wake_steps=5, wake_deliveries=3), waker).sweep_once()

    assert [("steps", 3), ("deliveries", 1)] == waker.woken


def test_a_backlog_of_deliveries_wakes_no_more_than_help() -> None:
    """A slot that delivers goes on by itself, so hundreds of messages would be taken for nothing."""
    waker = FakeWaker(queued=10)
    _sweeper(SweepResult(wake_deliveries=500), waker).sweep_once()

    assert [("deliveries", 54)] == waker.woken


def test_nothing_to_do_wakes_nobody() -> None:
    """An idle ledger does not even ask the broker."""
    waker = FakeWaker(broken=True)

    assert SweepResult() == _sweeper(SweepResult(), waker).sweep_once()


def test_broken_broker_does_not_stop_the_sweep() -> None:
    """Wake-ups that cannot be sent are left to the next sweep."""
    result = SweepResult(wake_steps=1)

    assert result == _sweeper(result, FakeWaker(broken=True)).sweep_once()


def test_every_expired_lab_is_told() -> None:
    """A lab whose teardown is refused or fails keeps neither the next lab nor the workers from being told."""
    told: list[str] = []

    def tell(lab_id: str) -> None:
        told.append(lab_id)
        raise IllegalMove("busy") if len(told) == 1 else KeyError("a bug of the owner's")

    waker = FakeWaker()
    _sweeper(SweepResult(expired_labs=("lab_1", "lab_2"), wake_steps=1), waker, tell).sweep_once()

    assert ["lab_1", "lab_2"] == told
    assert [("steps", 1)] == waker.woken
