"""Claims, renewals, fences, attempts and what becomes of lost leases, on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from service.ledger.event import EventType
from service.ledger.store import LeaseLost
from tests.integration.ledger_kit import PROBLEM, Ledger, open_ledger, step


@pytest.fixture
def ledger(redis_url: str) -> Iterator[Ledger]:
    """An empty ledger."""
    with open_ledger(redis_url) as one:
        yield one


def test_nothing_to_claim(ledger: Ledger) -> None:
    """An empty ledger gives no claim."""
    assert ledger.store.leases.claim("w1", 60) is None
    assert 0 == ledger.store.leases.claimable()


def test_claim_carries_what_the_step_reads(ledger: Ledger) -> None:
    """A claim has the step, its request and secrets, and those facts that the step reads, and no others."""
    secrets = {"guest_administrator": {"sealed": "x"}}
    ledger.job(step("one"), step("two", "one", reads=("a", "node.*", "absent")), request={"r": 1}, secrets=secrets)
    facts = {"a": {"deep": [1, {}]}, "node.n1.vm_id": "v", "nodeless": 1, "other": 2}
    ledger.end(ledger.claim(), facts=facts)
    claim = ledger.claim("w9", 30)

    assert {"a": {"deep": [1, {}]}, "node.n1.vm_id": "v"} == claim.facts
    assert ("two", {"r": 1}, secrets, "forward", 1, 1) == (
        claim.step_id,
        claim.request,
        claim.secrets,
        claim.phase,
        claim.attempt,
        claim.generation,
    )
    assert (ledger.now + 30, ledger.now, "w9") == (claim.lease_deadline, claim.step_started_at, claim.worker)


def test_steps_follow_their_needs(ledger: Ledger) -> None:
    """A step is claimable only when all it needs are done, and the job ends with the last one."""
    job = ledger.job(step("a"), step("b", "a"), step("c", "a"), step("d", "b", "c"))
    order = [claim.step_id for claim in ledger.work()]

    assert order[0] == "a"
    assert order[-1] == "d"
    assert "succeeded" == ledger.state(job.id)
    assert ["job.queued", "job.started", "step.started", "step.succeeded"] == ledger.types(job.id)[:4]
    assert "job.succeeded" == ledger.types(job.id)[-1]


def test_skipped_counts_as_done(ledger: Ledger) -> None:
    """A skipped step lets its dependents start."""
    job = ledger.job(step("a"), step("b", "a"))
    ledger.end(ledger.claim(), "skipped")
    ledger.end(ledger.claim())

    assert ("succeeded", {"a": "skipped", "b": "succeeded"}) == (ledger.state(job.id), ledger.states(job.id))


def test_fence_rises_and_stale_token_never_writes(ledger: Ledger) -> None:
    """After a lost lease the next claim has a higher fence, and every write of the old token is refused."""
    job = ledger.job(step("one"))
    old = ledger.claim("w1", 10)
    ledger.advance(11)
    swept = ledger.store.leases.sweep()
    new = ledger.claim("w2", 10)

    assert 1 == swept.lost
    assert (old.fence + 1, 2, old.generation) == (new.fence, new.attempt, new.generation)
    assert not ledger.end(old)
    with pytest.raises(LeaseLost):
        ledger.store.leases.append(old, EventType.STEP_LOGGED, {})
    with pytest.raises(LeaseLost):
        ledger.store.leases.record_intent(old, {"call": 1})
    renewed = ledger.store.leases.renew([(job.id, "one", old.token), (job.id, "one", new.token)], 10)
    assert frozenset({old.token}) == renewed.lost
    assert "running" == ledger.states(job.id)["one"]


def test_finish_repeated_is_accepted_again(ledger: Ledger) -> None:
    """A worker whose reply was lost may finish again with the same token and changes nothing by it."""
    job = ledger.job(step("one"), step("two", "one"))
    claim = ledger.claim()
    answers = [ledger.end(claim), ledger.end(claim), ledger.end(claim, "failed")]

    assert [True, True, True] == answers
    assert {"one": "succeeded", "two": "ready"} == ledger.states(job.id)
    assert 1 == ledger.types(job.id).count("step.succeeded")


def test_invented_token_is_refused(ledger: Ledger) -> None:
    """A guessed token does nothing, not even with the right fence."""
    ledger.job(step("one"))
    claim = ledger.claim()

    assert not ledger.end(replace(claim, token=f"{claim.fence}:w1:0000000000000000"))


def test_renewal_keeps_a_lease(ledger: Ledger) -> None:
    """Renewed leases survive the sweep, those that were not renewed do not."""
    job = ledger.job(step("one"), step("two"))
    kept, lost = ledger.claim("w1", 10), ledger.claim("w1", 10)
    ledger.advance(8)
    renewed = ledger.store.leases.renew([(job.id, kept.step_id, kept.token)], 10)
    ledger.advance(8)

    assert (frozenset(), frozenset()) == (renewed.lost, renewed.cancelling)
    assert 1 == ledger.store.leases.sweep().lost
    assert ledger.end(kept)
    assert not ledger.end(lost)


def test_lost_reply_of_claim_gives_the_same_claim(ledger: Ledger) -> None:
    """The client's own retry of a claim does not take a second step."""
    ledger.job(step("one"), step("two"))
    arguments = {"worker": "w1", "lease": 60, "nonce": "n" * 16}
    scripts = ledger.store.leases._scripts
    first, second = scripts.run("claim", arguments), scripts.run("claim", arguments)

    assert first == second
    assert 1 == ledger.store.leases.claimable()


