"""Every record that holds sealed secrets, for those who count them or seal them anew."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from service.ledger.store.scripts import Scripts, dumps

_PAGE = 500


@dataclass(frozen=True)
class _Place:
    """Where the secrets of a kind of record stand: its index, its field, and the member of a JSON document."""

    index: str
    field: str
    member: str = ""


_PLACES: Mapping[str, _Place] = {
    "host": _Place("host", "body", "secrets"),
    "endpoint": _Place("endpoint", "body", "secrets"),
    "lab": _Place("lab:all", "secrets"),
    "job": _Place("job:all", "secrets"),
}


@dataclass(frozen=True)
class SealedRecord:
    """The secrets of one record by name, each `{"sealed": box}` or `{"ref": reference}`, and the text they stood in."""

    kind: str
    id: str
    secrets: Mapping[str, Mapping[str, Any]] = field(repr=False)
    text: str = field(repr=False)


class SealedStore:
    """The sealed secrets of one ledger."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def scan(self) -> Iterator[SealedRecord]:
        """Yield every record that has secrets; one that is made meanwhile may be missing."""
        for kind, place in _PLACES.items():
            index = self._scripts.key("ix", place.index)
            ids: list[str] = []
            seen: set[str] = set()
            for identifier, _ in self._scripts.client.zscan_iter(index, count=_PAGE):
                if identifier in seen:  # a scan may show a member twice
                    continue
                seen.add(identifier)
                ids.append(identifier)
                if len(ids) == _PAGE:
                    yield from self._read(kind, ids)
                    ids = []
            yield from self._read(kind, ids)

    def get(self, kind: str, identifier: str) -> SealedRecord | None:
        """Return the record's secrets as they are now; None when it has none or is gone."""
        return next(self._read(kind, [identifier]), None)

    def replace(self, record: SealedRecord, secrets: Mapping[str, Mapping[str, Any]]) -> bool:
        """Store these secrets instead, in one move; False when the record changed since it was read."""
        place = _PLACES[record.kind]
        new: Any = secrets
        if place.member:
            new = {**json.loads(record.text), place.member: secrets}
        arguments = {
            "kind": record.kind,
            "id": record.id,
            "field": place.field,
            "old": record.text,
            "new": dumps(new),
        }
        return bool(self._scripts.run("reseal", arguments))

    def _read(self, kind: str, ids: list[str]) -> Iterator[SealedRecord]:
        place = _PLACES[kind]
        with self._scripts.client.pipeline(transaction=False) as reads:
            for identifier in ids:
                reads.hget(self._scripts.key(kind, identifier), place.field)
            texts = reads.execute()
        for identifier, text in zip(ids, texts, strict=True):
            found = json.loads(text or "{}")
            secrets = found.get(place.member) if place.member else found
            if secrets:
                yield SealedRecord(kind, identifier, secrets, text)
