"""API keys: only the SHA-256 of a key is kept."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from service.ledger.store.documents import Change, Document, Documents
from service.ledger.store.scripts import Scripts
from service.ledger.tenant import DEFAULT_TENANT


@dataclass(frozen=True)
class ApiKey:
    """One API key of one tenant. `sha256` is lower-case hex, `expires_at` None = never."""

    id: str
    name: str
    sha256: str
    scopes: tuple[str, ...] = ()
    expires_at: float | None = None
    version: int = 0
    created_at: float = 0.0
    updated_at: float = 0.0
    tenant: str = DEFAULT_TENANT


class KeyStore:
    """The API keys of one ledger."""

    def __init__(self, scripts: Scripts) -> None:
        self._documents = Documents(scripts, "key")

    def put(self, key: ApiKey) -> ApiKey:
        """Add a key. Raise NameTaken when the same key is there already, VersionConflict when the id exists."""
        body = {
            "name": key.name,
            "sha256": key.sha256,
            "scopes": list(key.scopes),
            "expires_at": key.expires_at,
            "tenant": key.tenant,
        }
        return _key(self._documents.put(key.id, Change(body, name=key.sha256), expected=0))

    def update(self, key: ApiKey, expected_version: int | None = None) -> ApiKey:
        """Replace name, scopes and expiry. Raise NotFound, VersionConflict."""
        expected = key.version if expected_version is None else expected_version
        body = dataclasses.asdict(key)
        kept = {name: body[name] for name in ("name", "sha256", "scopes", "expires_at", "tenant")}
        return _key(self._documents.put(key.id, Change(kept, name=key.sha256), expected=max(1, expected)))

    def by_sha256(self, sha256: str) -> ApiKey | None:
        """Return the key with this hash or None; the caller checks `expires_at` and scopes."""
        document = self._documents.by_name(sha256)
        return _key(document) if document else None

    def get(self, key_id: str) -> ApiKey | None:
        """Return the key or None."""
        document = self._documents.get(key_id)
        return _key(document) if document else None

    def list(self, before: tuple[float, str] | None = None, limit: int = 100) -> list[ApiKey]:
        """Return up to `limit` keys older than `before` (created_at, id), newest first."""
        return [_key(document) for document in self._documents.list(before, limit)]

    def delete(self, key_id: str) -> bool:
        """Revoke a key; False when unknown."""
        return self._documents.delete(key_id)


def _key(document: Document) -> ApiKey:
    body = dict(document.body)
    scopes = tuple(body.pop("scopes"))
    return ApiKey(
        id=document.id,
        scopes=scopes,
        version=document.version,
        created_at=document.created_at,
        updated_at=document.updated_at,
        **body,
    )
