"""The OpenAPI document: the parts that every operation shares, and the webhooks that we send."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from apispec import APISpec
from marshmallow import fields

from schemas.address import IPv4, Subnet
from schemas.base import LABEL_LIMIT, Labels, Timestamp
from schemas.event import WebhookBodySchema
from schemas.key import SCOPES
from schemas.problem import ProblemSchema
from service.api.examples import add_examples, problem_example, webhook_examples
from service.api.links import link_operations
from service.api.problems import MEDIA_TYPE, RETRYABLE
from service.api.refining import describe_families, refine

TITLE = "Matryoshka"
VERSION = "1.0.0"
OPENAPI_VERSION = "3.1.0"
DESCRIPTION = """\
Builds nested Hyper-V labs from one request and proves at each level that virtualization really is exposed.

A job is accepted with `202`; its `Location` is the job itself. Follow it by polling (`Retry-After`, `ETag`), waiting
(`?wait=30`), server-sent events or webhooks. Every error is `application/problem+json`. Values that this document does
not name may be added to enumerations and objects: ignore what you do not know. Unknown members of requests are refused.
"""

_ORDER = ("openapi", "jsonSchemaDialect", "info", "servers", "security", "tags", "paths", "webhooks", "components")
# flask-smorest adds its own error and page schemas, which no operation here uses.
_UNUSED = ("Error", "PaginationMetadata")
PROBLEM_STATUSES = (400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 428, 429, 500, 503)
STREAM_CONTENT: dict[str, Any] = {
    "text/event-stream": {
        "schema": {"type": "string"},
        "example": 'id: 1764000000000-0\nevent: job.started\ndata: {"type":"job.started"}\n\n',
    }
}

_PARAMETERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "IdempotencyKey": (
        "Idempotency-Key",
        "Repeating a request with the same key (bare or quoted) answers the first one's job, for 24 hours.",
        {
            "type": "string",
            "pattern": '^"?[A-Za-z0-9_.:/+=-]{1,255}"?$',
            "examples": ["8e03978e-40d5-43dd-bc93-6894a57f9324"],
        },
    ),
    "IfNoneMatch": (
        "If-None-Match",
        "The ETag of your copy; 304 when it is still the current one.",
        {"type": "string"},
    ),
    "LastEventId": ("Last-Event-ID", "Resume a stream after this event.", {"type": "string"}),
    "PreferReturn": (
        "Prefer",
        "`return=minimal`: answer without a body.",
        {"type": "string"},
    ),
    "Prefer": (
        "Prefer",
        "`wait=20`: answer when the job is final, or after so many seconds (at most 30).",
        {"type": "string"},
    ),
}

_HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "X-Request-Id": ("The id of this request, yours when it was sane; it is in our logs.", {"type": "string"}),
    "Location": ("The absolute URL of what was made.", {"type": "string", "format": "uri"}),
    "Retry-After": ("Seconds to wait before asking again; absent once the job is final.", {"type": "integer"}),
    "ETag": ("The version of this resource.", {"type": "string"}),
    "Link": ("The first and the next page (RFC 8288).", {"type": "string"}),
    "Idempotent-Replayed": ("`true` when this answer repeats an earlier one.", {"type": "string"}),
    "RateLimit": ('What is left to this key: `"default";r=` requests, `t=` seconds.', {"type": "string"}),
    "RateLimit-Policy": ('The quota: `"default";q=` requests in `w=` seconds.', {"type": "string"}),
    "Preference-Applied": ("The preferences that were kept.", {"type": "string"}),
}

SECURITY = ("bearer", "apiKey", "oidc")
_OIDC = {
    "type": "openIdConnect",
    "openIdConnectUrl": "https://issuer.example/.well-known/openid-configuration",
    "description": "An access token (JWT) of the issuer that this service was set up with, where one was.",
}

_WEBHOOK_HEADERS: dict[str, str] = {
    "webhook-id": "The event's id for this endpoint, the same on every try.",
    "webhook-timestamp": "Seconds since 1970 UTC at which this try was signed.",
    "webhook-signature": (
        "`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`, or `v1a,` and its ed25519 signature; two of them "
        "while a secret rotates."
    ),
}


def schema_name(schema: Any) -> str:
    """Return a schema's name in the document: `JobViewSchema` is `Job`."""
    name = (schema if isinstance(schema, type) else type(schema)).__name__
    return name.removesuffix("Schema").replace("View", "")


def describe_field(_converter: Any, field: Any, **_options: Any) -> dict[str, Any]:
    """Return what apispec cannot know of our own fields."""
    if isinstance(field, Timestamp):
        return {"type": ["string", "null"] if field.allow_none else "string", "format": "date-time"}
    if isinstance(field, Labels):
        value = {"type": "string", "maxLength": 63}
        return {"type": "object", "additionalProperties": value, "maxProperties": LABEL_LIMIT}
    if isinstance(field, fields.Float):
        # Without a format generators take 32 bits, which lose the seconds of a time.
        return {"type": ["number", "null"] if field.allow_none else "number", "format": "double"}
    if isinstance(field, IPv4):
        return {"type": "string", "format": "ipv4"}
    if isinstance(field, Subnet):
        return {"type": "string", "examples": ["172.30.50.0/24"]}
    return {}


