"""Webhooks: endpoints, their deliveries, ping and redeliver."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from service.ui.blueprint import blueprint
from service.ui.pages import api, needed, page, shown

_PAGE = 50


@blueprint.route("/webhooks", methods=["GET"])
@page
def list_endpoints() -> str:
    """All endpoints."""
    found = needed(api().get("/v1/webhook-endpoints", limit=_PAGE, cursor=request.args.get("cursor")))
    return shown("webhooks.html", endpoints=found["items"], next_cursor=found["next_cursor"])


@blueprint.route("/webhooks/<identifier:endpoint_id>", methods=["GET"])
@page
def show_endpoint(endpoint_id: str) -> str:
    """One endpoint with what was sent to it."""
    endpoint = needed(api().get(f"/v1/webhook-endpoints/{endpoint_id}"))
    cursor = request.args.get("cursor")
    found = needed(api().get("/v1/webhook-deliveries", endpoint_id=endpoint_id, limit=_PAGE, cursor=cursor))
    return shown("webhook.html", endpoint=endpoint, deliveries=found["items"], next_cursor=found["next_cursor"])


@blueprint.route("/webhooks/<identifier:endpoint_id>/deliveries/<identifier:delivery_id>", methods=["GET"])
@page
def show_delivery(endpoint_id: str, delivery_id: str) -> str:
    """One delivery with its last tries: what was sent, and what came back."""
    delivery = needed(api().get(f"/v1/webhook-deliveries/{delivery_id}"))
    return shown("delivery.html", endpoint_id=endpoint_id, delivery=delivery)


@blueprint.route("/webhooks/<identifier:endpoint_id>/ping", methods=["POST"])
@page
def ping_endpoint(endpoint_id: str) -> Any:
    """Send a test event."""
    needed(api().call("POST", f"/v1/webhook-endpoints/{endpoint_id}:ping"))
    return redirect(url_for("ui.show_endpoint", endpoint_id=endpoint_id))


@blueprint.route("/webhooks/<identifier:endpoint_id>/deliveries/<identifier:delivery_id>/redeliver", methods=["POST"])
@page
def redeliver(endpoint_id: str, delivery_id: str) -> Any:
    """Send one delivery again."""
    needed(api().call("POST", f"/v1/webhook-deliveries/{delivery_id}:redeliver"))
    return redirect(url_for("ui.show_endpoint", endpoint_id=endpoint_id))
