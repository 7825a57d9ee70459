"""What unfinished jobs have for themselves: all of their targets or none, and their lab, on a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from service.ledger.store import IllegalMove
from tests.integration.ledger_kit import Ledger, failing, open_ledger, step


@pytest.fixture
def ledger(redis_url: str) -> Iterator[Ledger]:
    """An empty ledger."""
    with open_ledger(redis_url) as one:
        yield one


def test_one_shared_name_is_enough(ledger: Ledger) -> None:
    """Two clusters with other names but a node in common are not built at once on one host; on two hosts they are."""
    host, other = ledger.host("one"), ledger.host("two")
    holder = ledger.job(step("a"), host_id=host, targets=("cluster:a", "vm:n-1", "vm:n-2"))
    busy = ledger.submit(step("a"), host_id=host, targets=("cluster:b", "vm:n-2", "vm:n-3"))
    free = ledger.submit(step("a"), host_id=host, targets=("cluster:b", "vm:n-3"))
    elsewhere = ledger.submit(step("a"), host_id=other, targets=("vm:n-1",))

    assert ("target_busy", {"holder": holder.id, "target": "vm:n-2"}) == (busy.outcome, busy.detail)
    assert ("created", "created") == (free.outcome, elsewhere.outcome)


def test_all_targets_are_given_back(ledger: Ledger) -> None:
    """A job that ended holds nothing."""
    host = ledger.host()
    ledger.job(step("a"), host_id=host, targets=("x", "y"))
    ledger.work()

    assert {} == ledger.store.client.hgetall(f"t:host:{host}:targets")


def test_a_retry_takes_its_targets_or_is_refused(ledger: Ledger) -> None:
    """A retried job holds what it held at first; it is refused while another one has any of it."""
    host = ledger.host()
    job = ledger.job(step("a"), host_id=host, targets=("x", "y"))
    ledger.work(failing(a=False))
    other = ledger.job(step("b"), host_id=host, targets=("y",))
    with pytest.raises(IllegalMove, match=other.id):
        ledger.store.jobs.retry(job.id)
    ledger.store.jobs.cancel(other.id)
    ledger.store.jobs.retry(job.id)

    assert "target_busy" == ledger.submit(step("c"), host_id=host, targets=("x",)).outcome


def test_a_lab_is_worked_on_by_one_job(ledger: Ledger) -> None:
    """While a job works on a failed lab, its builder is not retried; while that is retried, nothing else begins."""
    host = ledger.host()
    builder = ledger.lab_job(step("a"), host_id=host)
    ledger.work(failing(a=False))
    user = ledger.job(step("b"), host_id=host, lab_id=builder.lab_id)
    with pytest.raises(IllegalMove, match=user.id):
        ledger.store.jobs.retry(builder.id)
    ledger.store.jobs.cancel(user.id)
    ledger.store.jobs.retry(builder.id)

    with pytest.raises(IllegalMove, match=builder.id):
        ledger.store.jobs.retry(user.id)
