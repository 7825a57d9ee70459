"""Approval, `not_before` and the time to start, on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from service.ledger.plan import Demand
from service.ledger.store import (
    Amendment,
    Doer,
    Gate,
    IllegalMove,
    OwnRequest,
    Retry,
    StepResult,
    VersionConflict,
)
from tests.integration.ledger_kit import Ledger, failing, open_ledger, step

ASKS = Gate(approval=True, approval_seconds=100, approval_reason="production", host_gates=True)
CHANGES = Gate(host_gates=True)
BOSS = Doer("key_boss", "the boss", reason="looks good")


@pytest.fixture
def ledger(redis_url: str) -> Iterator[Ledger]:
    """An empty ledger."""
    with open_ledger(redis_url) as one:
        yield one


def _strict_host(ledger: Ledger, **limits: int) -> str:
    host_id = ledger.host(**limits)
    host = ledger.store.hosts.get(host_id)
    assert host is not None
    ledger.store.hosts.update(replace(host, requires_approval=True))
    return host_id


def _error(ledger: Ledger, job_id: str) -> Any:
    job = ledger.store.jobs.get(job_id)
    assert job is not None
    return (str(job.state), (job.error or {}).get("code"))


def test_nothing_begins_before_the_approval(ledger: Ledger) -> None:
    """A job that waits for an approval has no step to claim, no reservation and no deadline; its names are its own."""
    host = ledger.host(memory_mib=1000)
    job = ledger.lab_job(
        step("a"), host_id=host, demand=Demand(500, 0), gate=ASKS, deadline_seconds=50, targets=("vm:n1",)
    )
    rival = ledger.submit(step("a"), host_id=host, targets=("vm:n1",))

    assert ("waiting_approval", None) == (job.state, job.deadline_at)
    assert [] == ledger.store.hosts.reservations(host)
    assert ledger.store.leases.claim("w1", 60) is None
    assert ("target_busy", job.id) == (rival.outcome, rival.detail["holder"])
    assert job.approval is not None
    assert ("request", "production", ledger.now + 100) == (
        job.approval.required_by,
        job.approval.reason,
        job.approval.expires_at,
    )

    ledger.advance(60)
    ledger.store.leases.sweep()
    ledger.store.steering.approve(job.id, BOSS)
    approved = ledger.store.jobs.get(job.id)

    assert approved is not None
    assert ("queued", ledger.now + 50) == (approved.state, approved.deadline_at)
    assert [job.id] == [one.holder for one in ledger.store.hosts.reservations(host)]
    assert ["job.waiting_approval", "job.approved", "job.queued"] == [
        name for name in ledger.types(job.id) if name.startswith("job.")
    ]
    assert {"by": "key_boss", "name": "the boss", "reason": "looks good"} == ledger.events(job.id)[-2].data
    assert ["a"] == [claim.step_id for claim in ledger.work()]
    assert "succeeded" == ledger.state(job.id)


def test_whoever_asked_cannot_agree_unless_he_is_an_admin(ledger: Ledger) -> None:
    """Four eyes: neither who submitted a job nor who retried it approves or rejects it; an admin may."""
    job = ledger.job(step("a"), gate=ASKS, key_id="key_ann")
    steering = ledger.store.steering
    with pytest.raises(OwnRequest):
        steering.approve(job.id, Doer("key_ann"))
    with pytest.raises(OwnRequest):
        steering.reject(job.id, Doer("key_ann"))
    steering.reject(job.id, Doer("key_bob"))
    ledger.store.jobs.retry(job.id, Retry(key_id="key_bob"))
    for one in ("key_ann", "key_bob"):
        with pytest.raises(OwnRequest):
            steering.approve(job.id, Doer(one))
    assert "waiting_approval" == ledger.state(job.id)
    steering.approve(job.id, Doer("key_ann", is_admin=True))
    assert "queued" == ledger.state(job.id)


def test_answers_to_the_question_are_safe_to_repeat(ledger: Ledger) -> None:
    """The same approval twice is one event; another's comes too late; a version that is past is refused."""
    job = ledger.job(step("a"), gate=ASKS)
    with pytest.raises(VersionConflict):
        ledger.store.steering.approve(job.id, BOSS, job.version + 1)
    ledger.store.steering.approve(job.id, BOSS, job.version)
    ledger.store.steering.approve(job.id, BOSS, job.version)
    with pytest.raises(IllegalMove):
        ledger.store.steering.approve(job.id, Doer("key_late"))
    with pytest.raises(IllegalMove):
        ledger.store.steering.reject(job.id, BOSS)
    other = ledger.job(step("a"), gate=ASKS)
    ledger.store.steering.reject(other.id, BOSS)
    ledger.store.steering.reject(other.id, BOSS)

    assert 1 == ledger.types(job.id).count("job.approved")
    assert 1 == ledger.types(other.id).count("job.rejected")


