"""Whole plans run against the sandbox: quietly, and while connections break and the host restarts."""

from __future__ import annotations

import hashlib
import itertools
import random
import time
from collections.abc import Callable
from typing import Any

from schemas.kinds.nested_host import NestedHostRequestSchema
from service.ledger.ids import new_id
from service.ledger.known import plan_context
from service.ledger.plans import build_plan
from service.ledger.store import Image
from tests.integration.sandbox_process import IMAGE, running_sandbox
from tests.integration.worker_kit import Workshop, open_workshop

_GUEST_PASSWORD = "Guest-Passw0rd!<&>"
_SHA256 = hashlib.sha256(IMAGE.encode()).hexdigest()  # the sandbox's images have the digest of their path


def submit_nested_host(workshop: Workshop) -> str:
    """Submit the whole plan of a nested host and return the job's id."""
    request = NestedHostRequestSchema().load(_nested_host(workshop.host_id))
    lab_id = new_id("lab", 1_800_000_000.0)
    image = Image("img_1", "ws2022", IMAGE, sha256=_SHA256, os_build=20348)
    plan = build_plan(request, plan_context(lab_id, workshop.store.hosts.get(workshop.host_id), image))
    return workshop.submit(
        kind="nested_host",
        plan=plan,
        request=request,
        lab_id=lab_id,
        creates_lab=True,
        secrets={"guest_administrator": _GUEST_PASSWORD},
    )


def _build(workshop: Workshop, meanwhile: Callable[[], None]) -> str:
    """Submit a nested host, work until it ends or two minutes are over, and return the job's id."""
    job_id = submit_nested_host(workshop)
    until = time.monotonic() + 120
    while workshop.state(job_id) in ("queued", "running") and time.monotonic() < until:
        workshop.store.leases.sweep()
        meanwhile()
        if not workshop.hands.work_once():
            time.sleep(0.05)
    return job_id


def test_a_nested_host_is_built_from_its_request(redis_url: str) -> None:
    """The whole plan of nested_host runs to its end, and no secret is left anywhere in the ledger."""
    with running_sandbox(clock=400.0) as sandbox, open_workshop(redis_url, sandbox) as workshop:
        job_id = _build(workshop, lambda: None)

        failed = [(item.id, item.error) for item in workshop.store.jobs.steps(job_id) if item.error]
        assert [] == failed
        assert "succeeded" == workshop.state(job_id)
        assert _GUEST_PASSWORD not in workshop.dump()


def test_a_build_survives_broken_connections_and_a_reboot(redis_url: str) -> None:
    """Connections break and the host restarts in the middle: every effect happens once, no step is retried."""
    chance = random.Random(7)
    rounds = itertools.count()
    with running_sandbox(clock=150.0) as sandbox, open_workshop(redis_url, sandbox, auth="negotiate") as workshop:

        def disturb() -> None:
            sandbox.reset()
            sandbox.fault(
                "drop", action=chance.choice(["Command", "Receive", "Signal"]), when=chance.choice(["before", "after"])
            )
            if next(rounds) == 6:
                sandbox.ask("POST", "/hosts/HV01/reboot", {"seconds": 60})

        job_id = _build(workshop, disturb)

        assert "succeeded" == workshop.state(job_id)
        assert {1} == {item.attempt for item in workshop.store.jobs.steps(job_id)}
        twice = {name: found for name, found in sandbox.effects().items() if any(times > 1 for times in found.values())}
        assert {} == twice


def _nested_host(host_id: str) -> dict[str, Any]:
    return {
        "kind": "nested_host",
        "host": {"id": host_id},
        "node": {"image": {"name": "ws2022"}, "memory_mib": 8192, "processor_count": 2},
        "network": {"switch": {"kind": "internal", "name": "lab"}, "subnet": "172.30.50.0/24"},
    }
