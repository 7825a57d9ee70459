"""Secrets in a worker: opened late, carried in a type that never prints, and taken out of everything that is stored."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workers.errors import SecretUnavailable
from workers.forms import Searched, beginnings_of, forms_of, marks_of, pieces_of
from workers.vault import Vault

_MASK = "[secret]"
# Shorter values would mask ordinary words; the API asks for longer ones.
_SHORTEST = 4
# Texts of hosts and receivers are clipped at 200 characters or later.
_CLIPPED = 200
_ENV_PREFIX = "MATRYOSHKA_SECRET_"
_VAULT_PREFIX = "vault:"
_REFERENCE = re.compile(r"(?P<kind>env|file):(?P<name>[A-Za-z0-9_.-]+)")


class SecretStr:
    """A secret value. Printing, formatting, pickling or comparing it by accident never shows the value."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value itself. Call it only at the edge that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "SecretStr(***)"

    __str__ = __repr__

    def __reduce__(self) -> Any:
        raise TypeError("a secret is not pickled")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretStr) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


@dataclass(frozen=True)
class Credential:
    """A user name and its password; becomes a PSCredential on the wire."""

    username: str
    password: SecretStr


@dataclass(frozen=True)
class References:
    """Where references may point. An empty directory forbids `file:`, no Vault forbids `vault:`."""

    directory: str = ""
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    vault: Vault | None = None

    def read(self, reference: str) -> str:
        """Return what `env:NAME`, `file:NAME` or `vault:mount/path#field` holds; raises SecretUnavailable.

        Never shows the value.
        """
        if reference.startswith(_VAULT_PREFIX):
            if self.vault is None:
                raise SecretUnavailable("vault references are off: VAULT_ADDR is not set on this worker")
            return self.vault.read(reference)
        match = _REFERENCE.fullmatch(reference)
        if match is None:
            raise SecretUnavailable("a secret reference must be env:NAME, file:NAME or vault:mount/path#field")
        if match["kind"] == "env":
            return self._environment(match["name"])
        return self._file(match["name"])

    def is_at_hand(self, reference: str) -> bool:
        """Return whether reading it asks nobody over the network."""
        if not reference.startswith(_VAULT_PREFIX):
            return True
        return self.vault is not None and self.vault.kept(reference) is not None

    def _environment(self, name: str) -> str:
        if not name.startswith(_ENV_PREFIX):
            raise SecretUnavailable(f"an env reference must start with {_ENV_PREFIX}")
        value = self.environ.get(name)
        if not value:
            raise SecretUnavailable(f"{name} is not set on this worker")
        return value

    def _file(self, name: str) -> str:
        if not self.directory:
            raise SecretUnavailable("file references are off: MATRYOSHKA_SECRETS_DIR is not set")
        root = Path(self.directory).resolve()
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            raise SecretUnavailable("a file reference must stay below the secrets directory")
        try:
            return path.read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            raise SecretUnavailable(f"secret file {name} cannot be read on this worker") from error
        except UnicodeDecodeError:
            # Without its cause, which holds the bytes.
            raise SecretUnavailable(f"secret file {name} is not text in UTF-8") from None


@dataclass(frozen=True)
class Keyring:
    """Opens what the API sealed, and reads references. `unseal` raises ValueError when a box is not ours.

    `opened` remembers every value for the scrubber of the process's log.
    """

    unseal: Callable[[str], bytes]
    references: References = References()
    opened: Scrubber | None = None

    def open(self, stored: Mapping[str, str]) -> SecretStr:
        """Return the value of `{"sealed": ..}` or `{"ref": ..}`; raises SecretUnavailable."""
        secret = SecretStr(self._value(stored))
        if self.opened is not None:
            self.opened.add(secret)
        return secret

    def open_at_hand(self, stored: Mapping[str, str]) -> SecretStr | None:
        """Return the value when that asks nobody over the network and works; None otherwise."""
        if not stored.get("sealed") and not self.references.is_at_hand(stored.get("ref", "")):
            return None
        with contextlib.suppress(SecretUnavailable):
            return self.open(stored)
        return None

    def _value(self, stored: Mapping[str, str]) -> str:
        if stored.get("sealed"):
            return self._unsealed(stored["sealed"])
        if stored.get("ref"):
            return self.references.read(stored["ref"])
        raise SecretUnavailable("the secret is stored in no form that a worker knows")

    def _unsealed(self, box: str) -> str:
        try:
            return self.unseal(box).decode()
        except ValueError as error:
            raise SecretUnavailable("a sealed secret cannot be opened with this worker's private keys") from error


class SecretBox:
    """The secrets of one claim, opened when first asked for.

    The scrubber learns all that are at hand at once: a step may be shown a secret that only another step used.
    """

    def __init__(self, stored: Mapping[str, Mapping[str, str]], keyring: Keyring, scrubber: Scrubber) -> None:
        self._stored = stored
        self._keyring = keyring
        self._scrubber = scrubber
        self._opened: dict[str, SecretStr] = {}
        for name in stored:
            secret = keyring.open_at_hand(stored[name])
            if secret is not None:
                scrubber.add(secret)

    def has(self, name: str) -> bool:
        """Return whether the caller gave a secret of this name."""
        return name in self._stored

    def get(self, name: str) -> SecretStr:
        """Return the secret; raises SecretUnavailable when it was not given or cannot be opened."""
        if name not in self._opened:
            if name not in self._stored:
                raise SecretUnavailable(f"the request carries no secret named {name}")
            secret = self._keyring.open(self._stored[name])
            self._scrubber.add(secret)
            self._opened[name] = secret
        return self._opened[name]

    def credential(self, name: str, username: str) -> Credential:
        """Return the named secret as the password of `username`; raises SecretUnavailable."""
        return Credential(username, self.get(name))


class Scrubber:
    """Takes secret values, in all forms that they get on the way, out of what is going to be stored or logged.

    Safe to share between threads. It keeps the last `most` values.
    """

    def __init__(self, most: int = 1000) -> None:
        self._most = most
        self._values: dict[str, None] = {}
        self._lock = threading.Lock()

    def add(self, secret: SecretStr) -> None:
        """Remember a value. Values shorter than four characters are not masked: they would hit ordinary text."""
        pieces = [piece for piece in pieces_of(secret.reveal()) if len(piece) >= _SHORTEST]
        with self._lock:
            values = {name: None for name in self._values if name not in pieces} | dict.fromkeys(pieces)
            self._values = dict.fromkeys(list(values)[-self._most :])

    def text(self, text: str) -> str:
        """Return `text` without any remembered value."""
        searched = Searched(text)
        values = [
            value for value in self._values if not marks_of(value) or not marks_of(value).isdisjoint(searched.marks)
        ]
        # Longest first: a short value may be part of a longer one.
        for value in sorted(values, key=len, reverse=True):
            for form in forms_of(value):
                searched = form.masked(searched, _MASK)
        return searched.text if len(text) < _CLIPPED else _without_beginning(searched.text, self._values)

    def value(self, value: Any) -> Any:
        """Return a JSON value without any remembered value, keys included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        return value


def _without_beginning(text: str, values: Iterable[str]) -> str:
    """Return the text without the beginning of a value at its very end: whoever clipped it may have cut one in two."""
    for whole in (whole for value in values for whole in beginnings_of(value)):
        if whole[:_SHORTEST] not in text[-len(whole) :]:
            continue
        for size in range(min(len(whole) - 1, len(text)), _SHORTEST - 1, -1):
            if text.endswith(whole[:size]):
                return text[:-size] + _MASK
    return text
