"""What every page shares: who is logged in, the frame, the token of its forms, and what the browser may load."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, current_app, g, make_response, redirect, render_template, request, url_for

from service.api.auth import PUBLIC
from service.api.problems import Problem
from service.api.sessions import Login, login_of
from service.ui.inner import Answered, InnerApi

View = Callable[..., Any]

# An address has room for 4000 characters, and this is quoted twice in it.
_LONGEST_QUERY = 1500

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def page(view: View) -> View:
    """Let only those in who are logged in; others are sent to the log-in, and back here afterwards."""

    @wraps(view)
    def guarded(**arguments: Any) -> Response:
        login = login_of(request)
        if login is None:
            return framed(redirect(url_for("ui.log_in", next=_way_back())))
        g.login = login
        if request.method == "POST":
            check_form(login)
        return framed(view(**arguments))

    return opened(guarded)


def _way_back() -> str:
    """Return where to come back to after a log-in.

    A form comes back with what was typed, but for secrets; a button to the page that it was on: what they are sent to
    cannot be looked at.
    """
    if request.method == "GET":
        return request.full_path.rstrip("?")
    typed = {
        name: value
        for name, value in request.form.items()
        if value and name.startswith("/") and not name.endswith("?") and f"{name}?" not in request.form
    }
    if typed:
        query = urlencode({"empty": "yes", **typed})
        return f"{request.path}?{query}" if len(query) <= _LONGEST_QUERY else request.path
    came = urlsplit(request.referrer or "")
    return f"{came.path}?{came.query}".rstrip("?") if came.netloc == request.host and came.path else "/"


def opened(view: View) -> View:
    """Mark a view as one that asks no API key: it has its own guard, or needs none."""
    setattr(view, "scope", PUBLIC)  # noqa: B010 - a mark on a function, read by the API's guard
    return view


def check_form(login: Login) -> None:
    """Refuse a form that this page did not make.

    Raises:
        Problem: 403 without the session's token, or from another origin.
    """
    origin = request.headers.get("Origin")
    if origin and urlsplit(origin).netloc != request.host:
        raise Problem(403, "forbidden", "The form comes from another site.")
    given = request.form.get("csrf_token", "").encode()
    if not hmac.compare_digest(given, login.session.csrf_token.encode()):
        raise Problem(403, "forbidden", "The form is not of this session. Go back, load the page again and repeat.")


def framed(answer: Any) -> Response:
    """Return a response with what the dashboard lets browsers do, and nothing kept by caches."""
    response = make_response(answer)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "no-store"
    # With no-referrer a browser sends its own forms as from Origin "null", which tells them from nobody's.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def api() -> InnerApi:
    """Return the API as the one who is logged in may use it."""
    app: Any = current_app
    flask: Flask = app._get_current_object()  # noqa: SLF001 - Flask's own name
    return InnerApi(flask, g.login.caller, request.host_url, request.remote_addr or "", g.request_id, g.traceparent)


def shown(template: str, **values: Any) -> str:
    """Return a page's HTML; every value is escaped by the template. `may` tells what the reader's key allows."""
    login: Login | None = g.get("login")
    may = login.caller.may if login else lambda _scope: False
    return render_template(template, login=login, may=may, **values)


def needed(answered: Answered) -> Any:
    """Return the body of an answer.

    Raises:
        Problem: what the API said, with its status.
    """
    if not answered.is_good:
        raise Problem(answered.status, (answered.body or {}).get("code", "error").replace("_", "-"), answered.problem)
    return answered.body


def faults_of(answered: Answered) -> dict[str, str]:
    """Return what the API found wrong with a body: JSON Pointer to detail; empty when it named no member."""
    body = answered.body if isinstance(answered.body, dict) else {}
    return {str(one.get("pointer", "")).removeprefix("#"): str(one.get("detail", "")) for one in body.get("errors", ())}
