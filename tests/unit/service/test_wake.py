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

    def wake_steps(self, count: int) -> int:
        """Take a wake-up."""
        return self._take("steps", count)

    def wake_deliveries(self, count: int) -> int:
        """Take a wake-up."""
        return self._take("deliveries", count)

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


def test_broker_that_is_away_is_no_error() -> None:
    """A wake-up that cannot be sent is left to the sweep."""
    wakes = Wakes(Broker(is_away=True))
    wakes.steps()
    wakes.send_waiting()


def test_thread_sends_and_ends() -> None:
    """Started, it sends by itself; stopped, it has sent everything."""
    broker = Broker()
    wakes = Wakes(broker)
    wakes.start()
    wakes.steps(3)
    wakes.stop()

    assert 3 == sum(count for _, count in broker.sent)
