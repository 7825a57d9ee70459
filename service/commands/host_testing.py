"""`matryoshka hosts test`: what of the way to a host works, in order, and how to cure the first thing that does not."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from service.commands import completing
from service.commands.client import client_from_env
from service.commands.exits import Exit, exit_of_job
from service.commands.naming import host_id
from service.commands.showing import Part, Prose, Table, show
from service.commands.tables import Column
from service.commands.text import clean, exact
from service.commands.verbs import Verb
from service.commands.waiting import Waiter, duration, keyed

_FAILED, _PASSED = "failed", "passed"
# What of a check that passed is worth a line, by check: a member of what was seen, and the words around it.
_WORTH: Mapping[str, Sequence[tuple[str, str]]] = {
    "name": (("addresses", "{}"),),
    "port": (("port", "port {}"), ("address", "at {}"), ("milliseconds", "in {} ms")),
    "tls": (("version", "{}"), ("messages", "messages {}")),
    "authentication": (("auth", "{}"), ("account", "as {}"), ("offered", "offered {}")),
    "endpoint": (("configuration", "{}"), ("functions", "{} functions")),
    "rights": (("is_administrator", "administrator {}"), ("is_hyper_v_administrator", "Hyper-V administrator {}")),
    "role": (
        ("os_caption", "{}"),
        ("os_build", "build {}"),
        ("cpu_name", "{}"),
        ("hypervisor_launched", "hypervisor {}"),
    ),
}
_NOT_SHOWN = frozenset({"pem"})


@click.command("test", cls=Verb)
@click.argument("host", shell_complete=completing.hosts)
@click.option("--timeout", callback=duration, default="5m", show_default=True, help="Leave after so long with 10.")
@click.option(
    "--save-certificate",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the certificate that the host presents (PEM): compare it there, then give it as ca_pem.",
)
@keyed
def test_host(host: str, timeout: int, save_certificate: Path | None, idempotency_key: str) -> None:
    """Test the way to HOST (name or id): name, port, TLS, authentication, endpoint, rights, role.

    A worker does it, one check after the other, and stops at the first that fails: that one is shown with what was
    seen, why it fails and what to run on the host. The exit code is 11 when a check failed.
    """
    client = client_from_env()
    path = f"/v1/hosts/{host_id(client, host)}:test"
    begun = client.call_once("POST", path, {}, idempotency_key)
    job = Waiter(client, timeout).final(begun["id"])
    checks = (job.get("result") or {}).get("checks") or []
    shown = {"host_id": job.get("host_id"), "job_id": job["id"], "state": job["state"], "checks": checks}
    show(shown | {"error": job.get("error")}, lambda: check_parts(job, checks))
    if save_certificate:
        _save(save_certificate, checks)
    sys.exit(exit_of_test(job, checks))


def exit_of_test(job: Mapping[str, Any], checks: Sequence[Mapping[str, Any]]) -> int:
    """Return FAULTS when a check failed; else what the end of the job says."""
    if any(check["outcome"] == _FAILED for check in checks):
        return Exit.FAULTS
    return exit_of_job(job["state"])


def check_parts(job: Mapping[str, Any], checks: Sequence[Mapping[str, Any]]) -> Iterator[Part]:
    """Yield the checks in order, their warnings, and the failure with its cure."""
    yield Table("", _COLUMNS, checks)
    warnings = [line for check in checks for line in _warning_lines(check)]
    if warnings:
        yield Prose(warnings)
    failed = next((check for check in checks if check["outcome"] == _FAILED), None)
    if failed:
        yield Prose(list(_cure_lines(failed)))
    elif job["state"] != "succeeded":
        error = job.get("error") or {}
        yield Prose([clean(f"{job['id']} {job['state']}: {error.get('detail') or 'see its events'}")])


def seen_in_words(check: Mapping[str, Any]) -> str:
    """Return in a few words what a check saw, or why it failed."""
    if check["outcome"] == _FAILED:
        return str(check.get("detail") or check.get("why") or "")
    seen = check.get("seen") or {}
    worth = _WORTH.get(check["id"], ())
    words = [around.format(exact(seen[name])) for name, around in worth if _is_told(seen, name)]
    certificate = seen.get("certificate") or {}
    if certificate:
        words.append(f"{exact(certificate.get('names'))} until {str(certificate.get('not_after'))[:10]}")
    return ", ".join(words)


def _is_told(seen: Mapping[str, Any], name: str) -> bool:
    return seen.get(name) not in (None, "", [], {})


def _outcome(check: Mapping[str, Any]) -> str:
    if check["outcome"] == _PASSED and check.get("warnings"):
        return "warning"
    return str(check["outcome"]).replace("_", " ")


_COLUMNS = (Column("check", "id", "id"), Column("outcome", _outcome, "state"), Column("seen", seen_in_words))


def _warning_lines(check: Mapping[str, Any]) -> Iterator[str]:
    for warning in check.get("warnings") or ():
        yield clean(f"warning {warning['code']}: {warning['detail']} {warning['remedy']}")


def _cure_lines(check: Mapping[str, Any]) -> Iterator[str]:
    yield clean(f"{check['code']}: {check['why']}")
    yield from (clean(f"  seen    {pair}") for pair in _pairs(check.get("seen") or {}))
    yield clean(f"  cure    {check['remedy']}")
    if check.get("commands"):
        yield "  on the host, in Windows PowerShell as administrator:"
        yield from (f"    {clean(line)}" for line in check["commands"])
    yield clean(f"  source  {check['source']}")


def _pairs(seen: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for name, value in seen.items():
        if isinstance(value, Mapping):
            yield from _pairs(value, f"{before}{name}.")
        elif name not in _NOT_SHOWN and _is_told(seen, name):
            yield f"{before}{name} {exact(value)}"


def _save(path: Path, checks: Sequence[Mapping[str, Any]]) -> None:
    """Write what the host presented. Raises click.ClickException when that was nothing, or it cannot be written."""
    seen = next((check.get("seen") or {} for check in checks if check["id"] == "tls"), {})
    pem = (seen.get("certificate") or {}).get("pem")
    if not pem:
        raise click.ClickException("The host presented no certificate.")
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {type(error).__name__}") from error
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(pem)
    click.echo(f"{path}: compare its thumbprint with the host's own before you trust it", err=True)
