"""API keys: only hashes of them are kept, keyed ones (`service/api/key_hashing.py`) where there is a key for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from service.ledger.store.documents import Change, Document, Documents
from service.ledger.store.errors import NotFound
from service.ledger.store.job_view import optional_time
from service.ledger.store.scripts import Scripts
from service.ledger.tenant import DEFAULT_TENANT


@dataclass(frozen=True)
class ApiKey:
    """One API key of one tenant. `digest` is lower-case hex, of a keyed hash when `keyed`; `expires_at` None = never.

    After a rotation `previous_digest` works too until `previous_until`. `last_used_at` is a minute behind at most.
    """

    id: str
    name: str
    digest: str
    scopes: tuple[str, ...] = ()
    expires_at: float | None = None
    version: int = 0
    created_at: float = 0.0
    updated_at: float = 0.0
    tenant: str = DEFAULT_TENANT
    keyed: bool = False
    previous_digest: str = ""
    previous_until: float | None = None
    rotated_at: float | None = None
    last_used_at: float | None = None


@dataclass(frozen=True)
class Rotation:
    """A new hash for a key, when that is (seconds since 1970 UTC), and how many seconds the old one works on."""

    digest: str
    at: float
    overlap_seconds: float
    keyed: bool = False


class KeyStore:
    """The API keys of one ledger."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        self._documents = Documents(scripts, "key")

    def put(self, key: ApiKey) -> ApiKey:
        """Add a key. Raise NameTaken when the same key is there already, VersionConflict when the id exists."""
        return _key(self._documents.put(key.id, _change(key), expected=0))

    def update(self, key: ApiKey, expected_version: int | None = None) -> ApiKey:
        """Replace all that is not its history. Raise NotFound, VersionConflict."""
        expected = key.version if expected_version is None else expected_version
        return _key(self._documents.put(key.id, _change(key), expected=max(1, expected)))

    def rotate(self, key_id: str, rotation: Rotation) -> ApiKey:
        """Give a key a new hash; of two earlier ones only the later works on. Raise NotFound, VersionConflict."""
        key = self.get(key_id)
        if key is None:
            raise NotFound(f"no key {key_id}")
        overlaps = rotation.overlap_seconds > 0
        fresh = replace(
            key,
            digest=rotation.digest,
            keyed=rotation.keyed,
            previous_digest=key.digest if overlaps else "",
            previous_until=rotation.at + rotation.overlap_seconds if overlaps else None,
            rotated_at=rotation.at,
        )
        return self.update(fresh)

    def rehash(self, old: str, new: str) -> None:
        """Put a keyed hash in the place of another hash of the same key. Nothing happens when the old one is gone.

        Raise VersionConflict when the key changes at the same time.
        """
        key = self.by_digest(old)
        if key is not None and key.digest == old:
            self.update(replace(key, digest=new, keyed=True))
        elif key is not None:
            self.update(replace(key, previous_digest=new))

    def note_use(self, times: Mapping[str, float]) -> None:
        """Write when keys were used last (seconds since 1970 UTC); of two times the later stays."""
        self._scripts.run("note_key_use", {"times": [[key_id, at] for key_id, at in times.items()]})

    def by_digest(self, digest: str) -> ApiKey | None:
        """Return the key with this hash, now or before its last rotation; None when there is none.

        The caller checks `expires_at`, `previous_until` and scopes.
        """
        document = self._documents.by_name(digest)
        key = _key(document) if document else None
        return key if key is not None and digest in {key.digest, key.previous_digest} else None

    def get(self, key_id: str) -> ApiKey | None:
        """Return the key or None."""
        document = self._documents.get(key_id)
        return _key(document) if document else None

    def list(self, before: tuple[float, str] | None = None, limit: int = 100) -> list[ApiKey]:
        """Return up to `limit` keys older than `before` (created_at, id), newest first."""
        return [_key(document) for document in self._documents.list(before, limit)]

    def delete(self, key_id: str, expected_version: int | None = None) -> bool:
        """Revoke a key; False when unknown. Raise VersionConflict."""
        return self._documents.delete(key_id, expected=expected_version)


_KEPT = ("name", "digest", "expires_at", "tenant", "keyed", "previous_digest", "previous_until", "rotated_at")


def _change(key: ApiKey) -> Change:
    body = {name: getattr(key, name) for name in _KEPT} | {"scopes": list(key.scopes)}
    return Change(body, name=key.digest, aliases=(key.previous_digest,) if key.previous_digest else ())


def _key(document: Document) -> ApiKey:
    body = dict(document.body)
    scopes = tuple(body.pop("scopes"))
    if "sha256" in body:  # as earlier releases wrote it
        body["digest"] = body.pop("sha256")
    return ApiKey(
        id=document.id,
        scopes=scopes,
        version=document.version,
        created_at=document.created_at,
        updated_at=document.updated_at,
        last_used_at=optional_time(document.extra.get("last_used_at", "")),
        **body,
    )
