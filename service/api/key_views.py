"""API keys as an administrator sees them. They are made and revoked by `matryoshka keys`."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from schemas.key import KeySchema
from schemas.page import PageQuerySchema, page_of
from service.api.context import context
from service.api.listing import list_page
from service.api.operation import Operation, route

blueprint = Blueprint("keys", __name__, description="API keys")
_KEY = KeySchema()


@route(
    blueprint,
    Operation(
        "listKeys",
        "GET",
        "/v1/keys",
        "admin",
        {200: page_of(KeySchema)},
        query=PageQuerySchema(),
        answer_headers={200: ("Link",)},
    ),
)
def list_keys(query: dict[str, Any]) -> Response:
    """List API keys, newest first. The keys themselves are not kept, only their hashes."""
    ctx = context()
    return list_page(ctx, query, ctx.store.keys.list, _KEY.dump)
