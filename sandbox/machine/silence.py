"""Streams that nobody reads: for what happens to a machine without a client."""

from __future__ import annotations

from typing import Any

from sandbox.machine.errors import PsError


class Silence:
    """Drops every record; is never stopped."""

    def output(self, obj: Any) -> None:
        """Drop it."""

    def progress(self, activity: str, status: str, percent: int) -> None:
        """Drop it."""

    def warning(self, text: str) -> None:
        """Drop it."""

    def verbose(self, text: str) -> None:
        """Drop it."""

    def information(self, text: str) -> None:
        """Drop it."""

    def error(self, error: PsError) -> None:
        """Drop it."""

    def stopped(self) -> bool:
        """Never."""
        return False
