"""Tenants: who shares this service, what each may have at once, and what it has now."""

from __future__ import annotations

from dataclasses import dataclass

from service.ledger.store.documents import Change, Document, Documents
from service.ledger.store.errors import NameTaken, VersionConflict
from service.ledger.store.scripts import Scripts
from service.ledger.tenant import DEFAULT_TENANT

_OLDEST = (0.0, DEFAULT_TENANT)


@dataclass(frozen=True)
class Quotas:
    """What a tenant may have at once, None for any number: unfinished jobs, and nodes and memory of its labs."""

    jobs: int | None = None
    nodes: int | None = None
    memory_mib: int | None = None


@dataclass(frozen=True)
class Usage:
    """What a tenant has now: unfinished jobs; nodes and memory of these and of labs that are not removed."""

    jobs: int
    nodes: int
    memory_mib: int


@dataclass(frozen=True)
class Tenant:
    """One tenant; its id is the slug that keys, jobs and labs name."""

    id: str
    name: str = ""
    quotas: Quotas = Quotas()
    version: int = 0
    created_at: float = 0.0
    updated_at: float = 0.0


_DEFAULT = Tenant(DEFAULT_TENANT, "Default")


class TenantStore:
    """The tenants of one ledger. `default` is always there, at version 0 until somebody changes it."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        self._documents = Documents(scripts, "tenant")

    def put(self, tenant: Tenant) -> Tenant:
        """Add a tenant. Raise NameTaken when there is one with this slug."""
        if tenant.id == DEFAULT_TENANT:
            raise NameTaken("the default tenant is always there", holder=tenant.id)
        try:
            return _tenant(self._documents.put(tenant.id, _change(tenant), expected=0))
        except VersionConflict as error:
            raise NameTaken("another tenant has this slug", holder=tenant.id) from error

    def update(self, tenant: Tenant, expected_version: int | None = None) -> Tenant:
        """Replace name and quotas. A quota below what there is takes nothing away. Raise NotFound, VersionConflict."""
        expected = tenant.version if expected_version is None else expected_version
        least = 0 if tenant.id == DEFAULT_TENANT else 1
        return _tenant(self._documents.put(tenant.id, _change(tenant), expected=max(least, expected)))

    def get(self, tenant_id: str) -> Tenant | None:
        """Return the tenant or None."""
        document = self._documents.get(tenant_id)
        if document is None:
            return _DEFAULT if tenant_id == DEFAULT_TENANT else None
        return _tenant(document)

    def list(self, before: tuple[float, str] | None = None, limit: int = 100) -> list[Tenant]:
        """Return up to `limit` tenants older than `before` (created_at, id), newest first."""
        if before == _OLDEST:
            return []
        found = [_tenant(document) for document in self._documents.list(before, limit)]
        if len(found) < limit and self._documents.get(DEFAULT_TENANT) is None:
            found.append(_DEFAULT)
        return found

    def usage(self, tenant_id: str) -> Usage:
        """Return what a tenant has now, summed from its records; nothing for an unknown one."""
        return Usage(*self._scripts.run("tenant_usage", {"tenant": tenant_id}))


def _change(tenant: Tenant) -> Change:
    quotas = vars(tenant.quotas)
    # Once more beside the document: there the move of a submission finds them without parsing it.
    return Change({"name": tenant.name, "quotas": quotas}, flat=_flat(quotas))


def _flat(quotas: dict[str, int | None]) -> dict[str, int | str]:
    return {name: "" if value is None else value for name, value in quotas.items()}


def _tenant(document: Document) -> Tenant:
    return Tenant(
        id=document.id,
        name=document.body["name"],
        quotas=Quotas(**document.body["quotas"]),
        version=document.version,
        created_at=document.created_at,
        updated_at=document.updated_at,
    )
