"""Which releases may use a ledger: a number in it that is raised when older code would read it wrongly."""

from __future__ import annotations

from service.ledger.store.errors import LedgerError
from service.ledger.store.scripts import Scripts

# Raise it only for a change after which older code reads or writes the ledger wrongly; additions do not need it.
SCHEMA = 1


class NewerLedger(LedgerError):
    """A newer release has changed the ledger: this one would damage it."""


class SchemaStore:
    """The schema version of one ledger."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def check(self) -> int:
        """Return the ledger's version after making sure that this code may use it; an empty one is marked as ours.

        Safe to repeat. Raise NewerLedger, and redis errors.
        """
        key = self._scripts.key("schema")
        self._scripts.client.set(key, SCHEMA, nx=True)
        found = int(self._scripts.client.get(key) or SCHEMA)
        if found > SCHEMA:
            raise NewerLedger(
                f"the ledger has schema version {found}, this release knows {SCHEMA}: "
                "a newer release was started on it; install that one, or restore a backup from before it"
            )
        return found
