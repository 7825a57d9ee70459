"""Secrets on arrival: sealed at once with the public key. From then on this process cannot read them."""

from __future__ import annotations

import base64
import secrets
import string
from collections.abc import Mapping
from typing import Any

from nacl.signing import SigningKey

from schemas.secret import generated_secrets, split_secrets
from service.ledger.sealing import seal

_CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "!#%+=?@")
_WEBHOOK_SECRET_BYTES = 32


def sealed(public_key: str, secret: Mapping[str, str]) -> dict[str, str]:
    """Return a secret as it is kept: a value sealed, a reference as it is."""
    if "ref" in secret:
        return {"ref": secret["ref"]}
    return {"sealed": seal(public_key, secret["value"].encode())}


def take_secrets(public_key: str, request: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """Return the request without secrets, and the secrets by name, sealed; those left to us are made here.

    Nobody can read a password that was made here except a worker.
    """
    without, given = split_secrets(request)
    kept = {name: sealed(public_key, secret) for name, secret in given.items()}
    for name in generated_secrets(request):
        kept[name] = sealed(public_key, {"value": new_password()})
        if name == "guest_administrator":
            without["guest"] = {**(without.get("guest") or {}), "password": {"secret": name}}
        else:
            without["new_password"] = {"secret": name}
    return without, kept


def new_password() -> str:
    """Return a random Windows password: 168 random bits, then one character of each class that Windows asks for."""
    return secrets.token_urlsafe(21) + "".join(secrets.choice(characters) for characters in _CLASSES)


def new_webhook_keys() -> tuple[str, str]:
    """Return a new ed25519 pair of Standard Webhooks: `whsk_` (seed and public key) and `whpk_`, in base64."""
    key = SigningKey.generate()
    seed, public = bytes(key), bytes(key.verify_key)
    return "whsk_" + base64.b64encode(seed + public).decode(), "whpk_" + base64.b64encode(public).decode()


def new_webhook_secret() -> str:
    """Return a random signing secret (Standard Webhooks: `whsec_` and base64)."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_WEBHOOK_SECRET_BYTES)).decode()
