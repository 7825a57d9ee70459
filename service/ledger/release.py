"""Which release of Matryoshka this process runs. Pure."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

UNKNOWN = "unknown"


@cache
def installed_release() -> str:
    """Return the version of the installed package, `unknown` for a checkout that was never installed."""
    try:
        return version("matryoshka")
    except PackageNotFoundError:
        return UNKNOWN
