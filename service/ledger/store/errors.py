"""What the ledger refuses.

LedgerError
+-- NotFound         no such record
+-- IllegalMove      the record's state does not allow this
+-- LeaseLost        the token is not (or no longer) the step's: stop working on it
+-- VersionConflict  the record changed since it was read
+-- NameTaken        another record has this name
+-- InUse            labs or unfinished jobs need the record
"""

from __future__ import annotations

from collections.abc import Sequence


class LedgerError(Exception):
    """A move that the ledger refuses. Repeating it without a change of the record is refused again."""


class NotFound(LedgerError):
    """There is no such record."""


class IllegalMove(LedgerError):
    """The record's state does not allow this move. `state` is the state that it has."""

    def __init__(self, message: str, state: str = "") -> None:
        super().__init__(message)
        self.state = state


class LeaseLost(LedgerError):
    """Somebody else owns the step now, or nobody does: nothing was written, stop at once."""


class VersionConflict(LedgerError):
    """The record changed since it was read. `current` is its version now."""

    def __init__(self, message: str, current: int) -> None:
        super().__init__(message)
        self.current = current


class NameTaken(LedgerError):
    """Another record has this name. `holder` is its id."""

    def __init__(self, message: str, holder: str) -> None:
        super().__init__(message)
        self.holder = holder


class InUse(LedgerError):
    """Labs or unfinished jobs need the record. `holders` are their ids (some of them when there are many)."""

    def __init__(self, message: str, holders: Sequence[str]) -> None:
        super().__init__(message)
        self.holders = tuple(holders)
