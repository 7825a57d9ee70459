"""`matryoshka profiles ...`: the services that a person uses, and the keys for them."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from service.commands.asking import secret
from service.commands.keeping import Keeper, usable_keyring
from service.commands.profiles import (
    NAME,
    Config,
    ConfigError,
    Profile,
    complete_names,
    config_folder,
    read_config,
    write_config,
)
from service.commands.showing import Record, show, show_list
from service.commands.tables import Column
from service.commands.verbs import FORMATS, Verbs

_COLUMNS = (
    Column("name", kind="id"),
    Column("current", rank=1),
    Column("url"),
    Column("key", rank=2),
    Column("ca_file", rank=3),
    Column("output", rank=4),
)
_LOOPBACK = ("http://127.0.0.1", "http://localhost", "http://[::1]")


@click.group(cls=Verbs)
def profiles() -> None:
    """Profiles: the services that you use, by name; keys in the keyring or in a file of your own."""


def _name(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not NAME.fullmatch(value):
        raise click.BadParameter("1 to 40 letters, digits, '.', '_', '-', a letter or digit first")
    return value


@profiles.command()
@click.argument("name", callback=_name)
@click.option("--url", required=True, help="Where the service is.")
@click.option("--ca-file", type=click.Path(exists=True, dir_okay=False, resolve_path=True))
@click.option("--output", "form", type=click.Choice(FORMATS), help="How results are printed with it.")
@click.option("--key-env", help="Name of an environment variable that holds the API key.")
@click.option("--key-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A file that holds it.")
@click.option("--key-stdin", is_flag=True, help="Read it from standard input.")
@click.option("--store", type=click.Choice(["auto", "keyring", "file"]), default="auto", show_default=True)
@click.option("--use", "is_current", is_flag=True, help="Make it the current one; the first is so anyway.")
def add(name: str, url: str, ca_file: str | None, form: str | None, store: str, **given: Any) -> None:
    """Add a profile, or replace it. The API key is asked for unless an option says where it is; never an argument."""
    if not url.startswith(("http://", "https://")):
        raise click.BadParameter("an address is http:// or https://, a name and perhaps a port", param_hint="--url")
    folder, ring = config_folder(), usable_keyring() if store != "file" else None
    if store == "keyring" and ring is None:
        raise ConfigError("There is no keyring to use here; --store file keeps the key in a file of your own.")
    key = _key(given["key_env"], given["key_file"], key_stdin=given["key_stdin"])
    config, place = read_config(folder), "keyring" if ring else "file"
    keeper, before = Keeper(folder, ring), config.profiles.get(name)
    keeper.put(name, key, place)
    if before and before.key != place:
        _forget(folder, name, before.key)
    config = config.with_profile(name, Profile(url.rstrip("/"), ca_file or "", form or "", place))
    write_config(folder, replace(config, current=name) if given["is_current"] else config)
    if url.startswith("http://") and not url.startswith(_LOOPBACK):
        click.echo("warning: over http:// the key can be read on the way", err=True)
    _show(read_config(folder), name)


def _key(key_env: str | None, key_file: Path | None, *, key_stdin: bool) -> str:
    if sum(map(bool, (key_env, key_file, key_stdin))) > 1:
        raise click.UsageError("Give one of --key-env, --key-file and --key-stdin.")
    if key_env and key_env not in os.environ:
        raise click.BadParameter(f"the environment variable {key_env} is not set", param_hint="--key-env")
    if key_env:
        found = os.environ[key_env]
    elif key_file:
        found = key_file.read_text(encoding="utf-8")
    elif key_stdin:
        found = sys.stdin.readline()
    else:
        found = secret("API key", "give --key-env, --key-file or --key-stdin")
    if not found.strip():
        raise click.UsageError("The API key is empty.")
    return found.strip()


@profiles.command("list")
def list_profiles() -> None:
    """List profiles; the keys are not shown."""
    config = read_config(config_folder())
    show_list([_row(config, name) for name in config.profiles], _COLUMNS)


@profiles.command()
@click.argument("name", shell_complete=complete_names)
def use(name: str) -> None:
    """Make a profile the current one."""
    folder = config_folder()
    config = _having(read_config(folder), name)
    write_config(folder, replace(config, current=name))
    click.echo(f"{name} is the current profile")


@profiles.command("show")
@click.argument("name", required=False, shell_complete=complete_names)
def show_profile(name: str | None) -> None:
    """Show a profile (the current one without NAME) and whether its key is there, never the key."""
    config = read_config(config_folder())
    _show(config, name or config.current)


@profiles.command()
@click.argument("name", shell_complete=complete_names)
def remove(name: str) -> None:
    """Remove a profile and its key."""
    folder = config_folder()
    config = _having(read_config(folder), name)
    _forget(folder, name, config.profiles[name].key)
    write_config(folder, config.without(name))
    click.echo(f"{name} is removed")


def _forget(folder: Path, name: str, place: str) -> None:
    """Forget a key; a keyring that is away keeps it, and that is told."""
    try:
        Keeper(folder, usable_keyring() if place == "keyring" else None).forget(name, place)
    except ConfigError as error:
        click.echo(f"warning: the key stays where it is. {error.message}", err=True)


def _having(config: Config, name: str) -> Config:
    if name not in config.profiles:
        known = ", ".join(config.profiles) or "none"
        raise click.UsageError(f"There is no profile {name or 'yet'}; there are: {known}.")
    return config


def _show(config: Config, name: str) -> None:
    row = _row(_having(config, name), name)
    show(row, [Record("", _COLUMNS, row)])


def _row(config: Config, name: str) -> dict[str, object]:
    profile = config.profiles[name]
    return {
        "name": name,
        "current": name == config.current,
        "url": profile.url,
        "key": profile.key,
        "ca_file": profile.ca_file,
        "output": profile.output,
    }
