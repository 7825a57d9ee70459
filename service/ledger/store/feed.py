"""The live feed: one reader thread a process, any number of subscribers with a bounded queue each."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from typing import Any, Self

import redis

from service.ledger.event import Event
from service.ledger.store.events import EventStore, checked_id, event_of, id_order
from service.ledger.store.scripts import Scripts
from service.ledger.store.settings import StoreSettings

_QUEUE_MAX = 1000
_BLOCK_MILLISECONDS = 1000
_RETRY_SECONDS = 0.5

_log = logging.getLogger(__name__)


class Subscription:
    """One reader of events: first what the stream still has after `after`, then what happens, without a gap.

    `dropped` turns True when the reader was too slow: it shall resume with its last id. `oldest_id` is set when events
    after `after` were trimmed away before they could be read.
    """

    def __init__(self, feed: EventFeed, job_id: str | None, after: str) -> None:
        self.job_id = job_id
        self.dropped = False
        self.oldest_id: str | None = None
        self._feed = feed
        self._position = checked_id(after) if after else "0-0"
        self._asked = after
        self._backlog: deque[Event] = deque()
        self._live: queue.Queue[Event] = queue.Queue(_QUEUE_MAX)
        self._caught_up = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def next(self, timeout_seconds: float) -> Event | None:
        """Return the next event, None when none came in time or the subscription was dropped. Raise redis errors."""
        deadline = time.monotonic() + timeout_seconds
        while not self.dropped or self._backlog or not self._live.empty():
            event = self._stored() or self._next_live(deadline - time.monotonic())
            if event is None:
                return None
            if id_order(event.id) > id_order(self._position):
                self._position = event.id
                return event
        return None

    def close(self) -> None:
        """End the subscription. Safe to repeat."""
        self._feed.remove(self)

    def offer(self, event: Event) -> bool:
        """Take a live event; False when the queue is full (the feed then drops this subscription)."""
        if self.job_id and event.job_id != self.job_id:
            return True
        try:
            self._live.put_nowait(event)
        except queue.Full:
            self.dropped = True
        return not self.dropped

    def _stored(self) -> Event | None:
        if not self._backlog and not self._caught_up:
            events, oldest = self._feed.store.page(self.job_id, self._position, 500)
            if events:
                self._note_gap(oldest)
                self._asked = events[-1].id  # what stands behind it may be trimmed while this page is read
            self._backlog.extend(events)
            self._caught_up = not events
        return self._backlog.popleft() if self._backlog else None

    def _note_gap(self, oldest: str | None) -> None:
        if self._asked and oldest and self.oldest_id is None and id_order(oldest) > id_order(self._asked):
            self.oldest_id = oldest

    def _next_live(self, timeout_seconds: float) -> Event | None:
        try:
            return self._live.get(timeout=max(0.0, timeout_seconds))
        except queue.Empty:
            return None


class EventFeed:
    """Reads the feed stream once for the whole process. Starts its thread with the first subscription."""

    def __init__(self, client: redis.Redis, namespace: str = "mk") -> None:
        scripts = Scripts(client, StoreSettings(namespace=namespace))
        self.store = EventStore(scripts)
        self._client: Any = client
        self._key = self.store.stream_key(None)
        self._lock = threading.Lock()
        self._subscriptions: set[Subscription] = set()
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()

    def subscribe(self, job_id: str | None = None, after: str = "") -> Subscription:
        """Begin a subscription to a job's events or (None) to all. Raise ValueError for a bad `after`, redis errors."""
        subscription = Subscription(self, job_id, after)
        with self._lock:
            # Nobody would close one that could not be begun. The lock keeps events from being spread between the two.
            self._start()
            self._subscriptions.add(subscription)
        return subscription

    def remove(self, subscription: Subscription) -> None:
        """Forget a subscription. Safe to repeat."""
        with self._lock:
            self._subscriptions.discard(subscription)

    def subscribers(self) -> int:
        """Return how many subscriptions are open."""
        return len(self._subscriptions)

    def stop(self) -> None:
        """End the reader thread (within a second)."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(_BLOCK_MILLISECONDS / 1000 + 2)

    def _start(self) -> None:
        """Start the reader. Its position is taken here, before any subscriber reads its backlog: no gap between."""
        if self._thread is not None and self._thread.is_alive():
            return
        position = self.store.last_id(None) or "0-0"
        self._thread = threading.Thread(target=self._read, args=(position,), name="event-feed", daemon=True)
        self._thread.start()

    def _read(self, position: str) -> None:
        while not self._stopped.is_set():
            try:
                answer = self._client.xread({self._key: position}, count=500, block=_BLOCK_MILLISECONDS)
            except redis.exceptions.RedisError:
                self._stopped.wait(_RETRY_SECONDS)  # the server is away: subscribers just wait
                continue
            for row_id, fields in _rows(answer):
                position = row_id
                self._take(row_id, fields)

    def _take(self, row_id: str, fields: dict[str, str]) -> None:
        try:
            event = event_of(row_id, fields)
        except (ValueError, KeyError) as error:
            # One entry that nobody can read must not end the feed of all.
            _log.warning("event_unreadable", extra={"event_id": row_id, "error": type(error).__name__})
            return
        self._spread(event)

    def _spread(self, event: Event) -> None:
        with self._lock:
            self._subscriptions -= {one for one in self._subscriptions if not one.offer(event)}


def _rows(answer: Any) -> list[tuple[str, dict[str, str]]]:
    """Read XREAD's answer: pairs in RESP2, a mapping of lists of pages in RESP3."""
    if not answer:
        return []
    if isinstance(answer, dict):
        return [row for pages in answer.values() for page in pages for row in page]
    return [row for _, rows in answer for row in rows]
