"""`matryoshka keys|openapi ...`: what an operator does on Redis, without the API."""

from __future__ import annotations

import base64
import os
import re
import secrets
import time
from pathlib import Path
from typing import Any

import click
import redis

from schemas.key import SCOPES, KeySchema
from service.api.auth import new_key
from service.api.key_hashing import KeyHashes
from service.api.openapi import openapi_yaml
from service.commands.acting import act_as_user
from service.commands.showing import show_json, show_list
from service.ledger.ids import new_id
from service.ledger.servers import servers_of
from service.ledger.store import ApiKey, NotFound, Rotation, Store, StoreSettings, connect
from service.ledger.tenant import DEFAULT_TENANT
from service.settings import SettingsError, key_hash_key

_KEY_COLUMNS = ("id", "name", "tenant", "scopes", "expires_at", "last_used_at")
_MOST_KEYS = 1000
_SHAPE = KeySchema()
_DURATION = re.compile(r"(\d+)([hd])")
_SECONDS = {"h": 3600, "d": 86400}


def store_from_env() -> Store:
    """Return the ledger of MATRYOSHKA_REDIS_URL. Raises click.UsageError without it.

    What the running command changes in it is in the audit log, under the name of the machine's user.
    """
    namespace = os.environ.get("MATRYOSHKA_NAMESPACE") or "mk"
    act_as_user()
    return Store(client_from_env(), StoreSettings(namespace=namespace))


def client_from_env(**options: Any) -> redis.Redis:
    """Return a client of MATRYOSHKA_REDIS_URL, with redis-py's options. Raises click.UsageError without it."""
    url = os.environ.get("MATRYOSHKA_REDIS_URL", "").strip()
    if not url:
        raise click.UsageError("MATRYOSHKA_REDIS_URL is not set.")
    try:
        return connect(url, servers_of(os.environ), **options)
    except ValueError as error:
        raise click.UsageError(f"MATRYOSHKA_REDIS_URL cannot be used: {error}") from error


def hashes_from_env() -> KeyHashes:
    """Return what hashes keys, as the API has it. Raises click.UsageError when the variable cannot be used."""
    try:
        return KeyHashes(key_hash_key(os.environ))
    except SettingsError as error:
        raise click.UsageError(str(error)) from error


@click.group()
def keys() -> None:
    """API keys, kept as hashes."""


def _scopes(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[str, ...]:
    scopes = tuple(part.strip() for part in value.split(",") if part.strip())
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise click.BadParameter(f"give some of {', '.join(SCOPES)}, comma separated")
    return scopes


def _lifetime(_context: click.Context, _parameter: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    match = _DURATION.fullmatch(value)
    if match is None:
        raise click.BadParameter("give hours or days, such as 12h or 90d")
    return int(match[1]) * _SECONDS[match[2]]


@keys.command()
@click.option("--name", required=True, help="Who will use it.")
@click.option("--scopes", required=True, callback=_scopes, help=f"Comma separated: {', '.join(SCOPES)}")
@click.option(
    "--expires-in", "lifetime", callback=_lifetime, help="Hours or days, such as 12h or 90d; never otherwise."
)
@click.option("--tenant", default=DEFAULT_TENANT, show_default=True, help="Whose jobs and labs it sees.")
@click.option("--json", "as_json", is_flag=True)
def create(*, name: str, scopes: tuple[str, ...], lifetime: int | None, tenant: str, as_json: bool) -> None:
    """Make a key and print it once. A key with the scope admin sees what all tenants have."""
    now, key, hashes, store = time.time(), new_key(), hashes_from_env(), store_from_env()
    if store.tenants.get(tenant) is None:
        raise click.ClickException(f"there is no tenant {tenant}")
    expires_at = now + lifetime if lifetime else None
    digest = hashes.digest(key)
    record = ApiKey(new_id("key", now), name, digest, scopes, expires_at, tenant=tenant, keyed=hashes.keyed)
    _show_once(store.keys.put(record), key, as_json=as_json)


@keys.command()
@click.argument("key_id")
@click.option("--overlap", callback=_lifetime, default="24h", show_default=True, help="How long the old one works too.")
@click.option("--json", "as_json", is_flag=True)
def rotate(key_id: str, *, overlap: int, as_json: bool) -> None:
    """Make a new key in the place of this one and print it once; 0h is for a key that leaked."""
    key, hashes = new_key(), hashes_from_env()
    rotation = Rotation(hashes.digest(key), time.time(), overlap, hashes.keyed)
    try:
        _show_once(store_from_env().keys.rotate(key_id, rotation), key, as_json=as_json)
    except NotFound as error:
        raise click.ClickException(f"there is no key {key_id}") from error


@keys.command("make-hash-key")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
def make_hash_key(path: Path) -> None:
    """Write a new key that API keys are hashed with, for MATRYOSHKA_KEY_HASH_KEY_FILE; one that is there stays."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise click.ClickException(f"{path} is there already; keys that were hashed with it need it") from error
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(base64.b64encode(secrets.token_bytes(32)).decode() + "\n")
    click.echo(str(path))


def _show_once(made: ApiKey, key: str, *, as_json: bool) -> None:
    if as_json:
        show_json(_SHAPE.dump(made) | {"key": key})
    else:
        click.echo(key)
        click.echo(f"{made.id}: keep the key now, it is not shown again", err=True)


@keys.command("list")
@click.option("--json", "as_json", is_flag=True)
def list_keys(*, as_json: bool) -> None:
    """List keys; the keys themselves are not kept."""
    found = store_from_env().keys.list(limit=_MOST_KEYS)
    show_list((_SHAPE.dump(key) for key in found), _KEY_COLUMNS, as_json=as_json)


@keys.command()
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """Revoke a key; the API stops taking it within 5 seconds."""
    if not store_from_env().keys.delete(key_id):
        raise click.ClickException(f"there is no key {key_id}")
    click.echo(f"{key_id} is revoked")


@click.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    click.echo(openapi_yaml(), nl=False)
