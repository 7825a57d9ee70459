"""The reference page: `/docs`, for people, made from the OpenAPI document of this very process."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from flask import Response, current_app
from flask_smorest import Blueprint
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from service.api.auth import PUBLIC
from service.api.document_views import EXTENSION, Document
from service.api.operation import Operation, route
from service.api.reference.page import Reference

blueprint = Blueprint("reference", __name__, description="This API, for people to read")
_HERE = Path(__file__).resolve().parent / "reference"
# Nothing but our own style sheet: no script, no picture, no form, no frame.
_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_TEXT = {"schema": {"type": "string"}}


@route(blueprint, Operation("getReference", "GET", "/docs", PUBLIC, {200: {"text/html": _TEXT}}))
def get_reference() -> Response:
    """The reference of this API as one page. It needs no network and no script."""
    document: Document = current_app.extensions[EXTENSION]
    return _answer(document.page(reference_html), "text/html; charset=utf-8")


@route(blueprint, Operation("getReferenceStyle", "GET", "/docs/style.css", PUBLIC, {200: {"text/css": _TEXT}}))
def get_reference_style() -> Response:
    """The style sheet of the reference page."""
    return _answer(_style(), "text/css; charset=utf-8")


def reference_html(content: dict[str, object]) -> str:
    """Return the page of a document."""
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = Reference(content)
    template = environment.get_template("page.html")
    return template.render(page=page, chapters=list(page.chapters()), shapes=page.shapes())


@cache
def _style() -> str:
    return (_HERE / "style.css").read_text(encoding="utf-8")


def _answer(text: str, content_type: str) -> Response:
    response = Response(text, content_type=content_type)
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Security-Policy"] = _POLICY
    return response
