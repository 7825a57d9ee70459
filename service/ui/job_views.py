"""Jobs: the list, one job with its pictures, live; cancel and retry."""

from __future__ import annotations

import time
from typing import Any

from flask import redirect, request, url_for

from schemas.event import EVENT_TYPES
from schemas.job import JOB_STATES
from schemas.kinds import REQUEST_SCHEMAS
from service.ui.blueprint import blueprint
from service.ui.names import names_of
from service.ui.pages import api, needed, page, shown
from service.ui.svg.cpu_levels import cpu_levels
from service.ui.svg.plan_graph import plan_graph
from service.ui.svg.steps import drawn_steps
from service.ui.svg.timeline import timeline

FINAL = frozenset({"succeeded", "failed", "cancelled", "expired"})
_FIRST_PAGES = (
    ("/jobs", "jobs:read"),
    ("/hosts", "hosts:read"),
    ("/webhooks", "webhooks:write"),
    ("/audit", "audit:read"),
)
# What changes a row of the list: its state, and how far it is.
_LIST_CHANGES = (*(name for name in EVENT_TYPES if name.startswith("job.")), "step.succeeded")
_PAGE = 50
_EVENTS = 200


@blueprint.route("/", methods=["GET"])
@page
def home() -> Any:
    """Where everybody begins."""
    return redirect(_first_page())


def _first_page() -> str:
    """Return the page of the jobs, for a key that may not see them the first that it may."""
    may = api().caller.may
    return next((path for path, scope in _FIRST_PAGES if may(scope)), "/jobs")


@blueprint.route("/jobs", methods=["GET"])
@page
def list_jobs() -> Any:
    """All jobs, newest first, with filters; live. The log-in leads here: who may not see jobs is led on."""
    if _first_page() != "/jobs":
        return redirect(_first_page())
    return shown("jobs.html", **_jobs(), states=JOB_STATES, kinds=tuple(REQUEST_SCHEMAS), live_types=_LIST_CHANGES)


@blueprint.route("/jobs/live", methods=["GET"])
@page
def list_jobs_live() -> str:
    """The part of the list that changes, for the same filters."""
    return shown("jobs_live.html", **_jobs())


def _jobs() -> dict[str, Any]:
    filters = {name: request.args.get(name, "") for name in ("state", "kind", "host_id", "label")}
    found = needed(api().get("/v1/jobs", limit=_PAGE, cursor=request.args.get("cursor"), **filters))
    names = names_of(api())
    return {"jobs": found["items"], "next_cursor": found["next_cursor"], "filters": filters, "names": names}


@blueprint.route("/jobs/<identifier:job_id>", methods=["GET"])
@page
def show_job(job_id: str) -> str:
    """One job. Its module follows the job's events and loads the live part again."""
    return shown("job.html", **_job(job_id), events=_events(job_id))


@blueprint.route("/jobs/<identifier:job_id>/live", methods=["GET"])
@page
def show_job_live(job_id: str) -> str:
    """The part of a job's page that changes."""
    return shown("job_live.html", **_job(job_id))


@blueprint.route("/jobs/<identifier:job_id>/cancel", methods=["POST"])
@page
def cancel_job(job_id: str) -> Any:
    """Cancel, keeping or rolling back what was built."""
    needed(api().call("POST", f"/v1/jobs/{job_id}:cancel", body={"on_cancel": request.form.get("on_cancel") or None}))
    return redirect(url_for("ui.show_job", job_id=job_id))


@blueprint.route("/jobs/<identifier:job_id>/<any(retry, approve, reject, pause, resume):verb>", methods=["POST"])
@page
def steer_job(job_id: str, verb: str) -> Any:
    """Go on from where the job ended; agree to it or refuse it; hold it between steps or let it go on."""
    reason = request.form.get("reason", "")
    needed(api().call("POST", f"/v1/jobs/{job_id}:{verb}", body={"reason": reason} if reason else None))
    return redirect(url_for("ui.show_job", job_id=job_id))


def _job(job_id: str) -> dict[str, Any]:
    job = needed(api().get(f"/v1/jobs/{job_id}"))
    steps = needed(api().get(f"/v1/jobs/{job_id}/steps"))["items"]
    drawn = drawn_steps(steps)
    is_final = job["state"] in FINAL
    causes = [] if is_final else needed(api().get(f"/v1/jobs/{job_id}:diagnosis"))["causes"]
    names = names_of(api())
    probes = (job.get("result") or {}).get("probes") or ()
    return {
        "job": job,
        "steps": steps,
        "running": [step for step in steps if step["state"] == "running"],
        "graph": plan_graph(drawn) if drawn else "",
        "timeline": timeline(drawn, time.time()) or "",
        "levels": cpu_levels(probes, names.host(job.get("host_id"))) or "",
        "probes": probes,
        "causes": causes,
        "is_final": is_final,
        "names": names,
    }


def _events(job_id: str) -> list[dict[str, Any]]:
    """Return the job's last events; the module goes on after the last of them."""
    events: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        found = needed(api().get(f"/v1/jobs/{job_id}/events", limit=_EVENTS, after=after))
        events = [*events, *found["items"]][-_EVENTS:]
        if len(found["items"]) < _EVENTS:
            return events
        after = found["items"][-1]["id"]
