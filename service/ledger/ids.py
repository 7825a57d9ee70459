"""Identifiers that sort by time: `<prefix>_` + 12 hex digits of milliseconds + 14 random hex digits."""

from __future__ import annotations

import secrets

PREFIXES = frozenset({"job", "lab", "host", "img", "we", "wd", "key"})


def new_id(prefix: str, now: float) -> str:
    """Return a new identifier for `now` (seconds since 1970 UTC). Raise ValueError for a prefix that nobody owns."""
    if prefix not in PREFIXES:
        raise ValueError(f"unknown id prefix: {prefix}")
    return f"{prefix}_{int(now * 1000):012x}{secrets.token_hex(7)}"


def id_time(identifier: str) -> float:
    """Return the seconds since 1970 UTC that an identifier carries. Raise ValueError when it is not one of ours."""
    prefix, _, tail = identifier.partition("_")
    if prefix not in PREFIXES or len(tail) != 26:  # noqa: PLR2004 - 12 + 14 hex digits
        raise ValueError("not an identifier of this service")
    return int(tail[:12], 16) / 1000
