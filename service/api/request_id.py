"""One id and one trace a request, end to end: the caller's when they are sane, else made; in every log line.

Also what every answer says to browsers: it is data, for nobody to frame, sniff or embed.
"""

from __future__ import annotations

import re
import secrets
import time

import structlog
from flask import Flask, Response, g, request

from service.api.tracing import trace_of
from service.ledger.trace import trace_id

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


def _begin() -> None:
    g.started = time.monotonic()
    g.request_id = sane_request_id(request.headers.get("X-Request-Id", ""))
    structlog.contextvars.clear_contextvars()
    g.traceparent = trace_of(request.headers.get("traceparent", ""))
    structlog.contextvars.bind_contextvars(request_id=g.request_id, trace_id=trace_id(g.traceparent))


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.request_id
    for name, value in _SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)  # pages say for themselves what they load
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = _ONE_YEAR
    # The rule, not the path or the query: an id or a filter in the wrong place would be logged otherwise.
    log.info(
        "request_finished",
        method=request.method,
        route=str(request.url_rule or ""),
        status=response.status_code,
        milliseconds=round((time.monotonic() - g.started) * 1000, 1),
        key=g.caller.key_id if "caller" in g else "",
    )
    return response
