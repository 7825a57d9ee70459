"""Secrets in a worker: opened late, carried in a type that never prints, and taken out of everything that is stored."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from workers.errors import SecretUnavailable

_MASK = "[secret]"
# Shorter values would mask ordinary words; the API asks for longer ones.
_SHORTEST = 4
_ENV_PREFIX = "MATRYOSHKA_SECRET_"
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
    """Where `env:` and `file:` references may point. An empty directory forbids `file:`."""

    directory: str = ""
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def read(self, reference: str) -> str:
        """Return what `env:NAME` or `file:NAME` holds; raises SecretUnavailable. Never shows the value."""
        match = _REFERENCE.fullmatch(reference)
        if match is None:
            raise SecretUnavailable("a secret reference must be env:NAME or file:NAME")
        if match["kind"] == "env":
            return self._environment(match["name"])
        return self._file(match["name"])

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


@dataclass(frozen=True)
class Keyring:
    """Opens what the API sealed, and reads references. `unseal` raises ValueError when a box is not ours."""

    unseal: Callable[[str], bytes]
    references: References = References()

    def open(self, stored: Mapping[str, str]) -> SecretStr:
        """Return the value of `{"sealed": ..}` or `{"ref": ..}`; raises SecretUnavailable."""
        if stored.get("sealed"):
            return SecretStr(self._unsealed(stored["sealed"]))
        if stored.get("ref"):
            return SecretStr(self.references.read(stored["ref"]))
        raise SecretUnavailable("the secret is stored in no form that a worker knows")

    def _unsealed(self, box: str) -> str:
        try:
            return self.unseal(box).decode()
        except ValueError as error:
            raise SecretUnavailable("a sealed secret cannot be opened with this worker's private key") from error


class SecretBox:
    """The secrets of one claim, opened when first asked for. Remembers what it opened, for the scrubber."""

    def __init__(self, stored: Mapping[str, Mapping[str, str]], keyring: Keyring, scrubber: Scrubber) -> None:
        self._stored = stored
        self._keyring = keyring
        self._scrubber = scrubber
        self._opened: dict[str, SecretStr] = {}

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
    """Takes secret values, in all forms that they get on the way, out of what is going to be stored."""

    def __init__(self) -> None:
        self._forms: list[str] = []

    def add(self, secret: SecretStr) -> None:
        """Remember a value. Values shorter than four characters are not masked: they would hit ordinary text."""
        value = secret.reveal()
        if len(value) < _SHORTEST:
            return
        # Longest first: a short form may be part of a longer one.
        self._forms = sorted({*self._forms, *_forms_of(value)}, key=len, reverse=True)

    def text(self, text: str) -> str:
        """Return `text` without any remembered value."""
        for form in self._forms:
            text = text.replace(form, _MASK)
        return text

    def value(self, value: Any) -> Any:
        """Return a JSON value without any remembered value, keys included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        return value


def _forms_of(value: str) -> Iterator[str]:
    # JSON escapes, XML escapes (CLIXML in messages), base64 of UTF-8 and of UTF-16 (-EncodedCommand and unattend
    # files), and hex of both: the forms in which Windows tools have shown passwords.
    yield value
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield quote(value, safe="")
    yield escape(value)
    yield escape(value, {'"': "&quot;", "'": "&apos;"})
    yield "\x00".join(value)
    for encoding in ("utf-8", "utf-16-le"):
        raw = value.encode(encoding)
        yield from _base64_forms(raw)
        yield raw.hex()
        yield raw.hex().upper()


def _base64_forms(raw: bytes) -> Iterator[str]:
    # Inside a longer text the value can start at any of three positions of a base64 group; the characters that also
    # carry neighbouring bits are cut off.
    yield base64.b64encode(raw).decode()
    for lead in range(3):
        encoded = base64.b64encode(b"\0" * lead + raw).decode().rstrip("=")
        first = (0, 2, 3)[lead]
        last = len(encoded) - (1 if (lead + len(raw)) % 3 else 0)
        if last - first >= 2 * _SHORTEST:
            yield encoded[first:last]
