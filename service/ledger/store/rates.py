"""How many requests a subject made in a window of time, counted for all processes together."""

from __future__ import annotations

from service.ledger.store.scripts import Scripts


class RateStore:
    """The counters of one ledger. Each lives a little longer than its window."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def take(self, subject: str, window: int, seconds: int, count: int) -> int:
        """Count `count` requests of a subject in its window number `window`; return how many there are with them."""
        key = self._scripts.key("rate", subject, str(window))
        with self._scripts.client.pipeline(transaction=True) as move:
            move.incrby(key, count)
            move.expire(key, 2 * seconds)
            return int(move.execute()[0])