def test_attempts_are_capped(ledger: Ledger) -> None:
    """A step that loses its worker each time fails for good at its cap, with a problem that says so."""
    job = ledger.job(step("poison", max_attempts=3))
    for _ in range(3):
        ledger.claim("w1", 10)
        ledger.advance(11)
        ledger.store.leases.sweep()
    ended = ledger.store.jobs.get(job.id)

    assert ended is not None
    assert ended.error is not None
    assert ("failed", "attempts_exhausted", "poison") == (ended.state, ended.error["code"], ended.error["step_id"])
    assert ledger.store.leases.claim("w1", 10) is None


def test_retryable_failure_starts_a_new_generation(ledger: Ledger) -> None:
    """A failure that may be retried waits its time, then runs in a new generation while attempts are left."""
    job = ledger.job(step("one", max_attempts=2))
    first = ledger.claim()
    ledger.end(first, "failed", error=PROBLEM, retryable=True, retry_after_seconds=5)

    assert ledger.store.leases.claim("w1", 60) is None
    ledger.advance(6)
    second = ledger.claim()
    assert (2, 2, ledger.now) == (second.attempt, second.generation, second.step_started_at)
    ledger.end(second, "failed", error=PROBLEM, retryable=True)
    assert "failed" == ledger.state(job.id)
    assert 1 == ledger.types(job.id).count("step.retried")


def test_waiting_gives_the_worker_back_and_costs_no_attempt(ledger: Ledger) -> None:
    """A step that waits is claimed again when due, in the same try, with its memo and its first start."""
    job = ledger.job(step("await"))
    first = ledger.claim()
    for _ in range(5):
        claim = ledger.claim() if _ else first
        ledger.end(claim, "wait", wait_seconds=30, memo={"polls": _}, message="booting")
        assert ledger.store.leases.claim("w1", 60) is None
        ledger.advance(31)
    last = ledger.claim()

    assert (1, 1, {"polls": 4}, first.step_started_at) == (
        last.attempt,
        last.generation,
        last.memo,
        last.step_started_at,
    )
    assert last.fence == first.fence + 5
    assert "booting" == ledger.store.jobs.steps(job.id)[0].message
    assert (1, 1) == (ledger.types(job.id).count("step.waited"), ledger.types(job.id).count("step.started"))


def test_losing_a_step_after_its_wait_counts(ledger: Ledger) -> None:
    """A step that waited and then loses its worker has used up a try: a poison step ends at its cap."""
    ledger.job(step("await", max_attempts=2))
    ledger.end(ledger.claim(), "wait", wait_seconds=1)
    ledger.advance(2)
    goes_on = ledger.claim("w1", 10)
    ledger.advance(11)
    ledger.store.leases.sweep()

    assert (1, 2) == (goes_on.attempt, ledger.claim().attempt)


def test_sweep_starts_due_waits(ledger: Ledger) -> None:
    """The sweep counts due waits as work to wake for."""
    ledger.job(step("await"))
    ledger.end(ledger.claim(), "wait", wait_seconds=30)
    before = ledger.store.leases.sweep()
    ledger.advance(31)
    after = ledger.store.leases.sweep()

    assert (0, 0, 1, 1) == (before.due_waits, before.wake_steps, after.due_waits, after.wake_steps)


