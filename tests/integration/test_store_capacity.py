"""Memory and disk of hosts: admission, waiting, refusal, who holds what and when it is freed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from service.ledger.plan import Demand
from service.ledger.store import HostCapacity, StepResult
from tests.integration.ledger_kit import PROBLEM, Ledger, open_ledger, step


@pytest.fixture
def ledger(redis_url: str) -> Iterator[Ledger]:
    """An empty ledger."""
    with open_ledger(redis_url) as one:
        yield one


def test_reservation_moves_from_job_to_lab(ledger: Ledger) -> None:
    """The job holds its demand from admission; once it succeeded, its lab does."""
    host = ledger.host(memory_mib=1000)
    job = ledger.lab_job(step("one"), host_id=host, demand=Demand(600, 20))
    before = ledger.store.hosts.reservations(host)
    ledger.work()
    after = ledger.store.hosts.reservations(host)

    assert [(job.id, 600, 20)] == [(one.holder, one.memory_mib, one.disk_gib) for one in before]
    assert [(job.lab_id, 600, 20)] == [(one.holder, one.memory_mib, one.disk_gib) for one in after]


def test_job_that_does_not_fit_waits_and_names_the_holder(ledger: Ledger) -> None:
    """A job without room waits, says for what and for whom, and hands out no step."""
    host = ledger.host(memory_mib=1000)
    holder = ledger.lab_job(step("one"), host_id=host, demand=Demand(600, 0))
    waiter = ledger.lab_job(step("one"), host_id=host, demand=Demand(600, 0))

    assert "waiting" == waiter.state
    assert "wants 600 MiB memory" in waiter.waiting_for
    assert "400 MiB free" in waiter.waiting_for
    assert holder.id in waiter.waiting_for
    assert ["lab.created", "job.waiting"] == ledger.types(waiter.id)
    assert [holder.id] == [claim.job_id for claim in ledger.work()]


def test_caller_may_refuse_to_wait(ledger: Ledger) -> None:
    """With admission `refuse` nothing is created, and the answer names wanted, free and holders."""
    host = ledger.host(memory_mib=1000, disk_gib=50)
    holder = ledger.lab_job(step("one"), host_id=host, demand=Demand(600, 10))
    refused = ledger.submit(step("one"), host_id=host, demand=Demand(600, 10), admission="refuse")

    assert ("refused", None) == (refused.outcome, refused.job)
    assert "capacity" == refused.detail["reason"]
    assert {"memory_mib": 400, "disk_gib": 40} == refused.detail["free"]
    assert [{"holder": holder.id, "memory_mib": 600, "disk_gib": 10}] == refused.detail["holders"]


def test_job_that_never_fits_is_refused(ledger: Ledger) -> None:
    """A demand above the host's whole capacity is refused even to callers who would wait."""
    host = ledger.host(memory_mib=1000)
    refused = ledger.submit(step("one"), host_id=host, demand=Demand(1001, 0))

    assert ("refused", "never_fits") == (refused.outcome, refused.detail["reason"])


def test_reserve_of_the_host_is_not_given_away(ledger: Ledger) -> None:
    """Memory that the host keeps for itself does not count as capacity."""
    host = ledger.host(memory_mib=1000, memory_reserve_mib=300)

    assert "refused" == ledger.submit(step("one"), host_id=host, demand=Demand(701, 0)).outcome
    assert "created" == ledger.submit(step("one"), host_id=host, demand=Demand(700, 0)).outcome


def test_disk_is_bounded_too(ledger: Ledger) -> None:
    """A job that lacks only disk waits."""
    host = ledger.host(memory_mib=1000, disk_gib=10)
    ledger.lab_job(step("one"), host_id=host, demand=Demand(1, 8))

    assert "waiting" == ledger.lab_job(step("one"), host_id=host, demand=Demand(1, 8)).state


def test_unknown_capacity_admits(ledger: Ledger) -> None:
    """A host whose capacity nobody knows admits everything, and still shows who holds what."""
    host = ledger.host()
    ledger.lab_job(step("one"), host_id=host, demand=Demand(10**7, 10**6))

    assert "queued" == ledger.lab_job(step("one"), host_id=host, demand=Demand(10**7, 10**6)).state
    assert 2 == len(ledger.store.hosts.reservations(host))


def test_removing_the_lab_lets_the_waiter_in(ledger: Ledger) -> None:
    """The move that finishes the teardown frees the reservation and queues the waiting job with its steps."""
    host = ledger.host(memory_mib=1000)
    holder = ledger.lab_job(step("one"), host_id=host, demand=Demand(600, 0))
    ledger.work()
    waiter = ledger.lab_job(step("one"), host_id=host, demand=Demand(600, 0))
    ledger.job(step("release-lab", action="ReleaseLab"), host_id=host, lab_id=holder.lab_id, kind="teardown")
    claim = ledger.claim()
    assert "release-lab" == claim.step_id
    ledger.end(claim)

    assert "queued" == ledger.state(waiter.id)
    assert waiter.id == ledger.claim().job_id
    assert [waiter.id] == [one.holder for one in ledger.store.hosts.reservations(host)]


