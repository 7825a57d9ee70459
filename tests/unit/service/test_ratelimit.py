"""Rate limits count for all processes together, and never pass one request too many."""

from __future__ import annotations

from collections import Counter
from threading import Thread

from service.api.ratelimit import Policy, RateLimiter


class _Ledger:
    def __init__(self) -> None:
        self.counts: Counter[tuple[str, int]] = Counter()
        self.asked = 0

    def take(self, subject: str, window: int, seconds: int, count: int) -> int:
        """As RateStore."""
        assert seconds == 60
        self.asked += 1
        self.counts[subject, window] += count
        return self.counts[subject, window]


def test_processes_together_pass_the_quota_and_no_more() -> None:
    """Of three processes that share a quota none passes a request beyond it, and together they pass it all."""
    ledger = _Ledger()
    limiters = [RateLimiter(Policy(500, 60), ledger.take, lambda: 1000.0) for _ in range(3)]

    passed = [limiters[number % 3].pass_one("key").allowed for number in range(900)]

    assert 500 == sum(passed)
    assert ledger.asked < 70  # a share is ten requests; a refused one asks no more


def test_what_is_left_is_told() -> None:
    """Each verdict says how many requests are left and when the next window begins."""
    ledger, now = _Ledger(), [1000.0]
    limiter = RateLimiter(Policy(2, 60), ledger.take, lambda: now[0])

    fields = [limiter.pass_one("key").field for _ in range(3)]
    now[0] = 1020.0
    later = limiter.pass_one("key")

    assert ['"default";r=1;t=20', '"default";r=0;t=20', '"default";r=0;t=20'] == fields
    assert later.allowed
    assert 1 == later.remaining


def test_a_slow_ledger_holds_up_nobody_else() -> None:
    """While one request waits for a share, requests of other keys that have one pass."""
    ledger, passed = _Ledger(), list[bool]()

    def take(subject: str, window: int, seconds: int, count: int) -> int:
        if subject == "slow":
            other = Thread(target=lambda: passed.append(limiter.pass_one("quick").allowed), daemon=True)
            other.start()
            other.join(10)
        return ledger.take(subject, window, seconds, count)

    limiter = RateLimiter(Policy(500, 60), take, lambda: 1000.0)
    limiter.pass_one("quick")

    assert limiter.pass_one("slow").allowed
    assert [True] == passed


def test_keys_do_not_share() -> None:
    """One key's requests leave another's quota as it is."""
    limiter = RateLimiter(Policy(1, 60), _Ledger().take, lambda: 1000.0)

    assert [True, False, True] == [limiter.pass_one(key).allowed for key in ("a", "a", "b")]
