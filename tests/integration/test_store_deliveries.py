"""The webhook outbox: one delivery an event and receiver, leased, retried on a schedule, logged, on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from service.ledger.store import DeliveryClaim, DeliveryResult, NotFound
from tests.integration.ledger_kit import Ledger, open_ledger, step

SCHEDULE = (0.0, 10.0, 100.0)
BREAKER = {"breaker_failures": 3, "breaker_seconds": 50.0, "breaker_longest_seconds": 80.0}


@pytest.fixture
def ledger(redis_url: str) -> Iterator[Ledger]:
    """A ledger with a short schedule and no jitter."""
    with open_ledger(
        redis_url, webhook_schedule=SCHEDULE, webhook_jitter=0.0, endpoint_failing_seconds=1000, **BREAKER
    ) as one:
        yield one


def _claim(ledger: Ledger) -> DeliveryClaim:
    claim = ledger.store.deliveries.claim("w1", 30)
    assert claim is not None
    return claim


def _fail(ledger: Ledger, **fields: object) -> DeliveryClaim:
    claim = _claim(ledger)
    assert ledger.store.deliveries.finish(claim, DeliveryResult(succeeded=False, **fields))  # type: ignore[arg-type]
    return claim


def test_one_delivery_an_event_and_endpoint(ledger: Ledger) -> None:
    """Every event of a job's life is delivered exactly once to each endpoint that wants it, and to no other."""
    everything, jobs_only = ledger.endpoint(), ledger.endpoint("job.*")
    ends_only = ledger.endpoint("job.succeeded", "job.failed", "job.*", "*")  # overlapping patterns count once
    ledger.endpoint("lab.ready")
    job = ledger.job(step("a"), step("b", "a"))
    ledger.work()
    happened = {event.id for event in ledger.events(job.id)}
    of_job = {event.id for event in ledger.events(job.id) if event.type.startswith("job.")}

    def delivered(endpoint: str) -> list[str]:
        return sorted(one.event.id for one in ledger.store.deliveries.list(endpoint_id=endpoint, limit=1000))

    assert sorted(happened) == delivered(everything) == delivered(ends_only)
    assert sorted(of_job) == delivered(jobs_only)
    ids = [one.id for one in ledger.store.deliveries.list(limit=1000)]
    assert len(ids) == len(set(ids)) == 2 * len(happened) + len(of_job)


def test_callback_hears_of_its_own_job(ledger: Ledger) -> None:
    """A job's callback gets the job's own events with the job's callback secret, and nothing of other jobs."""
    job = ledger.job(
        step("a"),
        callback={"url": "https://cb.test/"},
        secrets={"callback_secret": {"sealed": "s"}, "other": {"sealed": "o"}},
    )
    ledger.job(step("a"))
    ledger.work()
    deliveries = ledger.store.deliveries.list(job_id=job.id)
    claim = _claim(ledger)

    assert ["job.succeeded", "job.started", "job.queued"] == [str(one.event.type) for one in deliveries]
    assert {("", "https://cb.test/")} == {(one.endpoint_id, one.url) for one in deliveries}
    assert ({"current": {"sealed": "s"}}, "https://cb.test/") == (claim.secrets, claim.delivery.url)


def test_callback_may_choose_types(ledger: Ledger) -> None:
    """A callback that names types gets those."""
    job = ledger.job(step("a"), callback={"url": "https://cb.test/", "types": ["job.succeeded", "step.*"]})
    ledger.work()

    assert ["job.succeeded", "step.succeeded", "step.started"] == [
        str(one.event.type) for one in ledger.store.deliveries.list(job_id=job.id)
    ]


def test_success_ends_the_delivery(ledger: Ledger) -> None:
    """A delivered event is recorded with its try and never claimed again; finishing twice is accepted."""
    ledger.endpoint("job.queued")
    job = ledger.job(step("a"))
    claim = _claim(ledger)
    result = DeliveryResult(succeeded=True, status=204, milliseconds=12)
    answers = [ledger.store.deliveries.finish(claim, result) for _ in range(2)]
    delivery = ledger.store.deliveries.get(claim.delivery.id)

    assert [True, True] == answers
    assert delivery is not None
    assert ("succeeded", 1, job.id, 204, 12) == (
        delivery.state,
        delivery.attempts,
        delivery.event.job_id,
        delivery.log[0].status,
        delivery.log[0].milliseconds,
    )
    assert ledger.store.deliveries.claim("w1", 30) is None


