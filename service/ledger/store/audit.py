"""The audit log: open entries, written in the moves of the changes themselves, and the chain that they are linked into.

A sealer gives each open entry its number and its hash, in the order in which they were written; any number of
processes may seal, for the chain's head is compared and set in one move. No entry is lost with a process.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from service.ledger.acting import Acting
from service.ledger.audit import START, Head, anchor_line, sealed_line
from service.ledger.store.scripts import Scripts

_BATCH = 500
_MOST_BATCHES = 40
_LOOKED_AT = 20_000  # entries that one page of a filtered list looks at
_SLACK = 100  # a hundredth more than is kept may gather before the oldest are removed

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class AuditFilter:
    """Which entries a list shows: all given conditions hold. Times are seconds since 1970 UTC, both ends inclusive.

    `actor` is an actor's id or name, `target` the id of the target or of a host, lab or endpoint that it belongs to.
    `tenant` is that of the actor or of the target.
    """

    actor: str | None = None
    operation: str | None = None
    target: str | None = None
    outcome: str | None = None
    tenant: str | None = None
    since: float | None = None
    until: float | None = None

    def takes(self, entry: Entry) -> bool:
        """Tell whether an entry is wanted, its time aside."""
        actor, target = entry["actor"], entry["target"] or {}
        return (
            self.actor in (None, actor["id"], actor["name"])
            and self.operation in (None, entry["operation"])
            and self.outcome in (None, entry["outcome"])
            and self.tenant in (None, entry["tenant"], actor.get("tenant", ""))
            and (self.target is None or self.target == target.get("id") or self.target in entry["related"])
        )


class AuditStore:
    """The audit log of one ledger. Safe to share between threads."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        self._open, self._log = scripts.key("audit", "open"), scripts.key("audit", "log")
        self._head = scripts.key("audit", "head")

    def note(self, act: Acting, sort: str = "", target: str = "") -> None:
        """Write an entry about something that changed no record: none, or this one. Raise redis errors."""
        self._scripts.run("note_audit", {"act": act.text(), "sort": sort, "target": target})

    def head(self) -> Head:
        """Return the end of the chain."""
        return _head(self._scripts.client.hmget(self._head, "seq", "hash", "first"))

    def seal(self) -> int:
        """Link what is open into the chain and return how many entries that were. Safe to repeat, and in any process.

        Raise redis errors.
        """
        total = 0
        for _ in range(_MOST_BATCHES):
            # Head and open entries as they were in one moment: read apart, an entry could be linked twice.
            with self._scripts.client.pipeline(transaction=True) as reads:
                reads.hmget(self._head, "seq", "hash", "first")
                reads.xrange(self._open, count=_BATCH)
                found, opened = reads.execute()
            if not opened:
                break
            total += self._seal_batch(_head(found), opened)
        return total

    def page(self, filters: AuditFilter, before: int | None, limit: int) -> tuple[list[Entry], int | None]:
        """Return up to `limit` entries below number `before`, newest first, and where to go on (None: that was all).

        A page of a filtered list may be short before the list ends: so many entries are looked at, not more.
        """
        found: list[Entry] = []
        position = self._upper_end(filters, before)
        for _ in range(_LOOKED_AT // _BATCH):
            rows = self._scripts.client.xrevrange(self._log, max=f"{position - 1}-0", count=_BATCH) if position else []
            for _, row in rows:
                entry = json.loads(row["entry"])
                position = entry["seq"]
                if filters.since is not None and _seconds(entry) < filters.since:
                    return found, None
                if filters.takes(entry):
                    found.append(entry)
                    if len(found) == limit:
                        return found, position if position > 1 else None
            if len(rows) < _BATCH:
                return found, None
        return found, position

    def lines(self) -> Iterator[str]:
        """Yield the whole chain as it is exported, oldest first, up to the head of this moment."""
        last, position = self.head().seq, "-"
        while True:
            rows = self._scripts.client.xrange(self._log, min=position, max=f"{last}-0", count=_BATCH)
            yield from (row["entry"] for _, row in rows)
            if len(rows) < _BATCH:
                return
            position = f"({rows[-1][0]}"

    def _seal_batch(self, head: Head, opened: list[tuple[str, dict[str, str]]]) -> int:
        seq, digest, rows = head.seq, head.hash, []
        for identifier, entry in opened:
            seq += 1
            line, digest = sealed_line(entry, seq, digest)
            rows.append([identifier, str(seq), line])
        keep_from = ""
        most = self._scripts.settings.audit_max
        if seq + 1 - head.first > most + most // _SLACK:
            removed = seq + 1 - most
            seq += 1
            line, digest = anchor_line(_at(rows[-1][2]), seq, digest, self._entry_head(removed, rows))
            rows.append(["", str(seq), line])
            keep_from = str(removed + 1)
        arguments = {
            "seq": str(head.seq),
            "hash": head.hash,
            "start": START,
            "rows": rows,
            "new_seq": str(seq),
            "new_hash": digest,
            "keep_from": keep_from,
        }
        return len(opened) if self._scripts.run("seal_audit", arguments) else 0

    def _entry_head(self, seq: int, rows: list[list[str]]) -> Head:
        lines = {row[1]: row[2] for row in rows}
        line = lines.get(str(seq)) or self._scripts.client.xrange(self._log, f"{seq}-0", f"{seq}-0")[0][1]["entry"]
        return Head(seq, json.loads(line)["hash"])

    def _upper_end(self, filters: AuditFilter, before: int | None) -> int:
        """Return the number above the newest entry that may be shown; times rise with numbers."""
        head = self.head()
        top = min(before or head.seq + 1, head.seq + 1)
        if filters.until is None:
            return top
        until = filters.until
        return self._first_where(head.first, top, lambda entry: _seconds(entry) > until)

    def _first_where(self, low: int, high: int, holds: Callable[[Entry], bool]) -> int:
        while low < high:
            middle = (low + high) // 2
            rows = self._scripts.client.xrange(self._log, min=f"{middle}-0", count=1)
            if not rows or holds(json.loads(rows[0][1]["entry"])):
                high = middle
            else:
                low = middle + 1
        return low


def _head(found: list[str | None]) -> Head:
    seq, digest, first = found
    return Head(int(seq or 0), digest or START, int(first or 1))


def _at(line: str) -> str:
    return str(json.loads(line)["at"])


def _seconds(entry: Entry) -> float:
    return datetime.fromisoformat(entry["at"]).astimezone(UTC).timestamp()
