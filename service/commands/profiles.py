"""Profiles: the services that a person uses, by name, in `$XDG_CONFIG_HOME/matryoshka/config.toml`. Keys are elsewhere.

current = "lab"

[profiles.lab]
url = "https://matryoshka.example"
ca_file = "/etc/ssl/lab.pem"
output = "table"
key = "keyring"
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
KEY_PLACES = ("", "keyring", "file")
_TEXTS = ("url", "ca_file", "output", "key")


class ConfigError(click.ClickException):
    """The configuration of the command cannot be read or written; the text says which file and what to do."""


@dataclass(frozen=True)
class Profile:
    """One service. `key` says where its API key is: in the keyring, in a file, or nowhere."""

    url: str
    ca_file: str = ""
    output: str = ""
    key: str = ""


@dataclass(frozen=True)
class Config:
    """What config.toml says; without a file there is nothing in it."""

    current: str = ""
    profiles: Mapping[str, Profile] = field(default_factory=dict)

    def with_profile(self, name: str, profile: Profile) -> Config:
        """Return it with a profile more, or another one of that name; the first is the current one."""
        return replace(self, current=self.current or name, profiles={**self.profiles, name: profile})

    def without(self, name: str) -> Config:
        """Return it without a profile."""
        left = {key: one for key, one in self.profiles.items() if key != name}
        return Config("" if self.current == name else self.current, left)


def config_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return `$XDG_CONFIG_HOME/matryoshka`; a relative XDG_CONFIG_HOME is ignored, as its specification wants."""
    base = environ.get("XDG_CONFIG_HOME", "")
    home = environ.get("HOME") or str(Path("~").expanduser())
    return (Path(base) if base.startswith("/") else Path(home) / ".config") / "matryoshka"


def read_config(folder: Path) -> Config:
    """Return what config.toml says. Raises ConfigError for a file that cannot be read or understood."""
    path = folder / "config.toml"
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Config()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    tables = said.get("profiles", {})
    if not isinstance(tables, dict) or not all(isinstance(one, dict) for one in tables.values()):
        raise ConfigError(f"{path}: profiles are tables, such as [profiles.lab].")
    return Config(str(said.get("current", "")), {name: _profile(path, name, one) for name, one in tables.items()})


def _profile(path: Path, name: str, said: Mapping[str, Any]) -> Profile:
    known = {member: said.get(member, "") for member in _TEXTS}
    if not NAME.fullmatch(name) or not all(isinstance(value, str) for value in known.values()) or not known["url"]:
        raise ConfigError(f"{path}: [profiles.{name}] needs a url; url, ca_file, output and key are texts.")
    if known["key"] not in KEY_PLACES:
        raise ConfigError(f"{path}: [profiles.{name}] key is keyring or file; the key itself is not kept here.")
    return Profile(**known)


def complete_names(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    """Offer the names of profiles at a key press; a file that cannot be read offers nothing."""
    try:
        config = read_config(config_folder())
    except ConfigError:
        return []
    return [CompletionItem(name, help=one.url) for name, one in config.profiles.items() if name.startswith(typed)]


def write_config(folder: Path, config: Config) -> None:
    """Write config.toml in one move, for its owner alone. Comments of an earlier file are lost. Raises ConfigError."""
    lines = [f"current = {_quoted(config.current)}"] if config.current else []
    for name, profile in config.profiles.items():
        members = {member: getattr(profile, member) for member in _TEXTS}
        lines += [
            "",
            f"[profiles.{_quoted(name)}]",
            *(f"{key} = {_quoted(text)}" for key, text in members.items() if text),
        ]
    write_private(folder / "config.toml", "\n".join(lines).lstrip("\n") + "\n")


def write_private(path: Path, text: str) -> None:
    """Replace a file in one move; only its owner can read it, from its first moment. Raises ConfigError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error


def _quoted(text: str) -> str:
    # A basic string of TOML is one of JSON, but for DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
