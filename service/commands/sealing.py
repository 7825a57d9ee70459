"""`matryoshka sealing-key|secrets ...`: the keys that seal secrets, and what is sealed with them.

What needs private keys runs where they are, on a worker's machine. The web process loads none of this.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import click
import redis

from service.commands.acting import user_acts
from service.commands.on_ledger import LedgerVerbs, store_from_env
from service.commands.showing import show, show_list, wants_data
from service.ledger.rotation import rotate, usage
from service.ledger.sealing import BadKey, PrivateKeys, key_id, new_private_key, public_key_of

_KEYS_VARIABLE = "MATRYOSHKA_PRIVATE_KEY_FILE"
_REFERENCES = frozenset({"env", "file", "vault"})
_DIRECTORY = click.option("--directory", type=click.Path(path_type=Path, file_okay=False), required=True)
_COLUMNS = ("record", "sealed_with", "secrets", "note")


@click.group("sealing-key", cls=LedgerVerbs)
def sealing_key() -> None:
    """The key pairs that seal secrets: public for the API, private for the workers only."""


@sealing_key.command()
@_DIRECTORY
def create(directory: Path) -> None:
    """Write sealing.key (mode 0600) and sealing.pub into a directory; files that are there are never overwritten."""
    directory.mkdir(parents=True, exist_ok=True)
    private, public = directory / "sealing.key", directory / "sealing.pub"
    if private.exists() or public.exists():
        raise click.ClickException(f"{directory} has a sealing key already; secrets sealed for it need it")
    key = new_private_key()
    _write(private, key, 0o600)
    _write(public, public_key_of(key), 0o644)
    _note(key_id(public_key_of(key)))
    click.echo(f"{private}\n{public}")


@sealing_key.command()
@_DIRECTORY
def add(directory: Path) -> None:
    """Make a new pair: its private key goes to the end of sealing.key, the old ones stay; sealing.pub is replaced."""
    private, public = directory / "sealing.key", directory / "sealing.pub"
    keys = _keys_of(private)
    key = new_private_key()
    # The private key first: nothing may be sealed that nobody can open.
    _replace(private, private.read_text(encoding="ascii").rstrip("\n") + "\n" + key)
    _replace(public, public_key_of(key))
    _note(key_id(public_key_of(key)))
    click.echo(f"{key_id(public_key_of(key))} seals from now on; {', '.join(keys.ids)} still open")


@sealing_key.command("forget-old")
@_DIRECTORY
def forget_old(directory: Path) -> None:
    """Take all private keys but the newest out of sealing.key, unless something in the ledger still needs one."""
    private = directory / "sealing.key"
    keys = _keys_of(private)
    needed = _not_newest(usage(store_from_env().sealed), keys.ids[-1])
    if needed:
        raise click.ClickException(f"{sum(needed.values())} secrets still need an old key: run secrets rotate")
    _replace(private, keys.keys[-1])
    _note(*keys.ids[:-1])
    click.echo(f"forgotten: {', '.join(keys.ids[:-1]) or 'none'}")


@click.group(cls=LedgerVerbs)
def secrets() -> None:
    """The stored secrets, and the keys that they are sealed with."""


@secrets.command("rotate")
def rotate_secrets() -> None:
    """Seal all that is stored under the newest key. Safe while jobs run, to interrupt and to repeat.

    Needs MATRYOSHKA_PRIVATE_KEY_FILE. Ends with 1 when something is left under an old key.
    """
    keys = _keys_from_env()
    store = store_from_env().sealed
    done = rotate(store, keys)
    left = _not_newest(usage(store), keys.ids[-1])
    if wants_data():
        show({"key_id": keys.ids[-1], "resealed": done.resealed, "problems": done.left, "left": left.total()})
    else:
        counts = ", ".join(f"{count} of {kind}s" for kind, count in sorted(done.resealed.items())) or "nothing"
        click.echo(f"sealed anew under {keys.ids[-1]}: {counts}")
        for line in done.left:
            click.echo(f"left: {line}", err=True)
    if left:
        raise click.ClickException(
            f"{left.total()} secrets are still under an old key; an API process that was not restarted with the new "
            "sealing.pub goes on making such"
        )


@secrets.command()
def status() -> None:
    """Count the stored secrets by the key that they are sealed with.

    With MATRYOSHKA_PRIVATE_KEY_FILE it also says which of these keys are here. Opens nothing.
    """
    ids = _keys_from_env().ids if os.environ.get(_KEYS_VARIABLE, "").strip() else ()
    rows = [
        {"record": kind, "sealed_with": way, "secrets": count, "note": _meaning(way, ids)}
        for (kind, way), count in sorted(usage(store_from_env().sealed).items())
    ]
    show_list(rows, _COLUMNS)


def _note(*key_ids: str) -> None:
    """Write into the audit log what was done to a file of keys. Where keys are first made there is no ledger yet."""
    if not os.environ.get("MATRYOSHKA_REDIS_URL"):
        return
    try:
        store_from_env().audit.note(replace(user_acts(), detail={"key_ids": list(key_ids)}))
    except redis.RedisError as error:
        click.echo(f"this is not in the audit log: {type(error).__name__}", err=True)


def _meaning(way: str, ids: tuple[str, ...]) -> str:
    if way in _REFERENCES:
        return "a reference"
    if not ids:
        return ""
    if way == ids[-1]:
        return "the newest key"
    if way in ids:
        return "an old key"
    return "no such key here" if way[0] != "(" else "sealed before keys had ids"


def _not_newest(found: Counter[tuple[str, str]], newest: str) -> Counter[tuple[str, str]]:
    return Counter({place: count for place, count in found.items() if place[1] not in {newest, *_REFERENCES}})


def _keys_from_env() -> PrivateKeys:
    path = os.environ.get(_KEYS_VARIABLE, "").strip()
    if not path:
        raise click.UsageError(f"{_KEYS_VARIABLE} is not set: run this on a worker's machine.")
    return _keys_of(Path(path))


def _keys_of(path: Path) -> PrivateKeys:
    try:
        return PrivateKeys.parse(path.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{path} cannot be read: {type(error).__name__}") from error
    except BadKey as error:
        raise click.ClickException(f"{path}: {error}") from error


def _write(path: Path, text: str, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(descriptor)


def _replace(path: Path, text: str) -> None:
    """Replace a file in one move, with its mode and its owner."""
    old, fresh = path.stat(), path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    _write(fresh, text, old.st_mode & 0o777)
    with contextlib.suppress(PermissionError):
        os.chown(fresh, old.st_uid, old.st_gid)
    fresh.replace(path)
