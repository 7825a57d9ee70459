"""Code for test_reading to read. Nobody runs it."""

from __future__ import annotations

from typing import Any

KIND = "KIND"
_TABLE = {"shown": "Get-NestedVM"}


def outer(count: int) -> None:
    """Reach the other one."""
    code = "A" if count else "B"
    remedy = "before"
    remedy = "later"
    refuse(code, f"{count} of {KIND}", remedy=remedy)
    inner(count)


def inner(bad: int) -> Any:
    """Reach back."""
    make = error if bad else warning
    make("CODE", _TABLE["x"])
    return outer


def refuse(*_: Any, **__: Any) -> None: ...  # noqa: D103


error = warning = refuse
