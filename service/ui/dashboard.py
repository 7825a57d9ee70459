"""Puts the dashboard on the app: its views, what its templates may call, and errors as pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, make_response, request

from schemas.event import EVENT_TYPES
from service.api.problems import MEDIA_TYPE, Problem
from service.ui import (
    adding_views,
    host_views,
    job_views,
    key_views,
    lab_views,
    new_views,
    session_views,
    webhook_views,
)
from service.ui.blueprint import blueprint
from service.ui.names import Names
from service.ui.pages import framed, shown
from service.ui.svg.cpu_levels import seen
from service.ui.svg.timeline import clock
from service.ui.svg.topology import gib

VIEWS = (adding_views, host_views, job_views, key_views, lab_views, new_views, session_views, webhook_views)


def register_dashboard(app: Flask) -> None:
    """Register the dashboard. Its pages are no part of the OpenAPI document."""
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(
        clock=clock,
        gib=gib,
        seen=seen,
        next_query=next_query,
        event_text=event_text,
        event_types=EVENT_TYPES,
        only_this=Names(),
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    blueprint_errors(app)


def blueprint_errors(app: Flask) -> None:
    """Show a problem of a page as a page; the API's stay problem+json."""
    answer_problem = app.error_handler_spec[None][None][Problem]

    def show_problem(problem: Problem) -> Response:
        if request.blueprint != blueprint.name:
            return make_response(answer_problem(problem))
        title = problem.code.replace("-", " ").capitalize()
        page = shown("problem.html", title=title, detail=problem.detail, remedy=problem.extensions.get("remedy", ""))
        response = framed(page)
        response.status_code = problem.status
        return response

    def show_failure(response: Response) -> Response:
        """Turn what is no Problem of a view (an unknown address, a button's, a ledger that is away) into a page too."""
        if response.mimetype != MEDIA_TYPE or not _is_a_reader():
            return response
        said = response.get_json(force=True)
        page = framed(shown("problem.html", title=said["title"], detail=said["detail"], remedy=said.get("remedy", "")))
        page.status_code = response.status_code
        kept = {name: value for name, value in response.headers.items() if name in ("Allow", "Retry-After")}
        page.headers.update(kept)
        return page

    app.register_error_handler(Problem, show_problem)
    app.after_request(show_failure)


def _is_a_reader() -> bool:
    """Tell whether a person's browser asks for a page: it says so, and the API's addresses are not pages."""
    named = {kind for kind, _ in request.accept_mimetypes}
    return "text/html" in named and not request.path.startswith("/v1/")


def next_query(cursor: str) -> str:
    """Return the query of the next page: the filters as they are, with its cursor."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "cursor" and value]
    return urlencode([*kept, ("cursor", cursor)])


def event_text(event: Mapping[str, Any]) -> str:
    """Say in words what an event tells; as `live.js` says it of those that come later."""
    data = event.get("data") or {}
    error = data.get("error") or {}
    lines = [f"{line.get('stream', '')}: {line.get('text', '')}" for line in data.get("lines") or ()]
    if data.get("dropped"):
        lines.append(f"{data['dropped']} lines are left out")
    word = data.get("message") or error.get("detail") or data.get("reason") or "\n".join(lines)
    percent = data.get("percent")
    return f"{word}{'' if percent is None else f' {percent} %'}"
