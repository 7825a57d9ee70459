"""A new job: choose a kind, fill in the form, look at the plan, send."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from flask import redirect, request, url_for

from schemas.kinds import REQUEST_SCHEMAS
from service.api.examples import request_examples
from service.api.problems import Problem
from service.ui.blueprint import blueprint
from service.ui.forms import FormError, filled, request_of, sections
from service.ui.names import names_of
from service.ui.pages import api, faults_of, page, shown
from service.ui.svg.plan_graph import plan_graph
from service.ui.svg.steps import drawn_steps


@blueprint.route("/new", methods=["GET"])
@page
def choose_kind() -> str:
    """The kinds of jobs."""
    kinds = {kind: (schema.__doc__ or "").split("\n")[0] for kind, schema in REQUEST_SCHEMAS.items()}
    return shown("new.html", kinds=kinds)


@blueprint.route("/new/<kind>", methods=["GET"])
@page
def fill_in(kind: str) -> str:
    """The form of one kind, with an example filled in or what the query gives (`?/lab_id=...`)."""
    schema_of(kind)
    example = {} if request.args.get("empty") else filled(_example(kind))
    return _form(kind, example | {name: value for name, value in request.args.items() if name.startswith("/")})


@blueprint.route("/new/<kind>", methods=["POST"])
@page
def plan_or_send(kind: str) -> Any:
    """Show the plan of what was filled in; or, when that was seen and confirmed, send it."""
    given = dict(request.form.items())
    if "change" in given:
        return _form(kind, given)
    try:
        wanted = request_of(schema_of(kind), kind, given)
    except FormError as error:
        return _form(kind, given, {error.name: str(error)}), 422
    if request.form.get("send"):
        headers = {"Idempotency-Key": request.form.get("once") or secrets.token_hex(16)}
        answered = api().call("POST", "/v1/jobs", body=wanted, headers=headers)
        if answered.is_good:
            return redirect(url_for("ui.show_job", job_id=answered.body["id"]))
    else:
        answered = api().call("POST", "/v1/jobs:plan", body=wanted)
        if answered.is_good:
            return _confirm(kind, given, answered.body)
    return _form(kind, given, faults_of(answered), answered.problem), answered.status


def schema_of(kind: str) -> Any:
    """Return the schema of a kind.

    Raises:
        Problem: 404.
    """
    if kind not in REQUEST_SCHEMAS:
        raise Problem(404, "not-found", f"There is no kind of job {kind!r}.")
    return REQUEST_SCHEMAS[kind]()


def _form(kind: str, given: Mapping[str, str], errors: Mapping[str, str] | None = None, said: str = "") -> str:
    return shown(
        "new_form.html",
        kind=kind,
        about=(REQUEST_SCHEMAS[kind].__doc__ or "").strip(),
        sections=list(sections(schema_of(kind))),
        given=given,
        errors=errors or {},
        said=said,
        names=names_of(api()),
    )


def _confirm(kind: str, given: Mapping[str, str], plan: Mapping[str, Any]) -> str:
    drawn = drawn_steps(plan["steps"])
    return shown(
        "new_plan.html",
        kind=kind,
        given={name: value for name, value in given.items() if name.startswith("/")},
        plan=plan,
        graph=plan_graph(drawn) if drawn else "",
        once=secrets.token_hex(16),
        names=names_of(api()),
    )


def _example(kind: str) -> Mapping[str, Any]:
    found = request_examples().get(kind) or {}
    value: Mapping[str, Any] = found.get("value", {})
    return value
