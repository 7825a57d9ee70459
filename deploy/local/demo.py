"""The main job, end to end: what `make demo` shows."""

from __future__ import annotations

import base64
import json
import secrets
import time
import uuid
from typing import Any

import requests
from rich.console import Console

from deploy.local.picture import Picture, ledger_table, result_lines, unobserved
from deploy.local.receiver import Receiver
from deploy.local.stack import ROOT, Stack, StackSettings
from deploy.local.watch import follow

REQUEST = ROOT / "examples" / "nested_cluster.json"
NESTED_IMAGE = r"C:\Images\nano.vhdx"


class DemoFailed(Exception):
    """Something was not as promised; the message says what."""


def run_demo(console: Console, settings: StackSettings) -> int:
    """Build, show, verify, tear down. Returns 0, or 1 after saying what was not as promised."""
    receiver = Receiver("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())
    receiver.start()
    try:
        with Stack(settings, say=lambda what: console.print(f"[dim]starting {what}[/dim]")) as stack:
            _show(console, stack, receiver)
    except DemoFailed as failure:
        console.print(f"[bold red]{failure}[/bold red]")
        return 1
    finally:
        receiver.stop()
    console.print("[bold green]Everything was stopped. Nothing was left running.[/bold green]")
    return 0


def _show(console: Console, stack: Stack, receiver: Receiver) -> None:
    began = time.monotonic()
    job = _submit(stack, receiver)
    console.print(
        f"POST /v1/jobs -> 202, {job['id']}: a {job['request']['nodes']['count']}-node nested Hyper-V cluster"
    )
    job = _watch(console, stack, job)
    if job["state"] != "succeeded":
        raise DemoFailed(f"the job ended {job['state']}: {json.dumps(job['error'], indent=2)}")
    console.print(f"[green]succeeded[/green] after {time.monotonic() - began:.1f} s (clock x{stack.settings.clock:g})")
    lab = _get(stack, f"/v1/labs/{job['lab_id']}")
    _print_lab(console, lab)
    _check_webhooks(console, receiver)
    _tear_down(console, stack, lab)


def _submit(stack: Stack, receiver: Receiver) -> dict[str, Any]:
    body = json.loads(REQUEST.read_text())
    body |= {"callback_url": receiver.url, "callback_secret": {"value": receiver.secret}}
    # The simulated nodes hold a small image with an operating system: with it, nested VMs are probed from the inside.
    guest = {"username": "Administrator", "password": {"value": stack.nested_password}}
    body["smoke_test"] |= {"parent_disk_path": NESTED_IMAGE, "memory_mib": 512, "guest": guest}
    answer = stack.call("POST", "/v1/jobs", json=body, headers={"Idempotency-Key": str(uuid.uuid4())})
    if answer.status_code != requests.codes.accepted:
        raise DemoFailed(f"POST /v1/jobs answered {answer.status_code}: {answer.text}")
    job: dict[str, Any] = answer.json()
    return job


def _watch(console: Console, stack: Stack, job: dict[str, Any]) -> dict[str, Any]:
    steps = _get(stack, f"/v1/jobs/{job['id']}/steps")["items"]
    with Picture(console, steps) as picture:
        for event in follow(stack, job["id"]):
            picture.show(event)
    return _get(stack, f"/v1/jobs/{job['id']}")


def _get(stack: Stack, path: str) -> dict[str, Any]:
    answer = stack.call("GET", path)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def _print_lab(console: Console, lab: dict[str, Any]) -> None:
    console.print(f"GET /v1/labs/{lab['id']} -> {lab['state']}")
    for line in result_lines(lab["summary"]):
        console.print(line, highlight=False)
    console.print(ledger_table(lab["probes"]))
    for line in unobserved(lab["probes"]):
        console.print(f"[dim]{line}[/dim]", highlight=False)


def _check_webhooks(console: Console, receiver: Receiver) -> None:
    if not receiver.wait_for("job.succeeded", 60):
        raise DemoFailed("the webhook job.succeeded did not arrive within a minute")
    forged = [item for item in receiver.received if not item.verified]
    if forged:
        raise DemoFailed(f"{len(forged)} webhooks had a wrong signature")
    kinds = ", ".join(sorted({item.type for item in receiver.received}))
    console.print(f"[green]{len(receiver.received)} webhooks arrived, every signature verified[/green] ({kinds})")


def _tear_down(console: Console, stack: Stack, lab: dict[str, Any]) -> None:
    answer = stack.call("DELETE", f"/v1/labs/{lab['id']}", headers={"Idempotency-Key": str(uuid.uuid4())})
    if answer.status_code != requests.codes.accepted:
        raise DemoFailed(f"DELETE /v1/labs answered {answer.status_code}: {answer.text}")
    console.print(f"DELETE /v1/labs/{lab['id']} -> 202, {answer.json()['id']}")
    job = _watch(console, stack, answer.json())
    if job["state"] != "succeeded":
        raise DemoFailed(f"the teardown ended {job['state']}: {json.dumps(job['error'], indent=2)}")
    world = requests.get(f"{stack.sandbox_url}/world", timeout=10).json()
    left = [vm["name"] for host in world["hosts"] for vm in host["vms"]]
    if left:
        raise DemoFailed(f"the teardown left VMs on the host: {left}")
    console.print("[green]the lab was torn down; no VM of it is left on the host[/green]")