@pytest.mark.parametrize("ending", ["cancel", "fail"])
def test_job_without_a_lab_frees_at_its_end(ledger: Ledger, ending: str) -> None:
    """A job that builds no lab gives its reservation back however it ends."""
    host = ledger.host(memory_mib=1000)
    job = ledger.job(step("one"), host_id=host, demand=Demand(600, 0))
    waiter = ledger.job(step("one"), host_id=host, demand=Demand(600, 0))
    if ending == "cancel":
        ledger.store.jobs.cancel(job.id)
    else:
        ledger.end(ledger.claim(), "failed", error=PROBLEM)

    assert "queued" == ledger.state(waiter.id)


def test_failed_lab_keeps_its_reservation(ledger: Ledger) -> None:
    """What a failed job left on the host still takes memory, so its lab holds the reservation."""
    host = ledger.host(memory_mib=1000)
    job = ledger.lab_job(step("one"), host_id=host, demand=Demand(600, 0))
    ledger.end(ledger.claim(), "failed", error=PROBLEM)
    lab = ledger.store.labs.get(job.lab_id)

    assert lab is not None
    assert "failed" == lab.state
    assert [job.lab_id] == [one.holder for one in ledger.store.hosts.reservations(host)]


def test_cancelled_waiter_leaves_the_line(ledger: Ledger) -> None:
    """A big job at the head of the line that is cancelled lets the small one behind it in."""
    host = ledger.host(memory_mib=1000)
    ledger.lab_job(step("one"), host_id=host, demand=Demand(600, 0))
    big = ledger.lab_job(step("one"), host_id=host, demand=Demand(900, 0))
    small = ledger.lab_job(step("one"), host_id=host, demand=Demand(100, 0))

    assert ("waiting", "waiting") == (big.state, small.state)  # small ones do not starve the big one
    ledger.store.jobs.cancel(big.id)
    assert ("cancelled", "queued") == (ledger.state(big.id), ledger.state(small.id))


def test_line_goes_by_priority(ledger: Ledger) -> None:
    """A high priority job passes those that wait with a lower one."""
    host = ledger.host(memory_mib=1000)
    holder = ledger.job(step("one"), host_id=host, demand=Demand(1000, 0))
    normal = ledger.job(step("one"), host_id=host, demand=Demand(1000, 0))
    high = ledger.job(step("one"), host_id=host, demand=Demand(1000, 0), priority=0)
    ledger.store.jobs.cancel(holder.id)

    assert ("waiting", "queued") == (ledger.state(normal.id), ledger.state(high.id))


def test_bigger_host_lets_waiters_in(ledger: Ledger) -> None:
    """Raising a host's capacity queues the waiting jobs in the same move."""
    host_id = ledger.host(memory_mib=1000)
    ledger.job(step("one"), host_id=host_id, demand=Demand(1000, 0))
    waiter = ledger.job(step("one"), host_id=host_id, demand=Demand(1000, 0))
    host = ledger.store.hosts.get(host_id)
    assert host is not None
    ledger.store.hosts.update(replace(host, capacity=HostCapacity(2000, 1000)))

    assert "queued" == ledger.state(waiter.id)


def test_inspection_tells_the_memory(ledger: Ledger) -> None:
    """A host without a configured capacity is bounded by the memory that its report tells."""
    host_id = ledger.host()
    ledger.job(step("inspect-host"), host_id=host_id)
    ledger.work(lambda _: StepResult("succeeded", host_report={"memory_total_mib": 1000}))
    host = ledger.store.hosts.get(host_id)

    assert host is not None
    assert ({"memory_total_mib": 1000}, ledger.now) == (host.report, host.inspected_at)
    assert "host.inspected" in ledger.types(None)
    assert "refused" == ledger.submit(step("one"), host_id=host_id, demand=Demand(1001, 0)).outcome


def test_loads_are_what_a_submission_meets(ledger: Ledger) -> None:
    """A load has what is held and until when, who waits ahead of a priority, and when something was given back."""
    host = ledger.host(memory_mib=1000)
    leased = ledger.lab_job(step("one"), host_id=host, demand=Demand(500, 5), lease_seconds=600)
    ledger.work()
    ledger.lab_job(step("one"), host_id=host, demand=Demand(300, 0))
    ledger.job(step("one"), host_id=host, demand=Demand(400, 7))
    ledger.job(step("one"), host_id=host, demand=Demand(100, 0), priority=2)
    high, low = ledger.store.loads.read([host], 0)[host], ledger.store.loads.read([host], 2)[host]

    assert [(300, 0, None), (500, 5, ledger.now + 600)] == sorted((o.memory_mib, o.disk_gib, o.until) for o in low.held)
    assert ((0, 0), (2, 500, 7)) == (
        (high.ahead, high.ahead_disk_gib),
        (low.ahead, low.ahead_memory_mib, low.ahead_disk_gib),
    )
    assert low.freed_at is None
    ledger.advance(5)
    ledger.job(step("other"), step("release-lab", action="ReleaseLab"), host_id=host, lab_id=leased.lab_id)
    assert ledger.now in {one.until for one in ledger.store.loads.read([host])[host].held}
    ledger.work()
    assert ledger.now == ledger.store.loads.read([host])[host].freed_at


def test_load_of_an_unbounded_host_is_not_added_up(ledger: Ledger) -> None:
    """Holders of a host without a capacity are not read: there may be any number; an unknown host has no load."""
    host = ledger.host()
    ledger.job(step("one"), host_id=host, demand=Demand(300, 1))
    loads = ledger.store.loads.read([host, "host_unknown"])

    assert [(0, 0), (0, 0)] == [(load.memory_mib, load.ahead) for load in loads.values()]
    assert {} == ledger.store.loads.read([])
