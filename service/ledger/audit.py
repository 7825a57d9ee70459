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

from service.ledger.tenant import owner_of

START = "0" * 64
ANCHOR = "trimAudit"

# The fields of a record that its hash stands for, by sort; what workers change by the second is not among them. The
# moves read them in this order.
_DOCUMENT = ("id", "body", "name", "version", "state", "disabled_reason")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "job": (
        *("id", "kind", "content_sha256", "labels", "host_id", "lab_id", "priority", "tenant", "state", "ending"),
        *("on_failure", "on_cancel", "deadline_seconds", "lease_seconds", "callback_url", "callback_types", "retries"),
        *("not_before", "approved_by", "asked_by"),
    ),
    "lab": (
        *("id", "name", "state", "host_id", "job_id", "kind", "version", "expires_at", "lease_seconds", "secrets"),
        "tenant",
    ),
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


def content_sha256(request: str, secrets: str) -> str:
    """Return what stands for the long texts of a job in its hash: its request and its sealed secrets, as stored.

    Whoever stores other ones stores this anew beside them (`content_sha256`). It is made before the move, which has no
    SHA-256 of its own, so that no entry carries these texts.
    """
    return sha256(f"{request}\n{secrets}")


def sealed_line(opened: Mapping[str, str], seq: int, prev: str) -> tuple[str, str]:
    """Return the line of an open entry that becomes number `seq` behind the hash `prev`, and its own hash."""
    act = json.loads(opened["act"])
    sort, before, after = opened["sort"], opened["before"], opened["after"]
    record = _record(sort, after or before)
    entry = {
        "seq": seq,
        "at": _rfc3339(opened["at"]),
        "actor": act["actor"],
        "operation": act["operation"],
        "outcome": act.get("outcome", "done"),
        "target": {"sort": sort, "id": opened["id"]} if sort else None,
        "tenant": _owner(sort, record) or act["actor"].get("tenant", ""),
        "related": [record[name] for name in _RELATED if record.get(name)],
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
        "tenant": "",
        "related": [],
        "detail": {"through": removed.seq, "hash": removed.hash},
        "prev": prev,
    }
    return _closed(entry)


def representation(sort: str, values: str) -> str:
    """Return what a target's hash is taken of: the canonical JSON of its fields as the ledger stores them."""
    return canonical(_record(sort, values))


def _record(sort: str, values: str) -> dict[str, str]:
    if not values:
        return {}
    names = FIELDS.get(sort, _DOCUMENT)
    # Not strict: a process of another release may have written it, with fewer fields or more. New ones come last.
    return {name: value for name, value in zip(names, json.loads(values), strict=False) if value not in (False, "")}


def _owner(sort: str, record: Mapping[str, str]) -> str:
    if sort == "tenant":
        return record.get("id", "")
    if "body" in record:
        return str(json.loads(record["body"]).get("tenant") or "")
    return owner_of(record["tenant"]) if "tenant" in record else ""


def _closed(entry: dict[str, Any]) -> tuple[str, str]:
    digest = sha256(canonical(entry))
    return canonical(entry | {"hash": digest}), digest


def _rfc3339(seconds: str) -> str:
    # From the text: a float has no room for microseconds of this century's times.
    whole, _, fraction = seconds.partition(".")
    moment = datetime.fromtimestamp(int(whole), UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{fraction:0<6.6}Z"


def _lua(names: tuple[str, ...]) -> str:
    return "{" + ",".join(f"'{name}'" for name in names) + "}"
