"""Versioned JSON documents with a unique name, listed by age: the shape of hosts, images, keys and endpoints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.ledger.store.errors import InUse, NameTaken, NotFound, VersionConflict
from service.ledger.store.job_view import pairs
from service.ledger.store.scripts import Scripts, dumps


@dataclass(frozen=True)
class Document:
    """One stored document: what was put, and `extra` fields that moves keep beside it."""

    id: str
    body: Mapping[str, Any]
    version: int
    created_at: float
    updated_at: float
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """What to write: the document, its unique name ('' = none), flat fields for moves, the event's data ('' = none).

    `aliases` lead to the document as its name does, until the next change.
    """

    body: Mapping[str, Any]
    name: str = ""
    flat: Mapping[str, Any] = field(default_factory=dict)
    event: str = ""
    event_data: Mapping[str, Any] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()


class Documents:
    """The documents of one kind."""

    def __init__(self, scripts: Scripts, kind: str) -> None:
        self._scripts = scripts
        self._kind = kind

    def put(self, identifier: str, change: Change, expected: int | None) -> Document:
        """Create (`expected` 0) or replace; `expected` None replaces any version or creates.

        Raise NotFound, VersionConflict or NameTaken.
        """
        code, detail = self._scripts.run(
            "put_document",
            {
                "kind": self._kind,
                "id": identifier,
                "body": dumps(change.body),
                "name": change.name,
                "flat": [[name, value] for name, value in change.flat.items()],
                "expected": -1 if expected is None else expected,
                "aliases": ",".join(change.aliases),
                "event": change.event,
                "event_data": dumps(change.event_data),
            },
        )
        self._raise(identifier, code, detail)
        document = self.get(identifier)
        if document is None:
            raise NotFound(f"no {self._kind} {identifier}")
        return document

    def get(self, identifier: str) -> Document | None:
        """Return the document or None."""
        row = pairs(self._scripts.client.hgetall(self._scripts.key(self._kind, identifier)))
        return _document(row) if row.get("body") else None

    def by_name(self, name: str) -> Document | None:
        """Return the document with this unique name or None."""
        identifier = self._scripts.client.hget(self._scripts.key("names", self._kind), name)
        return self.get(identifier) if identifier else None

    def list(self, before: tuple[float, str] | None = None, limit: int = 100) -> list[Document]:
        """Return up to `limit` documents older than `before` (created_at, id), newest first."""
        rows = self._scripts.run(
            "list_documents",
            {
                "kind": self._kind,
                "before": repr(before[0]) if before else "+inf",
                "before_id": before[1] if before else "",
                "limit": limit,
            },
        )
        return [_document(pairs(row)) for row in rows]

    def delete(self, identifier: str, event: str = "", expected: int | None = None) -> bool:
        """Remove it; False when there was none. Raise InUse or VersionConflict."""
        arguments = {
            "kind": self._kind,
            "id": identifier,
            "event": event,
            "expected": -1 if expected is None else expected,
        }
        code, detail = self._scripts.run("delete_document", arguments)
        if code == "unknown":
            return False
        self._raise(identifier, code, detail)
        return True

    def _raise(self, identifier: str, code: str, detail: str) -> None:
        if code == "unknown":
            raise NotFound(f"no {self._kind} {identifier}")
        if code == "version":
            raise VersionConflict(f"{self._kind} {identifier} changed", current=int(detail))
        if code == "name":
            raise NameTaken(f"another {self._kind} has this name", holder=detail)
        if code == "in_use":
            raise InUse(f"{self._kind} {identifier} is in use", holders=detail.split(","))


def _document(row: dict[str, str]) -> Document:
    return Document(
        id=row.pop("id"),
        body=json.loads(row.pop("body")),
        version=int(row.pop("version")),
        created_at=float(row.pop("created_at")),
        updated_at=float(row.pop("updated_at")),
        extra=row,
    )
