"""A ledger that comes back from a backup: what was not there for a while has lost no time, and what counts as empty."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from service.ledger.store import Doer, Gate
from tests.integration.ledger_kit import Ledger, open_ledger, step


@pytest.fixture
def ledger(redis_url: str) -> Iterator[Ledger]:
    """A ledger whose clock the test moves."""
    with open_ledger(redis_url) as opened:
        yield opened


def test_no_clock_of_a_job_runs_between(ledger: Ledger, redis_url: str) -> None:
    """Nor the time for a start or an approval, nor the clocks of a step that was given back and of a paused job."""
    opens = ledger.now + 6000
    approval = Gate(approval=True, approval_seconds=1000)
    paused = ledger.job(step("p"))
    ledger.end(ledger.claim(), "wait", wait_seconds=1)
    ledger.store.steering.pause(paused.id, Doer("key_1"))
    given_back = ledger.job(step("g"))
    ledger.end(ledger.claim(), "released")
    late = [ledger.job(step("a"), gate=gate).id for gate in (approval, Gate(start_seconds=1000))]
    later = ledger.job(step("a"), gate=Gate(not_before=opens, start_seconds=10))
    raw = redis.Redis.from_url(redis_url)
    snapshots = ledger.store.snapshots(raw)
    taken = snapshots.take()
    ledger.advance(5000)
    snapshots.put(taken, replace=True)
    ledger.advance(0)
    ledger.store.leases.sweep()
    ledger.store.steering.resume(paused.id, Doer("key_1"))
    started = {claim.job_id: claim.step_started_at for claim in (ledger.claim(), ledger.claim(), ledger.claim())}

    assert ["waiting_approval", "running"] == [ledger.state(job) for job in late]
    assert ledger.now == started[given_back.id] == started[paused.id]
    asked, opened = ledger.store.jobs.get(late[0]), ledger.store.jobs.get(later.id)
    assert asked is not None
    assert asked.approval is not None
    assert opened is not None
    assert (ledger.now + 1000, opens + 10) == (asked.approval.expires_at, opened.start_by)
    raw.close()


def test_a_ledger_that_a_service_only_looked_after_is_empty(redis_url: str) -> None:
    """Sweeps and scrapes of a new server leave keys there; a backup is restored without a force that erases."""
    with open_ledger(redis_url, test_clock=False) as one, redis.Redis.from_url(redis_url) as raw:
        job = one.job(step("a"))
        taken = one.store.snapshots(raw).take()
        raw.flushdb()
        one.store.schema.check()
        one.store.leases.sweep()
        one.store.tallies.read()
        one.store.tenants.usage("default")
        assert one.store.client.exists("t:swept_at")
        one.store.snapshots(raw).put(taken, replace=False)

        assert "queued" == one.state(job.id)
