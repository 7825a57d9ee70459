"""A worker dies in the middle of a remote call, and its job is cancelled: what may still run is never built over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import ClassVar

import pytest

from tests.integration.ledger_kit import wait_until
from tests.integration.sandbox_process import SandboxProcess, running_sandbox
from tests.integration.test_runner_builds import submit_nested_host
from tests.integration.worker_kit import Workshop, open_workshop
from workers.steps.base import Applied, StepContext
from workers.steps.node import CreateNode


class SlowCreate(CreateNode):
    """Creates the VM slowly, so that a test can step in, and notes what runs on the host when it is undone."""

    action: ClassVar[str] = "CreateNode"
    sandbox: ClassVar[SandboxProcess]
    beside: ClassVar[list[str]] = []

    def apply(self, ctx: StepContext) -> Applied:
        """Slow the machines down first."""
        self.sandbox.speed(0.5)
        return super().apply(ctx)

    def undo(self, ctx: StepContext) -> None:
        """Look first."""
        self.beside.extend(self.sandbox.running(patience_seconds=0))
        super().undo(ctx)


@pytest.fixture
def sandbox() -> Iterator[SandboxProcess]:
    """A fast host."""
    with running_sandbox(clock=400.0) as sandbox:
        SlowCreate.sandbox = sandbox
        SlowCreate.beside.clear()
        yield sandbox


@pytest.fixture
def workshop(redis_url: str, sandbox: SandboxProcess) -> Iterator[Workshop]:
    """A worker that creates VMs slowly."""
    with open_workshop(redis_url, sandbox, {"CreateNode": SlowCreate()}) as workshop:
        yield workshop


def _killed_while_creating(workshop: Workshop, sandbox: SandboxProcess) -> str:
    """Run a build until New-NestedNode runs on the host, then kill the worker as far as anybody can see."""
    job_id = submit_nested_host(workshop)
    thread = workshop.in_thread()
    wait_until(lambda: "new-nestednode" in sandbox.running(patience_seconds=0), 60)
    for lease in workshop.hands.keeper.held():
        lease.lost = True
    thread.join(20)
    assert not thread.is_alive()
    return job_id


def _work(workshop: Workshop, job_id: str) -> None:
    until = time.monotonic() + 120
    while workshop.state(job_id) == "rolling_back" and time.monotonic() < until:
        if not workshop.hands.work_once():
            time.sleep(0.05)


def test_a_rollback_waits_for_the_dead_worker_s_call(workshop: Workshop, sandbox: SandboxProcess) -> None:
    """The VM that a dead worker's call still makes is removed too: nothing of the lab is left on the host."""
    job_id = _killed_while_creating(workshop, sandbox)
    workshop.store.jobs.cancel(job_id, "rollback")
    workshop.store.leases.release_worker("w1@test")
    assert "new-nestednode" in sandbox.running(patience_seconds=0)
    _work(workshop, job_id)
    assert [] == sandbox.running()

    host = sandbox.ask("GET", "/world")["hosts"][0]
    assert "cancelled" == workshop.state(job_id)
    assert not host["vms"]
    assert "new-nestednode" not in SlowCreate.beside
    assert {"undone", "cancelled"} == set(workshop.states(job_id).values())


def test_a_dead_worker_s_call_is_not_taken_for_stopped(workshop: Workshop, sandbox: SandboxProcess) -> None:
    """A job that is cancelled before anybody takes the step up again says that the call may still run."""
    job_id = _killed_while_creating(workshop, sandbox)
    workshop.store.leases.release_worker("w1@test")
    workshop.store.jobs.cancel(job_id, "keep")
    job = workshop.store.jobs.get(job_id)

    assert job is not None
    assert ("cancelled", True) == (job.state, job.cancel_unconfirmed)
