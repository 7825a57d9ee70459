"""What a retry finds of the earlier runs of its job, and of other jobs since, on a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from service.ledger.plan import Demand
from tests.integration.ledger_kit import PROBLEM, Ledger, failing, open_ledger, step


@pytest.fixture
def ledger(redis_url: str) -> Iterator[Ledger]:
    """An empty ledger."""
    with open_ledger(redis_url) as one:
        yield one


def test_a_retry_with_nothing_left_to_do_succeeds(ledger: Ledger) -> None:
    """A job whose last step ended well while it was being cancelled is not queued for ever by a retry."""
    job = ledger.lab_job(step("a"))
    claim = ledger.claim()
    ledger.store.jobs.cancel(job.id)
    ledger.end(claim)
    assert ("cancelled", {"a": "succeeded"}) == (ledger.state(job.id), ledger.states(job.id))

    assert "succeeded" == ledger.store.jobs.retry(job.id).state
    lab = ledger.store.labs.get(job.lab_id)
    assert lab is not None
    assert "ready" == lab.state


def test_a_retry_that_waited_with_nothing_left_to_do_lets_others_in(ledger: Ledger) -> None:
    """It takes no room for longer than a moment, and whoever stands behind it in the line is let in once."""
    host = ledger.host(memory_mib=10)
    ended = ledger.job(step("a"), host_id=host, demand=Demand(10, 1))
    claim = ledger.claim()
    ledger.store.jobs.cancel(ended.id)
    ledger.end(claim)
    holder = ledger.job(step("b"), host_id=host, demand=Demand(10, 1))
    assert "waiting" == ledger.store.jobs.retry(ended.id).state
    behind = [ledger.job(step("c"), host_id=host, demand=Demand(5, 1)) for _ in range(2)]
    ledger.end(ledger.claim())

    assert ["succeeded", "succeeded"] == [ledger.state(holder.id), ledger.state(ended.id)]
    assert ["queued", "queued"] == [ledger.state(job.id) for job in behind]
    assert {job.id: 5 for job in behind} == {
        one.holder: one.memory_mib for one in ledger.store.hosts.reservations(host)
    }


def test_what_an_earlier_run_began_is_undone_before_its_next_try(ledger: Ledger) -> None:
    """A rollback reaches the step that failed in the run before, though this run was stopped before it was claimed."""
    host = ledger.host(memory_mib=100)
    steps = (step("a", undoable=True), step("b", "a", undoable=True))
    job = ledger.lab_job(*steps, host_id=host, demand=Demand(40, 4), on_cancel="rollback")
    ledger.work(failing(b=False))
    ledger.store.jobs.retry(job.id)
    ledger.store.jobs.cancel(job.id)

    assert ["b", "a"] == [claim.step_id for claim in ledger.work()]
    assert {"a": "undone", "b": "undone"} == ledger.states(job.id)
    ledger.store.jobs.retry(job.id)
    ledger.store.jobs.cancel(job.id)
    assert [] == ledger.work()
    assert "cancelled" == ledger.state(job.id)


def test_a_lab_stays_while_something_of_an_earlier_run_may_be_there(ledger: Ledger) -> None:
    """A retry that is cancelled before it began leaves the failed lab and what it holds, for a teardown to find."""
    host = ledger.host(memory_mib=100)
    job = ledger.lab_job(step("a"), host_id=host, demand=Demand(40, 4))
    ledger.work(failing(a=False))
    for _ in range(2):
        ledger.store.jobs.retry(job.id)
        ledger.store.jobs.cancel(job.id)
        lab, (record,) = ledger.store.labs.get(job.lab_id), ledger.store.jobs.steps(job.id)

        assert lab is not None
        assert ("failed", "cancelled", 1) == (lab.state, record.state, record.attempt)
        assert {job.lab_id: 40} == {one.holder: one.memory_mib for one in ledger.store.hosts.reservations(host)}


def test_a_rollback_from_the_gate_gives_the_lab_and_its_room_back(ledger: Ledger) -> None:
    """A retry that waits for its time is cancelled with a rollback: what is undone holds nothing any more."""
    host = ledger.host(memory_mib=100)
    job = ledger.lab_job(step("a", undoable=True), host_id=host, demand=Demand(40, 4), on_cancel="rollback")
    ledger.work(failing(a=False))
    ledger.store.client.hset(f"t:job:{job.id}", "not_before", repr(ledger.now + 100))  # as an edit may move it
    assert "scheduled" == ledger.store.jobs.retry(job.id).state
    ledger.store.jobs.cancel(job.id)
    ledger.work()
    lab = ledger.store.labs.get(job.lab_id)

    assert lab is not None
    assert ("cancelled", "removed") == (ledger.state(job.id), lab.state)
    assert [] == list(ledger.store.hosts.reservations(host))


def test_a_cancelled_job_tells_that_its_rollback_failed(ledger: Ledger) -> None:
    """The cancel is no error, but what could not be undone is; a retry begins without it."""
    job = ledger.lab_job(step("a", undoable=True), step("b", "a"), on_cancel="rollback")
    ledger.end(ledger.claim())
    ledger.store.jobs.cancel(job.id)
    ledger.end(ledger.claim(), "failed", error=PROBLEM)
    ended = ledger.store.jobs.get(job.id)

    assert ended is not None
    assert ended.error is not None
    told = (ended.error["code"], ended.error["step_id"], ended.error["rollback_error"])
    assert ("cancelled", "rollback_failed", "a", PROBLEM) == (ended.state, *told)
    assert "rollback_failed" == ledger.events(job.id)[-1].data["error"]["code"]
    assert ledger.store.jobs.retry(job.id).error is None


def test_a_lab_that_is_built_anew_has_its_secrets_only(ledger: Ledger) -> None:
    """What signs the callback of the job that builds it is not handed to later jobs of the lab."""
    guest = {"guest": {"ref": "env:MATRYOSHKA_SECRET_GUEST"}}
    for own in (guest, {}):
        secrets = {"callback_secret": {"ref": "env:MATRYOSHKA_SECRET_HOOK"}, **own}
        job = ledger.lab_job(step("a", undoable=True), on_failure="rollback", secrets=secrets)
        assert own == ledger.store.labs.secrets(job.lab_id)
        ledger.work(failing(a=False))
        assert {} == ledger.store.labs.secrets(job.lab_id)
        ledger.store.jobs.retry(job.id)

        assert own == ledger.store.labs.secrets(job.lab_id)
