"""Where the API key of a profile is kept: the system's keyring where there is one, else a file for its owner alone."""

from __future__ import annotations

import importlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from service.commands.profiles import ConfigError, write_private

_SERVICE = "matryoshka"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Keyring(Protocol):
    """The part of the keyring package that is used."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return a password, None when there is none."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a password."""

    def delete_password(self, service: str, username: str) -> None:
        """Forget a password."""


def usable_keyring(load: Callable[[str], Any] = importlib.import_module) -> Keyring | None:
    """Return the system's keyring, None without the package or where nothing that keeps secrets well is behind it."""
    try:
        # Optional, and slow to load: only who keeps a key there pays for it.
        package = load("keyring")
        backend = package.get_keyring()
        is_usable = float(backend.priority) >= 1
    except Exception:  # noqa: BLE001 - a backend may fail in any way: no bus, no daemon, a locked collection
        return None
    found: Keyring | None = backend if is_usable else None
    return found


@dataclass(frozen=True)
class Keeper:
    """Keeps keys by profile in the keyring or in `keys/NAME` of a folder."""

    folder: Path
    keyring: Keyring | None = None

    def put(self, profile: str, key: str, place: str) -> None:
        """Keep a key in a place, `keyring` or `file`. Raises ConfigError."""
        if place == "file":
            write_private(self._file(profile), key + "\n")
            return
        self._ask(profile, lambda ring: ring.set_password(_SERVICE, profile, key))

    def get(self, profile: str, place: str) -> str:
        """Return a key; empty when none is kept.

        Raises:
            ConfigError: the file can be read by others, or the keyring cannot be used.
        """
        if place == "file":
            return _private_text(self._file(profile))
        return (self._ask(profile, lambda ring: ring.get_password(_SERVICE, profile)) or "") if place else ""

    def forget(self, profile: str, place: str) -> None:
        """Forget a key; nothing happens when there is none. Raises ConfigError."""
        if place == "file":
            self._file(profile).unlink(missing_ok=True)
        elif place and self.get(profile, place):
            self._ask(profile, lambda ring: ring.delete_password(_SERVICE, profile))

    def _file(self, profile: str) -> Path:
        return self.folder / "keys" / profile

    def _ask(self, profile: str, call: Any) -> Any:
        if self.keyring is None:
            raise ConfigError(
                f"The key of profile {profile} is in a keyring, and there is none to use here: log in to the desktop, "
                f"or {_file_instead(profile)}."
            )
        try:
            return call(self.keyring)
        except Exception as error:
            # The backend's text may quote anything; its kind says enough.
            raise ConfigError(
                f"The keyring refused: {type(error).__name__}. Unlock it, or {_file_instead(profile)}."
            ) from error


def _file_instead(profile: str) -> str:
    return f"`matryoshka profiles add {profile} --store file`"


def _private_text(path: Path) -> str:
    """Return what stands in a file that only its owner can read; empty when there is no file."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    with os.fdopen(handle, encoding="utf-8") as file:
        seen = os.fstat(handle)
        if os.name == "posix" and (seen.st_mode & _OTHERS or seen.st_uid != os.getuid()):
            raise ConfigError(f"{path} can be read by others; it is not used. Make a new key, or chmod 600 {path}.")
        return file.read().strip()