def test_failures_follow_the_schedule(ledger: Ledger) -> None:
    """Failed tries wait as the schedule says, with the same message id, and give up at its end."""
    ledger.endpoint("job.queued")
    ledger.job(step("a"))
    first = _fail(ledger, status=500, excerpt="x" * 5000)
    assert ledger.store.deliveries.claim("w1", 30) is None
    ledger.advance(10)
    second = _fail(ledger, error="timeout")
    ledger.advance(99)
    assert ledger.store.deliveries.claim("w1", 30) is None
    ledger.advance(1)
    third = _fail(ledger, status=502)
    delivery = ledger.store.deliveries.get(first.delivery.id)

    assert delivery is not None
    assert {delivery.message_id} == {one.delivery.message_id for one in (first, second, third)}
    assert [1, 2, 3] == [one.attempt for one in (first, second, third)]
    assert ("failed", [500, 0, 502]) == (delivery.state, [one.status for one in delivery.log])
    assert 2048 == len(delivery.log[0].excerpt)


def test_wish_of_the_receiver_is_honoured_within_bounds(ledger: Ledger) -> None:
    """Retry-After prolongs the wait, at most to twice the planned one."""
    ledger.endpoint("job.queued")
    ledger.job(step("a"))
    _fail(ledger, status=429, retry_after_seconds=3600.0)
    delivery = ledger.store.deliveries.list()[0]

    assert ledger.now + 20 == delivery.next_at


def test_lost_lease_of_a_delivery(ledger: Ledger) -> None:
    """A delivery whose worker died is due again after its lease; the dead worker's word no longer counts."""
    ledger.endpoint("job.queued")
    ledger.job(step("a"))
    old = _claim(ledger)
    ledger.advance(31)
    swept = ledger.store.leases.sweep()
    new = _claim(ledger)

    assert 1 == swept.wake_deliveries
    assert old.delivery.id == new.delivery.id
    assert old.fence < new.fence
    assert not ledger.store.deliveries.finish(old, DeliveryResult(succeeded=True))
    assert ledger.store.deliveries.finish(new, DeliveryResult(succeeded=True))


def test_released_delivery_counts_no_try(ledger: Ledger) -> None:
    """A draining worker gives its delivery back as if it had not taken it."""
    ledger.endpoint("job.queued")
    ledger.job(step("a"))
    ledger.store.deliveries.finish(_claim(ledger), DeliveryResult(succeeded=False, released=True))

    assert 1 == _claim(ledger).attempt


def test_gone_disables_at_once(ledger: Ledger) -> None:
    """An endpoint that answers 410 is disabled with an event; its other deliveries are cancelled."""
    gone, watcher = ledger.endpoint("job.*"), ledger.endpoint("endpoint.*")
    ledger.job(step("a"))
    ledger.job(step("a"))
    _fail(ledger, status=410, gone=True)
    endpoint = ledger.store.endpoints.get(gone)
    next_claim = _claim(ledger)

    assert endpoint is not None
    assert ("disabled", "gone") == (endpoint.state, endpoint.disabled_reason)
    assert (watcher, "endpoint.disabled", {"endpoint_id": gone, "reason": "gone"}) == (
        next_claim.delivery.endpoint_id,
        next_claim.delivery.event.type,
        next_claim.delivery.event.data,
    )
    assert {"failed", "cancelled"} == {str(one.state) for one in ledger.store.deliveries.list(endpoint_id=gone)}
    before = len(ledger.store.deliveries.list(endpoint_id=gone))
    ledger.job(step("a"))
    assert before == len(ledger.store.deliveries.list(endpoint_id=gone))


def test_long_failure_disables(ledger: Ledger) -> None:
    """Failing for longer than allowed without one success disables; a success in between starts the count again."""
    endpoint_id = ledger.endpoint("job.queued")

    def state() -> tuple[str, float | None]:
        endpoint = ledger.store.endpoints.get(endpoint_id)
        assert endpoint is not None
        return endpoint.state, endpoint.failing_since

    def one_try(*, succeeded: bool) -> None:
        ledger.job(step("a"))
        ledger.store.deliveries.finish(_claim(ledger), DeliveryResult(succeeded=succeeded))

    one_try(succeeded=False)
    assert ("active", ledger.now) == state()
    ledger.advance(5)
    one_try(succeeded=True)
    assert ("active", None) == state()
    one_try(succeeded=False)
    ledger.advance(1001)
    one_try(succeeded=False)
    assert "disabled" == state()[0]


