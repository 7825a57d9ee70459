"""Webhook endpoints: addresses of callers that receive events, signed; ping and rotation of the secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Response, g, request
from flask_smorest import Blueprint

from schemas.base import EmptySchema
from schemas.delivery import DeliverySchema
from schemas.page import page_of
from schemas.tenant import TenantFilterSchema
from schemas.webhook import (
    EndpointCreateSchema,
    EndpointRedeliveredSchema,
    EndpointRedeliverSchema,
    EndpointRotateSchema,
    EndpointSchema,
    EndpointSecretSchema,
    EndpointUpdateSchema,
)
from service.api.answers import answer, base_of, no_content
from service.api.conditional import check_if_match, etag_of
from service.api.context import Context, context
from service.api.delivery_shapes import delivery_body
from service.api.listing import list_page
from service.api.moves import ledger_refusals
from service.api.operation import Operation, route
from service.api.problems import Problem, invalid_field, not_found
from service.api.receivers import refuse_receiver
from service.api.sealer import new_webhook_keys, new_webhook_secret, sealed
from service.api.told_endpoints import refuse_rotation, with_hidden_address
from service.ledger.ids import new_id
from service.ledger.store import Endpoint, endpoint_owner

blueprint = Blueprint(
    "webhook-endpoints", __name__, description="Webhook endpoints: where events go (Standard Webhooks)"
)
_ENDPOINT = "/v1/webhook-endpoints/<identifier:endpoint_id>"
_SHAPE = EndpointSchema()


def _endpoint(endpoint_id: str) -> Endpoint:
    endpoint = context().store.endpoints.get(endpoint_id)
    if endpoint is None:
        raise not_found("webhook endpoint", endpoint_id)
    return endpoint


def _answer(endpoint: Endpoint, status: int = 200, made: str = "", **headers: str) -> Response:
    body: dict[str, Any] = _SHAPE.dump(endpoint)
    if made:
        body["secret"] = made
        headers["Cache-Control"] = "no-store"
    return answer(body, status, {"ETag": etag_of(endpoint.id, endpoint.version), **headers})


def _secret(ctx: Context, given: Mapping[str, str] | None) -> tuple[dict[str, str], str]:
    """Return the secret as it is kept, and in the clear when it was made here: to be shown this once."""
    made = "" if given else new_webhook_secret()
    return sealed(ctx.settings.public_key, given or {"value": made}), made


def _signing(ctx: Context, signing: str, given: Mapping[str, str] | None) -> tuple[dict[str, str], str, str]:
    """Return what signs as it is kept, the public key that verifies ('' for none), and the secret to show this once.

    The private half of a key pair is shown to nobody: only workers open it.
    """
    if signing == "ed25519":
        private, public = new_webhook_keys()
        return sealed(ctx.settings.public_key, {"value": private}), public, ""
    kept, made = _secret(ctx, given)
    return kept, "", made


def _owner(all_tenants: bool) -> str:
    """Return whose endpoint it will be.

    Raises:
        Problem: 403 for a caller who may not hear of all tenants.
    """
    if all_tenants and not g.caller.is_operator:
        raise Problem(403, "forbidden", "To hear of all tenants takes the scope 'admin'.", required_scope="admin")
    return endpoint_owner(g.caller.tenant, all_tenants=all_tenants)


@route(
    blueprint,
    Operation(
        "createWebhookEndpoint",
        "POST",
        "/v1/webhook-endpoints",
        "webhooks:write",
        {201: EndpointSecretSchema},
        body=EndpointCreateSchema(),
        answer_headers={201: ("Location", "ETag")},
        essential=True,
    ),
)
def create_endpoint(body: dict[str, Any]) -> Response:
    """Register an endpoint; events from now on are sent to it. A secret that is made here is shown this once."""
    ctx = context()
    refuse_receiver(ctx.settings, body["url"], "#/url")
    kept, public, made = _signing(ctx, body["signing"], body.pop("secret", None))
    body["types"] = tuple(body["types"])
    body["tenant"] = _owner(body.pop("all_tenants"))
    new = Endpoint(id=new_id("we", ctx.clock()), secrets={"current": kept}, public_key=public, **body)
    new = with_hidden_address(ctx.settings.public_key, new)
    with ledger_refusals("webhook endpoint"):
        endpoint = ctx.store.endpoints.put(new)
    location = f"{base_of(request, ctx.settings.base_url)}/v1/webhook-endpoints/{endpoint.id}"
    return _answer(endpoint, 201, made if endpoint.signing == "hmac" else "", Location=location)


@route(
    blueprint,
    Operation(
        "listWebhookEndpoints",
        "GET",
        "/v1/webhook-endpoints",
        "webhooks:write",
        {200: page_of(EndpointSchema)},
        query=TenantFilterSchema(),
        answer_headers={200: ("Link",)},
    ),
)
def list_endpoints(query: dict[str, Any]) -> Response:
    """List endpoints, newest first."""
    ctx, tenant = context(), query.get("tenant")
    endpoints = ctx.store.endpoints
    return list_page(ctx, query, lambda position, limit: endpoints.list(position, limit, tenant=tenant), _SHAPE.dump)


@route(
    blueprint,
    Operation(
        "getWebhookEndpoint",
        "GET",
        _ENDPOINT,
        "webhooks:write",
        {200: EndpointSchema},
    ),
)
def get_endpoint(endpoint_id: str) -> Response:
    """Get an endpoint; its secret never."""
    endpoint = _endpoint(endpoint_id)
    return _answer(endpoint)


@route(
    blueprint,
    Operation(
        "updateWebhookEndpoint",
        "PATCH",
        _ENDPOINT,
        "webhooks:write",
        {200: EndpointSchema},
        body=EndpointUpdateSchema(),
        problems=(412, 428),
        headers=("IfMatch",),
        answer_headers={200: ("ETag",)},
    ),
)
def update_endpoint(endpoint_id: str, body: dict[str, Any]) -> Response:
    """Change an endpoint; `state: active` takes a disabled one back into use."""
    endpoint = _endpoint(endpoint_id)
    check_if_match(request, etag_of(endpoint.id, endpoint.version))
    if "url" in body:
        refuse_receiver(context().settings, body["url"], "#/url")
    if "types" in body:
        body["types"] = tuple(body["types"])
    if body.get("state") == "disabled":
        body["disabled_reason"] = "disabled by its owner"
    fresh = replace(endpoint, **body)
    if "url" in body:
        fresh = with_hidden_address(context().settings.public_key, fresh)
    with ledger_refusals("webhook endpoint"):
        return _answer(context().store.endpoints.update(fresh))


@route(
    blueprint,
    Operation(
        "deleteWebhookEndpoint",
        "DELETE",
        _ENDPOINT,
        "webhooks:write",
        {204: None},
        problems=(412, 428),
        headers=("IfMatch",),
    ),
)
def delete_endpoint(endpoint_id: str) -> Response:
    """Remove an endpoint with its deliveries."""
    endpoint = _endpoint(endpoint_id)
    check_if_match(request, etag_of(endpoint.id, endpoint.version))
    with ledger_refusals("webhook endpoint"):
        context().store.endpoints.delete(endpoint.id, endpoint.version)
    return no_content()


@route(
    blueprint,
    Operation(
        "rotateWebhookSecret",
        "POST",
        f"{_ENDPOINT}:rotate",
        "webhooks:write",
        {200: EndpointSecretSchema},
        body=EndpointRotateSchema(),
        body_required=False,
        problems=(409, 412),
        answer_headers={200: ("ETag",)},
        essential=True,
    ),
)
def rotate_secret(endpoint_id: str, body: dict[str, Any]) -> Response:
    """Take a new secret into use; for `overlap_seconds` the old one signs too, so that no delivery is refused."""
    ctx, endpoint = context(), _endpoint(endpoint_id)
    refuse_rotation(endpoint)
    if endpoint.signing == "ed25519" and body.get("secret"):
        raise invalid_field("#/secret", "conflict", "With ed25519 the key pair is made here: give no secret.")
    kept, public, made = _signing(ctx, endpoint.signing, body.get("secret"))
    secrets, until = {"current": kept}, None
    if body["overlap_seconds"]:
        secrets["previous"] = dict(endpoint.secrets["current"])
        until = ctx.clock() + body["overlap_seconds"]
    with ledger_refusals("webhook endpoint"):
        fresh = replace(
            endpoint,
            secrets=secrets,
            previous_until=until,
            public_key=public,
            previous_public_key=endpoint.public_key if until else "",
        )
        changed = ctx.store.endpoints.update(fresh)
    return _answer(changed, made=made)


@route(
    blueprint,
    Operation(
        "redeliverWebhooks",
        "POST",
        f"{_ENDPOINT}:redeliver",
        "webhooks:write",
        {202: EndpointRedeliveredSchema},
        body=EndpointRedeliverSchema(),
        problems=(409,),
        essential=True,
    ),
)
def redeliver_since(endpoint_id: str, body: dict[str, Any]) -> Response:
    """Send an endpoint's deliveries since a time again, under the same `webhook-id`s: the failed ones, or others too.

    At most 1,000 a request, the oldest first.
    """
    ctx, endpoint = context(), _endpoint(endpoint_id)
    if endpoint.state != "active":
        raise Problem(409, "endpoint-disabled", f"The endpoint is disabled: {endpoint.disabled_reason}.")
    with ledger_refusals("webhook endpoint"):
        count, more = ctx.store.deliveries.redeliver_since(endpoint.id, body["since"], body["states"])
    ctx.wakes.deliveries()
    return answer({"redelivered": count, "more": more}, 202)


@route(
    blueprint,
    Operation(
        "pingWebhookEndpoint",
        "POST",
        f"{_ENDPOINT}:ping",
        "webhooks:write",
        {202: DeliverySchema},
        body=EmptySchema(),
        body_required=False,
        problems=(409,),
        answer_headers={202: ("Location",)},
    ),
)
def ping_endpoint(endpoint_id: str, body: dict[str, Any]) -> Response:  # noqa: ARG001 - an empty body is checked, not used
    """Send `endpoint.pinged` to this endpoint only. The answer is the delivery: look there for what came back."""
    ctx, endpoint = context(), _endpoint(endpoint_id)
    if endpoint.state != "active":
        raise Problem(409, "endpoint-disabled", f"The endpoint is disabled: {endpoint.disabled_reason}.")
    with ledger_refusals("webhook endpoint"):
        delivery = ctx.store.deliveries.get(ctx.store.endpoints.ping(endpoint.id))
    if delivery is None:
        raise not_found("webhook endpoint", endpoint_id)
    ctx.wakes.deliveries()
    location = f"{base_of(request, ctx.settings.base_url)}/v1/webhook-deliveries/{delivery.id}"
    return answer(delivery_body(delivery), 202, {"Location": location})
