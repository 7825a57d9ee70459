"""Values in cells: exact for programs, short for people."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from service.commands.text import age, clean, clock, duration, exact

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0s"), (119, "119s"), (120, "2m"), (7199, "119m"), (7200, "2h"), (200000, "2d")]
)
def test_durations(seconds: float, said: str) -> None:
    """A duration is told in the largest unit of which there are two."""
    assert said == duration(seconds)


def test_ages() -> None:
    """A past time is an age, a coming one says so, and what is no time is shown as it is."""
    assert "5m" == age("2026-11-30T11:55:00Z", NOW)
    assert "in 3h" == age("2026-11-30T15:00:00.000Z", NOW)
    assert "-" == age(None, NOW)
    assert "soon" == age("soon", NOW)


def test_clock() -> None:
    """A time of today has no date, in UTC whatever its offset."""
    assert "10:00:00" == clock("2026-11-30T12:00:00+02:00", NOW)
    assert "2026-11-29 12:00" == clock("2026-11-29T12:00:00Z", NOW)


def test_exact_values_are_one_word() -> None:
    """Nothing is a dash, and lists and objects have no blanks of their own."""
    assert ["-", "-", "yes", "a=1,b=x", "x,2"] == [
        exact(value) for value in (None, "", True, {"a": 1, "b": "x"}, ["x", 2])
    ]
    assert "0" == exact(0)


def test_what_moves_the_cursor_is_gone() -> None:
    """Escapes, tabs, new lines and right-to-left marks become blanks."""
    assert "a [31mb c d e" == clean("a\x1b[31mb\tc\nd\u202ee")
