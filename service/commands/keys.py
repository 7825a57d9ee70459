"""`matryoshka keys ...`: API keys, over HTTP; on the ledger itself where MATRYOSHKA_REDIS_URL is set."""

from __future__ import annotations

import base64
import importlib
import os
import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import click

from schemas.key import LONGEST_OVERLAP_SECONDS, SCOPES
from service.commands.client import Client, client_from_env
from service.commands.on_ledger import LedgerVerbs
from service.commands.showing import show, show_list, wants_data
from service.commands.tables import Column
from service.commands.verbs import limited

_COLUMNS = (
    Column("id", kind="id"),
    Column("name"),
    Column("tenant", rank=3),
    Column("scopes", rank=1),
    Column("expires", "expires_at", "age", 2),
    Column("last_used", "last_used_at", "age", 4),
)
_DURATION = re.compile(r"(\d+)([hd])")
_SECONDS = {"h": 3600, "d": 86400}
# 100 years: a date that can be shown, and a slip of the finger is seen.
_LONGEST_LIFE_SECONDS = 36_500 * 86_400
_LONGEST_NAME = 80


class Keys(Protocol):
    """Where keys are kept."""

    def create(self, name: str, scopes: tuple[str, ...], lifetime: int | None, tenant: str | None) -> dict[str, Any]:
        """Return a new key with its `key`."""

    def rotate(self, key_id: str, overlap: int) -> dict[str, Any]:
        """Return a key with its new `key`."""

    def list(self) -> Iterable[dict[str, Any]]:
        """Return the keys without their secrets."""

    def revoke(self, key_id: str) -> None:
        """Take a key out of use."""


@dataclass(frozen=True)
class KeysOverHttp:
    """Asks the API; every method may raise ApiError."""

    client: Client

    def create(self, name: str, scopes: tuple[str, ...], lifetime: int | None, tenant: str | None) -> dict[str, Any]:
        """Return a new key with its `key`; without a tenant it is of its maker's."""
        body: dict[str, Any] = {"name": name, "scopes": list(scopes)}
        if lifetime:
            body["expires_at"] = datetime.fromtimestamp(time.time() + lifetime, tz=UTC).isoformat()
        if tenant:
            body["tenant"] = tenant
        return self.client.call("POST", "/v1/keys", body)

    def rotate(self, key_id: str, overlap: int) -> dict[str, Any]:
        """Return a key with its new `key`."""
        return self.client.call("POST", f"/v1/keys/{key_id}:rotate", {"overlap_seconds": overlap})

    def list(self) -> Iterable[dict[str, Any]]:
        """Return the keys without their secrets."""
        return self.client.pages("/v1/keys")

    def revoke(self, key_id: str) -> None:
        """Take a key out of use."""
        path = f"/v1/keys/{key_id}"
        self.client.call("DELETE", path, **{"If-Match": self.client.etag(path)})


def _keys() -> Keys:
    if not os.environ.get("MATRYOSHKA_REDIS_URL"):
        return KeysOverHttp(client_from_env())
    # Only who works on the ledger waits for what the API is made of.
    found: Keys = importlib.import_module("service.commands.keys_on_ledger").open_keys()
    return found


@click.group(cls=LedgerVerbs)
def keys() -> None:
    """API keys: over HTTP with the scope admin, or on MATRYOSHKA_REDIS_URL. The keys themselves are not kept."""


def _scopes(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[str, ...]:
    scopes = tuple(part.strip() for part in value.split(",") if part.strip())
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise click.BadParameter(f"give some of {', '.join(SCOPES)}, comma separated")
    return scopes


def _lifetime(_context: click.Context, _parameter: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    seconds = _seconds(value, _LONGEST_LIFE_SECONDS)
    if not seconds:
        raise click.BadParameter("a key that ends at once is of no use; leave it out for one that never ends")
    return seconds


def _overlap(_context: click.Context, _parameter: click.Parameter, value: str) -> int:
    return _seconds(value, LONGEST_OVERLAP_SECONDS)


def _seconds(value: str, most: int) -> int:
    match = _DURATION.fullmatch(value)
    if match is None:
        raise click.BadParameter("give hours or days, such as 12h or 90d")
    seconds = int(match[1]) * _SECONDS[match[2]]
    if seconds > most:
        raise click.BadParameter(f"{most // 86_400}d at most")
    return seconds


def _name(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not 1 <= len(value) <= _LONGEST_NAME:
        raise click.BadParameter(f"1 to {_LONGEST_NAME} characters")
    return value


@keys.command()
@click.option("--name", required=True, callback=_name, help="Who will use it.")
@click.option("--scopes", required=True, callback=_scopes, help=f"Comma separated: {', '.join(SCOPES)}")
@click.option(
    "--expires-in", "lifetime", callback=_lifetime, help="Hours or days, such as 12h or 90d; never otherwise."
)
@click.option("--tenant", help="Whose jobs and labs it sees; default: over HTTP that of your key, else `default`.")
def create(*, name: str, scopes: tuple[str, ...], lifetime: int | None, tenant: str | None) -> None:
    """Make a key and print it once. A key with the scope admin sees what all tenants have."""
    _show_once(_keys().create(name, scopes, lifetime, tenant))


@keys.command()
@click.argument("key_id")
@click.option("--overlap", callback=_overlap, default="24h", show_default=True, help="How long the old one works too.")
def rotate(key_id: str, *, overlap: int) -> None:
    """Make a new key in the place of this one and print it once; 0h is for a key that leaked."""
    _show_once(_keys().rotate(key_id, overlap))


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


def _show_once(made: dict[str, Any]) -> None:
    if wants_data():
        show(made)
    else:
        click.echo(made["key"])
        click.echo(f"{made['id']}: keep the key now, it is not shown again", err=True)


@keys.command("list")
@limited
def list_keys() -> None:
    """List keys; the keys themselves are not kept."""
    show_list(_keys().list(), _COLUMNS)


@keys.command()
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """Revoke a key; the API stops taking it within 5 seconds."""
    _keys().revoke(key_id)
    click.echo(f"{key_id} is revoked")