def describe_shared_parts(spec: APISpec) -> None:
    """Add the components that operations name: headers, parameters, problems, keys."""
    spec.components.schema("Problem", schema=ProblemSchema)
    describe_families(spec)
    for status in PROBLEM_STATUSES:
        spec.components.response(f"Problem{status}", _problem(status))
    for name, (header, text, schema) in _PARAMETERS.items():
        parameter = {"name": header, "description": text, "required": False, "schema": schema}
        spec.components.parameter(name, "header", parameter)
    spec.components.parameter("IfMatch", "header", _if_match())
    for header, (text, schema) in _HEADERS.items():
        spec.components.header(header, {"description": text, "schema": schema})
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer", "description": _key_text()})
    spec.components.security_scheme("apiKey", {"type": "apiKey", "in": "header", "name": "X-API-Key"})
    spec.components.security_scheme("oidc", _OIDC)


def _key_text() -> str:
    return f"A key made by `matryoshka keys create`: `mk_...`. Scopes: {', '.join(SCOPES)}; `admin` has all."


def _if_match() -> dict[str, Any]:
    text = "The ETag of the copy that you changed, or *; 428 without it, 412 when the resource has changed since."
    return {"name": "If-Match", "description": text, "required": False, "schema": {"type": "string"}}


def _problem(status: int) -> dict[str, Any]:
    headers = {"X-Request-Id": "X-Request-Id"} | ({"Retry-After": "Retry-After"} if status in RETRYABLE else {})
    phrase = HTTPStatus(status).phrase
    media = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": problem_example(status, phrase)}
    return {"description": phrase, "content": {MEDIA_TYPE: media}, "headers": headers}


def webhook_operation(operation_id: str, summary: str) -> dict[str, Any]:
    """Return the operation that a receiver of our webhooks implements."""
    parameters = [
        {"name": name, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}
        for name, text in _WEBHOOK_HEADERS.items()
    ]
    return {
        "operationId": operation_id,
        "summary": summary,
        "parameters": parameters,
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": WebhookBodySchema, "examples": webhook_examples()}},
        },
        "responses": {
            "2XX": {"description": "Taken."},
            "410": {"description": "Gone: the endpoint is disabled."},
            "default": {"description": "Anything else is tried again later, up to 10 times in 75 hours."},
        },
        "security": [],
    }


def finish(spec: APISpec) -> dict[str, Any]:
    """Return the whole document: operations, then what no view can say, the webhooks that registered endpoints get."""
    content: dict[str, Any] = spec.to_dict()
    schemas = content["components"]["schemas"]
    for name in _UNUSED:
        schemas.pop(name, None)
    _drop_empty_defaults(schemas)
    _open_answers(content["paths"], schemas)
    refine(schemas)
    add_examples(content)
    _drop_unused_problems(content)
    link_operations(content["paths"])
    content["info"] |= {"description": DESCRIPTION, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}}
    content["jsonSchemaDialect"] = "https://json-schema.org/draft/2020-12/schema"
    content["servers"] = [{"url": "/"}]
    content["security"] = [{name: []} for name in SECURITY]
    body = webhook_operation("receiveEvent", "An event, sent to each registered endpoint that asked for its type")
    body["requestBody"]["content"]["application/json"]["schema"] = {"$ref": "#/components/schemas/WebhookBody"}
    content["webhooks"] = {"event": {"post": body}}
    return {name: content[name] for name in _ORDER if name in content}


def _drop_unused_problems(content: dict[str, Any]) -> None:
    """Take away the problem answers that no operation can give, such as 405: that is for methods which are not here."""
    used = {
        answer["$ref"].rpartition("/")[2]
        for item in content["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
        for answer in operation["responses"].values()
        if "$ref" in answer
    }
    responses = content["components"]["responses"]
    for name in responses.keys() - used:
        del responses[name]


def _drop_empty_defaults(node: Any) -> None:
    """Take away `default: ""` of strings that may not be empty when they are given: it means absent."""
    if isinstance(node, dict):
        if node.get("default") == "" and node.get("minLength"):
            del node["default"]
        for below in node.values():
            _drop_empty_defaults(below)
    elif isinstance(node, list):
        for below in node:
            _drop_empty_defaults(below)


def _open_answers(paths: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Let answers have members that this document does not name yet; what a request may not name stays refused."""
    asked: set[str] = set()
    for item in paths.values():
        for operation in item.values():
            if isinstance(operation, dict):
                _gather(operation.get("requestBody"), schemas, asked)
    for name in schemas.keys() - asked:
        if schemas[name].get("additionalProperties") is False:
            del schemas[name]["additionalProperties"]


def _gather(node: Any, schemas: dict[str, Any], names: set[str]) -> None:
    """Add the names of all schemas that `node` refers to, directly or through others."""
    if isinstance(node, list):
        for below in node:
            _gather(below, schemas, names)
    elif isinstance(node, dict):
        name = str(node.get("$ref", "")).rpartition("/")[2]
        if name in schemas and name not in names:
            names.add(name)
            _gather(schemas[name], schemas, names)
        for below in node.values():
            _gather(below, schemas, names)
