"""Verifies an audit log line by line: what was changed, is missing, stands in another order or was cut off. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from service.ledger.audit import ANCHOR, START, Head, canonical, sha256

Fault = Literal["changed", "missing", "reordered", "truncated", "trimmed"]


@dataclass(frozen=True)
class Break:
    """The first entry that does not verify, and why."""

    seq: int
    fault: Fault
    text: str


@dataclass(frozen=True)
class Verdict:
    """`found` is None when everything is as it was written. `count` entries were read; `head` is the last good one."""

    count: int
    first: int
    head: Head
    found: Break | None = None


class _Broken(Exception):
    def __init__(self, seq: int, fault: Fault, text: str) -> None:
        super().__init__(text)
        self.found = Break(seq, fault, text)


class _Reader:
    """Follows the chain from its first line to its last."""

    def __init__(self, noted: Sequence[Head]) -> None:
        self.noted = {head.seq: head.hash for head in noted if head.seq > 0}
        self.last_noted = max(self.noted, default=0)
        self.count = 0
        self.first = Head(0, START)  # what the oldest entry stands on
        self.head = Head()
        self.anchored = True

    def take(self, line: str, rest: Iterator[str]) -> None:
        entry = self._entry(line)
        seq = entry["seq"]
        if self.count == 0:
            self.first = Head(seq - 1, entry["prev"])
            self.anchored = seq == 1 and entry["prev"] == START
        else:
            self._follow(seq, entry["prev"], rest)
        self._compare(seq, entry["hash"])
        if entry["operation"] == ANCHOR and entry["detail"] == {"through": self.first.seq, "hash": self.first.hash}:
            self.anchored = True
        self.count += 1
        self.head = Head(seq, entry["hash"], self.first.seq + 1)

    def end(self) -> None:
        if not self.anchored:
            last = self.first.seq
            raise _Broken(1, "missing", f"entries 1 to {last} are missing and no anchor says why")
        if self.last_noted > self.head.seq:
            text = f"the log ends at {self.head.seq}, and {self.last_noted} was noted"
            raise _Broken(self.head.seq + 1, "truncated", text)
        oldest = min(self.noted, default=self.first.seq)
        if oldest < self.first.seq:
            raise _Broken(oldest, "trimmed", "the noted entry was removed since; note a newer head")
        self._compare(self.first.seq, self.first.hash)

    def _entry(self, line: str) -> dict[str, Any]:
        expected = self.head.seq + 1
        try:
            entry = json.loads(line)
            body = {name: value for name, value in entry.items() if name != "hash"}
            # The very text, not only its meaning: a member that stands twice reads differently elsewhere.
            good = canonical(entry) == line and sha256(canonical(body)) == entry["hash"]
            seq = entry["seq"]
            whole = isinstance(seq, int) and seq > 0 and {"prev", "operation", "detail"} <= body.keys()
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
            raise _Broken(expected, "changed", "this is not an entry") from None
        if not whole:
            raise _Broken(expected, "changed", "this is not an entry")
        if not good:
            raise _Broken(seq, "changed", "its hash is not that of its text")
        return dict(entry)

    def _follow(self, seq: int, prev: str, rest: Iterator[str]) -> None:
        expected = self.head.seq + 1
        if seq < expected:
            raise _Broken(seq, "reordered", f"it stands behind {self.head.seq}")
        if seq > expected:
            if any(_seq(line) == expected for line in rest):
                raise _Broken(expected, "reordered", f"it stands behind {seq}")
            raise _Broken(expected, "missing", f"{seq} follows {self.head.seq}")
        if prev != self.head.hash:
            raise _Broken(self.head.seq, "changed", f"{seq} was written behind another one")

    def _compare(self, seq: int, digest: str) -> None:
        if self.noted.get(seq, digest) != digest:
            raise _Broken(seq, "changed", "its hash is not the one that was noted")


def _seq(line: str) -> int:
    try:
        return int(json.loads(line)["seq"])
    except (ValueError, KeyError, TypeError):
        return 0


def verify(lines: Iterable[str], *noted: Head) -> Verdict:
    """Follow the chain; with heads that were noted, entries that were cut off its end are missed too.

    Without any, a log whose last entries are gone, or that was written anew as a whole, looks good.
    """
    reader, rest = _Reader(noted), iter(lines)
    try:
        for line in rest:
            reader.take(line.rstrip("\n"), rest)
        reader.end()
    except _Broken as broken:
        return Verdict(reader.count, reader.first.seq + 1, reader.head, broken.found)
    return Verdict(reader.count, reader.first.seq + 1, reader.head)
