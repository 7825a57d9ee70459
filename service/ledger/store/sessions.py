"""Sessions of people at the dashboard: whose API key they stand for, by its hash.

Only the SHA-256 of a session's id is kept.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any

from service.ledger.store.scripts import Scripts

_ID_BYTES = 32


@dataclass(frozen=True)
class UserSession:
    """One session. `key_digest` is the hash by which the key is known; `csrf_token` must come back with every form.

    `created_at` is in seconds since 1970 UTC.
    """

    key_digest: str
    csrf_token: str
    created_at: float


class SessionStore:
    """The sessions of one ledger. A session ends by itself when nobody uses it."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def begin(self, key_digest: str, now: float, idle_seconds: int) -> tuple[str, UserSession]:
        """Begin a session for this key; return its id (for the cookie, never kept) and the session."""
        session_id = secrets.token_urlsafe(_ID_BYTES)
        session = UserSession(key_digest, secrets.token_urlsafe(_ID_BYTES), now)
        self._client.set(self._key(session_id), json.dumps(vars(session)), ex=idle_seconds)
        return session_id, session

    def find(self, session_id: str, idle_seconds: int) -> UserSession | None:
        """Return the session, which then lives on for `idle_seconds`; None when it has ended or never was."""
        found = self._client.getex(self._key(session_id), ex=idle_seconds)
        return UserSession(**json.loads(found)) if found else None

    def end(self, session_id: str) -> None:
        """End a session. Safe to repeat."""
        self._client.delete(self._key(session_id))

    @property
    def _client(self) -> Any:
        return self._scripts.client

    def _key(self, session_id: str) -> str:
        return self._scripts.key("session", hashlib.sha256(session_id.encode()).hexdigest())
