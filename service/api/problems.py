"""Everything that goes wrong, as `application/problem+json` (RFC 9457): the one door that catches errors.

Problem                 an answer of ours: status, type, detail, field errors
HTTPException           Flask's and Werkzeug's own: 404, 405, 413, ...
RedisError              503, retryable: the ledger cannot be reached
ResponseError           500: the ledger answers that our move is wrong, which no repeat mends; 503 when it cannot write
Exception               500; the log has the reason, the caller gets a request id
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, g, has_request_context, request
from redis.exceptions import OutOfMemoryError, ReadOnlyError, RedisError, ResponseError
from werkzeug.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
RETRYABLE = frozenset({408, 429, 502, 503, 504})
LEDGER_RETRY_SECONDS = 2
# Its disk is full, its replica or primary is away, or a backup is being read in one script.
_CANNOT_WRITE = ("MISCONF ", "NOREPLICAS ", "MASTERDOWN ", "BUSY ")

log = structlog.get_logger()


class Problem(Exception):
    """An error answer. `code` is the last part of the problem's `type`, and with `_` its member `code`."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
        **extensions: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.extensions = extensions


def not_found(what: str, identifier: str) -> Problem:
    """Return a 404 for a resource that is not there."""
    return Problem(404, "not-found", f"There is no {what} {identifier[:100]!r}.")


def invalid_field(pointer: str, code: str, detail: str) -> Problem:
    """Return a 422 for one member of the body; `pointer` is a JSON Pointer fragment (`#/host/id`)."""
    return Problem(422, "invalid-request", detail, errors=[{"pointer": pointer, "code": code, "detail": detail}])


def invalid_parameter(name: str, detail: str) -> Problem:
    """Return a 400 for one query parameter or header."""
    return Problem(400, "invalid-parameter", detail, parameters=[{"name": name, "code": "invalid", "detail": detail}])


def problem_body(status: int, code: str, detail: str, **extensions: Any) -> dict[str, Any]:
    """Return a problem object. `title` is the same for all problems of a type; `instance` is the path asked for."""
    body: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": code.replace("-", " ").capitalize(),
        "status": status,
        "detail": detail,
        "code": code.replace("-", "_"),
        "retryable": status in RETRYABLE,
    }
    if has_request_context():
        body["instance"] = request.path
        body["request_id"] = g.get("request_id", "")
    return body | {name: value for name, value in extensions.items() if value not in (None, [], {})}


def problem_object(problem: Problem) -> dict[str, Any]:
    """Return the problem object of an answer."""
    extensions = {**problem.extensions, "errors": problem.errors}
    return problem_body(problem.status, problem.code, problem.detail, **extensions)


def problem_response(problem: Problem) -> Response:
    """Return the answer for a problem."""
    return Response(
        json.dumps(problem_object(problem)), problem.status, headers=problem.headers, content_type=MEDIA_TYPE
    )


def register_problem_handlers(app: Flask) -> None:
    """Answer every error of the app with problem+json."""
    app.register_error_handler(Problem, problem_response)
    app.register_error_handler(HTTPException, _http_exception)
    app.register_error_handler(RedisError, _ledger_failed)
    app.register_error_handler(Exception, _unexpected)


def _http_exception(error: HTTPException) -> Response:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    code = HTTPStatus(status).phrase.lower().replace(" ", "-").replace("'", "")
    problem = Problem(status, code, error.description or HTTPStatus(status).description)
    response = problem_response(problem)
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def _ledger_failed(error: RedisError) -> Response:
    if isinstance(error, ResponseError) and not _cannot_write(error):
        return _unexpected(error)
    log.warning("ledger_unreachable", error=type(error).__name__)
    headers = {"Retry-After": str(LEDGER_RETRY_SECONDS)}
    return problem_response(Problem(503, "ledger-unreachable", "The ledger cannot be reached now.", headers=headers))


def _cannot_write(error: ResponseError) -> bool:
    return isinstance(error, OutOfMemoryError | ReadOnlyError) or str(error).startswith(_CANNOT_WRITE)


def _unexpected(error: Exception) -> Response:
    # The door: whatever no one foresaw is logged by type and place, never by value, for it may hold a secret.
    place = _place(error)
    log.error("request_failed", error=type(error).__name__, place=place)
    return problem_response(Problem(500, "internal-server-error", "The service failed; the log has the reason."))


def _place(error: BaseException) -> list[str]:
    """Return file:line of each frame, without local values or the message."""
    places = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename}:{trace.tb_lineno}:{code.co_name}")
        trace = trace.tb_next
    return places[-8:]
