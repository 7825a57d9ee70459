"""Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): the caller's key, and what tells two requests apart.

A replay answers the original 202 and Location with the job as it is now. The values of secrets are not part of the
fingerprint: a hash of a guessable password beside its request would be a way to find the password.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from flask import Request

from service.api.problems import Problem, invalid_parameter
from service.ledger.store import Idempotency

_KEY = re.compile(r"[A-Za-z0-9_.:/+=-]{1,255}")


def idempotency_of(request: Request, body: Mapping[str, Any]) -> Idempotency | None:
    """Return the request's idempotency record, None when it has no key. The key may be bare or quoted (RFC 8941).

    Raises:
        Problem: 400 for a key that is none.
    """
    header = request.headers.get("Idempotency-Key")
    return None if header is None else idempotency(header, request.method, request.path, body)


def idempotency(header: str, method: str, path: str, body: Mapping[str, Any]) -> Idempotency:
    """Return the record of a key as it came.

    Raises:
        Problem: 400 for a key that is none.
    """
    key = header[1:-1] if len(header) > 1 and header[0] == header[-1] == '"' else header
    if not _KEY.fullmatch(key):
        raise invalid_parameter("Idempotency-Key", "A key is 1 to 255 of A-Z, a-z, 0-9 and _.:/+=-, bare or in quotes.")
    # Method and route are part of the key: the same key on another route is another request.
    return Idempotency(key=f"{method} {path} {key}", fingerprint=fingerprint(body))


def fingerprint(body: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical body, from which secrets have been taken."""
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def key_reused() -> Problem:
    """Return the 422 for a key that came with another body before."""
    detail = "This Idempotency-Key was used for another request."
    return Problem(422, "idempotency-key-reused", detail)
