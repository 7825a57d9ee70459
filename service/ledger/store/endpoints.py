"""Webhook endpoints: where events go. Deliveries to them are written in the same move as the event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.ledger.store.documents import Change, Document, Documents
from service.ledger.store.errors import NotFound
from service.ledger.store.job_view import optional_time
from service.ledger.store.owners import EVERYONE, Eyes
from service.ledger.store.scripts import Scripts
from service.ledger.tenant import ALL_TENANTS, DEFAULT_TENANT


@dataclass(frozen=True)
class Endpoint:
    """One endpoint. `types` are event types, `job.*` patterns or `*`. `state` is `active` or `disabled`.

    `secrets` has `current` and, after a rotation, `previous` (each sealed); `previous_until` says how long both sign.
    `failing_since` is the first failure since the last success; `paused_until` ends the rest that many failures in a
    row gave it. `signing` is `hmac`, or `ed25519` with the `public_key` that verifies (and `previous_public_key`).
    """

    id: str
    url: str
    types: tuple[str, ...] = ("*",)
    description: str = ""
    secrets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    previous_until: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    format: str = "standard"
    state: str = "active"
    disabled_reason: str = ""
    signing: str = "hmac"
    public_key: str = ""
    previous_public_key: str = ""
    failing_since: float | None = None
    paused_until: float | None = None
    version: int = 0
    created_at: float = 0.0
    updated_at: float = 0.0
    tenant: str = DEFAULT_TENANT

    @property
    def all_tenants(self) -> bool:
        """Whether it hears of every tenant; then only operators see it."""
        return self.tenant == ALL_TENANTS


_PAGE = 200
_KEPT_BESIDE = (
    "id",
    "state",
    "disabled_reason",
    "failing_since",
    "paused_until",
    "version",
    "created_at",
    "updated_at",
)


class EndpointStore:
    """The webhook endpoints of one ledger, or what one tenant sees of them."""

    def __init__(self, scripts: Scripts, eyes: Eyes = EVERYONE) -> None:
        self._scripts = scripts
        self._eyes = eyes
        self._documents = Documents(scripts, "endpoint")

    def put(self, endpoint: Endpoint) -> Endpoint:
        """Add an endpoint; events from now on are delivered. Raise VersionConflict when the id exists."""
        return _endpoint(self._documents.put(endpoint.id, _change(endpoint), expected=0))

    def update(self, endpoint: Endpoint, expected_version: int | None = None) -> Endpoint:
        """Replace an endpoint's settings; `state` active enables it again. Raise NotFound, VersionConflict."""
        expected = endpoint.version if expected_version is None else expected_version
        return _endpoint(self._documents.put(endpoint.id, _change(endpoint), expected=max(1, expected)))

    def get(self, endpoint_id: str) -> Endpoint | None:
        """Return the endpoint or None."""
        document = self._documents.get(endpoint_id)
        return self._eyes.seen(_endpoint(document)) if document else None

    def list(
        self, before: tuple[float, str] | None = None, limit: int = 100, tenant: str | None = None
    ) -> list[Endpoint]:
        """Return up to `limit` endpoints older than `before` (created_at, id), newest first."""
        wanted, found = self._eyes.narrowed(tenant), list[Endpoint]()
        position = before
        while len(found) < limit:
            page = [_endpoint(document) for document in self._documents.list(position, _PAGE)]
            found += [endpoint for endpoint in page if wanted in (None, endpoint.tenant)]
            if len(page) < _PAGE:
                break
            position = (page[-1].created_at, page[-1].id)
        return found[:limit]

    def delete(self, endpoint_id: str, expected_version: int | None = None) -> bool:
        """Remove an endpoint with its deliveries; False when unknown. Raise VersionConflict."""
        return self._documents.delete(endpoint_id, expected=expected_version)

    def ping(self, endpoint_id: str) -> str:
        """Write an `endpoint.pinged` event for this endpoint only; return the delivery's id. Raise NotFound."""
        delivery_id = self._scripts.run("ping_endpoint", {"endpoint": endpoint_id})
        if not delivery_id:
            raise NotFound(f"no endpoint {endpoint_id}")
        return str(delivery_id)


def _change(endpoint: Endpoint) -> Change:
    body = {name: getattr(endpoint, name) for name in endpoint.__dataclass_fields__ if name not in _KEPT_BESIDE}
    flat = {
        "types": ",".join(endpoint.types),
        "format": endpoint.format,
        "tenant": endpoint.tenant,
        "state": endpoint.state,
        "disabled_reason": endpoint.disabled_reason if endpoint.state == "disabled" else "",
    }
    return Change(body, flat=flat)


def _endpoint(document: Document) -> Endpoint:
    body, extra = dict(document.body), document.extra
    types = tuple(body.pop("types"))
    return Endpoint(
        id=document.id,
        types=types,
        state=extra.get("state", "active"),
        disabled_reason=extra.get("disabled_reason", ""),
        failing_since=optional_time(extra.get("failing_since", "")),
        paused_until=optional_time(extra.get("paused_until", "")),
        version=document.version,
        created_at=document.created_at,
        updated_at=document.updated_at,
        **body,
    )
