"""Pause at the boundary of steps and resume, on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from service.ledger.plan import Demand
from service.ledger.store import Claim, Doer, Gate, IllegalMove, StepResult
from tests.integration.ledger_kit import PROBLEM, Ledger, open_ledger, step

ANN = Doer("key_ann", "Ann", reason="maintenance")


@pytest.fixture
def ledger(redis_url: str) -> Iterator[Ledger]:
    """An empty ledger."""
    with open_ledger(redis_url) as one:
        yield one


def _job(ledger: Ledger, job_id: str) -> Any:
    return ledger.store.jobs.get(job_id)


def _nothing_to_claim(ledger: Ledger) -> bool:
    ledger.store.leases.sweep()
    return ledger.store.leases.claim("w1", 60) is None


def test_running_steps_end_and_no_other_begins(ledger: Ledger) -> None:
    """A pausing job lets its steps end under their leases and hands out no other; then it is paused."""
    job = ledger.job(step("a"), step("b"), step("c", "a"), step("d", "c"))
    claim = ledger.claim()
    ledger.store.steering.pause(job.id, ANN)
    assert "pausing" == ledger.state(job.id)
    assert _nothing_to_claim(ledger)
    renewed = ledger.store.leases.renew([(claim.job_id, claim.step_id, claim.token)], 60)
    assert (frozenset(), frozenset()) == (renewed.lost, renewed.cancelling)
    assert ledger.end(claim)
    assert "paused" == ledger.state(job.id)
    assert _nothing_to_claim(ledger)
    ledger.store.steering.resume(job.id, ANN)
    assert "running" == ledger.state(job.id)
    assert {"b", "c", "d"} == {one.step_id for one in ledger.work()}

    assert "succeeded" == ledger.state(job.id)
    names = ["job.pausing", "job.paused", "job.resumed"]
    assert names == [name for name in ledger.types(job.id) if name in names]
    told = {one.type: one.data for one in ledger.events(job.id)}
    who = {"by": "key_ann", "name": "Ann", "reason": "maintenance"}
    assert (who, {"state": "running", **who}) == (told["job.pausing"], told["job.resumed"])


def test_pause_and_resume_are_safe_to_repeat(ledger: Ledger) -> None:
    """A second pause or resume changes nothing and is no event; a resume while steps still run goes on at once."""
    job = ledger.job(step("a"), step("b"))
    claim = ledger.claim()
    for _ in range(2):
        ledger.store.steering.pause(job.id, ANN)
    for _ in range(2):
        ledger.store.steering.resume(job.id, ANN)

    assert "running" == ledger.state(job.id)
    assert {claim.step_id} != {ledger.claim().step_id}
    types = ledger.types(job.id)
    assert (1, 0, 1) == (types.count("job.pausing"), types.count("job.paused"), types.count("job.resumed"))


def test_last_step_ends_the_job_all_the_same(ledger: Ledger) -> None:
    """A job whose last step ends while it pauses has succeeded, and one whose step fails has failed."""
    good, bad = ledger.job(step("a")), ledger.job(step("a"), step("b", "a"))
    claims = {claim.job_id: claim for claim in (ledger.claim(), ledger.claim())}
    for job in (good, bad):
        ledger.store.steering.pause(job.id, ANN)
    ledger.end(claims[good.id])
    ledger.end(claims[bad.id], "failed", error=PROBLEM)

    assert ("succeeded", "failed") == (ledger.state(good.id), ledger.state(bad.id))
    with pytest.raises(IllegalMove):
        ledger.store.steering.resume(bad.id, ANN)


def test_failed_try_waits_for_the_resume(ledger: Ledger) -> None:
    """A try that failed and would be made again is a boundary too: the next one is made after the pause."""
    job = ledger.job(step("a", max_attempts=3))
    claim = ledger.claim()
    ledger.store.steering.pause(job.id, ANN)
    ledger.end(claim, "failed", error=PROBLEM, retryable=True, retry_after_seconds=5)
    assert "paused" == ledger.state(job.id)
    ledger.advance(10)
    assert _nothing_to_claim(ledger)
    ledger.store.steering.resume(job.id, ANN)

    assert 2 == ledger.claim().attempt


def test_open_call_is_followed_to_its_end(ledger: Ledger) -> None:
    """A step whose call may still run on the host is handed out while the job pauses: paused means nothing runs."""
    job = ledger.job(step("a"), step("b"))
    claim = ledger.claim()
    ledger.store.leases.record_intent(claim, {"call_id": "x.a.1#1"})
    ledger.store.steering.pause(job.id, ANN)
    ledger.end(claim, "wait", wait_seconds=5, call_open=True)
    assert "pausing" == ledger.state(job.id)
    ledger.advance(6)
    again = ledger.claim("w2", 10)
    assert (claim.step_id, {"call_id": "x.a.1#1"}) == (again.step_id, again.open_call)
    ledger.advance(11)
    ledger.store.leases.sweep()  # its worker died
    assert "pausing" == ledger.state(job.id)
    ledger.end(ledger.claim("w3", 60), "wait", wait_seconds=1)

    assert "paused" == ledger.state(job.id)


def test_time_of_a_pause_counts_for_no_deadline(ledger: Ledger) -> None:
    """Neither the job's deadline nor that of a step that was begun moves on during a pause."""
    job = ledger.job(step("a"), step("b", "a"), deadline_seconds=100)
    first = ledger.claim()
    ledger.advance(30)
    ledger.end(first, "wait", wait_seconds=0)
    ledger.store.steering.pause(job.id, ANN)
    assert _job(ledger, job.id).deadline_at is None
    ledger.advance(5000)
    assert _nothing_to_claim(ledger)
    ledger.store.steering.resume(job.id, ANN)
    assert ledger.now + 70 == _job(ledger, job.id).deadline_at
    second = ledger.claim()
    assert 30 == round(second.claimed_at - second.step_started_at)
    ledger.advance(71)
    ledger.store.leases.sweep()

    assert "expired" == ledger.state(job.id)


