"""Claims run against the sandbox under a real ledger: effects once, cancellation, reboots, drain, secrets nowhere."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from service.ledger.plan import Step
from tests.integration.ledger_kit import wait_until
from tests.integration.sandbox_process import IMAGE, PASSWORD, SandboxProcess, running_sandbox
from tests.integration.worker_kit import Workshop, open_workshop
from workers.errors import StepRefused
from workers.steps.base import Applied, Checked, NotYet, StepContext, Wait

_GUEST_PASSWORD = "Guest-Passw0rd!<&>"
_SHA256 = hashlib.sha256(IMAGE.encode()).hexdigest()  # the sandbox's images have the digest of their path


class Slow:
    """Hashes an image under the journal: a long call that changes something."""

    action: ClassVar[str] = "Slow"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when the image is read-only."""
        return Checked() if ctx.host.read("Get-NestedImage", path=IMAGE)["is_read_only"] else NotYet("writable")

    def apply(self, ctx: StepContext) -> Applied | Wait:
        """Protect it."""
        digest = ctx.params["sha256"]
        ctx.report(5, f"hashing with {_GUEST_PASSWORD}")
        return Applied({"slow": ctx.host.change("Protect-NestedImage", path=IMAGE, sha256=digest)})

    def verify(self, ctx: StepContext) -> Mapping[str, Any]:
        """Nothing more."""
        return {}

    def undo(self, ctx: StepContext) -> None:
        """Nothing."""


class Leaky(Slow):
    """Opens a secret and tries to get it stored in every way that a step has."""

    action: ClassVar[str] = "Leaky"

    def check(self, ctx: StepContext) -> NotYet:
        """Put it into the reason."""
        return NotYet(ctx.secrets.get("guest_administrator").reveal())

    def apply(self, ctx: StepContext) -> Applied | Wait:
        """Put it everywhere."""
        value = ctx.secrets.get("guest_administrator").reveal()
        ctx.report(10, f"password {value}")
        ctx.log(
            "step.warned",
            {"code": "LEAK", "value": value, "encoded": base64.b64encode(value.encode("utf-16-le")).decode()},
        )
        if not ctx.memo:
            return Wait(0.0, {"value": value}, f"waiting with {value}")
        raise StepRefused(f"refused {value}", reason="LEAK", remedy=value)


def _step(action: str, **fields: Any) -> Step:
    return Step(id=action.lower(), action=action, title=action, **fields)


@pytest.fixture
def sandbox() -> Iterator[SandboxProcess]:
    """A host that is slow enough to be interrupted, fresh for each test."""
    with running_sandbox(clock=20.0) as sandbox:
        yield sandbox


@pytest.fixture
def workshop(redis_url: str, sandbox: SandboxProcess) -> Iterator[Workshop]:
    """A worker with the host registered."""
    with open_workshop(redis_url, sandbox, {"Slow": Slow(), "Leaky": Leaky()}) as workshop:
        yield workshop


def _slow() -> Step:
    return _step("Slow", params={"sha256": _SHA256}, deadline_seconds=120)


def _is_calling(sandbox: SandboxProcess) -> bool:
    return "protect-nestedimage" in sandbox.running(patience_seconds=0)


def _protected(sandbox: SandboxProcess) -> int:
    return sum(sandbox.effects().get("image_protected", {}).values())


def test_a_host_is_inspected(workshop: Workshop) -> None:
    """InspectHost runs through the real handler; the report reaches the host's record in the same move."""
    job_id = workshop.submit(Step(id="inspect-host", action="InspectHost", title="Inspect", params={}))

    workshop.hands.work()

    host = workshop.store.hosts.get(workshop.host_id)
    assert "succeeded" == workshop.state(job_id)
    assert host is not None
    assert host.report is not None
    assert 262144 == host.report["memory_total_mib"]


def test_a_step_that_is_done_already_is_skipped(workshop: Workshop, sandbox: SandboxProcess) -> None:
    """The second job finds the work done on the host and says skipped; the effect happened once."""
    first = workshop.submit(_slow())
    workshop.hands.work()
    second = workshop.submit(_slow())
    workshop.hands.work()

    assert {"slow": "succeeded"} == workshop.states(first)
    assert {"slow": "skipped"} == workshop.states(second)
    assert 1 == _protected(sandbox)


