"""How jobs end: failure, cancel, rollback, deadline and retry, on a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from service.ledger.plan import Demand, Step
from service.ledger.store import Claim, IllegalMove, StepResult
from tests.integration.ledger_kit import PROBLEM, Ledger, failing, open_ledger, step


@pytest.fixture
def ledger(redis_url: str) -> Iterator[Ledger]:
    """An empty ledger."""
    with open_ledger(redis_url) as one:
        yield one


def _chain() -> tuple[Step, ...]:
    """A small build: switch, two nodes with disks, a proof that cannot be undone, a cluster that fails."""
    return (
        step("switch", undoable=True),
        step("disk-1", "switch", undoable=True),
        step("disk-2", "switch", undoable=True),
        step("node-1", "disk-1", undoable=True),
        step("node-2", "disk-2", undoable=True),
        step("probe", "node-1", "node-2"),
        step("cluster", "probe", undoable=True),
        step("publish", "cluster"),
    )


def test_failed_job_says_which_step_and_why(ledger: Ledger) -> None:
    """A failed job carries the step's problem and its id; steps behind it never started."""
    job = ledger.job(step("a"), step("b", "a"), step("c", "b"))
    ledger.work(failing(b=False))
    failed = ledger.store.jobs.get(job.id)

    assert failed is not None
    assert ("failed", {**PROBLEM, "step_id": "b"}, ledger.now) == (failed.state, failed.error, failed.ended_at)
    assert {"a": "succeeded", "b": "failed", "c": "pending"} == ledger.states(job.id)
    assert "b" == ledger.events(job.id)[-1].data["step_id"]


def test_failure_lets_running_steps_end(ledger: Ledger) -> None:
    """After a failure no step starts; the job ends when the running ones have ended, and their work is kept."""
    job = ledger.job(step("a"), step("b"), step("c"), step("d", "b"))
    claims = {claim.step_id: claim for claim in (ledger.claim(), ledger.claim())}
    assert {"a", "b"} == set(claims)
    ledger.end(claims["a"], "failed", error=PROBLEM)

    assert ledger.store.leases.claim("w1", 60) is None
    assert "running" == ledger.state(job.id)
    ledger.end(claims["b"])
    assert "failed" == ledger.state(job.id)
    assert {"a": "failed", "b": "succeeded", "c": "pending", "d": "pending"} == ledger.states(job.id)


def test_rollback_undoes_in_reverse_order(ledger: Ledger) -> None:
    """What started is undone after everything that stands on it; what cannot be undone passes at once."""
    job = ledger.lab_job(*_chain(), on_failure="rollback")
    claims = ledger.work(failing(cluster=False))
    undone = [claim.step_id for claim in claims if claim.phase == "undo"]

    assert "cluster" == undone[0]
    assert "switch" == undone[-1]
    assert {"node-1", "disk-1", "node-2", "disk-2"} == set(undone[1:-1])
    assert undone.index("node-1") < undone.index("disk-1")
    assert undone.index("node-2") < undone.index("disk-2")
    assert {"undone", "pending"} == set(ledger.states(job.id).values())
    assert "pending" == ledger.states(job.id)["publish"]
    assert ["job.rolling_back", "job.failed"] == [
        name for name in ledger.types(job.id) if name in {"job.rolling_back", "job.failed"}
    ]


def test_complete_rollback_removes_the_lab(ledger: Ledger) -> None:
    """When everything was undone, the lab is removed and its host has its memory back."""
    host = ledger.host(memory_mib=1000)
    job = ledger.lab_job(*_chain(), on_failure="rollback", host_id=host, demand=Demand(500, 1))
    ledger.work(failing(cluster=False))
    lab = ledger.store.labs.get(job.lab_id)

    assert lab is not None
    assert "removed" == lab.state
    assert [] == ledger.store.hosts.reservations(host)
    assert {} == ledger.store.labs.secrets(job.lab_id)


def test_failed_undo_is_told_and_does_not_stop_the_others(ledger: Ledger) -> None:
    """A step that cannot be undone leaves a failed lab that keeps its reservation; the rest is undone all the same."""
    host = ledger.host(memory_mib=1000)
    job = ledger.lab_job(*_chain(), on_failure="rollback", host_id=host, demand=Demand(500, 1))

    def choose(claim: Claim) -> StepResult:
        broken = (claim.step_id, claim.phase) in {("cluster", "forward"), ("node-1", "undo")}
        return StepResult("failed", error={"code": claim.phase}) if broken else StepResult("succeeded")

    ledger.work(choose)
    failed = ledger.store.jobs.get(job.id)

    assert failed is not None
    assert failed.error is not None
    assert ("failed", "forward", {"code": "undo"}) == (
        failed.state,
        failed.error["code"],
        failed.error["rollback_error"],
    )
    states = ledger.states(job.id)
    assert ("undone", "undone", "undone") == (states["switch"], states["disk-1"], states["node-2"])
    assert [job.lab_id] == [one.holder for one in ledger.store.hosts.reservations(host)]


