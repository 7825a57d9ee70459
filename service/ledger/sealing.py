"""Sealed secrets: whoever holds the public key can lock, only a worker with the private key can open.

X25519 sealed boxes of libsodium, keys and boxes as base64 text. The web process never holds the private key.

    SealingError
    +-- BadKey       the text is no base64 X25519 key
    +-- BrokenSeal   not sealed for this key, or changed since
"""

from __future__ import annotations

import base64
import binascii

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox


class SealingError(Exception):
    """A seal could not be made or opened. Never carries the secret."""


class BadKey(SealingError):
    """The key is not 32 bytes of base64."""


class BrokenSeal(SealingError):
    """The box was sealed for another key or is damaged."""


def new_private_key() -> str:
    """Return a new private key."""
    return base64.b64encode(bytes(PrivateKey.generate())).decode()


def public_key_of(private_key: str) -> str:
    """Return the public key that belongs to a private key. Raise BadKey."""
    return base64.b64encode(bytes(PrivateKey(_key_bytes(private_key)).public_key)).decode()


def seal(public_key: str, secret: bytes) -> str:
    """Return `secret` locked for the holder of the private key. Raise BadKey."""
    return base64.b64encode(SealedBox(PublicKey(_key_bytes(public_key))).encrypt(secret)).decode()


def open_sealed(private_key: str, sealed: str) -> bytes:
    """Return what was sealed. Raise BadKey or BrokenSeal."""
    box = SealedBox(PrivateKey(_key_bytes(private_key)))
    try:
        return bytes(box.decrypt(base64.b64decode(sealed, validate=True)))
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