def test_enabled_again(ledger: Ledger) -> None:
    """An endpoint that its owner enables again gets new events."""
    endpoint_id = ledger.endpoint("job.queued")
    ledger.job(step("a"))
    _fail(ledger, gone=True)
    endpoint = ledger.store.endpoints.get(endpoint_id)
    assert endpoint is not None
    ledger.store.endpoints.update(replace(endpoint, state="active"))
    ledger.job(step("a"))

    assert endpoint_id == _claim(ledger).delivery.endpoint_id


def test_redelivery(ledger: Ledger) -> None:
    """An ended delivery is sent again on demand, with the same message id and a fresh schedule."""
    ledger.endpoint("job.queued")
    ledger.job(step("a"))
    first = _claim(ledger)
    ledger.store.deliveries.finish(first, DeliveryResult(succeeded=True, status=200))
    again = ledger.store.deliveries.redeliver(first.delivery.id)
    second = _claim(ledger)

    assert ("pending", None) == (again.state, again.ended_at)
    assert (first.delivery.message_id, 1) == (second.delivery.message_id, second.attempt)
    with pytest.raises(NotFound):
        ledger.store.deliveries.redeliver("wd_x")


def test_ping_goes_to_one_endpoint(ledger: Ledger) -> None:
    """A ping is delivered to its endpoint whatever types it wants, and to no other."""
    asked = ledger.endpoint("job.succeeded")
    ledger.endpoint("*")
    delivery_id = ledger.store.endpoints.ping(asked)

    assert [(delivery_id, asked)] == [(one.id, one.endpoint_id) for one in ledger.store.deliveries.list()]
    with pytest.raises(NotFound):
        ledger.store.endpoints.ping("we_x")


def test_deleted_endpoint_takes_its_deliveries(ledger: Ledger) -> None:
    """Nothing is delivered to an endpoint that is gone."""
    endpoint = ledger.endpoint()
    ledger.job(step("a"))

    assert ledger.store.endpoints.delete(endpoint)
    assert not ledger.store.endpoints.delete(endpoint)
    assert ledger.store.deliveries.claim("w1", 30) is None
    assert [] == ledger.store.deliveries.list()


def test_deliveries_are_bounded(redis_url: str) -> None:
    """An endpoint keeps its newest ended deliveries only, and old ones go with time."""
    with open_ledger(redis_url, endpoint_deliveries_max=10, delivery_retention_seconds=100) as ledger:
        endpoint = ledger.endpoint("job.queued")
        for _ in range(30):
            ledger.advance(1)
            ledger.job(step("a"))
            ledger.store.deliveries.finish(_claim(ledger), DeliveryResult(succeeded=True))
        assert 10 == len(ledger.store.deliveries.list(endpoint_id=endpoint, limit=100))
        ledger.advance(101)
        ledger.store.leases.sweep()
        assert [] == ledger.store.client.keys("t:delivery:*") == ledger.store.client.keys("t:ix:delivery:*")
        assert 0 == ledger.store.client.zcard("t:wq")


def test_deliveries_that_wait_are_not_dropped(redis_url: str) -> None:
    """A burst beyond what an endpoint keeps is delivered whole; only a backlog of days is cut at its old end."""
    with open_ledger(redis_url, endpoint_deliveries_max=10, endpoint_backlog_max=40) as ledger:
        endpoint = ledger.endpoint("job.queued")
        jobs = [ledger.job(step("a")).id for _ in range(30)]
        delivered = []
        while claim := ledger.store.deliveries.claim("w1", 30):
            delivered.append(claim.delivery.event.job_id)
            ledger.store.deliveries.finish(claim, DeliveryResult(succeeded=True))
        assert sorted(jobs) == sorted(delivered)
        again = ledger.store.deliveries.list(endpoint_id=endpoint)[-1]
        ledger.store.deliveries.redeliver(again.id)  # waits again: kept, though it is the oldest
        for _ in range(25):
            ledger.job(step("a"))
        assert again.id in {one.id for one in ledger.store.deliveries.list(endpoint_id=endpoint, limit=1000)}
        for _ in range(30):
            ledger.job(step("a"))
        assert 40 == len(ledger.store.deliveries.list(endpoint_id=endpoint, limit=1000))


