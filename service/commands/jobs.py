"""`matryoshka jobs ...`: submit, watch and steer jobs."""

from __future__ import annotations

import json
import sys
import uuid
from typing import Any, TextIO

import click

from service.commands.client import client_from_env
from service.commands.showing import show_json, show_list
from service.commands.watching import watch_job

_COLUMNS = ("id", "kind", "state", "progress_percent", "host_id", "lab_id", "created_at")
_CAUSE_COLUMNS = ("code", "blocking", "step_id", "node", "worker", "since", "detail", "remedy")
_STEP_COLUMNS = ("id", "title", "state", "node", "attempt", "percent", "message")


@click.group()
def jobs() -> None:
    """Jobs: what you asked for."""


def read_request(file: TextIO) -> dict[str, Any]:
    """Return the JSON object in a file. Raises click.BadParameter."""
    try:
        body = json.load(file)
    except ValueError as error:
        raise click.BadParameter(f"{file.name} is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise click.BadParameter(f"{file.name} is not a JSON object")
    return body


@jobs.command()
@click.argument("file", type=click.File())
@click.option("--watch", is_flag=True, help="Show progress; the exit code is the job's result.")
@click.option("--idempotency-key", help="A key of your own; one is made otherwise.")
def submit(file: TextIO, *, watch: bool, idempotency_key: str | None) -> None:
    """Submit the request in FILE (JSON; - reads standard input)."""
    client = client_from_env()
    headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
    job = client.call("POST", "/v1/jobs", read_request(file), **headers)
    if watch:
        sys.exit(watch_job(client, job["id"]))
    show_json(job)


@jobs.command()
@click.argument("file", type=click.File())
def plan(file: TextIO) -> None:
    """Show what the request in FILE would do, without doing it."""
    show_json(client_from_env().call("POST", "/v1/jobs:plan", read_request(file)))


@jobs.command("list")
@click.option("--state")
@click.option("--kind")
@click.option("--host-id")
@click.option("--lab-id")
@click.option("--label", help="NAME=VALUE")
@click.option("--json", "as_json", is_flag=True)
def list_jobs(*, as_json: bool, **filters: str | None) -> None:
    """List jobs, newest first."""
    show_list(client_from_env().pages("/v1/jobs", **filters), _COLUMNS, as_json=as_json)


@jobs.command()
@click.argument("job_id")
def get(job_id: str) -> None:
    """Show a job."""
    show_json(client_from_env().call("GET", f"/v1/jobs/{job_id}"))


@jobs.command()
@click.argument("job_id")
@click.option("--json", "as_json", is_flag=True)
def diagnose(job_id: str, *, as_json: bool) -> None:
    """Say why a job moves or does not: what it waits for and who holds that."""
    found = client_from_env().call("GET", f"/v1/jobs/{job_id}:diagnosis")
    if as_json:
        show_json(found)
        return
    click.echo(f"{found['state']}, {'moving' if found['moving'] else 'not moving'}")
    show_list(found["causes"], _CAUSE_COLUMNS, as_json=False)


@jobs.command()
@click.argument("job_id")
@click.option("--json", "as_json", is_flag=True)
def steps(job_id: str, *, as_json: bool) -> None:
    """Show the steps of a job."""
    show_list(client_from_env().pages(f"/v1/jobs/{job_id}/steps"), _STEP_COLUMNS, as_json=as_json)


@jobs.command()
@click.argument("job_id")
@click.option("--on-cancel", type=click.Choice(["keep", "rollback"]), help="Instead of what the job says.")
def cancel(job_id: str, on_cancel: str | None) -> None:
    """Cancel a job."""
    body = {"on_cancel": on_cancel} if on_cancel else {}
    show_json(client_from_env().call("POST", f"/v1/jobs/{job_id}:cancel", body))


@jobs.command()
@click.argument("job_id")
def watch(job_id: str) -> None:
    """Show a job's progress; the exit code is its result: 0 succeeded, 1 any other end, 130 on Ctrl-C."""
    sys.exit(watch_job(client_from_env(), job_id))
