"""How values look in a cell: exact for programs; short, and with ages in the place of times, for people. Pure."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

NOTHING = "-"
_UNITS = ((86400, "d"), (3600, "h"), (60, "m"))
_LONGEST_SECONDS = 120
# What a terminal obeys or a table breaks on: control and format characters, line and paragraph separators.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def exact(value: Any, between: str = ",") -> str:
    """Return a value whole, on one line; `-` for nothing. `between` stands between the parts of a list."""
    if value is None or value in ("", [], {}):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return clean(between.join(f"{name}={_inner(item)}" for name, item in value.items()))
    if isinstance(value, (list, tuple)):
        return clean(between.join(_inner(item) for item in value))
    return clean(str(value))


def _inner(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def clean(text: str) -> str:
    """Return a text in which nothing moves the cursor: hosts and callers wrote it."""
    return "".join(" " if unicodedata.category(one) in _UNSAFE else one for one in text)


def duration(seconds: float) -> str:
    """Return `45s`, `5m`, `3h`, `2d`: the largest unit of which there are two or more, else the next smaller."""
    whole = int(abs(seconds))
    if whole < _LONGEST_SECONDS:
        return f"{whole}s"
    size, name = next((size, name) for size, name in _UNITS if whole >= 2 * size)
    return f"{whole // size}{name}"


def moment(text: Any) -> datetime | None:
    """Return the time that an RFC 3339 text says, None for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else None


def age(value: Any, now: datetime) -> str:
    """Return how long ago a time was, `in 5m` for one that is ahead, else the value as it is."""
    found = moment(value)
    if found is None:
        return exact(value)
    seconds = (now - found).total_seconds()
    return duration(seconds) if seconds > -1 else f"in {duration(seconds)}"


def clock(value: Any, now: datetime) -> str:
    """Return the time of day in UTC, with the date when it is not today's, else the value as it is."""
    found = moment(value)
    if found is None:
        return exact(value)
    utc = found.astimezone(UTC)
    return f"{utc:%H:%M:%S}" if utc.date() == now.astimezone(UTC).date() else f"{utc:%Y-%m-%d %H:%M}"
