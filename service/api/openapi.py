"""`python -m service.api.openapi > openapi.yaml`: the promise to callers. CI fails when the committed file differs."""

from __future__ import annotations

import sys
from typing import Any

import yaml
from flask import Flask

from service.api.document_views import EXTENSION
from service.api.registration import register_views


def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI document. Needs no settings and no server: it is made of schemas and views alone."""
    app = Flask("matryoshka")
    register_views(app)
    content: dict[str, Any] = app.extensions[EXTENSION].content
    return content


def openapi_yaml() -> str:
    """Return the document as YAML, the same text for the same code."""
    return yaml.safe_dump(openapi_document(), sort_keys=False, allow_unicode=True, width=120)


if __name__ == "__main__":
    sys.stdout.write(openapi_yaml())
