"""Hosts: capacity and reservations as bars, findings, who works there and who waits; inspect, test."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for
from markupsafe import Markup

from service.ui.blueprint import blueprint
from service.ui.names import Names
from service.ui.pages import api, needed, page, shown
from service.ui.svg.bars import capacity_bar

_MOST = 200
_GIB = 1024


@blueprint.route("/hosts", methods=["GET"])
@page
def list_hosts() -> str:
    """All hosts."""
    hosts = needed(api().get("/v1/hosts", limit=_MOST))["items"]
    return shown("hosts.html", hosts=hosts)


@blueprint.route("/hosts/<identifier:host_id>", methods=["GET"])
@page
def show_host(host_id: str) -> str:
    """One host with what is held of it."""
    host = needed(api().get(f"/v1/hosts/{host_id}"))
    # Who may not see jobs sees the host none the less: he may have added it this moment.
    may_see = api().caller.may("jobs:read")
    jobs = needed(api().get("/v1/jobs", host_id=host_id, limit=_MOST))["items"] if may_see else []
    active = [job for job in jobs if not job["ended_at"]]
    locks = api().get(f"/v1/hosts/{host_id}/locks")
    return shown(
        "host.html",
        host=host,
        active=[job for job in active if job["state"] != "waiting"],
        waiting=[job for job in active if job["state"] == "waiting"],
        locks=locks.body if locks.is_good else None,
        test=_last_test(jobs),
        bars=_bars(host),
        names=Names({host_id: host["name"]}),
    )


@blueprint.route("/hosts/<identifier:host_id>/inspect", methods=["POST"])
@page
def inspect_host(host_id: str) -> Any:
    """Look at the host: a job."""
    return _begun(host_id, needed(api().call("POST", f"/v1/hosts/{host_id}:inspect")))


@blueprint.route("/hosts/<identifier:host_id>/test", methods=["POST"])
@page
def test_host(host_id: str) -> Any:
    """Test the way to the host: a job, whose result this host's page shows."""
    return _begun(host_id, needed(api().call("POST", f"/v1/hosts/{host_id}:test")))


def _begun(host_id: str, job: dict[str, Any]) -> Any:
    may_see = api().caller.may("jobs:read")
    return redirect(url_for("ui.show_job", job_id=job["id"]) if may_see else url_for("ui.show_host", host_id=host_id))


def _last_test(jobs: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the newest test of the host with its checks; None when there is none."""
    newest = next((job for job in jobs if job["kind"] == "test_host"), None)
    if newest is None:
        return None
    found = api().get(f"/v1/jobs/{newest['id']}")
    checks = ((found.body.get("result") or {}).get("checks") or ()) if found.is_good else ()
    return {"job": newest, "checks": checks}


def _bars(host: dict[str, Any]) -> list[Markup]:
    capacity = host.get("capacity") or {}
    held = host.get("reservations") or ()
    memory = capacity.get("memory_mib")
    return [
        capacity_bar(
            "memory-bar",
            "Memory",
            "GiB",
            None if memory is None else round(memory / _GIB, 1),
            [(one.get("holder") or "another tenant", round(one["memory_mib"] / _GIB, 1)) for one in held],
        ),
        capacity_bar(
            "disk-bar",
            "Disk",
            "GiB",
            capacity.get("disk_gib"),
            [(one.get("holder") or "another tenant", one["disk_gib"]) for one in held],
        ),
    ]
