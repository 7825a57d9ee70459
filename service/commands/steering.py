"""`matryoshka jobs approve|reject|pause|resume|amend|retry` and `hosts locks`: what steers, and who holds."""

from __future__ import annotations

from typing import Any, TextIO

import click

from service.commands.client import client_from_env
from service.commands.jobs import jobs, read_request
from service.commands.resources import hosts
from service.commands.showing import show_json, show_list

_TARGETS = ("host", "target", "job_id", "state", "since", "expected_free_at")
_STEPS = ("host", "job_id", "step_id", "worker", "lease_age_seconds", "lease_left_seconds")
_HELD = ("host", "holder", "memory_mib", "disk_gib", "since", "expected_free_at")
_WAITING = ("host", "place", "job_id", "wants", "memory_mib", "disk_gib", "since", "expected_at")
_PARTS = (("targets", _TARGETS), ("steps", _STEPS), ("reservations", _HELD), ("waiting", _WAITING))


def _steer(job_id: str, verb: str, reason: str) -> None:
    body = {"reason": reason} if reason else {}
    show_json(client_from_env().call("POST", f"/v1/jobs/{job_id}:{verb}", body))


@jobs.command()
@click.argument("job_id")
@click.option("--reason", default="", help="Kept with the job's events.")
def approve(job_id: str, reason: str) -> None:
    """Agree to a job that waits for an approval (scope jobs:approve; not for one's own)."""
    _steer(job_id, "approve", reason)


@jobs.command()
@click.argument("job_id")
@click.option("--reason", default="", help="Shown as the job's error.")
def reject(job_id: str, reason: str) -> None:
    """Refuse a job that waits for an approval."""
    _steer(job_id, "reject", reason)


@jobs.command()
@click.argument("job_id")
@click.option("--reason", default="", help="Kept with the job's events.")
def pause(job_id: str, reason: str) -> None:
    """Let the running steps of a job end and begin no other."""
    _steer(job_id, "pause", reason)


@jobs.command()
@click.argument("job_id")
@click.option("--reason", default="", help="Kept with the job's events.")
def resume(job_id: str, reason: str) -> None:
    """Go on with a paused job."""
    _steer(job_id, "resume", reason)


@jobs.command()
@click.argument("job_id")
@click.option(
    "--changes", type=click.File(), help="A JSON merge patch of the request (a file; - reads standard input)."
)
def retry(job_id: str, changes: TextIO | None) -> None:
    """Go on with a failed, cancelled or expired job from the step at which it ended."""
    client = client_from_env()
    if changes is None:
        show_json(client.call("POST", f"/v1/jobs/{job_id}:retry", {}))
        return
    headers = {"If-Match": client.etag(f"/v1/jobs/{job_id}")}
    show_json(client.call("POST", f"/v1/jobs/{job_id}:retry", {"changes": read_request(changes)}, **headers))


@jobs.command()
@click.argument("job_id")
@click.option("--priority", type=click.Choice(["low", "normal", "high"]))
@click.option("--label", "labels", multiple=True, help="NAME=VALUE, repeatable; replaces all labels.")
@click.option("--not-before", help="RFC 3339, such as 2026-01-31T22:00:00Z; 'now' begins the job.")
def amend(job_id: str, priority: str | None, labels: tuple[str, ...], not_before: str | None) -> None:
    """Change a job that has not started."""
    body: dict[str, Any] = {"priority": priority} if priority else {}
    if labels:
        body["labels"] = dict(label.partition("=")[::2] for label in labels)
    if not_before:
        body["not_before"] = None if not_before == "now" else not_before
    client = client_from_env()
    headers = {"If-Match": client.etag(f"/v1/jobs/{job_id}")}
    show_json(client.call("PATCH", f"/v1/jobs/{job_id}", body, **headers))


@hosts.command()
@click.argument("host_id", required=False)
@click.option("--json", "as_json", is_flag=True)
def locks(host_id: str | None, *, as_json: bool) -> None:
    """Show who holds what on a host (on all without HOST_ID), who waits, and what is expected."""
    client = client_from_env()
    found = [client.call("GET", f"/v1/hosts/{host_id}/locks")] if host_id else list(client.pages("/v1/locks"))
    if as_json:
        show_list(found, (), as_json=True)
        return
    for part, columns in _PARTS:
        rows = [{"host": host["host_name"], **row} for host in found for row in host[part]]
        click.echo(f"{part}: {len(rows)}")
        if rows:
            show_list(rows, columns, as_json=False)
