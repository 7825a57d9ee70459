"""Seals everything that is stored under the newest key. For a machine with the private keys: never the web process.

One record is one atomic move that happens only when the record is still what was read, so it may run while jobs run,
be interrupted at any point, and be repeated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.ledger.sealing import BrokenSeal, PrivateKeys, key_id, key_id_of_box, seal
from service.ledger.store.sealed import SealedRecord, SealedStore

UNNAMED = "(no key id)"
_TRIES = 10  # a record that changes this often under our hands is left for the next run
_PASSES = 5


@dataclass
class Rotated:
    """What a run did: secrets sealed anew by kind of record, and what it had to leave, as `kind id name: why`."""

    resealed: Counter[str] = field(default_factory=Counter)
    left: list[str] = field(default_factory=list)


def usage(store: SealedStore) -> Counter[tuple[str, str]]:
    """Count the stored secrets by kind of record and key id (or `env`, `file`, `vault` for references)."""
    found: Counter[tuple[str, str]] = Counter()
    for record in store.scan():
        found.update((record.kind, _way(secret)) for secret in record.secrets.values())
    return found


def rotate(store: SealedStore, keys: PrivateKeys) -> Rotated:
    """Seal every stored secret under the newest of these keys. Raise redis errors.

    It looks again until a pass finds nothing to do: a caller may have stored an old box behind its back.
    """
    done = Rotated()
    for _ in range(_PASSES):
        changed, done.left = 0, []
        for record in store.scan():
            changed += _rotate_record(store, keys, record, done)
        if not changed:
            break
    return done


def _rotate_record(store: SealedStore, keys: PrivateKeys, record: SealedRecord, done: Rotated) -> int:
    current: SealedRecord | None = record
    for _ in range(_TRIES):
        if current is None:
            return 0
        secrets, changed, left = _resealed(current, keys)
        if not changed or store.replace(current, secrets):
            done.resealed[record.kind] += changed
            done.left += left
            return changed
        current = store.get(record.kind, record.id)
    done.left.append(f"{record.kind} {record.id}: it changed all the time")
    return 0


def _resealed(record: SealedRecord, keys: PrivateKeys) -> tuple[Mapping[str, Mapping[str, Any]], int, list[str]]:
    public = keys.newest_public
    newest = key_id(public)
    secrets, changed, left = dict(record.secrets), 0, []
    for name, secret in record.secrets.items():
        box = secret.get("sealed")
        if not box or key_id_of_box(box) == newest:
            continue
        try:
            secrets[name] = {**secret, "sealed": seal(public, keys.open(box))}
        except BrokenSeal as error:
            left.append(f"{record.kind} {record.id} {name}: {error}")
        else:
            changed += 1
    return secrets, changed, left


def _way(secret: Mapping[str, Any]) -> str:
    if secret.get("sealed"):
        return key_id_of_box(secret["sealed"]) or UNNAMED
    return str(secret.get("ref", "")).partition(":")[0]
