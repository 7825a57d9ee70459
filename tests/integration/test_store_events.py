"""Event streams and the live feed on a real server."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
import redis

from deploy.local.ports import free_ports
from service.ledger.event import Event, EventType
from service.ledger.store import EventFeed, Store
from service.ledger.store import feed as feed_module
from service.ledger.store.events import id_order
from tests.integration.ledger_kit import Ledger, open_ledger, step, wait_until


@pytest.fixture
def ledger(redis_url: str) -> Iterator[Ledger]:
    """An empty ledger."""
    with open_ledger(redis_url) as one:
        yield one


@pytest.fixture
def feed(redis_url: str) -> Iterator[EventFeed]:
    """A feed with a connection of its own."""
    client = Store.open(redis_url).client
    one = EventFeed(client, "t")
    yield one
    one.stop()
    client.close()


def _log(ledger: Ledger, count: int, job_id: str = "") -> str:
    """Append events to one running step; return the job's id."""
    job_id = job_id or ledger.job(step("a")).id
    claim = ledger.claim()
    for number in range(count):
        ledger.store.leases.append(claim, EventType.STEP_LOGGED, {"n": number})
    return job_id


def test_job_stream_and_feed_agree(ledger: Ledger) -> None:
    """An event has the same id in its job's stream and in the feed, and ids rise."""
    first, second = ledger.job(step("a")), ledger.job(step("a"))
    ledger.work()
    of_jobs = {event.id: event for job in (first, second) for event in ledger.events(job.id)}
    of_feed = ledger.events(None)

    assert sorted(of_jobs.values(), key=lambda event: id_order(event.id)) == of_feed
    assert sorted((event.id for event in of_feed), key=id_order) == [event.id for event in of_feed]
    assert ledger.store.events.last_id(None) == of_feed[-1].id
    assert ledger.store.events.last_id(first.id) == ledger.events(first.id)[-1].id


def test_pages_resume_after_an_id(ledger: Ledger) -> None:
    """Pages go on after an id without a gap and without repeating it."""
    job_id = _log(ledger, 25)
    seen: list[Event] = []
    after = ""
    while page := ledger.store.events.page(job_id, after, 10)[0]:
        seen.extend(page)
        after = page[-1].id

    assert ledger.events(job_id) == seen
    with pytest.raises(ValueError, match="not an event id"):
        ledger.store.events.page(job_id, "nonsense", 10)


def test_streams_are_bounded(redis_url: str) -> None:
    """A job that talks too much loses its oldest events, and a reader can see that."""
    with open_ledger(redis_url, job_events_max=100, feed_events_max=200) as ledger:
        job = ledger.job(step("a"))
        first = ledger.store.events.last_id(job.id)
        _log(ledger, 700, job.id)
        events, oldest = ledger.store.events.page(job.id, first, 10_000)

        assert len(events) <= 300  # trimmed by whole nodes of the stream
        assert oldest is not None
        assert id_order(oldest) > id_order(first)
        assert events[-1].data == {"n": 699}


def test_empty_stream(ledger: Ledger) -> None:
    """An unknown job has no events and no last id."""
    assert ([], None) == ledger.store.events.page("job_x", "", 10)
    assert "" == ledger.store.events.last_id("job_x")


def test_types_of_a_newer_release_stay_readable(ledger: Ledger) -> None:
    """An event type that this release does not know is given as text instead of failing the reader."""
    job = ledger.job(step("a"))
    ledger.store.leases.append(ledger.claim(), "step.teleported", {})

    assert "step.teleported" == ledger.events(job.id)[-1].type


def test_subscription_joins_past_and_present(ledger: Ledger, feed: EventFeed) -> None:
    """A subscription gives the stored events after its id, then the live ones, each once and in order."""
    job = ledger.job(step("a"))
    other = ledger.job(step("a"), kind="other")
    with feed.subscribe(job.id) as subscription:
        ledger.work()
        wanted = ledger.events(job.id)
        got = [subscription.next(60) for _ in wanted]
        assert wanted == got
        assert subscription.next(0) is None
    with feed.subscribe(job.id, after=wanted[2].id) as resumed:
        assert wanted[3] == resumed.next(60)
        assert resumed.oldest_id is None
    assert other.id not in {event.job_id for event in got if event}
    assert 0 == feed.subscribers()


