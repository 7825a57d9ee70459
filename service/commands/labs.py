"""`matryoshka labs ...`: what jobs built."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from schemas.kinds import REQUEST_SCHEMAS
from schemas.lab import LAB_STATES
from service.commands import completing
from service.commands.asking import sure
from service.commands.client import client_from_env
from service.commands.job_parts import built_parts
from service.commands.naming import host_id, lab_id
from service.commands.showing import Part, Record, Table, show, show_list
from service.commands.tables import Column, Row
from service.commands.text import exact
from service.commands.verbs import Verbs, limited
from service.commands.waiting import Patience, finish, keyed, seconds_of, waits

_READ = {
    "hypervisor_present": "hypervisor",
    "vm_monitor_mode_extensions": "extensions",
    "second_level_address_translation": "slat",
    "classification": "is",
}


def _reading(row: Row) -> str | None:
    reading = row.get("reading") or {}
    said = [f"{short}={exact(reading[name])}" for name, short in _READ.items() if name in reading]
    return " ".join(said) or None


_COLUMNS = (
    Column("id", kind="id"),
    Column("name"),
    Column("kind", rank=3),
    Column("state", kind="state"),
    Column("power", rank=2),
    Column("age", "created_at", "age"),
    Column("expires", "expires_at", "age", rank=1),
    Column("host", "host_id", "id", rank=4),
)
_LINES = (
    Column("id", kind="id"),
    Column("name"),
    Column("kind"),
    Column("state", kind="state"),
    Column("power"),
    Column("host", "host_id", "id"),
    Column("job", "job_id", "id"),
    Column("memory_mib", lambda lab: (lab.get("demand") or {}).get("memory_mib")),
    Column("disk_gib", lambda lab: (lab.get("demand") or {}).get("disk_gib")),
    Column("created", "created_at", "age"),
    Column("expires", "expires_at", "age"),
    Column("labels"),
)
_PROBES = (
    Column("level", kind="id"),
    Column("node"),
    Column("phase"),
    Column("verdict", kind="state"),
    Column("why", "reason", rank=1),
    Column("reads", _reading, rank=2),
)


@click.group(cls=Verbs, old_names={"get": "show"})
def labs() -> None:
    """Labs: what jobs built."""


@labs.command("list")
@click.option("--state", type=click.Choice(LAB_STATES))
@click.option("--kind", type=click.Choice(list(REQUEST_SCHEMAS)))
@click.option("--host", "--host-id", "host", help="Name or id.")
@click.option("--label", help="NAME=VALUE")
@limited
def list_labs(host: str | None, **filters: str | None) -> None:
    """List labs, newest first."""
    client = client_from_env()
    show_list(client.pages("/v1/labs", host_id=host and host_id(client, host), **filters), _COLUMNS)


@labs.command("show")
@click.argument("lab", shell_complete=completing.labs)
def show_lab(lab: str) -> None:
    """Show a lab (by name or id) with its proof, the CPU ledger."""
    client = client_from_env()
    found = client.get(f"/v1/labs/{lab_id(client, lab)}")
    show(found, lambda: lab_parts(found))


@labs.command()
@click.argument("lab", shell_complete=completing.labs)
@click.argument("seconds", callback=seconds_of)
def extend(lab: str, seconds: int) -> None:
    """Let a lab live SECONDS (or 12h, 2d) more from now; 0 takes its lease away."""
    client = client_from_env()
    path = f"/v1/labs/{lab_id(client, lab)}"
    found = client.call("PATCH", path, {"lease_seconds": seconds}, **{"If-Match": client.etag(path)})
    show(found, lambda: lab_parts(found))


@labs.command("delete")
@click.argument("lab", shell_complete=completing.labs)
@click.option("--yes", is_flag=True, help="Do not ask.")
@keyed
@waits
def delete_lab(lab: str, *, yes: bool, idempotency_key: str, patience: Patience) -> None:
    """Tear a lab down. In a terminal it asks first."""
    client = client_from_env()
    found = lab_id(client, lab)
    sure(f"Tear down {lab} with all that is in it?", yes=yes)
    finish(client, client.call_once("DELETE", f"/v1/labs/{found}", None, idempotency_key), patience)


@labs.command()
@click.argument("lab", shell_complete=completing.labs)
@keyed
@waits
def verify(lab: str, idempotency_key: str, patience: Patience) -> None:
    """Run every check of a living lab again: a job, which fails when something drifted."""
    client = client_from_env()
    body = {"kind": "verify_lab", "lab_id": lab_id(client, lab)}
    finish(client, client.call_once("POST", "/v1/jobs", body, idempotency_key), patience)


def lab_parts(lab: dict[str, Any]) -> Iterator[Part]:
    """Yield what a lab is made of and what was proven of it."""
    yield Record("", _LINES, lab)
    yield from built_parts((lab.get("facts") or {}).get("lab.summary") or {})
    yield Table("CPU ledger", _PROBES, lab.get("probes") or ())
