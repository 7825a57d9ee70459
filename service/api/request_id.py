"""One id and one trace a request, end to end: the caller's when they are sane, else made; in every log line.

Also what every answer says to browsers: it is data, for nobody to frame, sniff or embed.
"""

from __future__ import annotations

import re
import secrets
import time
from http import HTTPStatus

import structlog
from flask import Flask, Response, g, has_request_context, request

from service.api.measuring import answered
from service.observing.traceparent import state_beside
from service.observing.tracing import SpanKind, begin, ids_of

_SANE = re.compile(r"[A-Za-z0-9._-]{1,128}")

_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
_ONE_YEAR = "max-age=31536000"

log = structlog.get_logger()


def sane_request_id(offered: str) -> str:
    """Return the caller's id when it is 1 to 128 letters, digits, '.', '_' or '-'; else a new one."""
    return offered if _SANE.fullmatch(offered) else f"req_{secrets.token_hex(12)}"


def register_request_id(app: Flask) -> None:
    """Give every request its id and one log line at its end."""
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_forget)


def note_submission(kind: str, host_id: str, outcome: str, job_id: str, seconds: float) -> None:
    """Tell the request's span what reached the ledger and how long that took; of several, the last and how many.

    A span of its own would be half of all that observing costs a submission.
    """
    if not has_request_context() or "span" not in g:
        return
    g.submissions = g.get("submissions", 0) + 1
    g.span.note(
        matryoshka__kind=kind,
        matryoshka__host_id=host_id,
        matryoshka__outcome=outcome,
        matryoshka__job_id=job_id,
        matryoshka__ledger_milliseconds=round(seconds * 1000, 1),
        matryoshka__submissions=g.submissions,
    )


def _begin() -> None:
    g.started = time.monotonic()
    g.request_id = sane_request_id(request.headers.get("X-Request-Id", ""))
    structlog.contextvars.clear_contextvars()
    route = str(request.url_rule or "")
    offered = request.headers.get("traceparent", "").strip()
    g.tracestate = state_beside(offered, request.headers.get("tracestate", ""))
    g.span = begin(
        f"{request.method} {route}".strip(),
        offered,
        state=g.tracestate,
        kind=SpanKind.SERVER,
        attributes={"http.request.method": request.method, "http.route": route, "matryoshka.request_id": g.request_id},
    )
    g.traceparent = g.span.traceparent
    structlog.contextvars.bind_contextvars(request_id=g.request_id, **ids_of(g.traceparent))


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.request_id
    for name, value in _SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)  # pages say for themselves what they load
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = _ONE_YEAR
    seconds = time.monotonic() - g.started
    route = str(request.url_rule or "")
    answered(request.method, route, response.status_code, seconds)
    g.span.note(http__response__status_code=response.status_code)
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        g.span.fail(str(response.status_code))
    # The rule, not the path or the query: an id or a filter in the wrong place would be logged otherwise.
    log.info(
        "request_finished",
        method=request.method,
        route=route,
        status=response.status_code,
        milliseconds=round(seconds * 1000, 1),
        key=g.caller.key_id if "caller" in g else "",
    )
    return response


def _forget(_: BaseException | None) -> None:
    if "span" in g:
        g.span.end()
