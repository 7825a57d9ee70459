"""API keys as an administrator sees them: make, list, rotate, revoke. Only the answer that makes a key shows it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Response, g, request
from flask_smorest import Blueprint

from schemas.key import KeyCreatedSchema, KeyCreateSchema, KeyRotateSchema, KeySchema
from schemas.page import page_of
from schemas.tenant import TenantFilterSchema
from service.api.answers import answer, base_of, no_content
from service.api.auth import Caller, new_key
from service.api.conditional import check_if_match, etag_of
from service.api.context import context
from service.api.key_hashing import KeyHashes
from service.api.listing import filtered, list_page
from service.api.moves import ledger_refusals
from service.api.operation import Operation, route
from service.api.problems import Problem, invalid_field, not_found
from service.ledger.ids import new_id
from service.ledger.store import ApiKey, Rotation

blueprint = Blueprint("keys", __name__, description="API keys")
_ONE = "/v1/keys/<identifier:key_id>"
_KEY = KeySchema()


def _key(key_id: str) -> ApiKey:
    key = context().store.keys.get(key_id)
    if key is None:
        raise not_found("key", key_id)
    return key


def _answer(key: ApiKey, status: int = 200, made: str = "", **headers: str) -> Response:
    body: dict[str, Any] = _KEY.dump(key)
    if made:
        body["key"] = made
        headers["Cache-Control"] = "no-store"
    return answer(body, status, {"ETag": etag_of(key.id, key.version, key.last_used_at), **headers})


def refuse_wider(caller: Caller, scopes: Iterable[str]) -> None:
    """Let nobody give what he does not have.

    Raises:
        Problem: 403 for a scope that the caller lacks.
    """
    lacking = next((scope for scope in scopes if not caller.may(scope)), "")
    if lacking:
        raise Problem(403, "forbidden", f"Your API key lacks the scope {lacking!r}.", required_scope=lacking)


@route(
    blueprint,
    Operation(
        "createKey",
        "POST",
        "/v1/keys",
        "admin",
        {201: KeyCreatedSchema},
        body=KeyCreateSchema(),
        answer_headers={201: ("Location", "ETag")},
        essential=True,
    ),
)
def create_key(body: dict[str, Any]) -> Response:
    """Make an API key of a tenant. The key is in this answer and nowhere else: only a hash of it is kept."""
    ctx, made = context(), new_key()
    refuse_wider(g.caller, body["scopes"])
    tenant = body["tenant"] or g.caller.tenant
    if ctx.store.tenants.get(tenant) is None:
        raise invalid_field("#/tenant", "unknown", f"There is no tenant {tenant!r}.")
    hashes = KeyHashes(ctx.settings.key_hash_key)
    key = ApiKey(
        new_id("key", ctx.clock()),
        body["name"],
        hashes.digest(made),
        tuple(dict.fromkeys(body["scopes"])),
        body["expires_at"],
        tenant=tenant,
        keyed=hashes.keyed,
    )
    stored = ctx.store.keys.put(key)
    return _answer(stored, 201, made, Location=f"{base_of(request, ctx.settings.base_url)}/v1/keys/{stored.id}")


@route(
    blueprint,
    Operation(
        "listKeys",
        "GET",
        "/v1/keys",
        "admin",
        {200: page_of(KeySchema)},
        query=TenantFilterSchema(),
        answer_headers={200: ("Link",)},
    ),
)
def list_keys(query: dict[str, Any]) -> Response:
    """List API keys, newest first. The keys themselves are not kept, only their hashes."""
    ctx, tenant = context(), query.get("tenant")
    return list_page(ctx, query, filtered(ctx.store.keys.list, lambda key: tenant in (None, key.tenant)), _KEY.dump)


@route(blueprint, Operation("getKey", "GET", _ONE, "admin", {200: KeySchema}))
def get_key(key_id: str) -> Response:
    """Get an API key: whose it is, what it allows, when it was last used. Not the key itself."""
    return _answer(_key(key_id))


@route(
    blueprint,
    Operation("deleteKey", "DELETE", _ONE, "admin", {204: None}, problems=(412, 428), headers=("IfMatch",)),
)
def delete_key(key_id: str) -> Response:
    """Revoke an API key; every process stops taking it within 5 seconds."""
    key = _key(key_id)
    check_if_match(request, etag_of(key.id, key.version))
    with ledger_refusals("key"):
        context().store.keys.delete(key.id, key.version)
    return no_content()


@route(
    blueprint,
    Operation(
        "rotateKey",
        "POST",
        f"{_ONE}:rotate",
        "admin",
        {200: KeyCreatedSchema},
        body=KeyRotateSchema(),
        body_required=False,
        problems=(412,),
        answer_headers={200: ("ETag",)},
        essential=True,
    ),
)
def rotate_key(key_id: str, body: dict[str, Any]) -> Response:
    """Make a new key in the place of this one, shown this once; for `overlap_seconds` the old one works too.

    It stays the same key for quotas, rates, idempotency and the log. 0 seconds are for a key that leaked.
    """
    ctx, key, made = context(), _key(key_id), new_key()
    refuse_wider(g.caller, key.scopes)
    hashes = KeyHashes(ctx.settings.key_hash_key)
    rotation = Rotation(hashes.digest(made), ctx.clock(), body["overlap_seconds"], hashes.keyed)
    with ledger_refusals("key"):
        return _answer(ctx.store.keys.rotate(key.id, rotation), made=made)