def test_undo_is_retried_and_survives_a_lost_lease(ledger: Ledger) -> None:
    """Undo steps have leases, fences and attempts of their own."""
    job = ledger.job(step("a", undoable=True), step("b", "a"), on_failure="rollback")
    ledger.end(ledger.claim())
    ledger.end(ledger.claim(), "failed", error=PROBLEM)
    first = ledger.claim("w1", 10)
    ledger.advance(11)
    ledger.store.leases.sweep()
    second = ledger.claim("w2", 10)
    ledger.end(second, "failed", error=PROBLEM, retryable=True)
    third = ledger.claim("w3", 10)

    assert ["undo"] * 3 == [first.phase, second.phase, third.phase]
    assert first.fence < second.fence < third.fence
    assert (1, 2, 3) == (first.attempt, second.attempt, third.attempt)
    assert not ledger.end(first)
    assert ledger.end(third)
    assert "failed" == ledger.state(job.id)


def test_cancel_of_a_queued_job_is_immediate(ledger: Ledger) -> None:
    """A job that nobody works on is cancelled at once, with its lab; a second cancel is refused."""
    host = ledger.host(memory_mib=1000)
    job = ledger.lab_job(step("a"), host_id=host, demand=Demand(500, 0))
    cancelled = ledger.store.jobs.cancel(job.id, "rollback")

    assert cancelled is not None
    assert "cancelled" == cancelled.state
    assert {"a": "cancelled"} == ledger.states(job.id)
    assert [] == ledger.store.hosts.reservations(host)
    assert ledger.store.leases.claim("w1", 60) is None
    with pytest.raises(IllegalMove):
        ledger.store.jobs.cancel(job.id)


def test_cancel_of_a_running_job_is_a_flag(ledger: Ledger) -> None:
    """Running steps learn of the cancel with their renewal; the job is cancelled when they have stopped."""
    job = ledger.job(step("a"), step("b", "a"))
    claim = ledger.claim()
    ledger.store.jobs.cancel(job.id)
    again = ledger.store.jobs.cancel(job.id)
    renewed = ledger.store.leases.renew([(job.id, "a", claim.token)], 60)

    assert again is not None
    assert ("cancelling", frozenset({job.id})) == (again.state, renewed.cancelling)
    assert ledger.end(claim, "cancelled", cancel_unconfirmed=True)
    ended = ledger.store.jobs.get(job.id)
    assert ended is not None
    assert ("cancelled", True) == (ended.state, ended.cancel_unconfirmed)
    assert {"a": "cancelled", "b": "cancelled"} == ledger.states(job.id)


def test_cancel_with_the_worker_dead_ends_too(ledger: Ledger) -> None:
    """A cancelled job whose worker is gone ends by the sweep, and says that the stop is not confirmed."""
    job = ledger.job(step("a"))
    ledger.claim("w1", 10)
    ledger.store.jobs.cancel(job.id)
    ledger.advance(11)
    ledger.store.leases.sweep()
    ended = ledger.store.jobs.get(job.id)

    assert ended is not None
    assert ("cancelled", True) == (ended.state, ended.cancel_unconfirmed)


def test_cancel_can_roll_back(ledger: Ledger) -> None:
    """Cancel with rollback undoes what started, the stopped step included."""
    job = ledger.lab_job(step("a", undoable=True), step("b", "a", undoable=True), step("c", "b"))
    ledger.end(ledger.claim())
    claim = ledger.claim()
    ledger.store.jobs.cancel(job.id, "rollback")
    ledger.end(claim, "cancelled")

    assert "rolling_back" == ledger.state(job.id)
    assert ["b", "a"] == [one.step_id for one in ledger.work()]
    assert ("cancelled", "cancelled") == (ledger.state(job.id), ledger.states(job.id)["c"])


def test_cancel_while_a_step_waits(ledger: Ledger) -> None:
    """A step that only waits holds nothing up: the job is cancelled at once and the wait never comes due."""
    job = ledger.job(step("await"))
    ledger.end(ledger.claim(), "wait", wait_seconds=10)
    ledger.store.jobs.cancel(job.id)
    ledger.advance(11)

    assert "cancelled" == ledger.state(job.id)
    assert 0 == ledger.store.leases.sweep().due_waits