def test_subscription_to_everything(ledger: Ledger, feed: EventFeed) -> None:
    """Without a job a subscription follows all of them, live."""
    with feed.subscribe(after=ledger.store.events.last_id(None)) as subscription:
        jobs = [ledger.job(step("a")).id for _ in range(3)]
        got = list(itertools.islice(iter(lambda: subscription.next(60), None), 3))

    assert jobs == [event.job_id for event in got if event]


def test_unreadable_entry_is_passed_over(ledger: Ledger, feed: EventFeed) -> None:
    """An entry that cannot be read costs itself only: the reader of all subscriptions goes on."""
    key = ledger.store.events.stream_key(None)
    with feed.subscribe(after=ledger.store.events.last_id(None)) as subscription:
        assert subscription.next(0) is None
        ledger.store.client.xadd(key, {"type": "job.queued", "at": "noon"})
        ledger.store.client.xadd(key, {"at": "1"})
        job = ledger.job(step("a"))
        event = subscription.next(60)

    assert event is not None
    assert job.id == event.job_id


def test_subscriber_learns_of_trimmed_events(redis_url: str, feed: EventFeed) -> None:
    """Who resumes after an id whose successors were trimmed learns the oldest id that is left."""
    with open_ledger(redis_url, job_events_max=100) as ledger:
        job = ledger.job(step("a"))
        first = ledger.store.events.last_id(job.id)
        _log(ledger, 700, job.id)
        with feed.subscribe(job.id, after=first) as subscription:
            event = subscription.next(60)

            assert event is not None
            assert event.id == subscription.oldest_id


def test_subscriber_learns_of_events_that_are_trimmed_while_it_reads(redis_url: str, feed: EventFeed) -> None:
    """A long backlog is read in pages: what goes between two of them is told as what went before the first."""
    with open_ledger(redis_url, job_events_max=600) as ledger:
        job, claim = ledger.job(step("a")), ledger.claim()
        for number in range(600):
            ledger.store.leases.append(claim, EventType.STEP_LOGGED, {"n": number})
        with feed.subscribe(job.id) as subscription:
            assert subscription.next(5)
            for number in range(1500):
                ledger.store.leases.append(claim, EventType.STEP_LOGGED, {"n": number})
            got = [event.id for event in itertools.islice(iter(lambda: subscription.next(5), None), 500) if event]

            assert got[-1] == subscription.oldest_id


def test_slow_subscriber_is_dropped(ledger: Ledger, feed: EventFeed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that does not keep up is dropped and ends after what it had; others are not held up."""
    monkeypatch.setattr(feed_module, "_QUEUE_MAX", 5)
    job = ledger.job(step("a"))
    slow = feed.subscribe(job.id)
    _log(ledger, 50, job.id)
    wait_until(lambda: slow.dropped)
    got = list(iter(lambda: slow.next(0), None))

    assert slow.dropped
    assert 0 == feed.subscribers()
    ids = [event.id for event in got if event]
    assert ids == [event.id for event in ledger.events(job.id)][: len(ids)]


def test_feed_survives_a_broken_connection(ledger: Ledger, feed: EventFeed) -> None:
    """A feed whose connection was cut goes on where it was."""
    with feed.subscribe() as subscription:
        first = ledger.job(step("a"))
        assert subscription.next(60)
        ledger.store.client.client_kill_filter(_type="normal", skipme=True)
        second = ledger.job(step("a"))
        event = subscription.next(60)

    assert event is not None
    assert (first.id, second.id) == (first.id, event.job_id)


def test_a_subscription_that_cannot_begin_is_none(ledger: Ledger) -> None:
    """While the ledger is away nothing is kept of those who ask, however often: nobody would close it."""
    away = EventFeed(Store.open(f"redis://127.0.0.1:{free_ports(('away',))['away']}").client, "t")
    for _ in range(3):
        with pytest.raises(redis.ConnectionError):
            away.subscribe("job_1")

    assert 0 == away.subscribers()
