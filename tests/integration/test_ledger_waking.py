"""Wake-ups and the sweep thread against a real server."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

import pytest
import redis

from service.ledger.queue import DELIVERIES_QUEUE, STEPS_QUEUE, WakeFailed, Waker
from service.ledger.store import IllegalMove
from service.ledger.sweep import Sweeper
from tests.integration.ledger_kit import Ledger, open_ledger, step, wait_until


@pytest.fixture
def ledger(redis_url: str) -> Iterator[Ledger]:
    """An empty ledger."""
    with open_ledger(redis_url) as one:
        yield one


@pytest.fixture
def waker(redis_url: str) -> Iterator[Waker]:
    """A waker on the test's own database."""
    one = Waker(redis_url)
    yield one
    one.close()


def test_wake_ups_are_anonymous(waker: Waker, redis_client: redis.Redis) -> None:
    """A wake-up is a Celery message with a task name and nothing else in it."""
    assert (2, 1, 0) == (waker.wake_steps(2), waker.wake_deliveries(1), waker.wake_steps(-3))
    assert (2, 1) == (waker.waiting(STEPS_QUEUE), waker.waiting(DELIVERIES_QUEUE))
    message = json.loads(redis_client.lindex("steps", 0))  # type: ignore[arg-type]
    assert "matryoshka.work" == message["headers"]["task"]
    assert "()" == message["headers"]["argsrepr"]


def test_unreachable_broker_is_one_error() -> None:
    """A broker that does not answer raises WakeFailed, which callers may ignore."""
    waker = Waker("redis://127.0.0.1:1/0")
    with pytest.raises(WakeFailed):
        waker.wake_steps(1)
    waker.close()


def test_waker_survives_a_broken_connection(waker: Waker, redis_client: redis.Redis) -> None:
    """After the server cut every connection, wake-ups are sent again (one failure at most)."""
    waker.wake_steps(1)
    redis_client.client_kill_filter(_type="normal", skipme=True)
    sent = 0
    for _ in range(2):
        with contextlib.suppress(WakeFailed):
            sent += waker.wake_steps(1)

    assert sent >= 1
    assert sent + 1 == waker.waiting(STEPS_QUEUE)


def test_sweep_tops_the_queue_up(ledger: Ledger, waker: Waker) -> None:
    """Each sweep wakes for the work that has no wake-up yet, and not more."""
    ledger.endpoint("job.queued")
    ledger.job(step("a"), step("b"), step("c"))
    sweeper = Sweeper(ledger.store, waker, 1, lambda _: None)
    for _ in range(3):
        sweeper.sweep_once()

    assert (3, 1) == (waker.waiting(STEPS_QUEUE), waker.waiting(DELIVERIES_QUEUE))


def test_sweep_thread_tells_expired_labs(ledger: Ledger, waker: Waker) -> None:
    """The thread sweeps by itself and hands over labs whose lease ended; a refused teardown does not stop it."""
    told: list[str] = []

    def tell(lab_id: str) -> None:
        told.append(lab_id)
        raise IllegalMove("not now")

    first, second = (ledger.lab_job(step("a"), lease_seconds=10 + n).lab_id for n in (0, 20))
    ledger.work()
    ledger.advance(11)
    sweeper = Sweeper(ledger.store, waker, 0.02, tell)
    sweeper.start()
    sweeper.start()
    try:
        wait_until(lambda: told == [first])
        ledger.advance(20)
        wait_until(lambda: second in told)
    finally:
        sweeper.stop()
