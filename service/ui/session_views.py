"""Log in with an API key, log out; and the two files that pages load."""

from __future__ import annotations

from importlib import resources
from typing import Any

from flask import Response, redirect, request, url_for

from service.api.conditional import with_etag
from service.api.problems import Problem
from service.api.sessions import begin_session, end_session, login_of
from service.ui.blueprint import blueprint
from service.ui.pages import framed, opened, page, shown

_FILES = {
    "matryoshka.css": "text/css; charset=utf-8",
    "live.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


@blueprint.route("/ui/<name>", methods=["GET"])
@opened
def static_file(name: str) -> Response:
    """A file of the dashboard itself. Open to anyone: the log-in page needs it."""
    kind = _FILES.get(name)
    if kind is None:
        raise Problem(404, "not-found", "There is no such file.")
    content = resources.files("service.ui").joinpath("static", name).read_bytes()
    response = Response(content, content_type=kind, headers={"Cache-Control": "no-cache"})
    return with_etag(request, response)


@blueprint.route("/login", methods=["GET"])
@opened
def log_in() -> Response:
    """The form that asks for a key."""
    if login_of(request) is not None:
        return framed(redirect(_next()))
    return framed(shown("login.html", next=_next(), error=""))


@blueprint.route("/login", methods=["POST"])
@opened
def begin() -> Response:
    """Log in. Another site's form would gain nothing: it does not know a key, and the cookie is for this site only."""
    key = request.form.get("key", "").strip()
    response = framed(redirect(_next()))
    if key and begin_session(key, response, secure=request.is_secure):
        return response
    refused = framed(shown("login.html", next=_next(), error="Nobody has this key, or it has expired or was revoked."))
    refused.status_code = 401
    return refused


@blueprint.route("/logout", methods=["POST"])
@page
def log_out() -> Any:
    """End the session."""
    response = redirect(url_for("ui.log_in"))
    end_session(request, response)
    return response


def _next() -> str:
    """Return where to go after the log-in: a page of ours, never another site."""
    wanted = request.values.get("next", "")
    local = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if local else url_for("ui.list_jobs")
