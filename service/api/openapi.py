"""`python -m service.api.openapi > openapi.yaml`: the promise to callers. CI fails when the committed file differs.

With `3.0` behind it: the copy for tools that know OpenAPI 3.0 only (`openapi-3.0.yaml`).
"""

from __future__ import annotations

import sys
from typing import Any

from flask import Flask

from service.api.document_views import EXTENSION
from service.api.downgrade import downgraded
from service.api.registration import register_views
from service.api.yaml_text import yaml_text


def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI document. Needs no settings and no server: it is made of schemas and views alone."""
    app = Flask("matryoshka", static_folder=None)
    register_views(app)
    content: dict[str, Any] = app.extensions[EXTENSION].content
    return content


def openapi_yaml(*, old: bool = False) -> str:
    """Return the document as YAML, the same text for the same code; `old` is the copy in 3.0.3."""
    document = openapi_document()
    return yaml_text(downgraded(document) if old else document)


if __name__ == "__main__":
    sys.stdout.write(openapi_yaml(old="3.0" in sys.argv[1:]))
