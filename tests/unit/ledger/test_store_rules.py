"""Unit tests of the pure parts of service.ledger.store: schedules, durability, event ids, progress."""

from __future__ import annotations

import pytest

from service.ledger.job import TERMINAL_STATES, TRANSITIONS, JobState
from service.ledger.store import STANDARD_SCHEDULE
from service.ledger.store.deliveries import next_delay
from service.ledger.store.durability import REQUIRED, durability_faults
from service.ledger.store.events import checked_id, event_type, id_order
from service.ledger.store.scripts import source


def test_standard_schedule_lasts_three_days() -> None:
    """Ten tries over 75 h 35 m 5 s, as Standard Webhooks recommends."""
    assert (10, 75 * 3600 + 35 * 60 + 5) == (len(STANDARD_SCHEDULE), sum(STANDARD_SCHEDULE))


@pytest.mark.parametrize(
    ("attempt", "wish", "expected"),
    [(1, None, 10.0), (2, None, 100.0), (3, None, None), (1, 5.0, 10.0), (1, 15.0, 15.0), (1, 999.0, 20.0)],
)
def test_next_delay(attempt: int, wish: float | None, expected: float | None) -> None:
    """The schedule decides, a wish prolongs up to twice, and the end of the schedule ends the tries."""
    assert expected == next_delay((0, 10, 100), attempt, wish, 1.0)


def test_jitter_spreads_the_delay() -> None:
    """The planned wait is multiplied by the jitter."""
    assert 8.0 == next_delay((0, 10), 1, None, 0.8)


def test_durability_names_each_fault() -> None:
    """Right settings have no fault; wrong and missing ones have one each."""
    assert [] == durability_faults(dict(REQUIRED))
    assert ["appendonly is no, must be yes"] == durability_faults({**REQUIRED, "appendonly": "no"})
    assert len(REQUIRED) == len(durability_faults({}))


def test_event_ids() -> None:
    """Ids are completed, compared as numbers, and refused when they are none."""
    assert "5-0" == checked_id("5")
    assert id_order("10-2") > id_order("9-30")
    for wrong in ("", "x", "1-x", "-", "1-2-3"):
        with pytest.raises(ValueError, match="not an event id"):
            checked_id(wrong)
    for large in (str(2**64), f"1-{2**64}"):
        with pytest.raises(ValueError, match="too large"):
            checked_id(large)


def test_unknown_event_type_stays_text() -> None:
    """A type of a newer release is kept."""
    assert "lab.teleported" == event_type("lab.teleported")


def test_scripts_carry_the_transition_table() -> None:
    """Lua moves use the table of job.py, not a copy of it."""
    text = source("finish")

    for state in JobState:
        assert f"{state}={{" in text
    assert all(not TRANSITIONS[state] or JobState.SUCCEEDED not in TRANSITIONS[state] for state in TERMINAL_STATES)