def test_deadline_ends_a_queued_job(ledger: Ledger) -> None:
    """A job that nobody started in time is expired, with a problem that says so."""
    job = ledger.job(step("a"), deadline_seconds=100)
    ledger.advance(101)
    swept = ledger.store.leases.sweep()
    ended = ledger.store.jobs.get(job.id)

    assert ended is not None
    assert ended.error is not None
    assert (1, "expired", "job_deadline_passed") == (swept.expired_jobs, ended.state, ended.error["code"])


def test_deadline_stops_a_running_job(ledger: Ledger) -> None:
    """Running steps are told to stop, then the job rolls back if its caller wanted that, and is expired."""
    job = ledger.job(step("a", undoable=True), deadline_seconds=100, on_failure="rollback")
    claim = ledger.claim("w1", 1000)
    ledger.advance(101)
    ledger.store.leases.sweep()
    renewed = ledger.store.leases.renew([(job.id, "a", claim.token)], 60)

    assert frozenset({job.id}) == renewed.cancelling
    ledger.end(claim, "cancelled")
    ledger.work()
    assert ("expired", {"a": "undone"}) == (ledger.state(job.id), ledger.states(job.id))


def test_retry_goes_on_from_the_failed_step(ledger: Ledger) -> None:
    """A retry runs the failed step in a new generation and what stands on it; succeeded steps stay."""
    job = ledger.job(step("a"), step("b", "a"), step("c", "b"), step("side"))
    first = ledger.work(failing(b=False))
    assert "b" in {claim.step_id for claim in first}
    retried = ledger.store.jobs.retry(job.id)

    assert ("queued", 1, None, None) == (retried.state, retried.retries, retried.error, retried.ended_at)
    assert "succeeded" == ledger.states(job.id)["a"]
    again = ledger.work()
    assert {"b": (2, 1), "c": (1, 1)} == {
        one.step_id: (one.generation, one.attempt) for one in again if one.step_id in {"b", "c"}
    }
    assert "a" not in {one.step_id for one in again}
    assert "succeeded" == ledger.state(job.id)


def test_retry_after_rollback_builds_everything_again(ledger: Ledger) -> None:
    """A job that was rolled back can be retried: the lab comes back and every undone step runs again."""
    host = ledger.host(memory_mib=1000)
    job = ledger.lab_job(
        *_chain(), on_failure="rollback", host_id=host, demand=Demand(500, 1), secrets={"s": {"ref": "env:X"}}
    )
    ledger.work(failing(cluster=False))
    ledger.store.jobs.retry(job.id)
    lab = ledger.store.labs.get(job.lab_id)

    assert lab is not None
    assert "building" == lab.state
    assert [job.id] == [one.holder for one in ledger.store.hosts.reservations(host)]
    assert _chain()[0].id == ledger.claim("w9", 1).step_id
    ledger.advance(2)
    ledger.store.leases.sweep()
    assert {one.id for one in _chain()} == {claim.step_id for claim in ledger.work()}
    lab = ledger.store.labs.get(job.lab_id)
    assert lab is not None
    assert ("ready", {"s": {"ref": "env:X"}}) == (lab.state, ledger.store.labs.secrets(job.lab_id))


def test_retry_runs_again_what_stands_on_an_undone_step(ledger: Ledger) -> None:
    """A step whose undo failed is not trusted on a retry when what it stands on was undone."""
    job = ledger.job(step("a", undoable=True), step("b", "a", undoable=True), step("c", "b"), on_failure="rollback")

    def choose(claim: Claim) -> StepResult:
        broken = (claim.step_id, claim.phase) in {("c", "forward"), ("b", "undo")}
        return StepResult("failed", error=PROBLEM) if broken else StepResult("succeeded")

    ledger.work(choose)
    assert {"a": "undone", "b": "succeeded", "c": "undone"} == ledger.states(job.id)
    ledger.store.jobs.retry(job.id)

    assert ["a", "b", "c"] == [claim.step_id for claim in ledger.work()]


def test_retry_waits_for_capacity(ledger: Ledger) -> None:
    """A retried job whose room was taken meanwhile waits for it."""
    host = ledger.host(memory_mib=1000)
    job = ledger.job(step("a"), host_id=host, demand=Demand(600, 0))
    ledger.end(ledger.claim(), "failed", error=PROBLEM)
    other = ledger.job(step("a"), host_id=host, demand=Demand(600, 0))

    assert "waiting" == ledger.store.jobs.retry(job.id).state
    ledger.store.jobs.cancel(other.id)
    assert job.id == ledger.claim().job_id


