"""Labs: the list, one lab with its topology and proof; verify, extend, tear down."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from schemas.lab import LAB_STATES
from schemas.request import LONGEST_LEASE_SECONDS
from service.ui.blueprint import blueprint
from service.ui.names import names_of
from service.ui.pages import api, needed, page, shown
from service.ui.svg.cpu_levels import cpu_levels
from service.ui.svg.topology import topology

_PAGE = 50
# What can be done to the nodes of a ready lab, by its kind; the other kinds that work on labs have buttons.
_OF_NODES = ("stop_lab", "start_lab", "rotate_guest_password")
_CHANGES = {"nested_cluster": (*_OF_NODES, "add_node", "remove_node"), "nested_host": _OF_NODES}


@blueprint.route("/labs", methods=["GET"])
@page
def list_labs() -> str:
    """All labs, newest first."""
    state = request.args.get("state", "")
    found = needed(api().get("/v1/labs", limit=_PAGE, cursor=request.args.get("cursor"), state=state))
    return shown(
        "labs.html",
        labs=found["items"],
        next_cursor=found["next_cursor"],
        state=state,
        states=LAB_STATES,
        names=names_of(api()),
    )


@blueprint.route("/labs/<identifier:lab_id>", methods=["GET"])
@page
def show_lab(lab_id: str) -> str:
    """One lab: what it is made of, and what was proven."""
    lab = needed(api().get(f"/v1/labs/{lab_id}"))
    built = api().get(f"/v1/jobs/{lab['job_id']}")
    request_of = built.body.get("request") or {} if built.is_good else {}
    names = names_of(api())
    host = names.host(lab["host_id"])
    jobs = needed(api().get("/v1/jobs", lab_id=lab_id, limit=_PAGE))["items"]
    return shown(
        "lab.html",
        lab=lab,
        jobs=jobs,
        picture=topology(lab, request_of, host) or "",
        levels=cpu_levels(lab.get("probes") or (), host) or "",
        probes=lab.get("probes") or (),
        names=names,
        changes=_CHANGES.get(lab["kind"], ()) if lab["state"] == "ready" else (),
        longest_hours=LONGEST_LEASE_SECONDS // 3600,
    )


@blueprint.route("/labs/<identifier:lab_id>/verify", methods=["POST"])
@page
def verify_lab(lab_id: str) -> Any:
    """Compare the lab with what was asked for: a job."""
    return _to_job(needed(api().call("POST", "/v1/jobs", body={"kind": "verify_lab", "lab_id": lab_id})))


@blueprint.route("/labs/<identifier:lab_id>/teardown", methods=["POST"])
@page
def tear_down(lab_id: str) -> Any:
    """Remove the lab: a job."""
    return _to_job(needed(api().call("DELETE", f"/v1/labs/{lab_id}")))


@blueprint.route("/labs/<identifier:lab_id>/extend", methods=["POST"])
@page
def extend_lab(lab_id: str) -> Any:
    """Set the end of the lab's lease, in hours from now; 0 takes it away."""
    seconds = _seconds(request.form.get("hours", ""))
    headers = {"If-Match": request.form.get("etag", "")}
    needed(api().call("PATCH", f"/v1/labs/{lab_id}", body={"lease_seconds": seconds}, headers=headers))
    return redirect(url_for("ui.show_lab", lab_id=lab_id))


def _seconds(hours: str) -> int | str:
    """Return hours in seconds, or what was typed when it is no number: the API says what is wrong with it."""
    try:
        return int(hours) * 3600
    except ValueError:
        return hours


def _to_job(job: dict[str, Any]) -> Any:
    return redirect(url_for("ui.show_job", job_id=job["id"]))