def test_rejected_job_is_cancelled_with_the_reason(ledger: Ledger) -> None:
    """A rejection cancels the job, says by whom and why, and its lab that never was is removed."""
    host = ledger.host(memory_mib=1000)
    job = ledger.lab_job(step("a", undoable=True), host_id=host, gate=ASKS, on_cancel="rollback")
    ledger.store.steering.reject(job.id, Doer("key_boss", "the boss", reason="not on a Friday"))
    rejected = ledger.store.jobs.get(job.id)
    lab = ledger.store.labs.get(job.lab_id)

    assert rejected is not None
    assert rejected.approval is not None
    assert rejected.error is not None
    assert ("cancelled", "key_boss") == (rejected.state, rejected.approval.rejected_by)
    assert ("approval_rejected", "not on a Friday") == (rejected.error["code"], rejected.error["detail"])
    assert lab is not None
    assert "removed" == lab.state
    assert not ledger.store.client.hgetall(f"t:host:{host}:targets")


def test_question_has_an_end(ledger: Ledger) -> None:
    """Without an answer in time the job is expired, by the sweep or by the answer that comes too late."""
    swept, late = (ledger.job(step("a"), gate=ASKS) for _ in range(2))
    ledger.advance(100)
    with pytest.raises(IllegalMove):
        ledger.store.steering.approve(late.id, BOSS)
    ledger.store.leases.sweep()

    assert [("expired", "approval_expired")] * 2 == [_error(ledger, one.id) for one in (swept, late)]


def test_host_demands_an_approval_of_what_changes_it(ledger: Ledger) -> None:
    """On a host with `requires_approval` jobs that change something wait, those that only look do not."""
    host = _strict_host(ledger)
    changes = ledger.job(step("a"), host_id=host, gate=CHANGES)
    looks = ledger.job(step("a"), host_id=host, gate=Gate())

    assert ("waiting_approval", "queued") == (changes.state, looks.state)
    assert changes.approval is not None
    assert ("host", ledger.now + 86400) == (changes.approval.required_by, changes.approval.expires_at)


def test_job_begins_at_its_time_and_not_before(ledger: Ledger) -> None:
    """A scheduled job begins with the first sweep at its time; its deadline counts from then."""
    begins = ledger.now + 1000
    job = ledger.job(step("a"), gate=Gate(not_before=begins), deadline_seconds=50)
    assert ("scheduled", begins) == (job.state, job.not_before)
    ledger.advance(999.9)
    ledger.store.leases.sweep()
    assert "scheduled" == ledger.state(job.id)
    ledger.advance(0.1)
    swept = ledger.store.leases.sweep()
    started = ledger.store.jobs.get(job.id)

    assert started is not None
    assert ("queued", begins + 50, 1) == (started.state, started.deadline_at, swept.wake_steps)


def test_both_gates_must_open(ledger: Ledger) -> None:
    """A job with an approval and a time needs both, in either order."""
    early, late = (ledger.job(step("a"), gate=replace(ASKS, not_before=ledger.now + 50)) for _ in range(2))
    ledger.store.steering.approve(early.id, BOSS)
    assert "scheduled" == ledger.state(early.id)
    ledger.advance(60)
    ledger.store.leases.sweep()
    assert ("queued", "waiting_approval") == (ledger.state(early.id), ledger.state(late.id))
    ledger.store.steering.approve(late.id, BOSS)
    assert "queued" == ledger.state(late.id)


