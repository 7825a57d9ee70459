"""What metrics show of the ledger, on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from service.ledger.plan import Demand
from service.ledger.store import LeaseLost, StepResult
from service.observing.metrics import REGISTRY
from tests.integration.ledger_kit import PROBLEM, Ledger, open_ledger, step


@pytest.fixture
def ledger(redis_url: str) -> Iterator[Ledger]:
    """An empty ledger."""
    with open_ledger(redis_url, retention_seconds=1000) as one:
        yield one


def _jobs(ledger: Ledger) -> dict[tuple[str, str], int]:
    return {name: count for name, count in ledger.store.tallies.read().jobs.items() if count}


def _recounted(ledger: Ledger) -> dict[tuple[str, str], int]:
    """Forget the running count, so that the next read counts all jobs again."""
    ledger.store.client.delete("t:tally")
    return _jobs(ledger)


def _count(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"matryoshka_{name}", labels) or 0.0


@pytest.mark.parametrize("since_when", ["the beginning", "later"])
def test_jobs_by_kind_and_state_follow_every_move(ledger: Ledger, since_when: str) -> None:
    """Counted from an empty ledger or begun over a full one: after each move the counts are those of all jobs."""
    if since_when == "the beginning":
        assert {} == _jobs(ledger)
    done = ledger.job(step("a"))
    failed = ledger.job(step("b"), kind="verify_lab")
    assert {("inspect_host", "queued"): 1, ("verify_lab", "queued"): 1} == _jobs(ledger)

    ledger.end(ledger.claim())
    assert {("inspect_host", "succeeded"): 1, ("verify_lab", "queued"): 1} == _jobs(ledger)
    ledger.end(ledger.claim(), "failed", error=PROBLEM)
    assert {("inspect_host", "succeeded"): 1, ("verify_lab", "failed"): 1} == _jobs(ledger)
    assert _jobs(ledger) == _recounted(ledger)

    ledger.advance(2000)
    ledger.store.leases.sweep()
    assert "" == ledger.state(done.id) == ledger.state(failed.id)
    assert {} == _jobs(ledger) == _recounted(ledger)


def test_hosts_workers_and_deliveries(ledger: Ledger) -> None:
    """Steps and waiting jobs of a host, living workers, pending deliveries and endpoints by state are counted."""
    host = ledger.host()
    ledger.endpoint("job.*")
    ledger.job(step("a", heavy=True), step("b"), host_id=host)
    for _ in range(2):
        ledger.claim()
    ledger.store.workers.beat("w1", {}, ttl_seconds=30)
    tallies = ledger.store.tallies.read()

    assert [(host, 2, 1, 0, 0.0)] == [
        (one.host_id, one.steps, one.heavy_steps, one.jobs_waiting, one.away_seconds) for one in tallies.hosts
    ]
    assert 1 == tallies.workers
    assert {"active": 1, "resting": 0, "disabled": 0} == tallies.endpoints
    assert 2 == tallies.deliveries_pending  # job.queued, job.started


def test_a_host_that_does_not_answer_is_away_since_then(ledger: Ledger) -> None:
    """The time counts from its first missing answer, and ends with an answer."""
    host = ledger.host()
    ledger.job(step("a", max_attempts=3), host_id=host)
    ledger.end(ledger.claim(), "wait", wait_seconds=10, host_error="HOST_UNREACHABLE", host_away_seconds=20.0)
    ledger.advance(100)
    away = ledger.store.tallies.read().hosts[0].away_seconds
    ledger.end(ledger.claim(), "wait", wait_seconds=10, host_error="")

    assert 120 == away
    assert 0 == ledger.store.tallies.read().hosts[0].away_seconds


def test_waits_are_told_with_the_claim(ledger: Ledger) -> None:
    """A claim knows how long its step was ready, and the first one of a job how long that was queued."""
    ledger.job(step("a"), step("b", "a"))
    ledger.advance(30)
    waiting = ledger.store.tallies.read().ready_seconds
    first = ledger.claim()
    ledger.end(first)
    ledger.advance(5)
    second = ledger.claim()

    assert 30 == waiting
    assert (30, 30) == (first.step_waited_seconds, first.job_waited_seconds)
    assert (5, None) == (second.step_waited_seconds, second.job_waited_seconds)
    assert 0 == ledger.store.tallies.read().ready_seconds


def test_a_step_is_ready_when_its_job_has_its_room(ledger: Ledger) -> None:
    """The time in the line for room is not the workers', nor is the time since an earlier run of a retried job."""
    host = ledger.host(memory_mib=10)
    first = ledger.job(step("a"), host_id=host, demand=Demand(10, 1))
    ledger.end(ledger.claim(), "failed", error=PROBLEM)
    ledger.advance(1000)
    ledger.job(step("b"), host_id=host, demand=Demand(10, 1))
    assert "waiting" == ledger.store.jobs.retry(first.id).state
    ledger.advance(100)
    ledger.end(ledger.claim())
    ledger.advance(7)

    assert 7 == ledger.store.tallies.read().ready_seconds
    assert 7 == ledger.claim().step_waited_seconds


def test_lost_leases_and_refused_fences_are_counted(ledger: Ledger) -> None:
    """Each write under a token that is not the newest is a refused fence, whichever move it was."""
    ledger.job(step("a", max_attempts=5))
    claim = ledger.claim(lease=10)
    ledger.advance(20)
    assert 1 == ledger.store.leases.sweep().lost
    before = _count("fences_refused_total", by="ledger")
    assert claim.token in ledger.store.leases.renew([(claim.job_id, claim.step_id, claim.token)], 10).lost
    assert not ledger.store.leases.finish(claim, StepResult("succeeded"))
    with pytest.raises(LeaseLost):
        ledger.store.leases.record_intent(claim, {})
    with pytest.raises(LeaseLost):
        ledger.store.leases.append(claim, "step.log", {})

    assert 4 == _count("fences_refused_total", by="ledger") - before


def test_moves_are_timed_and_their_errors_counted(ledger: Ledger) -> None:
    """Each move is observed under its name; one that ends with an error is counted by the error's type."""
    before = _count("redis_move_duration_seconds_count", move="claim")
    errors = _count("redis_move_errors_total", move="claim", error="ResponseError")
    ledger.store.leases.claim("w1", 10)
    arguments: dict[str, Any] = {"worker": "w1", "lease": "no number"}
    with pytest.raises(Exception, match="nonce"):
        ledger.store._scripts.run("claim", arguments)

    assert 2 == _count("redis_move_duration_seconds_count", move="claim") - before
    assert 1 == _count("redis_move_errors_total", move="claim", error="ResponseError") - errors
