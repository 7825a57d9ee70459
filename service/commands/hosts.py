"""`matryoshka hosts ...`: the physical Hyper-V hosts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from schemas.host import AUTHENTICATION
from service.commands import completing
from service.commands.asking import secret, sure
from service.commands.client import client_from_env
from service.commands.host_testing import test_host
from service.commands.naming import host_id
from service.commands.request_files import pairs
from service.commands.showing import Part, Prose, Record, Table, show, show_list, wants_data
from service.commands.tables import Column
from service.commands.verbs import Verbs, limited
from service.commands.waiting import Patience, finish, keyed, waits

_COLUMNS = (
    Column("id", kind="id"),
    Column("name"),
    Column("address", rank=1),
    Column("port", rank=6),
    Column("auth", rank=4),
    Column("schedulable", rank=2),
    Column("memory_gib", lambda host: _gib((host.get("capacity") or {}).get("memory_mib")), rank=5),
    Column("inspected", "inspected_at", "age"),
    Column("labels", rank=3),
)
_LINES = (
    Column("id", kind="id"),
    Column("name"),
    Column("address", lambda host: f"{host.get('scheme')}://{host.get('address')}:{host.get('port')}", "id"),
    Column("auth"),
    Column("username"),
    Column("configuration_name"),
    Column("labels"),
    Column("schedulable"),
    Column("requires_approval"),
    Column("storage_path", kind="id"),
    Column("capacity"),
    Column("limits"),
    Column("inspected", "inspected_at", "age"),
    Column("reached", "reached_at", "age"),
    Column("unreachable_since", kind="age"),
    Column("created", "created_at", "age"),
)
_REPORT = (
    *("computer_name", "os_caption", "os_build", "cpu_name", "logical_processor_count"),
    *("memory_total_mib", "memory_free_mib", "hyper_v_installed", "nested_virt_offered"),
)
FINDING_COLUMNS = (
    Column("severity", kind="state"),
    Column("code", kind="id", rank=3),
    Column("reason"),
    Column("remedy", rank=1),
    Column("source", rank=4),
)
_HELD = (
    Column("holder", kind="id"),
    Column("memory_mib"),
    Column("disk_gib"),
    Column("since", kind="age"),
    Column("expected_free", "expected_free_at", "age", rank=1),
)
_TARGETS = (
    Column("host", rank=2),
    Column("target"),
    Column("job", "job_id", "id"),
    Column("state", kind="state"),
    Column("since", kind="age"),
    Column("expected_free", "expected_free_at", "age", rank=1),
)
_STEPS = (
    Column("host", rank=2),
    Column("job", "job_id", "id"),
    Column("step", "step_id"),
    Column("worker", rank=3),
    Column("lease_age", "lease_age_seconds", rank=4),
    Column("lease_left", "lease_left_seconds", rank=1),
)
_WAITING = (
    Column("host", rank=2),
    Column("place"),
    Column("job", "job_id", "id"),
    Column("wants"),
    Column("memory_mib", rank=3),
    Column("disk_gib", rank=4),
    Column("since", kind="age"),
    Column("expected", "expected_at", "age", rank=1),
)
_PARTS = (
    ("targets", _TARGETS),
    ("steps", _STEPS),
    ("reservations", (Column("host", rank=2), *_HELD)),
    ("waiting", _WAITING),
)


@click.group(cls=Verbs, old_names={"register": "add"})
def hosts() -> None:
    """Hosts: the physical Hyper-V hosts."""


hosts.add_command(test_host)


@hosts.command("add")
@click.option("--name", required=True)
@click.option("--address", required=True)
@click.option("--port", type=int)
@click.option("--scheme", type=click.Choice(["https", "http"]), default="https", show_default=True)
@click.option("--auth", type=click.Choice(AUTHENTICATION), default="negotiate", show_default=True)
@click.option("--username", required=True)
@click.option("--password-env", help="Name of an environment variable of this command that holds the password.")
@click.option("--password-file", type=click.Path(path_type=Path), help="A file that holds the password.")
@click.option("--password-ref", help="env:NAME, file:NAME or vault:PLACE, resolved by the workers.")
@click.option(
    "--ca-file", type=click.Path(path_type=Path), help="PEM certificate of the authority that signed the host's."
)
@click.option("--configuration-name", help="The JEA endpoint to use.")
@click.option("--label", "labels", multiple=True, callback=pairs, help="NAME=VALUE, repeatable")
def add_host(**given: Any) -> None:
    """Register a host. The password is asked for unless an option says where it is; it is never an argument."""
    client = client_from_env()
    password = _secret(given.pop("password_ref"), given.pop("password_env"), given.pop("password_file"))
    ca_file = given.pop("ca_file")
    body = {name: value for name, value in given.items() if value is not None} | {"password": password}
    if ca_file:
        body["ca_pem"] = _text_of(ca_file)
    made = client.call("POST", "/v1/hosts", body)
    show(made, lambda: host_parts(made))


def _secret(ref: str | None, env: str | None, file: Path | None) -> dict[str, str]:
    if ref:
        return {"ref": ref}
    if env:
        if env not in os.environ:
            raise click.BadParameter(f"the environment variable {env} is not set")
        return {"value": os.environ[env]}
    if file:
        return {"value": _text_of(file).rstrip("\r\n")}
    return {"value": secret("Password", "give --password-env, --password-file or --password-ref")}


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{path} cannot be read: {type(error).__name__}") from error


@hosts.command("list")
@click.option("--label", help="NAME=VALUE")
@limited
def list_hosts(label: str | None) -> None:
    """List hosts."""
    show_list(client_from_env().pages("/v1/hosts", label=label), _COLUMNS)


@hosts.command("show")
@click.argument("host", shell_complete=completing.hosts)
def show_host(host: str) -> None:
    """Show a host (by name or id): how it is reached, what it is, what is held of it."""
    client = client_from_env()
    found = client.get(f"/v1/hosts/{host_id(client, host)}")
    show(found, lambda: host_parts(found))


@hosts.command()
@click.argument("host", shell_complete=completing.hosts)
@keyed
@waits
def inspect(host: str, idempotency_key: str, patience: Patience) -> None:
    """Inspect a host: what it is, what it could build and what forbids it."""
    client = client_from_env()
    path = f"/v1/hosts/{host_id(client, host)}:inspect"
    finish(client, client.call_once("POST", path, {}, idempotency_key), patience)


@hosts.command()
@click.argument("host", shell_complete=completing.hosts)
def cordon(host: str) -> None:
    """Place no new lab on a host. What is there goes on, and keys with hosts:write may still name it."""
    _schedulable(host, schedulable=False)


@hosts.command()
@click.argument("host", shell_complete=completing.hosts)
def uncordon(host: str) -> None:
    """Let labs be placed on a host again."""
    _schedulable(host, schedulable=True)


def _schedulable(host: str, *, schedulable: bool) -> None:
    client = client_from_env()
    path = f"/v1/hosts/{host_id(client, host)}"
    found = client.call("PATCH", path, {"schedulable": schedulable}, **{"If-Match": client.etag(path)})
    show(found, lambda: host_parts(found))


@hosts.command("delete")
@click.argument("host", shell_complete=completing.hosts)
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete_host(host: str, *, yes: bool) -> None:
    """Forget a host that has no lab and no job. In a terminal it asks first."""
    client = client_from_env()
    path = f"/v1/hosts/{host_id(client, host)}"
    sure(f"Forget the host {host}?", yes=yes)
    client.call("DELETE", path, **{"If-Match": client.etag(path)})
    click.echo(f"{host} is forgotten")


@hosts.command()
@click.argument("host", required=False, shell_complete=completing.hosts)
def locks(host: str | None) -> None:
    """Show who holds what on a host (on all without HOST), who waits, and what is expected."""
    client = client_from_env()
    found = [client.get(f"/v1/hosts/{host_id(client, host)}/locks")] if host else list(client.pages("/v1/locks"))
    if wants_data():
        show_list(found, ())
        return
    show({}, lock_parts(found))


def lock_parts(found: list[dict[str, Any]]) -> Iterator[Part]:
    """Yield what is held and waited for on hosts, each with its number."""
    for part, columns in _PARTS:
        rows = [{"host": host["host_name"], **row} for host in found for row in host[part]]
        yield Table(f"{part}: {len(rows)}", columns, rows) if rows else Prose([f"{part}: 0"])


def host_parts(host: dict[str, Any]) -> Iterator[Part]:
    """Yield how a host is reached, what its inspection found, and who holds what of it."""
    yield Record("", _LINES, host)
    report = host.get("report") or {}
    if report:
        yield Record("report", [Column(name) for name in _REPORT if name in report], report)
        yield Table("findings", FINDING_COLUMNS, report.get("findings") or ())
    yield Table("reservations", _HELD, host.get("reservations") or ())


def _gib(mib: int | None) -> int | None:
    return None if mib is None else mib // 1024
