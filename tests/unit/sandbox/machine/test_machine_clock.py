"""The scaled clock."""

from __future__ import annotations

import pytest

from sandbox.machine import Clock
from sandbox.machine.clock import iso
from tests.unit.sandbox.machine.lab import START, FakeTime


def make(factor: float) -> tuple[Clock, FakeTime]:
    """A clock on time that passes only when waited for."""
    fake = FakeTime()
    return Clock(factor, start=START, monotonic=fake.monotonic, wait=fake.wait), fake


def test_a_factor_shortens_sleep() -> None:
    """Sixty nominal seconds at factor 20 last three real ones."""
    clock, fake = make(20)

    assert clock.sleep(60)
    assert fake.now == pytest.approx(3)
    assert clock.now() == pytest.approx(START + 60)


def test_a_sleep_can_be_interrupted() -> None:
    """A sleep ends within a slice of the moment when its condition turns true, and says so."""
    clock, fake = make(1)

    assert not clock.sleep(60, lambda: fake.now >= 2)
    assert fake.now == pytest.approx(2, abs=0.1)


def test_changing_the_factor_does_not_jump() -> None:
    """A new speed starts from the present nominal time."""
    clock, fake = make(10)
    fake.wait(5)
    before = clock.now()
    clock.set_factor(100)

    assert clock.now() == pytest.approx(before)
    fake.wait(1)
    assert clock.now() == pytest.approx(before + 100)


def test_a_factor_must_be_positive() -> None:
    """Zero and negative factors are refused at once."""
    with pytest.raises(ValueError, match="factor"):
        Clock(0)


def test_poll_gives_up_after_its_timeout() -> None:
    """A wait for something that never happens ends at its timeout."""
    clock, _ = make(1)

    assert not clock.poll(lambda: False, 30)
    assert clock.now() == pytest.approx(START + 30)


def test_times_are_iso_utc() -> None:
    """Nominal times are shown as ISO 8601 UTC, and nothing stays nothing."""
    assert iso(0) == "1970-01-01T00:00:00.000Z"
    assert iso(None) is None
