"""`matryoshka jobs ...`: list, show and cancel jobs."""

from __future__ import annotations

import sys

import click

from schemas.job import JOB_STATES
from schemas.kinds import REQUEST_SCHEMAS
from service.commands.client import client_from_env
from service.commands.completing import job_ids
from service.commands.job_parts import (
    EVENT_COLUMNS,
    JOB_COLUMNS,
    STEP_COLUMNS,
    diagnosis_parts,
    job_parts,
)
from service.commands.naming import host_id, lab_id
from service.commands.showing import show, show_list
from service.commands.verbs import Verbs, limited
from service.commands.waiting import Patience, duration, finish, waits
from service.commands.watching import watch_job


@click.group(cls=Verbs, old_names={"get": "show"})
def jobs() -> None:
    """Jobs: what you asked for."""


@jobs.command("list")
@click.option("--state", type=click.Choice(JOB_STATES))
@click.option("--kind", type=click.Choice(list(REQUEST_SCHEMAS)))
@click.option("--host", "--host-id", "host", help="Name or id.")
@click.option("--lab", "--lab-id", "lab", help="Name or id.")
@click.option("--label", help="NAME=VALUE")
@limited
def list_jobs(host: str | None, lab: str | None, **filters: str | None) -> None:
    """List jobs, newest first."""
    client = client_from_env()
    host = host and host_id(client, host)
    lab = lab and lab_id(client, lab)
    show_list(client.pages("/v1/jobs", host_id=host, lab_id=lab, **filters), JOB_COLUMNS)


@jobs.command("show")
@click.argument("job_id", shell_complete=job_ids)
def show_job(job_id: str) -> None:
    """Show a job: where it is, why it failed, what it built."""
    job = client_from_env().get(f"/v1/jobs/{job_id}")
    show(job, lambda: job_parts(job))


@jobs.command()
@click.argument("job_id", shell_complete=job_ids)
def diagnose(job_id: str) -> None:
    """Say why a job moves or does not: what it waits for and who holds that."""
    found = client_from_env().get(f"/v1/jobs/{job_id}:diagnosis")
    show(found, lambda: diagnosis_parts(found))


@jobs.command()
@click.argument("job_id", shell_complete=job_ids)
@limited
def steps(job_id: str) -> None:
    """Show the steps of a job."""
    show_list(client_from_env().pages(f"/v1/jobs/{job_id}/steps"), STEP_COLUMNS)


@jobs.command()
@click.argument("job_id", shell_complete=job_ids)
@click.option("--type", "event_type", help="Only events of this type.")
@click.option("--after", help="Only events after this id.")
@limited
def events(job_id: str, event_type: str | None, after: str | None) -> None:
    """List the events of a job, oldest first."""
    show_list(client_from_env().pages(f"/v1/jobs/{job_id}/events", type=event_type, after=after), EVENT_COLUMNS)


@jobs.command()
@click.argument("job_id", shell_complete=job_ids)
@click.option("--on-cancel", type=click.Choice(["keep", "rollback"]), help="Instead of what the job says.")
@waits
def cancel(job_id: str, on_cancel: str | None, patience: Patience) -> None:
    """Cancel a job. With --wait the exit code is the job's: 4 when it is cancelled."""
    client = client_from_env()
    body = {"on_cancel": on_cancel} if on_cancel else {}
    finish(client, client.call("POST", f"/v1/jobs/{job_id}:cancel", body), patience)


@jobs.command("watch")
@click.argument("job_id", shell_complete=job_ids)
@click.option("--timeout", callback=duration, help="Leave after so long (90s, 5m, 2h) with 10; the job goes on.")
def watch(job_id: str, timeout: int | None) -> None:
    """Show a job's progress; the exit code is its result."""
    sys.exit(watch_job(client_from_env(), job_id, timeout))
