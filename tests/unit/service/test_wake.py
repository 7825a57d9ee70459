"""Wake-ups are gathered, bounded, and never in a caller's way."""

from __future__ import annotations

from dataclasses import dataclass, field

from service.api.wake import Wakes
from service.ledger.queue import WakeFailed


@dataclass
class Broker:
    """Records what is sent; fails when it is away."""

    sent: list[tuple[str, int]] = field(default_factory=list)
    is_away: bool = False
    queued: int = 0

    def wake_steps(self, count: int) -> int:
        """Take a wake-up."""
        return self._take("steps", count)

    def wake_deliveries(self, count: int) -> int:
        """Take a wake-up."""
        return self._take("deliveries", count)

    def waiting(self, queue: str) -> int:
        """Say how many wait; a broker that is away cannot."""
        if self.is_away:
            raise WakeFailed("away")
        return self.queued

    def _take(self, queue: str, count: int) -> int:
        if self.is_away:
            raise WakeFailed("away")
        self.sent.append((queue, count))
        return count


def test_burst_is_one_call() -> None:
    """Many submissions in a moment wake once, with their number."""
    broker = Broker()
    wakes = Wakes(broker)
    for _ in range(10):
        wakes.steps()
    wakes.deliveries(2)
    wakes.send_waiting()
    wakes.send_waiting()

    assert [("steps", 10), ("deliveries", 2)] == broker.sent


def test_number_is_bounded() -> None:
    """However many steps there are, a bounded number of messages is sent: the sweep tops up."""
    broker = Broker()
    wakes = Wakes(broker)
    wakes.steps(5000)
    wakes.send_waiting()

    assert [("steps", 64)] == broker.sent


def test_a_queue_that_is_nearly_full_is_only_filled_up() -> None:
    """No more wake-ups wait in a queue than there may be at once."""
    broker = Broker(queued=60)
    wakes = Wakes(broker)
    wakes.steps(10)
    wakes.send_waiting()

    assert [("steps", 4)] == broker.sent


def test_broker_that_is_away_is_no_error() -> None:
    """A wake-up that cannot be sent is left to the sweep: it is not kept, and the next one is sent as ever."""
    broker = Broker(is_away=True)
    wakes = Wakes(broker)
    wakes.steps(3)
    wakes.send_waiting()
    broker.is_away = False
    wakes.send_waiting()
    wakes.steps(2)
    wakes.send_waiting()

    assert [("steps", 2)] == broker.sent


def test_thread_sends_and_ends() -> None:
    """Started, it sends by itself; stopped, it has sent everything."""
    broker = Broker()
    wakes = Wakes(broker)
    wakes.start()
    wakes.steps(3)
    wakes.stop()

    assert 3 == sum(count for _, count in broker.sent)
