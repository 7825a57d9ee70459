"""Webhook deliveries: one event to one endpoint, with what came back; and redelivery."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_smorest import Blueprint

from schemas.base import EmptySchema
from schemas.delivery import DeliveryQuerySchema, DeliverySchema
from schemas.page import page_of
from service.api.answers import answer, base_of
from service.api.context import context
from service.api.delivery_shapes import delivery_body
from service.api.listing import list_page
from service.api.operation import Operation, route
from service.api.problems import not_found
from service.ledger.store import NotFound

blueprint = Blueprint("webhook-deliveries", __name__, description="Webhook deliveries and what came back")
_DELIVERY = "/v1/webhook-deliveries/<identifier:delivery_id>"


@route(
    blueprint,
    Operation(
        "listWebhookDeliveries",
        "GET",
        "/v1/webhook-deliveries",
        "webhooks:write",
        {200: page_of(DeliverySchema)},
        query=DeliveryQuerySchema(),
        answer_headers={200: ("Link",)},
    ),
)
def list_deliveries(query: dict[str, Any]) -> Response:
    """List deliveries, newest first; all filters must hold. The log of tries is shown by the delivery itself only."""
    ctx = context()
    deliveries = ctx.store.deliveries
    tenant = query.get("tenant")
    wanted = {"endpoint_id": query.get("endpoint_id"), "job_id": query.get("job_id"), "state": query.get("state")}
    return list_page(
        ctx,
        query,
        lambda position, limit: deliveries.list(**wanted, before=position, limit=limit, tenant=tenant),
        delivery_body,
    )


@route(blueprint, Operation("getWebhookDelivery", "GET", _DELIVERY, "webhooks:write", {200: DeliverySchema}))
def get_delivery(delivery_id: str) -> Response:
    """Get a delivery with the log of its last tries: status, duration and the beginning of each answer."""
    delivery = context().store.deliveries.get(delivery_id)
    if delivery is None:
        raise not_found("webhook delivery", delivery_id)
    return answer(delivery_body(delivery))


@route(
    blueprint,
    Operation(
        "redeliverWebhook",
        "POST",
        f"{_DELIVERY}:redeliver",
        "webhooks:write",
        {202: DeliverySchema},
        body=EmptySchema(),
        body_required=False,
        answer_headers={202: ("Location",)},
    ),
)
def redeliver(delivery_id: str, body: dict[str, Any]) -> Response:  # noqa: ARG001 - an empty body is checked, not used
    """Send a delivery again, under the same `webhook-id`; its schedule of tries begins anew."""
    ctx = context()
    try:
        delivery = ctx.store.deliveries.redeliver(delivery_id)
    except NotFound as error:
        raise not_found("webhook delivery", delivery_id) from error
    ctx.wakes.deliveries()
    location = f"{base_of(request, ctx.settings.base_url)}/v1/webhook-deliveries/{delivery.id}"
    return answer(delivery_body(delivery), 202, {"Location": location})