def test_waiting_job_keeps_its_place(ledger: Ledger) -> None:
    """A paused job that waited for room lets others pass and has its place again when it goes on."""
    host = ledger.host(memory_mib=100)
    holder = ledger.job(step("a"), host_id=host, demand=Demand(100, 0))
    first, second, third = (ledger.job(step("a"), host_id=host, demand=Demand(100, 0)) for _ in range(3))
    ledger.store.steering.pause(first.id, ANN)
    ledger.store.jobs.cancel(holder.id)
    assert ("paused", "queued") == (ledger.state(first.id), ledger.state(second.id))
    ledger.store.steering.resume(first.id, ANN)
    assert "waiting" == ledger.state(first.id)
    ledger.store.jobs.cancel(second.id)

    assert ("queued", "waiting") == (ledger.state(first.id), ledger.state(third.id))


def test_queued_job_is_paused_with_its_reservation(ledger: Ledger) -> None:
    """A queued job is paused at once and keeps its room, so that it can go on."""
    host = ledger.host(memory_mib=100)
    job = ledger.job(step("a"), host_id=host, demand=Demand(100, 0))
    ledger.store.steering.pause(job.id, ANN)

    assert ("paused", "queued") == (ledger.state(job.id), _job(ledger, job.id).paused_from)
    assert [job.id] == [one.holder for one in ledger.store.hosts.reservations(host)]
    assert _nothing_to_claim(ledger)
    ledger.store.steering.resume(job.id, ANN)
    assert "queued" == ledger.state(job.id)
    ledger.work()
    assert "succeeded" == ledger.state(job.id)


@pytest.mark.parametrize("policy", ["keep", "rollback"])
def test_paused_job_is_cancelled(ledger: Ledger, policy: Any) -> None:
    """A cancel works while a job is paused, with its rollback, which is not held up."""
    job = ledger.job(step("a", undoable=True), step("b", "a"), step("c", "b"))
    ledger.end(ledger.claim())
    ledger.store.steering.pause(job.id, ANN)
    with pytest.raises(IllegalMove):
        ledger.store.jobs.retry(job.id)
    ledger.store.jobs.cancel(job.id, policy)
    undone = [claim.phase for claim in ledger.work()]

    assert ["undo"] * (policy == "rollback") == undone
    assert "cancelled" == ledger.state(job.id)
    assert "queued" == ledger.store.jobs.retry(job.id).state
    assert not ledger.store.client.exists(f"t:job:{job.id}:later")


def test_cancel_while_pausing_stops_the_running_steps(ledger: Ledger) -> None:
    """A cancel during the pause's beginning reaches the workers."""
    job = ledger.job(step("a"), step("b"))
    claim = ledger.claim()
    ledger.store.steering.pause(job.id, ANN)
    ledger.store.jobs.cancel(job.id)
    renewed = ledger.store.leases.renew([(claim.job_id, claim.step_id, claim.token)], 60)
    assert {job.id} == renewed.cancelling
    ledger.end(claim, "cancelled")

    assert "cancelled" == ledger.state(job.id)


def test_what_is_ending_or_not_begun_is_not_paused(ledger: Ledger) -> None:
    """A gated, cancelling, rolling back or ended job is not paused."""
    gated = ledger.job(step("a"), gate=Gate(approval=True))
    job = ledger.job(step("a", undoable=True), step("b"), on_failure="rollback")
    first, second = ledger.claim(), ledger.claim()

    def refused(job_id: str) -> str:
        with pytest.raises(IllegalMove) as error:
            ledger.store.steering.pause(job_id, ANN)
        return error.value.state

    found = [refused(gated.id)]
    bad, good = (first, second) if first.step_id == "b" else (second, first)
    ledger.end(bad, "failed", error=PROBLEM)
    found.append(refused(job.id))  # it fails when its last step has ended
    ledger.end(good)
    found.append(refused(job.id))
    ledger.work()
    found.append(refused(job.id))

    assert ["waiting_approval", "running", "rolling_back", "failed"] == found


def test_other_jobs_go_on(ledger: Ledger) -> None:
    """A paused job leaves its slots to others, and comes back from a host's line of parked jobs too."""
    host = ledger.host(max_parallel_steps=1)
    one, other = (ledger.job(step("a"), step("b", "a"), host_id=host) for _ in range(2))
    claim = ledger.claim()
    assert _nothing_to_claim(ledger)  # the other is parked at the bound
    parked = other if claim.job_id == one.id else one
    ledger.store.steering.pause(parked.id, ANN)
    ledger.end(claim)

    def choose(done: Claim) -> StepResult:
        assert done.job_id == claim.job_id
        return StepResult("succeeded")

    ledger.work(choose)
    assert "paused" == ledger.state(parked.id)
    ledger.store.steering.resume(parked.id, ANN)
    ledger.work()
    assert "succeeded" == ledger.state(parked.id)