@pytest.mark.parametrize("sort", ["asked", "scheduled", "waiting", "queued", "paused"])
def test_job_that_does_not_start_in_time_expires(ledger: Ledger, sort: str) -> None:
    """Whatever held it up, a job that has not started by its time is expired; one that runs is left alone."""
    host = ledger.host(memory_mib=100)
    running = ledger.job(step("a"), host_id=host, demand=Demand(100, 0), gate=Gate(start_seconds=60))
    ledger.claim("w1", 1000)
    gates = {"asked": replace(ASKS, start_seconds=60), "scheduled": Gate(not_before=ledger.now + 30, start_seconds=60)}
    demand = Demand(100, 0) if sort == "waiting" else Demand()
    job = ledger.job(step("a"), host_id=host, demand=demand, gate=gates.get(sort, Gate(start_seconds=60)))
    if sort == "paused":
        ledger.store.steering.pause(job.id, BOSS)
    if sort == "scheduled":
        ledger.advance(31)
        ledger.store.leases.sweep()
        ledger.advance(58)
        ledger.store.leases.sweep()
        assert "queued" == ledger.state(job.id)
    ledger.advance(61)
    # A claim that comes before the sweep finds it too late as well.
    assert ledger.store.leases.claim("w1", 60) is None
    ledger.store.leases.sweep()

    assert ("expired", "not_started_in_time") == _error(ledger, job.id)
    assert "running" == ledger.state(running.id)


@pytest.mark.parametrize("gate", [ASKS, Gate(not_before=1_900_000_000.0)])
def test_gated_job_is_cancelled_at_once(ledger: Ledger, gate: Gate) -> None:
    """A cancel ends a gated job in the same move, and nothing of it is left in any index."""
    job = ledger.job(step("a"), gate=replace(gate, start_seconds=60))
    cancelled = ledger.store.jobs.cancel(job.id)

    assert cancelled is not None
    assert "cancelled" == cancelled.state
    assert [0, 0, 0] == [ledger.store.client.zcard(f"t:{name}") for name in ("approvals", "scheduled", "start_by")]


def test_retry_asks_again_only_when_nobody_agreed(ledger: Ledger) -> None:
    """A job that was approved once goes on without another question; a rejected one asks again."""
    host = _strict_host(ledger)
    job = ledger.job(step("a"), host_id=host, gate=CHANGES)
    ledger.store.steering.approve(job.id, BOSS)
    ledger.work(failing(a=False))
    assert "queued" == ledger.store.jobs.retry(job.id).state
    other = ledger.job(step("a"), host_id=host, gate=CHANGES)
    ledger.store.steering.reject(other.id, BOSS)

    assert "waiting_approval" == ledger.store.jobs.retry(other.id).state


def test_rejected_retry_leaves_what_was_built(ledger: Ledger) -> None:
    """When the retry of a failed build is rejected, nothing is undone: the lab stays failed, with its reservation."""
    host = ledger.host(memory_mib=1000)
    job = ledger.lab_job(
        step("a", undoable=True),
        step("b", "a"),
        host_id=host,
        demand=Demand(500, 0),
        on_cancel="rollback",
        gate=CHANGES,
    )
    ledger.work(failing(b=False))
    record = ledger.store.hosts.get(host)
    assert record is not None
    ledger.store.hosts.update(replace(record, requires_approval=True))
    assert "waiting_approval" == ledger.store.jobs.retry(job.id).state
    ledger.store.steering.reject(job.id, BOSS)
    lab = ledger.store.labs.get(job.lab_id)

    assert lab is not None
    assert ("cancelled", "failed") == (ledger.state(job.id), lab.state)
    assert [job.lab_id] == [one.holder for one in ledger.store.hosts.reservations(host)]
    assert ledger.store.leases.claim("w1", 60) is None


