"""`matryoshka labs|hosts|images|events ...`: the other resources, as a caller sees them."""

from __future__ import annotations

import os
import sys
import uuid
from pathlib import Path
from typing import Any, TextIO

import click

from schemas.host import AUTHENTICATION
from schemas.image import EDITIONS
from service.commands.client import client_from_env
from service.commands.jobs import read_request
from service.commands.showing import show_json, show_list
from service.commands.watching import watch_job

_LAB_COLUMNS = ("id", "name", "kind", "state", "host_id", "created_at", "expires_at")
_HOST_COLUMNS = ("id", "name", "address", "scheme", "auth", "labels", "schedulable", "inspected_at")
_IMAGE_COLUMNS = ("id", "name", "path", "edition", "os_build")
_EVENT_COLUMNS = ("id", "timestamp", "type", "job_id", "step_id", "node")


@click.group()
def labs() -> None:
    """Labs: what jobs built."""


@labs.command("list")
@click.option("--state")
@click.option("--kind")
@click.option("--host-id")
@click.option("--label", help="NAME=VALUE")
@click.option("--json", "as_json", is_flag=True)
def list_labs(*, as_json: bool, **filters: str | None) -> None:
    """List labs, newest first."""
    show_list(client_from_env().pages("/v1/labs", **filters), _LAB_COLUMNS, as_json=as_json)


@labs.command("get")
@click.argument("lab_id")
def get_lab(lab_id: str) -> None:
    """Show a lab with its CPU ledger."""
    show_json(client_from_env().call("GET", f"/v1/labs/{lab_id}"))


@labs.command()
@click.argument("lab_id")
@click.argument("seconds", type=int)
def extend(lab_id: str, seconds: int) -> None:
    """Let a lab live SECONDS more from now; 0 takes its lease away."""
    client = client_from_env()
    headers = {"If-Match": client.etag(f"/v1/labs/{lab_id}")}
    show_json(client.call("PATCH", f"/v1/labs/{lab_id}", {"lease_seconds": seconds}, **headers))


@labs.command("delete")
@click.argument("lab_id")
@click.option("--watch", is_flag=True, help="Show progress; the exit code is the teardown's result.")
def delete_lab(lab_id: str, *, watch: bool) -> None:
    """Tear a lab down."""
    client = client_from_env()
    job = client.call("DELETE", f"/v1/labs/{lab_id}", **{"Idempotency-Key": str(uuid.uuid4())})
    if watch:
        sys.exit(watch_job(client, job["id"]))
    show_json(job)


@click.group()
def hosts() -> None:
    """Hosts: the physical Hyper-V hosts."""


@hosts.command()
@click.option("--name", required=True)
@click.option("--address", required=True)
@click.option("--port", type=int)
@click.option("--scheme", type=click.Choice(["https", "http"]), default="https", show_default=True)
@click.option("--auth", type=click.Choice(AUTHENTICATION), default="negotiate", show_default=True)
@click.option("--username", required=True)
@click.option("--password-env", help="Name of an environment variable of this command that holds the password.")
@click.option("--password-file", type=click.Path(path_type=Path), help="A file that holds the password.")
@click.option("--password-ref", help="env:NAME or file:NAME, resolved by the workers.")
@click.option(
    "--ca-file", type=click.Path(path_type=Path), help="PEM certificate of the authority that signed the host's."
)
@click.option("--label", "labels", multiple=True, help="NAME=VALUE, repeatable")
def register(**given: Any) -> None:
    """Register a host. The password is asked for unless an option says where it is; it is never an argument."""
    secret = _secret(given.pop("password_ref"), given.pop("password_env"), given.pop("password_file"))
    ca_file, labels = given.pop("ca_file"), given.pop("labels")
    body = {name: value for name, value in given.items() if value is not None} | {"password": secret}
    body["labels"] = dict(label.split("=", 1) for label in labels)
    if ca_file:
        body["ca_pem"] = ca_file.read_text()
    show_json(client_from_env().call("POST", "/v1/hosts", body))


def _secret(ref: str | None, env: str | None, file: Path | None) -> dict[str, str]:
    if ref:
        return {"ref": ref}
    if env:
        if env not in os.environ:
            raise click.BadParameter(f"the environment variable {env} is not set")
        return {"value": os.environ[env]}
    if file:
        return {"value": file.read_text().rstrip("\r\n")}
    return {"value": click.prompt("Password", hide_input=True)}


@hosts.command("list")
@click.option("--label", help="NAME=VALUE")
@click.option("--json", "as_json", is_flag=True)
def list_hosts(*, as_json: bool, label: str | None) -> None:
    """List hosts."""
    show_list(client_from_env().pages("/v1/hosts", label=label), _HOST_COLUMNS, as_json=as_json)


@hosts.command()
@click.argument("host_id")
@click.option("--watch", is_flag=True)
def inspect(host_id: str, *, watch: bool) -> None:
    """Inspect a host: what it is, what it could build and what forbids it."""
    client = client_from_env()
    job = client.call("POST", f"/v1/hosts/{host_id}:inspect", {})
    if watch:
        sys.exit(watch_job(client, job["id"]))
    show_json(job)


@hosts.command()
@click.argument("host_id")
def cordon(host_id: str) -> None:
    """Place no new lab on a host. What is there goes on, and keys with hosts:write may still name it."""
    _schedulable(host_id, schedulable=False)


@hosts.command()
@click.argument("host_id")
def uncordon(host_id: str) -> None:
    """Let labs be placed on a host again."""
    _schedulable(host_id, schedulable=True)


def _schedulable(host_id: str, *, schedulable: bool) -> None:
    client, path = client_from_env(), f"/v1/hosts/{host_id}"
    show_json(client.call("PATCH", path, {"schedulable": schedulable}, **{"If-Match": client.etag(path)}))


@click.group()
def images() -> None:
    """Images: parent disks."""


@images.command("add")
@click.argument("file", type=click.File(), required=False)
@click.option("--name")
@click.option("--path", help="Where the VHDX is on the hosts.")
@click.option("--sha256", help="Its hash, as Get-FileHash prints it.")
@click.option("--os-build", type=int, help="20348 for Windows Server 2022, 26100 for 2025.")
@click.option("--os-name")
@click.option("--edition", type=click.Choice(EDITIONS))
@click.option("--generation", type=click.Choice(["1", "2"]), callback=lambda _c, _p, value: value and int(value))
def add_image(file: TextIO | None, **given: Any) -> None:
    """Add the image that FILE (JSON) or the options describe; an option goes before the file's member."""
    members = read_request(file) if file else {}
    members |= {name: value for name, value in given.items() if value is not None}
    show_json(client_from_env().call("POST", "/v1/images", members))


@images.command("list")
@click.option("--json", "as_json", is_flag=True)
def list_images(*, as_json: bool) -> None:
    """List images."""
    show_list(client_from_env().pages("/v1/images"), _IMAGE_COLUMNS, as_json=as_json)


@click.command()
@click.option("--type", "event_type", help="Only events of this type.")
@click.option("--after", help="Only events after this id.")
@click.option("--json", "as_json", is_flag=True)
def events(*, as_json: bool, event_type: str | None, after: str | None) -> None:
    """List the events of all jobs, oldest first."""
    feed = client_from_env().pages("/v1/events", type=event_type, after=after)
    show_list(feed, _EVENT_COLUMNS, as_json=as_json)
