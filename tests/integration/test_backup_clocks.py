"""A ledger that comes back from a backup: what was not there for a while has lost no time."""

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
