"""The OpenAPI document of this very process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import Response, current_app
from flask_smorest import Blueprint

from service.api.auth import PUBLIC
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


@route(
    blueprint,
    Operation(
        "getOpenapi", "GET", "/openapi.json", PUBLIC, {200: {"application/json": {"schema": {"type": "object"}}}}
    ),
)
def get_openapi() -> Response:
    """This description: OpenAPI 3.1."""
    return Response(current_app.extensions[EXTENSION].text, content_type="application/json")
