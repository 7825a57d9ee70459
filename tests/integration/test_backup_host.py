"""A restore forgets calls that a host remembers: their journal is asked, under a fence that it takes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import ClassVar

import pytest
import redis

from service.ledger.store import StepResult
from tests.integration.ledger_kit import wait_until
from tests.integration.sandbox_process import SandboxProcess, running_sandbox
from tests.integration.test_runner_builds import submit_nested_host
from tests.integration.worker_kit import Workshop, open_workshop
from workers.steps.base import Applied, StepContext
from workers.steps.node import CreateNode

CLAIMS = 5  # more than a step has tries: fences that only rise by one a try would not catch up


class SlowCreate(CreateNode):
    """Creates the VM slowly the first time, so that a test can step in; the second time all goes on fast."""

    action: ClassVar[str] = "CreateNode"
    sandbox: ClassVar[SandboxProcess]
    speeds: ClassVar[Iterator[float]]

    def apply(self, ctx: StepContext) -> Applied:
        """Set the speed of the machines first."""
        self.sandbox.speed(next(self.speeds))
        return super().apply(ctx)


@pytest.fixture
def sandbox() -> Iterator[SandboxProcess]:
    """A fast host."""
    with running_sandbox(clock=400.0) as sandbox:
        SlowCreate.sandbox = sandbox
        SlowCreate.speeds = iter([0.2, 400.0, 400.0])
        yield sandbox


@pytest.fixture
def workshop(redis_url: str, sandbox: SandboxProcess) -> Iterator[Workshop]:
    """A worker that creates VMs slowly."""
    with open_workshop(redis_url, sandbox, {"CreateNode": SlowCreate()}) as workshop:
        yield workshop


def test_a_call_that_the_ledger_forgot_is_joined(workshop: Workshop, sandbox: SandboxProcess, redis_url: str) -> None:
    """A call that began after the backup still runs when the ledger is restored: it is joined, and made once."""
    raw = redis.Redis.from_url(redis_url)
    snapshots = workshop.store.snapshots(raw)
    job_id = submit_nested_host(workshop)
    _work_up_to(workshop, "CreateNode")
    backup = snapshots.take()
    for _ in range(CLAIMS):
        assert "CreateNode" == _given_back(workshop)
    thread = threading.Thread(target=workshop.hands.work_once)
    thread.start()
    wait_until(lambda: "new-nestednode" in sandbox.running(patience_seconds=0), 60)
    for lease in workshop.hands.keeper.held():
        lease.lost = True  # the worker dies with the old ledger
    thread.join(20)

    snapshots.put(backup, replace=True)
    assert "new-nestednode" in sandbox.running(patience_seconds=0)
    _work_to_the_end(workshop, job_id)

    assert "succeeded" == workshop.states(job_id)["create-node-nest-1"]  # not skipped: the call was joined
    assert "succeeded" == workshop.state(job_id)
    assert not [event for event in workshop.types(job_id) if event in ("step.lost", "step.retried")]
    assert not {name: found for name, found in sandbox.effects().items() if max(found.values()) > 1}
    raw.close()


def _given_back(workshop: Workshop) -> str:
    """Claim a step and give it back, which raises its fence; return its action."""
    claim = workshop.store.leases.claim("w0", 60)
    assert claim is not None
    assert workshop.store.leases.finish(claim, StepResult("released"))
    return str(claim.step["action"])


def _work_up_to(workshop: Workshop, action: str) -> None:
    """Work until a step of this action is next."""
    while _given_back(workshop) != action:
        workshop.hands.work_once()


def _work_to_the_end(workshop: Workshop, job_id: str) -> None:
    until = time.monotonic() + 120
    while workshop.state(job_id) in ("queued", "running") and time.monotonic() < until:
        workshop.store.leases.sweep()
        if not workshop.hands.work_once():
            time.sleep(0.05)
