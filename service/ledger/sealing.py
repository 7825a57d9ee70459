"""Sealed secrets: whoever holds the public key can lock, only a worker with the private key can open.

X25519 sealed boxes of libsodium. Keys are base64 text; a box is `<key id>:<base64>`, so that it tells which key opens
it. Boxes of before there were key ids are base64 alone and are tried with every key. The web process never holds a
private key.

    SealingError
    +-- BadKey       the text is no base64 X25519 key
    +-- BrokenSeal   not sealed for this key, or changed since
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

_ID_BYTES = 4


class SealingError(Exception):
    """A seal could not be made or opened. Never carries the secret."""


class BadKey(SealingError):
    """The key is not 32 bytes of base64."""


class BrokenSeal(SealingError):
    """The box was sealed for another key or is damaged."""


@dataclass(frozen=True)
class PrivateKeys:
    """The private keys of a worker, the newest last. Each opens the boxes that name it."""

    keys: tuple[str, ...] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one key a line; empty lines and lines that begin with `#` are passed over. Raise BadKey."""
        lines = [line.strip() for line in text.splitlines()]
        keys = tuple(dict.fromkeys(line for line in lines if line and not line.startswith("#")))
        if not keys:
            raise BadKey("there is no key")
        for key in keys:
            public_key_of(key)
        return cls(keys)

    @property
    def newest_public(self) -> str:
        """The public key that seals now."""
        return public_key_of(self.keys[-1])

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The ids of the keys, the newest last."""
        return tuple(key_id(public_key_of(key)) for key in self.keys)

    def open(self, sealed: str) -> bytes:
        """Return what was sealed for one of these keys. Raise BrokenSeal."""
        wanted = key_id_of_box(sealed)
        for key, name in zip(self.keys, self.ids, strict=True):
            if wanted not in ("", name):
                continue
            try:
                return open_sealed(key, sealed)
            except BrokenSeal:
                continue
        known = wanted in self.ids or not wanted
        raise BrokenSeal("the box is damaged or not for these keys" if known else f"there is no private key {wanted}")


def new_private_key() -> str:
    """Return a new private key."""
    return base64.b64encode(bytes(PrivateKey.generate())).decode()


def public_key_of(private_key: str) -> str:
    """Return the public key that belongs to a private key. Raise BadKey."""
    return base64.b64encode(bytes(PrivateKey(_key_bytes(private_key)).public_key)).decode()


def key_id(public_key: str) -> str:
    """Return the short name of a key pair: the beginning of the public key's SHA-256. Raise BadKey."""
    return hashlib.sha256(_key_bytes(public_key)).digest()[:_ID_BYTES].hex()


def key_id_of_box(sealed: str) -> str:
    """Return the id of the key that a box was sealed for, '' for a box of before there were ids."""
    name, mark, _ = sealed.partition(":")
    return name if mark else ""


def seal(public_key: str, secret: bytes) -> str:
    """Return `secret` locked for the holder of the private key. Raise BadKey."""
    box = SealedBox(PublicKey(_key_bytes(public_key))).encrypt(secret)
    return f"{key_id(public_key)}:{base64.b64encode(box).decode()}"


def open_sealed(private_key: str, sealed: str) -> bytes:
    """Return what was sealed. Raise BadKey or BrokenSeal."""
    box = SealedBox(PrivateKey(_key_bytes(private_key)))
    try:
        return bytes(box.decrypt(base64.b64decode(sealed.rpartition(":")[2], validate=True)))
    except (CryptoError, binascii.Error, ValueError, TypeError):
        raise BrokenSeal("the sealed secret cannot be opened with this key") from None


def _key_bytes(key: str) -> bytes:
    try:
        raw = base64.b64decode(key.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise BadKey("the key is not base64") from None
    if len(raw) != PublicKey.SIZE:
        raise BadKey("the key is not 32 bytes long")
    return raw
