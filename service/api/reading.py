"""Read what a caller sent: a JSON body or a query string, checked by a schema, with each fault named by its place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Request
from gunicorn.http.errors import ParseException
from marshmallow import Schema, ValidationError

from schemas import pointers
from service.api.problems import Problem, invalid_field

MAX_DEPTH = 16
MAX_TEXT = 65_536
_NESTED_TOO_DEEP = f"A body has at most {MAX_DEPTH} levels."
_TOO_LONG = f"A text has at most {MAX_TEXT} characters."


def read_json(request: Request, *, required: bool) -> dict[str, Any]:
    """Return the body, an object; {} when there is none and none is required.

    Raises:
        Problem: 415 for another media type, 400 for what is not JSON, 422 for JSON that is not an object.
    """
    has_body = bool(request.content_length) or "Transfer-Encoding" in request.headers
    if not has_body and not required:
        return {}
    if not request.is_json:
        raise Problem(415, "unsupported-media-type", "Send the body as Content-Type: application/json.")
    data = whole_body(request)
    body = _parse(data)
    if not isinstance(body, dict):
        raise invalid_field("#", "type", "The body must be a JSON object.")
    if len(data) > MAX_TEXT or data.count(b"{") + data.count(b"[") > MAX_DEPTH:
        _check_size(body)
    return body


def _check_size(body: dict[str, Any]) -> None:
    """Refuse what no request needs, before a schema walks through it: 422 with the place."""
    level: list[tuple[str, Any]] = [("#", body)]
    for _ in range(MAX_DEPTH):
        level = [found for place, value in level for found in _members(place, value)]
        if not level:
            return
    raise invalid_field(level[0][0][:200], "depth", _NESTED_TOO_DEEP)


def _members(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Return the containers in a container, with their JSON Pointers."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(inner, dict | list):
            yield f"{place}/{_escaped(key)}", inner
        elif isinstance(inner, str) and len(inner) > MAX_TEXT:
            raise invalid_field(f"{place}/{_escaped(key)}"[:200], "length", _TOO_LONG)


def _escaped(key: object) -> str:
    return str(key).replace("~", "~0").replace("/", "~1")


def whole_body(request: Request) -> bytes:
    """Return the bytes of the body.

    Raises:
        Problem: 400 for a body that breaks off or is no chunks, 413 for one that is too long.
    """
    try:
        data = request.get_data(cache=False)
    except (OSError, ParseException) as error:
        # The caller is gone, or what it sends are no chunks: gunicorn reads those only when they are asked for.
        raise Problem(400, "malformed-body", "The body could not be read to its end.") from error
    # Werkzeug refuses a longer Content-Length; of a chunked body it gives the allowed part and keeps silent.
    if request.content_length is None and len(data) >= (request.max_content_length or len(data) + 1):
        raise Problem(413, "content-too-large", f"A body has at most {request.max_content_length} bytes.")
    return data


def _parse(data: bytes) -> Any:
    try:
        # A lone surrogate is no text: it could not be stored or answered in UTF-8. Left to itself, json takes one that
        # came as bytes, so these are decoded here; one that came as an escape (`\ud800`) shows when it is encoded.
        text = data.decode(json.detect_encoding(data))
        body = json.loads(text, parse_constant=_refuse_constant)
        if "\\u" in text:
            json.dumps(body, ensure_ascii=False).encode()
    except RecursionError as error:
        raise Problem(400, "malformed-json", _NESTED_TOO_DEEP) from error
    except ValueError as error:
        # Only the place is told: the text around it may be a secret.
        place = f" at line {error.lineno} column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise Problem(400, "malformed-json", f"The body is not valid JSON{place}.") from None
    return body


def _refuse_constant(name: str) -> float:
    raise ValueError(name)


def load_body(schema: Schema, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body as the schema loads it.

    Raises:
        Problem: 422 with one entry a fault, each with its JSON Pointer.
    """
    try:
        loaded: dict[str, Any] = schema.load(body)
    except ValidationError as error:
        raise validation_problem(error) from None
    return loaded


def validation_problem(error: ValidationError) -> Problem:
    """Return the 422 for what a schema found in the body."""
    faults = pointers(error.messages)
    count = len(faults)
    detail = (
        f"{count} place{'s' if count != 1 else ''} of the body cannot be used; the first is {faults[0]['pointer']}."
    )
    return Problem(422, "invalid-request", detail, errors=faults)


def load_query(schema: Schema, request: Request) -> dict[str, Any]:
    """Return the query parameters as the schema loads them.

    Raises:
        Problem: 400 that names each parameter that is unknown, repeated or cannot be used.
    """
    values = request.args.to_dict()
    repeated = [_repeated(name) for name in values if len(request.args.getlist(name)) > 1]
    try:
        loaded: dict[str, Any] = schema.load(values)
    except ValidationError as error:
        raise parameters_problem(repeated + [_parameter_fault(fault) for fault in pointers(error.messages)]) from None
    if repeated:
        raise parameters_problem(repeated)
    return loaded


def parameters_problem(faults: list[dict[str, str]]) -> Problem:
    """Return the 400 for query parameters, each named."""
    names = ", ".join(repr(fault["name"][:100]) for fault in faults)
    return Problem(400, "invalid-parameter", f"Query parameters cannot be used: {names}.", parameters=faults)


def _repeated(name: str) -> dict[str, str]:
    return {"name": name, "code": "repeated", "detail": "Give it once."}


def _parameter_fault(fault: dict[str, str]) -> dict[str, str]:
    return {"name": fault["pointer"].removeprefix("#/"), "code": fault["code"], "detail": fault["detail"]}