def test_released_step_goes_on_elsewhere(ledger: Ledger) -> None:
    """A draining worker gives its step back at once and without costing an attempt."""
    ledger.job(step("one"))
    ledger.end(ledger.claim(), "released")
    again = ledger.claim("w2")

    assert (1, 1, 2) == (again.attempt, again.generation, again.fence)


def test_former_life_of_a_worker_is_released(ledger: Ledger) -> None:
    """A worker that boots again takes back only the leases of its own name."""
    job = ledger.job(step("one"), step("two"))
    mine, other = ledger.claim("w1"), ledger.claim("w2")

    assert (1, 0) == (ledger.store.leases.release_worker("w1"), ledger.store.leases.release_worker("w1"))
    assert "ready" == ledger.states(job.id)[mine.step_id]
    assert "running" == ledger.states(job.id)[other.step_id]


def test_capacity_refusal_of_the_host_waits(ledger: Ledger) -> None:
    """A host that has no memory left right now makes the step wait, not fail."""
    job = ledger.job(step("start", max_attempts=1))
    ledger.end(ledger.claim(), "failed", error=PROBLEM, requeue_capacity=True, retry_after_seconds=20)

    assert "running" == ledger.state(job.id)
    ledger.advance(21)
    assert 1 == ledger.claim().attempt


def test_progress_is_remembered_and_told(ledger: Ledger) -> None:
    """An appended event shows in the step's record and in the job's stream; too much data is cut."""
    job = ledger.job(step("one", node="nest-1"))
    claim = ledger.claim()
    ledger.store.leases.append(claim, EventType.STEP_PROGRESSED, {"activity": "copy"}, percent=40, message="copying")
    ledger.store.leases.append(claim, EventType.STEP_LOGGED, {"text": "x" * 100_000})
    ledger.store.leases.record_intent(claim, {"function": "New-NestedDisk"})
    record = ledger.store.jobs.steps(job.id)[0]
    progressed, logged = ledger.events(job.id)[-2:]

    assert (40, "copying", {"function": "New-NestedDisk"}) == (record.percent, record.message, record.intent)
    assert ("nest-1", "one", {"activity": "copy"}) == (progressed.node, progressed.step_id, progressed.data)
    assert logged.data["truncated"]
    assert len(logged.data["text"]) < 5000


def test_host_bound_of_parallel_steps(ledger: Ledger) -> None:
    """No more steps run on a host than its bound allows, over all jobs, and a freed place is used."""
    host = ledger.host(max_parallel_steps=2)
    for _ in range(3):
        ledger.job(step("one"), step("two"), host_id=host)
    first, second = ledger.claim(), ledger.claim()

    assert ledger.store.leases.claim("w1", 60) is None
    ledger.end(first)
    assert ledger.claim().host_id == host
    assert ledger.store.leases.claim("w1", 60) is None
    ledger.end(second)
    assert 3 == len(ledger.work())


def test_a_claim_says_whether_another_worker_is_wanted(ledger: Ledger) -> None:
    """After a fan-out each claim but the last tells of more; a host at its bound has none."""
    host = ledger.host(max_parallel_steps=2)
    ledger.job(step("a"), step("b", "a"), step("c", "a"), step("d", "a"), host_id=host)
    first = ledger.claim()
    ledger.end(first)

    assert [False, True, False] == [first.more, ledger.claim().more, ledger.claim().more]


def test_host_bound_of_heavy_steps(ledger: Ledger) -> None:
    """Heavy steps wait for their own bound while light ones go on."""
    host = ledger.host(max_parallel_steps=10, max_heavy_steps=1)
    job = ledger.job(step("h-1", heavy=True), step("h-2", heavy=True), step("l-1"), step("l-2"), host_id=host)
    claims = [ledger.claim() for _ in range(3)]

    assert 1 == sum(claim.step["heavy"] for claim in claims)
    assert ledger.store.leases.claim("w1", 60) is None
    waiting = ledger.store.jobs.get(job.id)
    assert waiting is not None
    assert f"max_heavy_steps of {host}; running: {job.id}, {job.id}, {job.id}" == waiting.waiting_for
    ledger.end(next(claim for claim in claims if claim.step["heavy"]))
    assert ledger.claim().step["heavy"]


