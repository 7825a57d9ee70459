"""`matryoshka jobs approve|reject|pause|resume|amend|retry`: what steers a job."""

from __future__ import annotations

from typing import Any, TextIO

import click

from service.commands.client import client_from_env
from service.commands.completing import job_ids
from service.commands.job_parts import job_parts
from service.commands.jobs import jobs
from service.commands.request_files import pairs, read_request
from service.commands.showing import show
from service.commands.submit import plan, submit
from service.commands.waiting import Patience, finish, waits

jobs.add_command(submit)
jobs.add_command(plan)


def _steer(job_id: str, verb: str, reason: str, patience: Patience) -> None:
    client = client_from_env()
    body = {"reason": reason} if reason else {}
    finish(client, client.call("POST", f"/v1/jobs/{job_id}:{verb}", body), patience)


@jobs.command()
@click.argument("job_id", shell_complete=job_ids)
@click.option("--reason", default="", help="Kept with the job's events.")
@waits
def approve(job_id: str, reason: str, patience: Patience) -> None:
    """Agree to a job that waits for an approval (scope jobs:approve; not for one's own)."""
    _steer(job_id, "approve", reason, patience)


@jobs.command()
@click.argument("job_id", shell_complete=job_ids)
@click.option("--reason", default="", help="Shown as the job's error.")
def reject(job_id: str, reason: str) -> None:
    """Refuse a job that waits for an approval."""
    _steer(job_id, "reject", reason, Patience())


@jobs.command()
@click.argument("job_id", shell_complete=job_ids)
@click.option("--reason", default="", help="Kept with the job's events.")
def pause(job_id: str, reason: str) -> None:
    """Let the running steps of a job end and begin no other."""
    _steer(job_id, "pause", reason, Patience())


@jobs.command()
@click.argument("job_id", shell_complete=job_ids)
@click.option("--reason", default="", help="Kept with the job's events.")
@waits
def resume(job_id: str, reason: str, patience: Patience) -> None:
    """Go on with a paused job."""
    _steer(job_id, "resume", reason, patience)


@jobs.command()
@click.argument("job_id", shell_complete=job_ids)
@click.option(
    "--changes", type=click.File(), help="A merge patch of the request (JSON or YAML; - reads standard input)."
)
@waits
def retry(job_id: str, changes: TextIO | None, patience: Patience) -> None:
    """Go on with a failed, cancelled or expired job from the step at which it ended."""
    client, path = client_from_env(), f"/v1/jobs/{job_id}"
    body = {"changes": read_request(changes)} if changes else {}
    headers = {"If-Match": client.etag(path)} if changes else {}
    finish(client, client.call("POST", f"{path}:retry", body, **headers), patience)


@jobs.command()
@click.argument("job_id", shell_complete=job_ids)
@click.option("--priority", type=click.Choice(["low", "normal", "high"]))
@click.option("--label", "labels", multiple=True, callback=pairs, help="NAME=VALUE, repeatable; replaces all labels.")
@click.option("--not-before", help="RFC 3339, such as 2026-01-31T22:00:00Z; 'now' begins the job.")
def amend(job_id: str, priority: str | None, labels: dict[str, str], not_before: str | None) -> None:
    """Change a job that has not started."""
    body: dict[str, Any] = {"priority": priority} if priority else {}
    if labels:
        body["labels"] = labels
    if not_before:
        body["not_before"] = None if not_before == "now" else not_before
    client, path = client_from_env(), f"/v1/jobs/{job_id}"
    job = client.call("PATCH", path, body, **{"If-Match": client.etag(path)})
    show(job, lambda: job_parts(job))