def test_a_worker_that_starts_again_gives_its_deliveries_back(ledger: Ledger) -> None:
    """Its former life's tries are due at once, not after their leases; those of other workers go on."""
    ledger.endpoint("job.queued")
    for _ in range(2):
        ledger.job(step("a"))
    lost, held = _claim(ledger), ledger.store.deliveries.claim("w10", 30)
    assert held is not None

    assert 1 == ledger.store.leases.release_worker("w1")
    assert lost.delivery.id == _claim(ledger).delivery.id
    assert not ledger.store.deliveries.finish(lost, DeliveryResult(succeeded=True))
    assert ledger.store.deliveries.finish(held, DeliveryResult(succeeded=True))


def test_listing_by_state_and_page(ledger: Ledger) -> None:
    """Deliveries are listed newest first, by state and page by page."""
    ledger.endpoint("job.queued")
    for _ in range(5):
        ledger.advance(1)
        ledger.job(step("a"))
    ledger.store.deliveries.finish(_claim(ledger), DeliveryResult(succeeded=True))
    pending = ledger.store.deliveries.list(state="pending", limit=3)
    rest = ledger.store.deliveries.list(state="pending", before=(pending[-1].created_at, pending[-1].id))

    assert (3, 1) == (len(pending), len(rest))
    assert 1 == len(ledger.store.deliveries.list(state="succeeded"))
    times = [one.created_at for one in [*pending, *rest]]
    assert sorted(times, reverse=True) == times


def _rest(ledger: Ledger, endpoint: str) -> float:
    found = ledger.store.endpoints.get(endpoint)
    assert found is not None
    return (found.paused_until or 0.0) - ledger.now


def test_an_endpoint_that_fails_in_a_row_rests(ledger: Ledger) -> None:
    """After some failures in a row its deliveries wait, without losing a try; others go on; one goes ahead after it."""
    bad, good = ledger.endpoint("job.*"), ledger.endpoint("lab.ready", "endpoint.pinged")
    for _ in range(5):
        ledger.job(step("a"))
    for _ in range(3):
        _fail(ledger)

    assert 50 == pytest.approx(_rest(ledger, bad))
    assert ledger.store.deliveries.claim("w1", 30) is None
    ledger.store.endpoints.ping(good)
    assert good == _claim(ledger).delivery.endpoint_id
    ledger.advance(51)
    probe = _claim(ledger)
    assert (bad, 2) == (probe.delivery.endpoint_id, probe.attempt)
    assert ledger.store.deliveries.claim("w1", 30) is None
    ledger.store.deliveries.finish(probe, DeliveryResult(succeeded=False))
    assert 80 == pytest.approx(_rest(ledger, bad))
    ledger.advance(81)
    ledger.store.deliveries.finish(_claim(ledger), DeliveryResult(succeeded=True))
    assert _rest(ledger, bad) < 0
    assert [bad] * 2 == [_claim(ledger).delivery.endpoint_id for _ in range(2)]


def test_failed_deliveries_since_a_time_are_sent_again(ledger: Ledger) -> None:
    """Those of an endpoint that failed since then are queued again with their ids; others, and older ones, are not."""
    endpoint = ledger.endpoint("job.queued")
    for _ in range(2):
        ledger.job(step("a"))
        ledger.advance(200)
    old, new = reversed(ledger.store.deliveries.list(endpoint_id=endpoint))
    for _ in range(3):
        for _ in range(2):
            _fail(ledger)
            ledger.advance(100)
    states = {one.id: str(one.state) for one in ledger.store.deliveries.list(endpoint_id=endpoint)}
    assert {old.id: "failed", new.id: "failed"} == states
    ledger.advance(100)

    assert (1, False) == ledger.store.deliveries.redeliver_since(endpoint, new.created_at, ["failed"])
    assert new.id == _claim(ledger).delivery.id
    assert ledger.store.deliveries.claim("w1", 30) is None
    assert (1, False) == ledger.store.deliveries.redeliver_since(endpoint, 0, ["failed"])
    with pytest.raises(NotFound):
        ledger.store.deliveries.redeliver_since("we_none", 0, ["failed"])
