"""How a process sees that it hangs, and how it leaves."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
import redis

from service.ledger.queue import STEPS_QUEUE, WakeFailed
from service.ledger.store.claims import Claim, StepOutcome, StepResult
from tests.fakes import FakeClock, make_claim
from tests.unit.workers.kit import FakeLedger
from workers.keeper import LeaseKeeper
from workers.process import Departure, Presence, Slots


def test_a_consumer_hangs_when_wake_ups_wait_and_nothing_starts() -> None:
    """Only waiting wake-ups, a free slot and half a minute without a start together mean that the consumer hangs."""
    slots = Slots(total=2, last_start=1000.0)

    assert not slots.is_stalled(waiting=3, now=1000.0)
    assert not slots.is_stalled(waiting=3, now=1029.0)
    assert slots.is_stalled(waiting=3, now=1031.0)
    with slots.for_steps(), slots.for_deliveries():
        slots.last_start = 1000.0
        assert not slots.is_stalled(waiting=3, now=1031.0)
    assert 0 == slots.busy


def test_wake_ups_that_came_this_moment_do_not_mean_that_the_consumer_hangs() -> None:
    """After hours without work the first look that finds wake-ups finds those that are being taken."""
    slots = Slots(total=2, last_start=1000.0)

    assert not slots.is_stalled(waiting=3, now=9000.0)
    assert not slots.is_stalled(waiting=0, now=9010.0)
    assert not slots.is_stalled(waiting=3, now=9040.0)
    assert not slots.is_stalled(waiting=1, now=9070.0)
    assert slots.is_stalled(waiting=1, now=9071.0)


def test_an_outage_of_the_broker_is_no_hang() -> None:
    """What waited before it says nothing: the consumer needs a while to connect again."""
    looks: Iterator[Any] = iter([1, WakeFailed("away"), 1])

    def waiting(queue: str) -> int:
        look = next(looks) if queue == STEPS_QUEUE else 0
        if isinstance(look, Exception):
            raise look
        return int(look)

    slots, nothing = Slots(total=2, last_start=0.0), cast("Any", None)
    presence = Presence(nothing, nothing, cast("Any", SimpleNamespace(waiting=waiting)), nothing, slots)

    assert not presence.is_stalled()
    slots.waiting_since = 0.0  # long ago
    assert not presence.is_stalled()
    assert not presence.is_stalled()


def test_neither_steps_nor_deliveries_take_all_slots() -> None:
    """One slot is kept for deliveries, and slow receivers get at most a quarter of them."""
    slots = Slots(total=8)
    with contextlib.ExitStack() as stack:
        steps = [stack.enter_context(slots.for_steps()) for _ in range(9)]
        deliveries = [stack.enter_context(slots.for_deliveries()) for _ in range(9)]

        assert (7, 2) == (sum(steps), sum(deliveries))
        assert 9 == slots.busy
    assert 0 == slots.busy
    with Slots(total=1).for_steps() as free:
        assert free


def _departure(
    keeper: LeaseKeeper,
    finished: list[StepResult],
    left: threading.Event,
    goodbye: Any = lambda: None,
    drain: float = 0.2,
) -> Departure:
    def finish(_: Claim, result: StepResult) -> bool:
        finished.append(result)
        return True

    return Departure(keeper, threading.Event(), finish, goodbye, drain_seconds=drain, leave=lambda _: left.set())


def test_what_is_still_held_at_the_end_is_released() -> None:
    """A step that does not give itself back in time is fenced here, released in the ledger, and the process leaves."""
    clock, finished, left = FakeClock(), [], threading.Event()
    keeper = LeaseKeeper(FakeLedger(), monotonic=clock.monotonic)
    with keeper.hold(make_claim(memo={"seen": 1}), clock.now) as lease:
        _departure(keeper, finished, left).begin()
        assert left.wait(10)

    assert lease.lost
    assert [(StepOutcome.RELEASED, {"seen": 1})] == [(item.outcome, item.memo) for item in finished]


def test_what_is_released_is_what_the_runner_has_now() -> None:
    """The runner's notes of this claim and its open call are handed on, not those that the claim came with."""
    clock, finished, left = FakeClock(), [], threading.Event()
    keeper = LeaseKeeper(FakeLedger(), monotonic=clock.monotonic)
    now = StepResult(StepOutcome.RELEASED, memo={"_begun": True}, call_open=True)
    with keeper.hold(make_claim(memo={"seen": 1}), clock.now) as lease:
        lease.left = lambda: now
        _departure(keeper, finished, left).begin()
        assert left.wait(10)

    assert [now] == finished


