"""The whole ledger in one moment, and its way back: keys as the server dumps them.

Reading is one script, so nothing can change in between. A restore lays everything aside under `restoring:key:` first,
in as many calls as it takes, and one move then puts it into its place: who looks sees the old ledger or the new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import redis

from service.ledger.backup import Record
from service.ledger.store.errors import LedgerError
from service.ledger.store.scripts import Scripts

_ASIDE = "restoring"
_BATCH = 500
_LONGEST_SECONDS = 600
_NAME, _EXPIRY, _VALUE, _WIDTH = 0, 1, 2, 3


class NotEmpty(LedgerError):
    """The ledger has records already. `keys` is how many."""

    def __init__(self, keys: int) -> None:
        super().__init__(f"the ledger is not empty: it has {keys} keys")
        self.keys = keys


class WorkersLive(LedgerError):
    """Workers use the ledger now. `count` is how many."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} workers use the ledger now")
        self.count = count


class OtherRestore(LedgerError):
    """Another restore is on its way, or one died within the last ten minutes."""


class OtherServer(LedgerError):
    """The server does not know the form in which another one dumped its values."""


@dataclass(frozen=True)
class Snapshot:
    """The ledger at `taken_at` (the server's time in seconds)."""

    taken_at: float
    records: tuple[Record, ...]


@dataclass(frozen=True)
class Restored:
    """What a restore has done: keys put into their places, steps that were taken from workers of the old time."""

    keys: int
    steps_given_back: int


class SnapshotStore:
    """Takes and puts back a whole ledger. Needs a client that does not decode: dumps are bytes."""

    def __init__(self, scripts: Scripts, raw: redis.Redis) -> None:
        self._scripts = scripts
        self._raw: Any = raw

    def take(self) -> Snapshot:
        """Return everything as it is in one moment. The server does nothing else meanwhile. Raise redis errors."""
        at, *flat = self._scripts.run_raw("snapshot", {}, self._raw)
        return Snapshot(float(at), tuple(_records(flat)))

    def put(self, snapshot: Snapshot, *, replace: bool) -> Restored:
        """Make the ledger what the snapshot says; with `replace` instead of what is there.

        Leases of its time are ended, and fences go on above all that hosts may have seen. A restore that is interrupted
        has changed nothing. Raise NotEmpty, WorkersLive, OtherRestore, OtherServer and redis errors.
        """
        if not self._raw.set(self._scripts.key(_ASIDE, "by"), 1, nx=True, ex=_LONGEST_SECONDS):
            raise OtherRestore("another restore is on its way, or one died within the last ten minutes")
        try:
            self._clear()
            for batch in _batches(snapshot.records):
                self._lay_aside(batch)
            arguments = {"replace": replace, "taken_at": snapshot.taken_at}
            reason, count, *more = self._scripts.run_raw("restored", arguments, self._raw)
        finally:
            self._clear()
            self._raw.delete(self._scripts.key(_ASIDE, "by"))
        if reason == b"filled":
            raise NotEmpty(int(count))
        if reason == b"workers":
            raise WorkersLive(int(count))
        return Restored(int(count), int(more[0]))

    def _lay_aside(self, records: list[Record]) -> None:
        prefix = self._scripts.key(_ASIDE, "key", "").encode()
        with self._raw.pipeline(transaction=False) as pipe:
            for record in records:
                pipe.restore(prefix + record.name, record.expires_at, record.value, absttl=record.expires_at > 0)
            try:
                pipe.execute()
            except redis.ResponseError as error:
                if "DUMP payload" not in str(error):
                    raise
                raise OtherServer("the server is older than the one that the backup was taken from") from error

    def _clear(self) -> None:
        for key in self._raw.scan_iter(match=self._scripts.key(_ASIDE, "key", "*"), count=1000):
            self._raw.unlink(key)


def _records(flat: list[Any]) -> Iterator[Record]:
    for start in range(0, len(flat), _WIDTH):
        row = flat[start : start + _WIDTH]
        yield Record(row[_NAME], max(0, int(row[_EXPIRY])), row[_VALUE])


def _batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    batch: list[Record] = []
    for record in records:
        batch.append(record)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
