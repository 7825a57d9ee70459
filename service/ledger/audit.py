"""The audit log's form: entries in canonical JSON, each with the SHA-256 of the one before it. Pure.

The hash of an entry is the SHA-256 of its canonical JSON (members sorted, no white space, UTF-8) without the member
`hash`; `prev` is the hash of the entry before, 64 zeros for the first. An entry `trimAudit` is an anchor: it says with
which hash the entries ended that were removed because the log was full, so that the rest still verifies.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

START = "0" * 64
ANCHOR = "trimAudit"

# The fields of a record that its hash stands for, by sort; what workers change by the second is not among them. The
# moves read them in this order.
_DOCUMENT = ("id", "body", "name", "version", "state", "disabled_reason")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "job": (
        *("id", "kind", "request", "secrets", "labels", "host_id", "lab_id", "priority", "tenant", "state", "ending"),
        *("on_failure", "on_cancel", "deadline_seconds", "lease_seconds", "callback_url", "callback_types", "retries"),
    ),
    "lab": ("id", "name", "state", "host_id", "job_id", "kind", "version", "expires_at", "lease_seconds", "secrets"),
    "delivery": ("id", "endpoint_id", "url", "event_id", "state"),
}
_RELATED = ("host_id", "lab_id", "endpoint_id")


@dataclass(frozen=True)
class Head:
    """The end of the chain: the last entry's number and hash; (0, zeros) when there is none. `first` is the oldest."""

    seq: int = 0
    hash: str = START
    first: int = 1

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> Head:
        """Read `SEQ:HASH`. Raise ValueError."""
        seq, _, digest = text.strip().partition(":")
        if not (seq.isascii() and seq.isdigit() and len(digest) == len(START)):
            raise ValueError("a head is SEQ:HASH, as `matryoshka audit head` prints it")
        return cls(int(seq), digest.lower())


def lua_fields() -> str:
    """Write the fields as Lua, so that there is one table only."""
    rows = [f"{sort}={_lua(names)}" for sort, names in FIELDS.items()]
    return f"local AUDIT_FIELDS={{{','.join(rows)}}}\nlocal AUDIT_DOCUMENT={_lua(_DOCUMENT)}\n"


def canonical(value: Any) -> str:
    """Return the one text of a JSON value that is hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256(text: str) -> str:
    """Return the hex SHA-256 of a text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


def sealed_line(opened: Mapping[str, str], seq: int, prev: str) -> tuple[str, str]:
    """Return the line of an open entry that becomes number `seq` behind the hash `prev`, and its own hash."""
    act = json.loads(opened["act"])
    sort, before, after = opened["sort"], opened["before"], opened["after"]
    entry = {
        "seq": seq,
        "at": _rfc3339(opened["at"]),
        "actor": act["actor"],
        "operation": act["operation"],
        "outcome": act.get("outcome", "done"),
        "target": {"sort": sort, "id": opened["id"]} if sort else None,
        "related": _related(sort, after or before),
        "before": sha256(representation(sort, before)) if before else None,
        "after": sha256(representation(sort, after)) if after else None,
        "remote": act.get("remote") or None,
        "request_id": act.get("request_id") or None,
        "trace_id": act.get("trace_id") or None,
        "detail": act.get("detail") or None,
        "prev": prev,
    }
    return _closed(entry)


def anchor_line(at: str, seq: int, prev: str, removed: Head) -> tuple[str, str]:
    """Return the line of the anchor for entries that are removed up to `removed`, and its hash. `at` is in RFC 3339."""
    actor = {"kind": "system", "id": "audit", "name": "audit"}
    empty = ("target", "before", "after", "remote", "request_id", "trace_id")
    entry: dict[str, Any] = {
        **dict.fromkeys(empty),
        "seq": seq,
        "at": at,
        "actor": actor,
        "operation": ANCHOR,
        "outcome": "done",
        "related": [],
        "detail": {"through": removed.seq, "hash": removed.hash},
        "prev": prev,
    }
    return _closed(entry)


def representation(sort: str, values: str) -> str:
    """Return what a target's hash is taken of: the canonical JSON of its fields as the ledger stores them."""
    names = FIELDS.get(sort, _DOCUMENT)
    found = zip(names, json.loads(values), strict=True)
    return canonical({name: value for name, value in found if value not in (False, "")})


def _closed(entry: dict[str, Any]) -> tuple[str, str]:
    digest = sha256(canonical(entry))
    return canonical(entry | {"hash": digest}), digest


def _related(sort: str, values: str) -> list[str]:
    if sort not in FIELDS or not values:
        return []
    found = dict(zip(FIELDS[sort], json.loads(values), strict=True))
    return [found[name] for name in _RELATED if found.get(name)]


def _rfc3339(seconds: str) -> str:
    # From the text: a float has no room for microseconds of this century's times.
    whole, _, fraction = seconds.partition(".")
    moment = datetime.fromtimestamp(int(whole), UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{fraction:0<6.6}Z"


def _lua(names: tuple[str, ...]) -> str:
    return "{" + ",".join(f"'{name}'" for name in names) + "}"
