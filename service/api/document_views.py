"""The OpenAPI document of this very process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import Response, current_app
from flask_smorest import Blueprint

from service.api.auth import PUBLIC
from service.api.downgrade import downgraded
from service.api.operation import Operation, route
from service.api.yaml_text import yaml_text

EXTENSION = "matryoshka-document"
blueprint = Blueprint("document", __name__, description="This description")


@dataclass
class Document:
    """The document, written once when it is first asked for."""

    content: dict[str, Any]
    _page: str | None = None

    @cached_property
    def text(self) -> str:
        """The document as JSON."""
        return json.dumps(self.content)

    @cached_property
    def yaml(self) -> str:
        """The document as YAML."""
        return yaml_text(self.content)

    def page(self, write: Callable[[dict[str, Any]], str]) -> str:
        """Return the document as a page for people, written once."""
        if self._page is None:
            self._page = write(self.content)
        return self._page

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
        "getOpenapiYaml", "GET", "/openapi.yaml", PUBLIC, {200: {"application/yaml": {"schema": {"type": "object"}}}}
    ),
)
def get_openapi_yaml() -> Response:
    """This description: OpenAPI 3.1, as YAML."""
    return Response(current_app.extensions[EXTENSION].yaml, content_type="application/yaml")


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
