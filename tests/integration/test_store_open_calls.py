"""What the ledger knows of remote calls that may still run when their job ends, on a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from service.ledger.store import Claim, StepResult
from tests.integration.ledger_kit import PROBLEM, Ledger, open_ledger, step

_CALL = {"call_id": "job_1.a.1#1", "guest": {"vm_id": "v"}}


@pytest.fixture
def ledger(redis_url: str) -> Iterator[Ledger]:
    """An empty ledger."""
    with open_ledger(redis_url) as one:
        yield one


def _unconfirmed(ledger: Ledger, job_id: str) -> bool:
    job = ledger.store.jobs.get(job_id)
    assert job is not None
    assert "cancelled" == job.state
    return job.cancel_unconfirmed


@pytest.mark.parametrize("outcome", ["wait", "released"])
@pytest.mark.parametrize("is_open", [True, False])
def test_a_call_left_open_while_its_job_is_cancelled_is_unconfirmed(
    ledger: Ledger, outcome: str, is_open: bool
) -> None:
    """A step that is given back while its job stops ends it; only a call known to be over counts as stopped."""
    job = ledger.job(step("a"))
    claim = ledger.claim()
    ledger.store.jobs.cancel(job.id)
    ledger.end(claim, outcome, call_open=is_open)

    assert is_open == _unconfirmed(ledger, job.id)


@pytest.mark.parametrize("outcome", ["wait", "released"])
@pytest.mark.parametrize("is_open", [True, False])
def test_a_call_left_open_before_the_cancel_is_unconfirmed_too(ledger: Ledger, outcome: str, is_open: bool) -> None:
    """A step that waits for a call whose end is not known ends unconfirmed; one that only waits does not."""
    job = ledger.job(step("a"))
    claim = ledger.claim()
    ledger.store.leases.record_intent(claim, _CALL)
    ledger.end(claim, outcome, wait_seconds=30, call_open=is_open)
    ledger.store.jobs.cancel(job.id)

    assert is_open == _unconfirmed(ledger, job.id)


def test_the_next_claim_knows_the_open_call(ledger: Ledger) -> None:
    """A call that was begun and never told to be over comes with every later claim, with the guest that it runs in."""
    ledger.job(step("a"))
    first = ledger.claim("w1", 10)
    ledger.store.leases.record_intent(first, {**_CALL, "function": "New-Thing", "shell_id": "s"})
    ledger.advance(11)
    ledger.store.leases.sweep()
    second = ledger.claim()
    ledger.end(second, "failed", error=PROBLEM, retryable=True, call_open=True)
    third = ledger.claim()
    ledger.end(third, "wait")
    fourth = ledger.claim()

    assert ({}, _CALL, _CALL, {}) == (first.open_call, second.open_call, third.open_call, fourth.open_call)


def test_an_earlier_call_of_the_same_try_does_not_hide_a_later_one(ledger: Ledger) -> None:
    """Who goes on asks for the first call again, which is over; the second one is still the open one."""
    ledger.job(step("a"))
    first = ledger.claim("w1", 10)
    for call_id in ("s#9", "s#10"):
        ledger.store.leases.record_intent(first, {"call_id": call_id})
    ledger.advance(11)
    ledger.store.leases.sweep()
    second = ledger.claim("w2", 10)
    ledger.store.leases.record_intent(second, {"action": "A"})
    ledger.store.leases.record_intent(second, {"call_id": "s#1"})
    ledger.advance(11)
    ledger.store.leases.sweep()

    assert {"call_id": "s#10"} == ledger.claim().open_call


def test_the_way_back_knows_the_open_call_of_the_way_there(ledger: Ledger) -> None:
    """An undo of a step whose worker died in mid-call is told which call to wait for."""
    job = ledger.job(step("a", undoable=True))
    claim = ledger.claim("w1", 10)
    ledger.store.leases.record_intent(claim, _CALL)
    ledger.store.jobs.cancel(job.id, "rollback")
    ledger.advance(11)
    ledger.store.leases.sweep()
    undo = ledger.claim()

    assert ("undo", _CALL) == (undo.phase, undo.open_call)


def test_a_retry_after_an_unconfirmed_end_knows_the_open_call(ledger: Ledger) -> None:
    """A new generation does not begin beside the call of the old one."""
    job = ledger.job(step("a"))
    claim = ledger.claim()
    ledger.store.leases.record_intent(claim, _CALL)
    ledger.store.jobs.cancel(job.id)
    ledger.end(claim, "cancelled", cancel_unconfirmed=True, call_open=True)
    ledger.store.jobs.retry(job.id)
    again = ledger.claim()

    assert (2, _CALL) == (again.generation, again.open_call)


def _undo_of_b_fails(claim: Claim) -> StepResult:
    broken = (claim.step_id, claim.phase) in {("c", "forward"), ("b", "undo")}
    return StepResult("failed", error=PROBLEM) if broken else StepResult("succeeded")


def test_a_step_whose_undo_failed_runs_again_on_retry(ledger: Ledger) -> None:
    """Its last good state says nothing any more: a half-undone step is built again, in a new generation."""
    job = ledger.job(step("b", undoable=True), step("c", "b"), on_failure="rollback")
    ledger.work(_undo_of_b_fails)
    assert {"b": "succeeded", "c": "undone"} == ledger.states(job.id)
    ledger.store.jobs.retry(job.id)

    assert ["b", "c"] == [claim.step_id for claim in ledger.work()]


def test_a_second_rollback_asks_anew(ledger: Ledger) -> None:
    """No claim of a second rollback has the generation of the first one: the host would replay its recorded failure."""
    job = ledger.job(step("b", undoable=True), step("c", "b"), on_failure="rollback")
    first = ledger.work(_undo_of_b_fails)
    ledger.store.jobs.retry(job.id)
    second = ledger.work(_undo_of_b_fails)
    undone = [{one.generation for one in claims if one.phase == "undo"} for claims in (first, second)]
    forward = {one.generation for one in first + second if one.step_id == "b" and one.phase == "forward"}

    assert set() == undone[0] & undone[1]
    assert set() == forward & (undone[0] | undone[1])