def test_bounds_heal_after_lost_leases(ledger: Ledger) -> None:
    """A worker that dies with all places of a host leaks none of them."""
    host = ledger.host(max_parallel_steps=2, max_heavy_steps=1)
    ledger.job(step("h-1", heavy=True), step("l-1"), step("l-2"), host_id=host)
    for _ in range(2):
        ledger.claim("w1", 10)
    ledger.store.client.sadd(f"t:host:{host}:run", "job_gone|step")  # what a bug or a lost write could leave
    ledger.advance(11)
    ledger.store.leases.sweep()

    assert set() == ledger.store.client.smembers(f"t:host:{host}:run")
    assert 3 == len(ledger.work())


def test_maintenance_starts_nothing(ledger: Ledger) -> None:
    """A bound of 0 stops new steps of a host; raising it lets the parked jobs go on in the same move."""
    host_id = ledger.host(max_parallel_steps=0)
    job = ledger.job(step("one"), host_id=host_id)

    assert ledger.store.leases.claim("w1", 60) is None
    host = ledger.store.hosts.get(host_id)
    assert host is not None
    ledger.store.hosts.update(replace(host, limits=replace(host.limits, max_parallel_steps=1)))
    assert job.id == ledger.claim().job_id


def test_priority_goes_first(ledger: Ledger) -> None:
    """High before normal before low, whatever came first."""
    jobs = {priority: ledger.job(step("one"), priority=priority).id for priority in (2, 1, 0)}

    assert [jobs[0], jobs[1], jobs[2]] == [claim.job_id for claim in ledger.work()]


def test_tenants_take_turns(ledger: Ledger) -> None:
    """A tenant with many jobs does not keep another one waiting."""
    for _ in range(5):
        ledger.job(step("a"), step("b"), step("c"), tenant="key_big")
    small = ledger.job(step("a"), step("b"), tenant="key_small")
    order = [claim.job_id for claim in ledger.work()]

    assert order.index(small.id) <= 1
    assert [n for n, job in enumerate(order) if job == small.id][-1] <= 3


def test_jobs_of_a_tenant_take_turns(ledger: Ledger) -> None:
    """A wide job does not keep the next one of its tenant waiting; the older job starts first."""
    wide = ledger.job(*[step(f"s-{n}") for n in range(10)])
    narrow = ledger.job(step("a"), step("b", "a"))
    order = [claim.job_id for claim in ledger.work()]

    assert [wide.id, narrow.id, wide.id, narrow.id] == order[:4]


def test_a_full_host_does_not_stop_others(ledger: Ledger) -> None:
    """Steps of another host are found behind any number of jobs of a full one."""
    full, other = ledger.host("full", max_parallel_steps=1), ledger.host("other")
    for _ in range(40):
        ledger.job(step("one"), host_id=full)
    ledger.claim()
    last = ledger.job(step("one"), host_id=other)

    assert last.id == ledger.claim().job_id


def test_scripts_are_loaded_again_when_the_server_forgot(ledger: Ledger) -> None:
    """A restarted server that lost its script cache is served without an error."""
    ledger.job(step("one"), step("two"))
    ledger.claim()
    ledger.store.client.script_flush()

    assert "two" == ledger.claim().step_id


def test_host_remembers_when_it_was_reached(ledger: Ledger) -> None:
    """A host's record says when it last answered, since when not and by which error; an answer clears that."""
    host_id = ledger.host()
    ledger.job(step("a"), host_id=host_id)

    def told(error: str | None, away: float = 0.0) -> tuple[float | None, float | None, str]:
        ledger.advance(100)
        ledger.end(ledger.claim(), "wait", host_error=error, host_away_seconds=away)
        host = ledger.store.hosts.get(host_id)
        assert host is not None
        return (host.reached_at, host.unreachable_since, host.unreachable_error)

    begin = ledger.now
    assert (None, None, "") == told(None)
    assert (begin + 200, None, "") == told("")
    assert (begin + 200, begin + 210, "HOST_UNREACHABLE") == told("HOST_UNREACHABLE", 90.0)
    assert (begin + 200, begin + 210, "ACCESS_DENIED") == told("ACCESS_DENIED", 1.0)
    assert (begin + 200, begin + 210, "ACCESS_DENIED") == told(None)
    assert (begin + 600, None, "") == told("")
