"""Refusals of callers that nobody knows cannot fill the audit log."""

from __future__ import annotations

from dataclasses import dataclass

from service.api.auditing import Allowance


@dataclass
class Clock:
    """Seconds that move when told."""

    now: float = 100.0

    def __call__(self) -> float:
        """Return them."""
        return self.now


def test_a_flood_of_refusals_is_counted_not_written() -> None:
    """A burst is written one by one, then one a second; the next that is written says how many were left out."""
    clock = Clock()
    allowance = Allowance(burst=3, per_second=1, clock=clock)

    assert [0, 0, 0, None, None] == [allowance.take() for _ in range(5)]
    clock.now += 1
    assert [2, None] == [allowance.take(), allowance.take()]
    clock.now += 1000
    assert [1, 0, 0, None] == [allowance.take() for _ in range(4)]
