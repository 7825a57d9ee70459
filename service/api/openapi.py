"""`python -m service.api.openapi > openapi.yaml`: the promise to callers. CI fails when the committed file differs."""

from __future__ import annotations

import sys
from typing import Any

from flask import Flask

from service.api.document_views import EXTENSION
from service.api.registration import register_views
from service.api.yaml_text import yaml_text


def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI document. Needs no settings and no server: it is made of schemas and views alone."""
    app = Flask("matryoshka", static_folder=None)
    register_views(app)
    content: dict[str, Any] = app.extensions[EXTENSION].content
    return content


def openapi_yaml() -> str:
    """Return the document as YAML, the same text for the same code."""
    return yaml_text(openapi_document())


if __name__ == "__main__":
    sys.stdout.write(openapi_yaml())