def test_retry_of_a_failed_lab_keeps_its_reservation(ledger: Ledger) -> None:
    """A retry uses what the failed lab holds, even when the host is full otherwise."""
    host = ledger.host(memory_mib=1000)
    job = ledger.lab_job(step("a"), host_id=host, demand=Demand(600, 0))
    ledger.end(ledger.claim(), "failed", error=PROBLEM)
    ledger.lab_job(step("a"), host_id=host, demand=Demand(400, 0))

    assert "queued" == ledger.store.jobs.retry(job.id).state
    ledger.work()
    assert 1000 == sum(one.memory_mib for one in ledger.store.hosts.reservations(host))


def test_retry_is_refused_where_it_makes_no_sense(ledger: Ledger) -> None:
    """Unfinished and succeeded jobs, and jobs whose lab a teardown removed, cannot be retried."""
    job = ledger.lab_job(step("a"), step("b", "a"))
    with pytest.raises(IllegalMove):
        ledger.store.jobs.retry(job.id)
    ledger.work(failing(b=False))
    teardown = ledger.job(step("release-lab", action="ReleaseLab"), lab_id=job.lab_id, kind="teardown")
    with pytest.raises(IllegalMove, match="being removed"):
        ledger.store.jobs.retry(job.id)
    ledger.work()
    assert "succeeded" == ledger.state(teardown.id)
    with pytest.raises(IllegalMove, match="removed"):
        ledger.store.jobs.retry(job.id)
    with pytest.raises(IllegalMove):
        ledger.store.jobs.retry(teardown.id)


def test_retry_gets_a_new_deadline(ledger: Ledger) -> None:
    """The deadline of a retried job counts from the retry."""
    job = ledger.job(step("a"), deadline_seconds=100)
    ledger.advance(101)
    ledger.store.leases.sweep()
    retried = ledger.store.jobs.retry(job.id)

    assert ledger.now + 100 == retried.deadline_at
    ledger.advance(50)
    assert 0 == ledger.store.leases.sweep().expired_jobs
    ledger.work()
    assert "succeeded" == ledger.state(job.id)


def test_retry_cancelled_with_rollback_while_queued(ledger: Ledger) -> None:
    """A retried job that is cancelled before it ran again still undoes what its first run left."""
    job = ledger.job(step("a", undoable=True), step("b", "a"))
    ledger.work(failing(b=False))
    ledger.store.jobs.retry(job.id)
    ledger.store.jobs.cancel(job.id, "rollback")

    assert ["a"] == [claim.step_id for claim in ledger.work()]
    assert "cancelled" == ledger.state(job.id)


def test_result_is_the_facts_of_a_succeeded_job(ledger: Ledger) -> None:
    """A succeeded job answers its facts as result; lists leave it out."""
    job = ledger.job(step("a"))
    ledger.end(ledger.claim(), facts={"host.report": {"memory_total_mib": 1}})
    ended = ledger.store.jobs.get(job.id)

    assert ended is not None
    assert ({"host.report": {"memory_total_mib": 1}}, 100) == (ended.result, ended.progress_percent)
    assert {"host.report": {"memory_total_mib": 1}} == ledger.store.jobs.facts(job.id)


def test_the_last_cancel_decides_what_becomes_of_the_work(ledger: Ledger) -> None:
    """A policy given with a cancel takes the place of the job's own, also in a second cancel; without one it stays."""
    ends = {}
    for given in ((None,), ("rollback",), ("rollback", "keep"), ("keep", "rollback", None)):
        job = ledger.job(step("a", undoable=True), on_cancel="keep")
        claim = ledger.claim()
        for policy in given:
            ledger.store.jobs.cancel(job.id, policy)
        ledger.end(claim, "cancelled")
        ledger.work()
        ends[given] = ledger.states(job.id)["a"]
        assert "cancelled" == ledger.state(job.id)

    assert ["cancelled", "undone", "cancelled", "undone"] == list(ends.values())


def test_a_cancel_does_not_change_how_a_failed_job_ends(ledger: Ledger) -> None:
    """A job that failed and waits for its last steps goes by its own on_failure, whatever the cancel says."""
    job = ledger.job(step("a", undoable=True), step("b", undoable=True), on_failure="keep")
    first, second = ledger.claim(), ledger.claim()
    ledger.end(first, "failed", error=PROBLEM)
    ledger.store.jobs.cancel(job.id, "rollback")
    ledger.end(second, "cancelled")

    assert "failed" == ledger.state(job.id)
