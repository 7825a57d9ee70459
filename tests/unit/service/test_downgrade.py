"""What OpenAPI 3.1 says, in the words of 3.0."""

from __future__ import annotations

from typing import Any

import pytest

from service.api.downgrade import downgraded


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
        ({"type": ["string", "integer"]}, {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        ({"type": "string", "examples": ["a", "b"]}, {"type": "string", "example": "a"}),
        ({"const": "x"}, {"enum": ["x"]}),
        ({"type": "integer", "exclusiveMinimum": 0}, {"type": "integer", "minimum": 0, "exclusiveMinimum": True}),
        ({"$ref": "#/a", "description": "d"}, {"description": "d", "allOf": [{"$ref": "#/a"}]}),
        ({"anyOf": [{"$ref": "#/a"}, {"type": "null"}]},
         {"type": "object", "allOf": [{"$ref": "#/a"}], "nullable": True}),
        ({"type": "object", "properties": {"type": {"type": ["string", "null"]}}},
         {"type": "object", "properties": {"type": {"type": "string", "nullable": True}}}),
    ],
)  # fmt: skip
def test_words(new: Any, old: Any) -> None:
    """Each word of JSON Schema that 3.0 lacks is said in 3.0's own."""
    found = downgraded({"components": {"schemas": {"One": new}}})

    assert old == found["components"]["schemas"]["One"]


def test_the_frame() -> None:
    """The version is 3.0.3, the dialect goes, webhooks stand under an extension."""
    found = downgraded({"openapi": "3.1.0", "jsonSchemaDialect": "d", "webhooks": {"event": {"post": {}}}})

    assert {"openapi": "3.0.3", "x-webhooks": {"event": {"post": {}}}} == found
