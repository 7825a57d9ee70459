"""Submitting, reading, listing and forgetting jobs on a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from service.ledger.job import JobState
from service.ledger.plan import Demand, Plan
from service.ledger.store import Idempotency, IllegalMove, JobFilter, NotFound, Submission
from tests.integration.ledger_kit import Ledger, open_ledger, step


@pytest.fixture
def ledger(redis_url: str) -> Iterator[Ledger]:
    """An empty ledger."""
    with open_ledger(redis_url) as one:
        yield one


def _keyed(fingerprint: str = "f1", tenant: str = "key_a") -> Submission:
    plan = Plan("inspect_host", (step("one"),))
    key = Idempotency("order-1", fingerprint)
    return Submission("inspect_host", {"a": 1}, plan, tenant=tenant, idempotency=key)


def test_submit_writes_job_plan_and_event(ledger: Ledger) -> None:
    """A submitted job can be read back with its steps, its plan and its first event."""
    job = ledger.job(step("one", params={"n": 1}), step("two", "one"), request={"x": [], "y": {}}, labels={"a": "b"})

    assert (JobState.QUEUED, {"x": [], "y": {}}, {"a": "b"}, 2) == (job.state, job.request, job.labels, job.steps_total)
    assert {"one": "ready", "two": "pending"} == ledger.states(job.id)
    assert [{"n": 1}, {}] == [spec["params"] for spec in ledger.store.jobs.plan(job.id)]
    assert ["job.queued"] == ledger.types(job.id)


def test_unknown_job_is_nothing(ledger: Ledger) -> None:
    """Reading an unknown job gives None and empty lists."""
    jobs = ledger.store.jobs

    assert (None, [], [], {}, []) == (
        jobs.get("job_x"),
        jobs.steps("job_x"),
        jobs.plan("job_x"),
        jobs.facts("job_x"),
        jobs.findings("job_x"),
    )
    assert jobs.cancel("job_x") is None
    with pytest.raises(NotFound):
        jobs.retry("job_x")


def test_same_key_and_body_replays(ledger: Ledger) -> None:
    """The same Idempotency-Key with the same body answers the first job and creates nothing."""
    first = ledger.store.jobs.submit(_keyed())
    second = ledger.store.jobs.submit(_keyed())

    assert ("created", "replayed") == (first.outcome, second.outcome)
    assert first.job is not None
    assert second.job is not None
    assert first.job.id == second.job.id
    assert 1 == len(ledger.store.jobs.list(JobFilter(), None, 10))


def test_same_key_and_other_body_conflicts(ledger: Ledger) -> None:
    """The same Idempotency-Key with another body is refused and names the job that has the key."""
    first = ledger.store.jobs.submit(_keyed())
    second = ledger.store.jobs.submit(_keyed("f2"))

    assert first.job is not None
    assert ("conflict", None, first.job.id) == (second.outcome, second.job, second.detail["job_id"])


def test_key_belongs_to_its_tenant(ledger: Ledger) -> None:
    """Two tenants may use the same Idempotency-Key."""
    outcomes = [ledger.store.jobs.submit(_keyed(tenant=tenant)).outcome for tenant in ("key_a", "key_b")]

    assert ["created", "created"] == outcomes


def test_repeated_call_creates_one_job(ledger: Ledger) -> None:
    """A submission whose reply was lost and that the client sends again creates one job."""
    again = [ledger.store.jobs.submit(replace(_keyed(), idempotency=None), "job_same").outcome for _ in range(2)]

    assert ["created", "created"] == again
    assert 1 == len(ledger.store.jobs.list(JobFilter(), None, 10))
    assert ["job.queued"] == ledger.types("job_same")


def test_target_is_held_by_one_unfinished_job(ledger: Ledger) -> None:
    """A name is held from submission until the job ends, and the refusal names the holder."""
    host = ledger.host()
    holder = ledger.job(step("one"), host_id=host, targets=("cluster-1",))
    busy = ledger.submit(step("one"), host_id=host, targets=("cluster-1",))
    ledger.store.jobs.cancel(holder.id)
    free = ledger.submit(step("one"), host_id=host, targets=("cluster-1",))

    assert ("target_busy", {"holder": holder.id, "target": "cluster-1"}) == (busy.outcome, busy.detail)
    assert "created" == free.outcome


def test_open_secret_is_refused(ledger: Ledger) -> None:
    """A secret value that is not sealed never reaches the server."""
    with pytest.raises(ValueError, match="neither sealed nor a reference"):
        ledger.submit(step("one"), secrets={"guest_administrator": {"value": "hunter2"}})

    assert [] == ledger.store.client.keys("t:job*")


def test_unknown_host_and_lab_are_refused(ledger: Ledger) -> None:
    """A job for a host or lab that is not there is not created."""
    with pytest.raises(NotFound):
        ledger.submit(step("one"), host_id="host_x")
    with pytest.raises(NotFound):
        ledger.submit(step("one"), lab_id="lab_x")


def test_lab_that_is_being_built_takes_no_other_job(ledger: Ledger) -> None:
    """Only a lab whose job has ended can be worked on."""
    builder = ledger.lab_job(step("one"))

    with pytest.raises(IllegalMove) as refused:
        ledger.submit(step("one"), lab_id=builder.lab_id)
    assert "building" == refused.value.state


def test_lists_by_each_index(ledger: Ledger) -> None:
    """Each filter finds its jobs and only those; filters combine; times bound the list."""
    host = ledger.host()
    first = ledger.job(step("one"), kind="nested_host", labels={"team": "red"})
    ledger.advance(10)
    second = ledger.lab_job(step("one"), host_id=host, labels={"team": "blue"})
    ledger.advance(10)
    third = ledger.job(step("one"), host_id=host, labels={"team": "red"})
    ledger.store.jobs.cancel(third.id)

    def ids(**fields: object) -> list[str]:
        return [job.id for job in ledger.store.jobs.list(JobFilter(**fields), None, 10)]  # type: ignore[arg-type]

    assert [third.id, second.id, first.id] == ids()
    assert [second.id, first.id] == ids(state="queued")
    assert [third.id] == ids(state=JobState.CANCELLED)
    assert [first.id] == ids(kind="nested_host")
    assert [third.id, second.id] == ids(host_id=host)
    assert [second.id] == ids(lab_id=second.lab_id)
    assert [third.id, first.id] == ids(label=("team", "red"))
    assert [third.id] == ids(label=("team", "red"), host_id=host)
    assert [] == ids(label=("team", "red"), state="running")
    assert [third.id, second.id] == ids(created_after=second.created_at)
    assert [first.id] == ids(created_before=first.created_at + 1)


def test_pages_miss_and_repeat_nothing(ledger: Ledger) -> None:
    """Pages by (created_at, id) show every job once, even when many were created in the same instant."""
    made = [ledger.job(step("one"), labels={"odd": str(n % 2)}).id for n in range(23)]
    seen: list[str] = []
    before: tuple[float, str] | None = None
    while page := ledger.store.jobs.list(JobFilter(), before, 5):
        seen.extend(job.id for job in page)
        before = (page[-1].created_at, page[-1].id)

    assert sorted(made, reverse=True) == seen


def test_sparse_filter_pages_through(ledger: Ledger) -> None:
    """A combination of filters with few matches is found across many candidates."""
    made = [ledger.job(step("one"), labels={"n": str(n % 7)}, kind=f"kind_{n % 3}").id for n in range(63)]
    wanted = {made[n] for n in range(63) if n % 7 == 3 and n % 3 == 1}

    found = ledger.store.jobs.list(JobFilter(kind="kind_1", label=("n", "3")), None, 50)

    assert wanted == {job.id for job in found}


def test_ended_jobs_are_forgotten_after_retention(redis_url: str) -> None:
    """After the retention time nothing is left of an ended job: no record, no index, no stream."""
    with open_ledger(redis_url, retention_seconds=100, delivery_retention_seconds=100) as ledger:
        ledger.endpoint("job.*")
        job = ledger.lab_job(
            step("one", heavy=True), step("two", "one", node="n1"), labels={"a": "b"}, kind="nested_host"
        )
        kept = ledger.job(step("one"))
        ledger.store.jobs.cancel(job.id)
        ledger.advance(101)
        removed = ledger.store.leases.sweep().removed

        assert removed >= 2
        assert ledger.store.jobs.get(job.id) is None
        assert [kept.id] == [one.id for one in ledger.store.jobs.list(JobFilter(), None, 10)]
        assert [] == [key for key in ledger.store.client.keys("*") if job.id in key or job.lab_id in key]
        assert [] == ledger.store.client.keys("t:delivery:*")


def test_event_of_a_lab_leaves_nothing_of_a_forgotten_job(redis_url: str) -> None:
    """A lab outlives its job's record, and its later events do not bring the job's stream back."""
    with open_ledger(redis_url, retention_seconds=100) as ledger:
        job = ledger.lab_job(step("one"))
        ledger.work()
        ledger.advance(101)
        ledger.store.leases.sweep()
        ledger.store.labs.extend(job.lab_id, 50)

        assert [] == ledger.store.client.keys(f"t:job:{job.id}*")
        assert "lab.extended" == ledger.types(None)[-1]


def test_percent_and_eta_follow_weights(ledger: Ledger) -> None:
    """Progress is the share of weight that is done; the ETA is the longest chain that is left."""
    job = ledger.job(step("a", weight_seconds=10), step("b", "a", weight_seconds=30), step("c", "a", weight_seconds=60))
    ledger.end(ledger.claim())
    running = ledger.claim()
    ledger.advance(20)
    now = ledger.store.jobs.get(job.id)

    assert "c" == running.step_id  # the longer chain goes first
    assert now is not None
    assert (30, 40.0) == (now.progress_percent, now.eta_seconds)


def test_earlier_durations_correct_the_estimate(ledger: Ledger) -> None:
    """What a step really took on a host is what the next plan of that host expects."""
    host = ledger.host()
    ledger.job(step("slow", weight_seconds=10), host_id=host)
    claim = ledger.claim()
    ledger.advance(100)
    ledger.end(claim)
    there = ledger.job(step("slow", weight_seconds=10), host_id=host)
    elsewhere = ledger.job(step("slow", weight_seconds=10), host_id=ledger.host("other"))

    assert (100.0, 100.0) == (there.eta_seconds, elsewhere.eta_seconds)


def test_a_thousand_steps_are_one_quick_move(ledger: Ledger) -> None:
    """A plan of about a thousand steps is written in one script call, and read back whole."""
    steps = [step("first")]
    for node in range(64):
        chain = [f"s{n}-{node}" for n in range(15)]
        steps += [
            step(name, before, params={"x": "y" * 200}) for before, name in zip(["first", *chain], chain, strict=False)
        ]
    steps.append(step("last", *[f"s14-{node}" for node in range(64)]))
    job = ledger.job(*steps)

    assert 962 == job.steps_total == len(ledger.store.jobs.plan(job.id))


def test_stored_json_has_only_sealed_secrets(ledger: Ledger) -> None:
    """What a job stores of its secrets is the sealed text, beside the request and not in it."""
    job = ledger.job(step("one"), secrets={"guest_administrator": {"sealed": "c2VhbGVk"}}, request={"kind": "x"})
    stored = ledger.store.client.hgetall(f"t:job:{job.id}")

    assert {"guest_administrator": {"sealed": "c2VhbGVk"}} == json.loads(stored["secrets"])
    assert {"kind": "x"} == job.request
    assert "c2VhbGVk" not in repr(ledger.claim())


def test_zero_demand_never_waits(ledger: Ledger) -> None:
    """A job that takes nothing of its host is queued even when the host is full."""
    host = ledger.host(memory_mib=100)
    ledger.lab_job(step("one"), host_id=host, demand=Demand(100, 0))

    assert JobState.QUEUED == ledger.job(step("one"), host_id=host).state