def test_a_reboot_in_mid_call_ends_in_one_effect(workshop: Workshop, sandbox: SandboxProcess) -> None:
    """The host restarts while it works: the call is asked again by its id, and the step succeeds."""
    sandbox.speed(1.0)
    job_id = workshop.submit(_slow())
    thread = workshop.in_thread()
    wait_until(lambda: _is_calling(sandbox))
    sandbox.ask("POST", "/hosts/HV01/reboot", {"seconds": 1})
    sandbox.speed(20.0)
    thread.join(120)

    assert {"slow": "succeeded"} == workshop.states(job_id)
    assert 1 == _protected(sandbox)


def test_a_cancelled_job_stops_the_remote_call_and_says_so(workshop: Workshop, sandbox: SandboxProcess) -> None:
    """Cancel reaches a running call within seconds, the host stops working, and the journal confirms it."""
    sandbox.speed(1.0)
    job_id = workshop.submit(_slow())
    thread = workshop.in_thread()
    wait_until(lambda: "step.progressed" in workshop.types(job_id))
    wait_until(lambda: _is_calling(sandbox))
    workshop.store.jobs.cancel(job_id, "keep")
    thread.join(30)
    job = workshop.store.jobs.get(job_id)

    assert not thread.is_alive()
    assert "cancelled" == workshop.state(job_id)
    assert job is not None
    assert job.cancel_unconfirmed is False
    assert [] == sandbox.running()
    assert 0 == _protected(sandbox)


def test_a_cancel_also_stops_a_call_that_was_joined_again(workshop: Workshop, sandbox: SandboxProcess) -> None:
    """After a broken connection the call is joined on a second session; a cancel ends the first one's work too."""
    sandbox.speed(1.0)
    job_id = workshop.submit(_slow())
    thread = workshop.in_thread()
    wait_until(lambda: _is_calling(sandbox))
    sandbox.fault("drop", action="Receive", when="before")
    wait_until(lambda: len([name for name in sandbox.running(0) if name == "protect-nestedimage"]) > 1)
    workshop.store.jobs.cancel(job_id, "keep")
    thread.join(30)
    job = workshop.store.jobs.get(job_id)

    assert "cancelled" == workshop.state(job_id)
    assert job is not None
    assert job.cancel_unconfirmed is False
    assert [] == sandbox.running()
    assert 0 == _protected(sandbox)


def test_a_leaving_worker_gives_the_step_back_and_another_joins_the_call(
    workshop: Workshop, sandbox: SandboxProcess
) -> None:
    """Drain releases the lease at once; the call goes on, and the next claim takes its result."""
    sandbox.speed(1.0)
    job_id = workshop.submit(_slow())
    thread = workshop.in_thread()
    wait_until(lambda: _is_calling(sandbox))
    time.sleep(0.3)
    workshop.draining.set()
    thread.join(30)  # the call takes longer
    assert not thread.is_alive()
    assert {"slow": "ready"} == workshop.states(job_id)
    workshop.draining.clear()
    sandbox.speed(20.0)

    workshop.hands.work()

    assert {"slow": "succeeded"} == workshop.states(job_id)
    assert 1 == _protected(sandbox)
    assert "step.released" in workshop.types(job_id)


def test_a_refused_password_fails_the_step_with_a_remedy(workshop: Workshop, sandbox: SandboxProcess) -> None:
    """AccessDenied is final: one try, a problem that says what to do, and no lock-out."""
    host = workshop.store.hosts.get(workshop.host_id)
    assert host is not None
    workshop.store.hosts.update(replace(host, username="nobody"))
    job_id = workshop.submit(_slow())

    workshop.hands.work()

    job = workshop.store.jobs.get(job_id)
    assert "failed" == workshop.state(job_id)
    assert job is not None
    assert job.error is not None
    assert 1 == workshop.store.jobs.steps(job_id)[0].attempt
    assert "ACCESS_DENIED" in str(workshop.store.jobs.steps(job_id)[0].error)


def test_no_secret_is_stored_anywhere(workshop: Workshop) -> None:
    """Whatever a handler does with a secret, neither facts, memo, events, intent nor problem keep it, in any form."""
    job_id = workshop.submit(_step("Leaky"), secrets={"guest_administrator": _GUEST_PASSWORD})
    while workshop.hands.work():
        pass

    dump = workshop.dump()
    assert "failed" == workshop.state(job_id)
    for form in (_GUEST_PASSWORD, base64.b64encode(_GUEST_PASSWORD.encode()).decode(), PASSWORD):
        assert form not in dump
    assert base64.b64encode(_GUEST_PASSWORD.encode("utf-16-le")).decode() not in dump
    assert "[secret]" in dump
