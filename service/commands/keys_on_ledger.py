"""API keys as an operator keeps them: on Redis, without the API."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import Any

import click

from schemas.key import KeySchema
from service.api.auth import new_key
from service.api.key_hashing import KeyHashes
from service.commands.on_ledger import store_from_env
from service.ledger.ids import new_id
from service.ledger.store import ApiKey, NotFound, Rotation, Store
from service.ledger.tenant import DEFAULT_TENANT
from service.settings import SettingsError, key_hash_key

_MOST_KEYS = 1000


def _told(key: ApiKey) -> dict[str, Any]:
    found: dict[str, Any] = KeySchema().dump(key)
    return found


class KeysOnLedger:
    """Makes, lists and revokes keys in the ledger of MATRYOSHKA_REDIS_URL; every method may raise redis.RedisError."""

    def __init__(self, store: Store, hashes: KeyHashes) -> None:
        self._store = store
        self._hashes = hashes

    def create(self, name: str, scopes: tuple[str, ...], lifetime: int | None, tenant: str | None) -> dict[str, Any]:
        """Return a new key with its `key`. Raises click.ClickException without the tenant."""
        now, key, owner = time.time(), new_key(), tenant or DEFAULT_TENANT
        if self._store.tenants.get(owner) is None:
            raise click.ClickException(f"there is no tenant {owner}")
        expires_at = now + lifetime if lifetime else None
        digest = self._hashes.digest(key)
        record = ApiKey(new_id("key", now), name, digest, scopes, expires_at, tenant=owner, keyed=self._hashes.keyed)
        return _told(self._store.keys.put(record)) | {"key": key}

    def rotate(self, key_id: str, overlap: int) -> dict[str, Any]:
        """Return the key with its new `key`. Raises click.ClickException without it."""
        key = new_key()
        rotation = Rotation(self._hashes.digest(key), time.time(), overlap, self._hashes.keyed)
        try:
            return _told(self._store.keys.rotate(key_id, rotation)) | {"key": key}
        except NotFound as error:
            raise click.ClickException(f"there is no key {key_id}") from error

    def list(self) -> Iterable[dict[str, Any]]:
        """Return the keys without their secrets."""
        return (_told(key) for key in self._store.keys.list(limit=_MOST_KEYS))

    def revoke(self, key_id: str) -> None:
        """Take a key out of use. Raises click.ClickException without it."""
        if not self._store.keys.delete(key_id):
            raise click.ClickException(f"there is no key {key_id}")


def open_keys() -> KeysOnLedger:
    """Return the keys of MATRYOSHKA_REDIS_URL. Raises click.UsageError when a variable cannot be used."""
    try:
        hashes = KeyHashes(key_hash_key(os.environ))
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    return KeysOnLedger(store_from_env(), hashes)
