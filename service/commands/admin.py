"""`matryoshka keys|openapi ...`: what an operator does on Redis, without the API."""

from __future__ import annotations

import base64
import os
import re
import secrets
import time
from pathlib import Path

import click

from schemas.key import SCOPES, KeySchema
from service.api.auth import new_key
from service.api.key_hashing import KeyHashes
from service.api.openapi import openapi_yaml
from service.commands.on_ledger import LedgerVerbs, store_from_env
from service.commands.showing import show, show_list, wants_data
from service.commands.tables import Column
from service.commands.verbs import Verb
from service.ledger.ids import new_id
from service.ledger.store import ApiKey, NotFound, Rotation
from service.ledger.tenant import DEFAULT_TENANT
from service.settings import SettingsError, key_hash_key

__all__ = ["keys", "openapi", "store_from_env"]

_KEY_COLUMNS = (
    Column("id", kind="id"),
    Column("name"),
    Column("tenant", rank=3),
    Column("scopes", rank=1),
    Column("expires", "expires_at", "age", 2),
    Column("last_used", "last_used_at", "age", 4),
)
_MOST_KEYS = 1000
_SHAPE = KeySchema()
_DURATION = re.compile(r"(\d+)([hd])")
_SECONDS = {"h": 3600, "d": 86400}


def hashes_from_env() -> KeyHashes:
    """Return what hashes keys, as the API has it. Raises click.UsageError when the variable cannot be used."""
    try:
        return KeyHashes(key_hash_key(os.environ))
    except SettingsError as error:
        raise click.UsageError(str(error)) from error


@click.group(cls=LedgerVerbs)
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
def create(*, name: str, scopes: tuple[str, ...], lifetime: int | None, tenant: str) -> None:
    """Make a key and print it once. A key with the scope admin sees what all tenants have."""
    now, key, hashes, store = time.time(), new_key(), hashes_from_env(), store_from_env()
    if store.tenants.get(tenant) is None:
        raise click.ClickException(f"there is no tenant {tenant}")
    expires_at = now + lifetime if lifetime else None
    digest = hashes.digest(key)
    record = ApiKey(new_id("key", now), name, digest, scopes, expires_at, tenant=tenant, keyed=hashes.keyed)
    _show_once(store.keys.put(record), key)


@keys.command()
@click.argument("key_id")
@click.option("--overlap", callback=_lifetime, default="24h", show_default=True, help="How long the old one works too.")
def rotate(key_id: str, *, overlap: int) -> None:
    """Make a new key in the place of this one and print it once; 0h is for a key that leaked."""
    key, hashes = new_key(), hashes_from_env()
    rotation = Rotation(hashes.digest(key), time.time(), overlap, hashes.keyed)
    try:
        _show_once(store_from_env().keys.rotate(key_id, rotation), key)
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


def _show_once(made: ApiKey, key: str) -> None:
    if wants_data():
        show(_SHAPE.dump(made) | {"key": key})
    else:
        click.echo(key)
        click.echo(f"{made.id}: keep the key now, it is not shown again", err=True)


@keys.command("list")
def list_keys() -> None:
    """List keys; the keys themselves are not kept."""
    found = store_from_env().keys.list(limit=_MOST_KEYS)
    show_list((_SHAPE.dump(key) for key in found), _KEY_COLUMNS)


@keys.command()
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """Revoke a key; the API stops taking it within 5 seconds."""
    if not store_from_env().keys.delete(key_id):
        raise click.ClickException(f"there is no key {key_id}")
    click.echo(f"{key_id} is revoked")


@click.command(cls=Verb)
def openapi() -> None:
    """Print the OpenAPI document."""
    click.echo(openapi_yaml(), nl=False)
