"""Verifies a webhook as any receiver should (Standard Webhooks 1.0.0): signature over the exact bytes, and its age."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

TOLERANCE_SECONDS = 300
_SECRET, _PUBLIC = "whsec_", "whpk_"


class NotVerified(Exception):
    """The request is not from whom it says, or too old. The text says why."""


def check_keys(keys: Sequence[str]) -> None:
    """Refuse what can verify nothing.

    Raises:
        ValueError: a key is neither `whsec_` nor `whpk_` and base64.
    """
    for key in keys:
        _decoded(key)


def verify(keys: Sequence[str], headers: Mapping[str, str], body: bytes, now: float) -> None:
    """Accept a webhook when one of the keys (`whsec_...` secrets, `whpk_...` public keys) verifies one signature.

    Header names are in lower case; `now` is in seconds since 1970 UTC.

    Raises:
        NotVerified: no signature is right, or its time is more than five minutes away.
    """
    stamp = headers.get("webhook-timestamp", "")
    if not (stamp.isascii() and stamp.isdigit()):
        raise NotVerified("there is no webhook-timestamp")
    if abs(now - int(stamp)) > TOLERANCE_SECONDS:
        raise NotVerified("it was signed more than five minutes ago, or the clocks differ")
    signed = b".".join((headers.get("webhook-id", "").encode(), stamp.encode(), body))
    given = [one.partition(",") for one in headers.get("webhook-signature", "").split(" ")]
    if not any(_is_right(key, version, signature, signed) for key in keys for version, _, signature in given):
        raise NotVerified("no signature is right")


def _is_right(key: str, version: str, signature: str, signed: bytes) -> bool:
    try:
        mark = base64.b64decode(signature, validate=True)
    except binascii.Error:
        return False
    if key.startswith(_SECRET):
        expected = hmac.new(_decoded(key), signed, hashlib.sha256).digest()
        return version == "v1" and hmac.compare_digest(expected, mark)
    return version == "v1a" and _verifies(key, signed, mark)


def _verifies(key: str, signed: bytes, mark: bytes) -> bool:
    try:
        VerifyKey(_decoded(key)).verify(signed, mark)
    except (BadSignatureError, ValueError):
        return False
    return True


def _decoded(key: str) -> bytes:
    prefix = next((one for one in (_SECRET, _PUBLIC) if key.startswith(one)), None)
    if prefix is None:
        raise ValueError("a key starts with whsec_ or whpk_")
    try:
        return base64.b64decode(key.removeprefix(prefix), validate=True)
    except binascii.Error as error:
        raise ValueError("a key is base64 behind its prefix") from error
