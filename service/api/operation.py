"""One declaration a view: path, scope, what it reads and answers. It guards, parses and documents the view.

The guard needs it: a view that was not declared here has no scope, and is never reached (`auth_guard`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, g, request
from flask_smorest import Blueprint
from marshmallow import Schema

from service.api.auditing import begin_acting, end_acting
from service.api.auth import PUBLIC, Caller, KeyRing, ReadsTokens, authorize
from service.api.conditional import with_etag
from service.api.context import context
from service.api.document import SECURITY
from service.api.owning import check_rule, refuse_foreign
from service.api.preference import minimal
from service.api.problems import Problem, invalid_parameter
from service.api.ratelimit import RateLimiter, refuse_beyond
from service.api.reading import load_body, load_query, read_json
from service.api.sessions import bring_login

View = Callable[..., Response]
_ALWAYS = (400, 500, 503)
_GUARDED = (401, 403, 429)
_WITH_BODY = (413, 415, 422)


@dataclass(frozen=True)
class Deprecation:
    """An operation that will go: since when it is deprecated, when it stops working, and the page that says more.

    Times are seconds since 1970 UTC; `sunset` (RFC 8594) is never earlier than `since` (RFC 9745).
    """

    since: int
    sunset: int
    link: str

    def headers(self) -> dict[str, str]:
        """Return what every answer of the operation says."""
        return {
            "Deprecation": f"@{self.since}",
            "Sunset": format_datetime(datetime.fromtimestamp(self.sunset, UTC), usegmt=True),
            "Link": f'<{self.link}>; rel="deprecation"; type="text/html"',
        }


@dataclass(frozen=True)
class Operation:
    """One HTTP operation. `id` is its operationId; `scope` is a scope of `auth.SCOPES` or `PUBLIC`.

    `answers` maps a success status to the schema of its body (None: no body). `problems` are the statuses beyond those
    that every operation of its sort can answer. `doc` is merged into the OpenAPI operation as it stands. A GET is
    conditional: its answer has an ETag, and is 304 for a caller who has it. The body of a change can be left out, if
    the caller prefers so and it is not `essential`: all that the request is for, or shown only once.
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
    deprecation: Deprecation | None = None
    conditional: bool = True
    essential: bool = False

    @property
    def is_conditional(self) -> bool:
        """Whether an unchanged copy is answered 304."""
        return self.conditional and self.method == "GET"

    @property
    def may_be_minimal(self) -> bool:
        """Whether `Prefer: return=minimal` leaves out the body of the answer."""
        return not self.essential and self.method in ("POST", "PATCH")


def route(blueprint: Blueprint, operation: Operation) -> Callable[[View], View]:
    """Register a view under its declaration; the view gets `body` and `query` as keywords where they are declared."""
    check_rule(operation.rule, operation.scope)

    def decorate(view: View) -> View:
        def call(**arguments: Any) -> Response:
            if operation.scope != PUBLIC:
                refuse_foreign(context().store, arguments)
            response = view(**arguments, **_inputs(operation))
            if operation.is_conditional:
                return with_etag(request, response)
            return minimal(request, response) if operation.may_be_minimal else response

        call.__doc__ = view.__doc__
        call.__name__ = view.__name__
        documented = blueprint.doc(**_documentation(operation))(call)
        documented.scope = operation.scope
        documented.deprecation = operation.deprecation
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


def register_guard(app: Flask, ring: KeyRing, limiter: RateLimiter, tokens: ReadsTokens | None = None) -> None:
    """Let no request reach a view whose scope the caller's key does not have, or beyond the key's rate."""

    def count(caller: Caller) -> None:
        g.caller = caller  # known from here on: a refusal for its rights is in the audit log under its name
        refuse_beyond(limiter, caller.key_id)

    def guard() -> None:
        if request.endpoint is None:
            return  # no such route: Flask answers 404 or 405
        scope = getattr(app.view_functions[request.endpoint], "scope", None)
        if scope is None:
            raise Problem(403, "forbidden", "This route is not open to anyone.")
        if scope != PUBLIC:
            bring_login(request)
            begin_acting(authorize(request, ring, scope, count, tokens))

    app.before_request(guard)
    app.teardown_request(end_acting)
    app.after_request(_announce_end)


def _announce_end(response: Response) -> Response:
    """Say on every answer of a deprecated operation, errors too, that it will go."""
    deprecation = getattr(current_app.view_functions.get(request.endpoint or ""), "deprecation", None)
    if deprecation is not None:
        response.headers.extend(deprecation.headers())
    return response


def _documentation(operation: Operation) -> dict[str, Any]:
    doc: dict[str, Any] = {
        "operationId": operation.id,
        "responses": _responses(operation),
        "security": [] if operation.scope == PUBLIC else [{name: [operation.scope]} for name in SECURITY],
    }
    parameters: list[Any] = [*_common_headers(operation), *operation.headers]
    if operation.query is not None:
        parameters.append({"in": "query", "schema": operation.query})
    if parameters:
        doc["parameters"] = parameters
    if operation.body is not None:
        media: dict[str, Any] = {"schema": _body_schema(operation.body)}
        if operation.examples:
            media["examples"] = dict(operation.examples)
        doc["requestBody"] = {"required": operation.body_required, "content": {"application/json": media}}
    if operation.deprecation is not None:
        doc["deprecated"] = True
    return doc | dict(operation.doc)


def _common_headers(operation: Operation) -> tuple[str, ...]:
    if operation.is_conditional:
        return ("IfNoneMatch",)
    return ("PreferReturn",) if operation.may_be_minimal else ()


def _body_schema(body: Schema) -> Any:
    # A body that is one of several schemas says so itself.
    alternatives = getattr(body, "openapi", None)
    return alternatives() if alternatives else body


def _responses(operation: Operation) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, schema in operation.answers.items():
        headers = operation.answer_headers.get(status, ())
        also: tuple[str, ...] = ("ETag",) if operation.is_conditional and status == HTTPStatus.OK else ()
        also += ("Preference-Applied",) if operation.may_be_minimal else ()
        also += ("RateLimit", "RateLimit-Policy") if operation.scope != PUBLIC else ()
        responses[str(status)] = _response(status, schema, (*headers, *also))
    if operation.may_be_minimal and HTTPStatus.OK in operation.answers:
        responses["204"] = _response(HTTPStatus.NO_CONTENT, None, ("Preference-Applied",))
    if operation.is_conditional:
        responses["304"] = _response(HTTPStatus.NOT_MODIFIED, None, ("ETag",))
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
