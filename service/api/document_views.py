"""The OpenAPI document of this very process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import Response, current_app
from flask_smorest import Blueprint

from service.api.auth import PUBLIC
from service.api.downgrade import downgraded
from service.api.operation import Operation, route

EXTENSION = "matryoshka-document"
blueprint = Blueprint("document", __name__, description="This description")


@dataclass
class Document:
    """The document, written once when it is first asked for."""

    content: dict[str, Any]

    @cached_property
    def text(self) -> str:
        """The document as JSON."""
        return json.dumps(self.content)

    @cached_property
    def old_text(self) -> str:
        """The same in 3.0.3, as JSON."""
        return json.dumps(downgraded(self.content))


@route(
    blueprint,
    Operation(
        "getOpenapi", "GET", "/openapi.json", PUBLIC, {200: {"application/json": {"schema": {"type": "object"}}}}
    ),
)
def get_openapi() -> Response:
    """This description: OpenAPI 3.1."""
    return Response(current_app.extensions[EXTENSION].text, content_type="application/json")


@route(
    blueprint,
    Operation(
        "getOldOpenapi",
        "GET",
        "/openapi-3.0.json",
        PUBLIC,
        {200: {"application/json": {"schema": {"type": "object"}}}},
    ),
)
def get_old_openapi() -> Response:
    """This description for tools that know OpenAPI 3.0 only; webhooks stand under `x-webhooks`."""
    return Response(current_app.extensions[EXTENSION].old_text, content_type="application/json")
