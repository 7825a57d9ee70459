"""`matryoshka backup|restore FILE`: the whole ledger of MATRYOSHKA_REDIS_URL as one file, and back."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from service.commands.acting import user_acts
from service.commands.on_ledger import LedgerVerb, redis_from_env, store_from_env
from service.ledger.backup import BackupError, Header, read_backup, write_backup
from service.ledger.rotation import usage
from service.ledger.sealing import BadKey, PrivateKeys
from service.ledger.store import LedgerError, Snapshot, Store
from service.ledger.store.schema import SCHEMA

_KEYS_VARIABLE = "MATRYOSHKA_PRIVATE_KEY_FILE"
_NO_KEY = frozenset({"env", "file", "vault"})
_PATIENCE_SECONDS = 600
_FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.command(cls=LedgerVerb)
@_FILE
@click.option(
    "--at-most-keys",
    type=click.IntRange(0),
    default=200_000,
    show_default=True,
    help="Do not hold up a primary with more keys than these.",
)
def backup(file: Path, *, at_most_keys: int) -> None:
    """Write the whole ledger into FILE (mode 0600), as it is in one moment, while everything runs.

    The server answers nobody else meanwhile; on a replica (MATRYOSHKA_REDIS_URL) nobody notices. Secrets stay sealed:
    without the private keys of their time, which are no part of it, a backup is of little use.
    """
    if file.exists():
        raise click.ClickException(f"{file} is there already")
    store = store_from_env()
    _refuse_long_pause(store, at_most_keys)
    schema = _checked_schema(store)
    before = _key_ids(store)
    snapshot = store.snapshots(_raw_client()).take()
    header = Header(
        schema=schema,
        namespace=store.settings.namespace,
        taken_at=snapshot.taken_at,
        keys=len(snapshot.records),
        server=_server(store),
        key_ids=tuple(sorted({*before, *_key_ids(store)})),  # a secret may have been sealed anew in between
    )
    try:
        digest = write_backup(file, header, snapshot.records)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from error
    _note(store, header, digest)
    click.echo(f"{file}: {header.keys} keys, {file.stat().st_size} bytes, taken {_when(header.taken_at)}")
    click.echo(_needs(header))


@click.command(cls=LedgerVerb)
@_FILE
@click.option("--replace", "replaces", is_flag=True, help="Put it in the place of what the ledger has now.")
@click.option("--missing-keys", is_flag=True, help="Restore although private keys that it needs are not here.")
def restore(file: Path, *, replaces: bool, missing_keys: bool) -> None:
    """Make an empty ledger what FILE says. Stop API and workers first, those of the old ledger too.

    With MATRYOSHKA_PRIVATE_KEY_FILE it makes sure that the private keys open what the backup holds. It is one move: a
    restore that is interrupted has changed nothing. Unfinished jobs go on when workers are started.
    """
    try:
        header, records, digest = read_backup(file)
    except BackupError as error:
        raise click.ClickException(f"{file} cannot be used: {error}") from error
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error.strerror}") from error
    store = store_from_env()
    _refuse_other_place(header, store)
    if not missing_keys:
        _refuse_missing_keys(header)
    try:
        done = store.snapshots(_raw_client()).put(Snapshot(header.taken_at, tuple(records)), replace=replaces)
    except LedgerError as error:
        raise click.ClickException(f"nothing was changed: {error}{_remedy(error)}") from error
    _note(store, header, digest)
    click.echo(f"restored {done.keys} keys of {_when(header.taken_at)}; {done.steps_given_back} running steps go on")
    click.echo(_needs(header))


def _raw_client() -> redis.Redis:
    # Dumps are bytes. Nothing is tried again behind our back: a restore that ran would find the ledger filled.
    return redis_from_env(decode_responses=False, socket_timeout=_PATIENCE_SECONDS, retry=Retry(NoBackoff(), 0))


def _refuse_long_pause(store: Store, at_most_keys: int) -> None:
    database = f"db{store.client.get_connection_kwargs().get('db', 0)}"
    keys = store.client.info("keyspace").get(database, {"keys": 0})["keys"]
    if keys > at_most_keys and store.client.info("replication")["role"] == "master":
        raise click.ClickException(
            f"this primary has {keys} keys and would answer nobody for some seconds: ask a replica of it, or raise "
            "--at-most-keys"
        )


def _checked_schema(store: Store) -> int:
    try:
        return store.schema.check()
    except redis.exceptions.ReadOnlyError:  # a replica: its primary is marked
        return SCHEMA
    except LedgerError as error:
        raise click.ClickException(str(error)) from error


def _refuse_other_place(header: Header, store: Store) -> None:
    if header.schema > SCHEMA:
        raise click.ClickException(
            f"the backup has schema version {header.schema}, this release knows {SCHEMA}: install the release it is of"
        )
    if header.namespace != store.settings.namespace:
        raise click.ClickException(
            f"the backup is of the namespace {header.namespace}: set MATRYOSHKA_NAMESPACE={header.namespace}"
        )


def _refuse_missing_keys(header: Header) -> None:
    path = os.environ.get(_KEYS_VARIABLE, "").strip()
    if not path:
        return
    try:
        known = PrivateKeys.parse(Path(path).read_text(encoding="ascii")).ids
    except (OSError, UnicodeDecodeError, BadKey) as error:
        raise click.ClickException(f"{path} cannot be used: {error}") from error
    missing = sorted(set(header.key_ids) - set(known))
    if missing:
        raise click.ClickException(
            f"the private keys {', '.join(missing)} are not in {path}; secrets sealed with them could not be opened "
            "(--missing-keys restores all the same)"
        )


def _remedy(error: LedgerError) -> str:
    remedies = {
        "NotEmpty": "; --replace puts the backup in its place",
        "WorkersLive": "; stop them, or wait until their heartbeat is over",
    }
    return remedies.get(type(error).__name__, "")


def _key_ids(store: Store) -> frozenset[str]:
    return frozenset(way for _, way in usage(store.sealed)) - _NO_KEY


def _needs(header: Header) -> str:
    if not header.key_ids:
        return "no secret is sealed in it"
    return f"its secrets need the private keys {', '.join(header.key_ids)}: keep them as long as the backup"


def _server(store: Store) -> str:
    found = store.client.info("server")
    name = "Valkey" if "valkey_version" in found else "Redis"
    return f"{name} {found.get('valkey_version') or found.get('redis_version', '')}"


def _note(store: Store, header: Header, digest: str) -> None:
    """Say in the audit log who did it. A replica takes no entry."""
    detail = {"sha256": digest, "taken_at": _when(header.taken_at), "keys": header.keys}
    try:
        store.audit.note(replace(user_acts(), detail=detail))
    except redis.RedisError as error:
        click.echo(f"this is not in the audit log: {type(error).__name__}", err=True)


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
