"""Problem details (RFC 9457), the one shape of every error, and the way from marshmallow's messages to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from marshmallow import Schema, fields

from schemas.base import Coded, StrictSchema

# What marshmallow's own English messages begin with. Our own messages carry their code themselves (`Coded`).
_CODES = (
    ("Missing data", "required"),
    ("Unknown field", "unknown_field"),
    ("Field may not be null", "null"),
    ("Must be one of", "choice"),
    ("Must be greater", "range"),
    ("Must be less", "range"),
    ("Shorter than", "length"),
    ("Longer than", "length"),
    ("Length must be", "length"),
    ("Not a valid", "type"),
    ("Invalid input type", "type"),
    ("Invalid type", "type"),
)


class ProblemItemSchema(StrictSchema):
    """One refused place of a request body."""

    pointer = fields.String(
        required=True, metadata={"description": "JSON Pointer fragment into the body (RFC 6901, 6)"}
    )
    detail = fields.String(required=True)
    code = fields.String(required=True)


class ProblemSchema(Schema):
    """An `application/problem+json` body; also the `error` of a failed job. Extension members are allowed."""

    type = fields.String(required=True, metadata={"description": "stable URI of the kind of problem"})
    title = fields.String(required=True)
    status = fields.Integer()
    detail = fields.String()
    instance = fields.String()
    code = fields.String()
    errors = fields.List(fields.Nested(ProblemItemSchema))
    request_id = fields.String()
    retryable = fields.Boolean()
    docs_url = fields.String()
    remedy = fields.String()
    step_id = fields.String()
    node = fields.String()


def pointers(messages: Any) -> list[dict[str, str]]:
    """Flatten marshmallow's nested messages to `[{"pointer": "#/nodes/memory_mib", "detail": ..., "code": ...}]`.

    List positions become numbers in the pointer; a message about an object as a whole (`_schema`) points at the object.
    """
    return [
        {"pointer": pointer, "detail": str(message), "code": _code(message)}
        for pointer, message in _walk(messages, "#")
    ]


def _walk(messages: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(messages, dict):
        for key, inner in messages.items():
            yield from _walk(inner, pointer if key == "_schema" else f"{pointer}/{_token(key)}")
    elif isinstance(messages, list | tuple):
        for inner in messages:  # several messages about one place
            yield from _walk(inner, pointer)
    else:
        yield pointer, messages


def _token(key: str | int) -> str:
    escaped = str(key).replace("~", "~0").replace("/", "~1")
    return quote(escaped.encode("utf-8", "replace"), safe="~!$&'()*+,;=:@")


def _code(message: object) -> str:
    if isinstance(message, Coded):
        return message.code
    beginning = str(message)
    return next((code for prefix, code in _CODES if beginning.startswith(prefix)), "invalid")
