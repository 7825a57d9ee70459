"""API keys and the audit log, for administrators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from schemas.key import SCOPES
from service.ui.blueprint import blueprint
from service.ui.pages import api, needed, page, shown

_PAGE = 100


@blueprint.route("/keys", methods=["GET"])
@page
def list_keys() -> str:
    """All keys; the keys themselves are not kept."""
    return _keys()


@blueprint.route("/keys", methods=["POST"])
@page
def make_key() -> Any:
    """Make a key and show it once; what cannot be made keeps what was typed."""
    body: dict[str, Any] = {"name": request.form.get("name", ""), "scopes": request.form.getlist("scopes")}
    if request.form.get("tenant"):
        body["tenant"] = request.form["tenant"]
    answered = api().call("POST", "/v1/keys", body=body)
    if answered.is_good:
        return _keys(made=answered.body)
    return _keys(given=body, said=answered.problem), answered.status


def _keys(made: Mapping[str, Any] | None = None, given: Mapping[str, Any] | None = None, said: str = "") -> str:
    found = needed(api().get("/v1/keys", limit=_PAGE, cursor=request.args.get("cursor")))
    return shown(
        "keys.html",
        keys=found["items"],
        next_cursor=found["next_cursor"],
        scopes=SCOPES,
        made=made,
        given=given or {},
        said=said,
    )


@blueprint.route("/audit", methods=["GET"])
@page
def show_audit() -> str:
    """Who changed what, newest first."""
    names = ("actor", "operation", "target")
    filters = {name: request.args.get(name, "") for name in names}
    found = needed(api().get("/v1/audit", limit=_PAGE, cursor=request.args.get("cursor"), **filters))
    return shown("audit.html", entries=found["items"], next_cursor=found["next_cursor"], filters=filters)
