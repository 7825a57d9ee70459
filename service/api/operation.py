"""One declaration a view: path, scope, what it reads and answers. It guards, parses and documents the view.

The guard needs it: a view that was not declared here has no scope, and is never reached (`auth_guard`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, request
from flask_smorest import Blueprint
from marshmallow import Schema

from service.api.auth import PUBLIC, KeyRing, authorize
from service.api.problems import Problem, invalid_parameter
from service.api.reading import load_body, load_query, read_json

View = Callable[..., Response]
_ALWAYS = (400, 500, 503)
_GUARDED = (401, 403)
_WITH_BODY = (413, 415, 422)


@dataclass(frozen=True)
class Operation:
    """One HTTP operation. `id` is its operationId; `scope` is a scope of `auth.SCOPES` or `PUBLIC`.

    `answers` maps a success status to the schema of its body (None: no body). `problems` are the statuses beyond those
    that every operation of its sort can answer. `doc` is merged into the OpenAPI operation as it stands.
    """

    id: str
    method: str
    rule: str
    scope: str
    answers: Mapping[int, Any]
    body: Schema | None = None
    body_required: bool = True
    query: Schema | None = None
    problems: tuple[int, ...] = ()
    headers: tuple[str, ...] = ()
    answer_headers: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    doc: Mapping[str, Any] = field(default_factory=dict)
    examples: Mapping[str, Any] = field(default_factory=dict)


def route(blueprint: Blueprint, operation: Operation) -> Callable[[View], View]:
    """Register a view under its declaration; the view gets `body` and `query` as keywords where they are declared."""

    def decorate(view: View) -> View:
        def call(**arguments: Any) -> Response:
            return view(**arguments, **_inputs(operation))

        call.__doc__ = view.__doc__
        call.__name__ = view.__name__
        documented = blueprint.doc(**_documentation(operation))(call)
        documented.scope = operation.scope
        blueprint.add_url_rule(operation.rule, operation.id, documented, methods=[operation.method])
        return view

    return decorate


def _inputs(operation: Operation) -> dict[str, Any]:
    inputs: dict[str, Any] = {}
    if operation.query is not None:
        inputs["query"] = load_query(operation.query, request)
    elif request.args:
        raise invalid_parameter(next(iter(request.args))[:100], "This operation takes no query parameters.")
    if operation.body is not None:
        inputs["body"] = load_body(operation.body, read_json(request, required=operation.body_required))
    return inputs


def register_guard(app: Flask, ring: KeyRing) -> None:
    """Let no request reach a view whose scope the caller's key does not have."""

    def guard() -> None:
        if request.endpoint is None:
            return  # no such route: Flask answers 404 or 405
        scope = getattr(app.view_functions[request.endpoint], "scope", None)
        if scope is None:
            raise Problem(403, "forbidden", "This route is not open to anyone.")
        if scope != PUBLIC:
            g.caller = authorize(request, ring, scope)

    app.before_request(guard)


def _documentation(operation: Operation) -> dict[str, Any]:
    doc: dict[str, Any] = {
        "operationId": operation.id,
        "responses": _responses(operation),
        "security": [] if operation.scope == PUBLIC else [{"bearer": [operation.scope]}, {"apiKey": [operation.scope]}],
    }
    parameters: list[Any] = list(operation.headers)
    if operation.query is not None:
        parameters.append({"in": "query", "schema": operation.query})
    if parameters:
        doc["parameters"] = parameters
    if operation.body is not None:
        media: dict[str, Any] = {"schema": _body_schema(operation.body)}
        if operation.examples:
            media["examples"] = dict(operation.examples)
        doc["requestBody"] = {"required": operation.body_required, "content": {"application/json": media}}
    return doc | dict(operation.doc)


def _body_schema(body: Schema) -> Any:
    # A body that is one of several schemas says so itself.
    alternatives = getattr(body, "openapi", None)
    return alternatives() if alternatives else body


def _responses(operation: Operation) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, schema in operation.answers.items():
        responses[str(status)] = _response(status, schema, operation.answer_headers.get(status, ()))
    for status in sorted(_problem_statuses(operation)):
        responses[str(status)] = f"Problem{status}"
    return responses


def _response(status: int, schema: Any, headers: tuple[str, ...]) -> dict[str, Any]:
    response: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if isinstance(schema, Mapping):
        response["content"] = schema  # media type -> media type object, as it stands
    elif schema is not None:
        response["content"] = {"application/json": {"schema": schema}}
    response["headers"] = {name: name for name in ("X-Request-Id", *headers)}
    return response


def _problem_statuses(operation: Operation) -> set[int]:
    statuses = {*_ALWAYS, *operation.problems}
    if operation.scope != PUBLIC:
        statuses.update(_GUARDED)
    if operation.body is not None:
        statuses.update(_WITH_BODY)
    if "<" in operation.rule:
        statuses.add(404)
    return statuses