def test_leaving_does_not_depend_on_the_ledger() -> None:
    """A ledger that is away cannot keep the process; being asked a second time is no second goodbye."""
    left, calls = threading.Event(), []

    def goodbye() -> None:
        calls.append("goodbye")
        raise redis.ConnectionError("away")

    departure = _departure(LeaseKeeper(FakeLedger()), [], left, goodbye)
    departure.begin()
    departure.begin()

    assert left.wait(10)
    assert ["goodbye"] == calls


@pytest.mark.parametrize("hurries", [[True], [False, False]])
def test_who_is_asked_twice_waits_for_no_step(hurries: list[bool]) -> None:
    """A second SIGTERM, or SIGQUIT, releases what is held at once, however long the drain may be."""
    clock, finished, left = FakeClock(), [], threading.Event()
    keeper = LeaseKeeper(FakeLedger(), monotonic=clock.monotonic)
    with keeper.hold(make_claim(), clock.now) as lease:
        departure = _departure(keeper, finished, left, drain=3600)
        for hurry in hurries:
            departure.begin(hurry=hurry)
        assert left.wait(10)

    assert lease.lost
    assert [StepOutcome.RELEASED] == [item.outcome for item in finished]


@pytest.mark.parametrize("kind", ["for_steps", "for_deliveries"])
def test_what_a_slot_is_about_to_do_is_waited_for(kind: str) -> None:
    """A claim may be on its way, and a delivery is no lease of the keeper: a process that went now would leave both."""
    slots, left = Slots(total=2), threading.Event()
    departure = _departure(LeaseKeeper(FakeLedger()), [], left, drain=3600)
    departure.is_busy = lambda: slots.busy > 0
    with getattr(slots, kind)():
        departure.begin()

        assert not left.wait(0.3)
    assert left.wait(10)


class FakeRegistry:
    """Notes who came and went, each at the end of its call; the first heartbeat waits for a goodbye in its middle."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.on_its_way, self.forgotten = threading.Event(), threading.Event()

    def beat(self, *_: object, **__: object) -> None:
        """Note a heartbeat."""
        self.on_its_way.set()
        self.forgotten.wait(0.3)
        self.told.append("beat")

    def forget(self, _: str) -> None:
        """Note a goodbye."""
        self.told.append("forget")
        self.forgotten.set()

    def list(self) -> list[str]:
        """Return that nobody is there."""
        return []


def test_no_heartbeat_comes_after_the_goodbye() -> None:
    """A heartbeat that is on its way ends first, and a later one is not sent: the process would look alive."""
    registry, hosts = FakeRegistry(), SimpleNamespace(share_with=lambda _: None)
    settings: Any = SimpleNamespace(worker_name="w1", heartbeat_seconds=1.0, private_keys=lambda: "")
    store: Any = SimpleNamespace(workers=registry)
    waker: Any = None
    presence = Presence(settings, store, waker, cast("Any", hosts), Slots())
    beating = threading.Thread(target=presence.beat)
    beating.start()
    assert registry.on_its_way.wait(10)

    presence.leave()
    beating.join(10)
    presence.beat()

    assert ["beat", "forget"] == registry.told


def test_a_host_that_is_away_does_not_hold_up_the_heartbeat() -> None:
    """Its idle sessions are closed beside it, by one thread: a worker whose heartbeat waits for that looks dead."""
    beats, closing, over = threading.Semaphore(0), threading.Semaphore(0), threading.Event()

    def close_idle() -> None:
        closing.release()
        over.wait(10)

    hosts = SimpleNamespace(share_with=lambda _: None, close_idle=close_idle)
    settings: Any = SimpleNamespace(worker_name="w1", heartbeat_seconds=0.01, private_keys=lambda: "")
    workers = SimpleNamespace(beat=lambda *_, **__: beats.release(), list=list, forget=lambda _: None)
    store, waker = cast("Any", SimpleNamespace(workers=workers)), cast("Any", SimpleNamespace(waiting=lambda _: 0))
    presence = Presence(settings, store, waker, cast("Any", hosts), Slots())
    presence.start(lambda: None)

    assert all(beats.acquire(timeout=5) for _ in range(3))
    presence.leave()
    assert closing.acquire(timeout=10)
    assert not closing.acquire(blocking=False)
    over.set()
