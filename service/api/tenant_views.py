"""Tenants: who shares the service, what each may have at once and what it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Response, g, request
from flask_smorest import Blueprint

from schemas.page import PageQuerySchema, page_of
from schemas.tenant import TenantCreateSchema, TenantSchema, TenantUpdateSchema
from service.api.answers import answer, base_of
from service.api.conditional import check_if_match, etag_of
from service.api.context import context
from service.api.listing import list_page
from service.api.moves import ledger_refusals
from service.api.operation import Operation, route
from service.api.problems import invalid_field, not_found
from service.ledger.store import Quotas, Tenant
from service.ledger.tenant import RESERVED

blueprint = Blueprint("tenants", __name__, description="Tenants: who shares the service, and their quotas")
_TENANT = "/v1/tenants/<identifier:tenant_id>"
_SHAPE = TenantSchema()


def _tenant(tenant_id: str) -> Tenant:
    tenant = context().store.tenants.get(tenant_id)
    if tenant is None:
        raise not_found("tenant", tenant_id)
    return tenant


def _body(tenant: Tenant) -> dict[str, Any]:
    body: dict[str, Any] = _SHAPE.dump(tenant)
    return body if tenant.version else body | {"created_at": None, "updated_at": None}


def _answer(tenant: Tenant, status: int = 200, **headers: str) -> Response:
    usage = vars(context().store.tenants.usage(tenant.id))
    headers["ETag"] = etag_of(tenant.id, tenant.version, usage)
    return answer(_body(tenant) | {"usage": usage}, status, headers)


@route(
    blueprint,
    Operation(
        "createTenant",
        "POST",
        "/v1/tenants",
        "admin",
        {201: TenantSchema},
        body=TenantCreateSchema(),
        problems=(409,),
        answer_headers={201: ("Location", "ETag")},
    ),
)
def create_tenant(body: dict[str, Any]) -> Response:
    """Add a tenant. It sees nothing of what others have; hosts and images are shared."""
    if body["id"] in RESERVED:
        raise invalid_field("#/id", "reserved", "This name is kept for the service.")
    with ledger_refusals("tenant"):
        tenant = context().store.tenants.put(Tenant(body["id"], body["name"], Quotas(**body["quotas"])))
    return _answer(tenant, 201, Location=f"{base_of(request, context().settings.base_url)}/v1/tenants/{tenant.id}")


@route(
    blueprint,
    Operation(
        "listTenants",
        "GET",
        "/v1/tenants",
        "admin",
        {200: page_of(TenantSchema)},
        query=PageQuerySchema(),
        answer_headers={200: ("Link",)},
    ),
)
def list_tenants(query: dict[str, Any]) -> Response:
    """List tenants, newest first; `default` is always there. What each uses is shown by the tenant itself only."""
    ctx = context()
    return list_page(ctx, query, ctx.store.tenants.list, _body)


@route(blueprint, Operation("getTenant", "GET", _TENANT, "admin", {200: TenantSchema}))
def get_tenant(tenant_id: str) -> Response:
    """Get a tenant with its quotas and what it uses of them now."""
    return _answer(_tenant(tenant_id))


@route(
    blueprint,
    Operation(
        "updateTenant",
        "PATCH",
        _TENANT,
        "admin",
        {200: TenantSchema},
        body=TenantUpdateSchema(),
        problems=(412, 428),
        headers=("IfMatch",),
        answer_headers={200: ("ETag",)},
    ),
)
def update_tenant(tenant_id: str, body: dict[str, Any]) -> Response:
    """Change a tenant; a quota below what it uses takes nothing away, but nothing more is taken."""
    tenant = _tenant(tenant_id)
    check_if_match(request, etag_of(tenant.id, tenant.version))
    with ledger_refusals("tenant"):
        return _answer(context().store.tenants.update(_changed(tenant, body)))


def _changed(tenant: Tenant, body: Mapping[str, Any]) -> Tenant:
    quotas = replace(tenant.quotas, **body.get("quotas", {}))
    return replace(tenant, name=body.get("name", tenant.name), quotas=quotas)


@route(blueprint, Operation("getOwnTenant", "GET", "/v1/tenant", "jobs:read", {200: TenantSchema}))
def get_own_tenant() -> Response:
    """Get the tenant of the key that you call with: its quotas and what it uses of them now."""
    return _answer(_tenant(g.caller.tenant))