def test_gated_teardown_leaves_the_lab_until_it_begins(ledger: Ledger) -> None:
    """A teardown that waits does not touch its lab, and the end of the lab's lease goes before it."""
    job = ledger.lab_job(step("a"), lease_seconds=500)
    ledger.work()
    release = step("release-lab", action="ReleaseLab")
    waiting = ledger.job(release, lab_id=job.lab_id, gate=Gate(not_before=ledger.now + 5000))
    lab = ledger.store.labs.get(job.lab_id)
    assert lab is not None
    assert ("scheduled", "ready") == (waiting.state, lab.state)
    ledger.advance(501)
    swept = ledger.store.leases.sweep()

    assert (job.lab_id,) == swept.expired_labs
    assert ("expired", "lab_lease_ended") == _error(ledger, waiting.id)
    assert "queued" == ledger.job(release, lab_id=job.lab_id).state


def test_jobs_of_the_time_before_load_and_run(ledger: Ledger) -> None:
    """A record without any of the fields of gates and pauses is shown, claimed, paused, resumed and ended."""
    job = ledger.job(step("a"), step("b", "a"))
    names = ("approval", "approval_seconds", "approval_reason", "host_gates", "not_before", "start_seconds", "asked_by")
    ledger.store.client.hdel(f"t:job:{job.id}", *names, "gate", "entered_at")
    ledger.store.steering.pause(job.id, BOSS)
    ledger.store.steering.resume(job.id, BOSS)
    ledger.work(failing(b=False))
    assert "queued" == ledger.store.jobs.retry(job.id).state
    ledger.work(lambda _: StepResult("succeeded"))

    assert "succeeded" == ledger.state(job.id)


def test_amended_job_has_another_place_and_time(ledger: Ledger) -> None:
    """Priority, labels and time of a job that has not started change with its request, in the lists too."""
    first, second = (ledger.job(step("a"), request={"kind": "x", "n": number}) for number in range(2))
    request = {"kind": "x", "priority": "high", "labels": {"team": "red"}}
    ledger.store.steering.amend(second.id, BOSS, second.version, Amendment(request, 0, {"team": "red"}))
    with pytest.raises(VersionConflict):
        ledger.store.steering.amend(second.id, BOSS, second.version, Amendment(request, 1))
    amended = ledger.store.jobs.get(second.id)

    assert amended is not None
    assert (0, {"team": "red"}, request) == (amended.priority, amended.labels, amended.request)
    assert [second.id, first.id] == [ledger.claim().job_id, ledger.claim().job_id]
    version = getattr(ledger.store.jobs.get(first.id), "version", 0)
    with pytest.raises(IllegalMove):
        ledger.store.steering.amend(first.id, BOSS, version, Amendment(request, 1))


def test_approval_is_for_a_time(ledger: Ledger) -> None:
    """Moving the time of an approved job asks again; without a question it moves at once, and null begins it."""
    asked = ledger.job(step("a"), gate=replace(ASKS, not_before=ledger.now + 50))
    free = ledger.job(step("a"), gate=Gate(not_before=ledger.now + 50))
    ledger.store.steering.approve(asked.id, BOSS)
    for job in (asked, free):
        version = getattr(ledger.store.jobs.get(job.id), "version", 0)
        moved = Amendment({"kind": "x"}, moves=True, not_before=ledger.now + 90)
        ledger.store.steering.amend(job.id, BOSS, version, moved)
    assert ("waiting_approval", "scheduled") == (ledger.state(asked.id), ledger.state(free.id))
    ledger.advance(60)
    ledger.store.leases.sweep()
    assert "scheduled" == ledger.state(free.id)
    version = getattr(ledger.store.jobs.get(free.id), "version", 0)
    ledger.store.steering.amend(free.id, BOSS, version, Amendment({"kind": "x"}, moves=True))
    assert "queued" == ledger.state(free.id)


def test_job_in_the_line_for_room_is_put_ahead(ledger: Ledger) -> None:
    """A raised priority counts in the line for room too."""
    host = ledger.host(memory_mib=100)
    held = ledger.job(step("a"), host_id=host, demand=Demand(100, 0))
    waiting = [ledger.job(step("a"), host_id=host, demand=Demand(100, 0)) for _ in range(2)]
    version = getattr(ledger.store.jobs.get(waiting[1].id), "version", 0)
    ledger.store.steering.amend(waiting[1].id, BOSS, version, Amendment({"kind": "x"}, 0))
    ledger.store.jobs.cancel(held.id)

    assert ["waiting", "queued"] == [ledger.state(job.id) for job in waiting]
