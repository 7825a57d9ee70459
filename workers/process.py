"""One worker process beside Celery: what it is built of, its threads, its slots, and how it leaves."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import redis
import structlog

from service.ledger.queue import DELIVERIES_QUEUE, STEPS_QUEUE, WakeFailed, Waker
from service.ledger.release import installed_release
from service.ledger.sealing import PrivateKeys, SealingError
from service.ledger.store import Store
from service.ledger.store.claims import Claim, StepResult
from workers.hosts import Hosts
from workers.keeper import Lease, LeaseKeeper
from workers.settings import Settings, SettingsError

log = structlog.get_logger(__name__)

# Wake-ups wait, slots are free, and nothing started for this long: the consumer hangs (docs/sources.md C3, C11).
STALLED_SECONDS = 30.0


@dataclass
class Slots:
    """How many tasks run in this process, and when one last started (monotonic seconds).

    `waiting_since` is the first of the looks in a row that found wake-ups waiting, None when the last one found none.

    Steps take minutes and slow receivers of webhooks tens of seconds: neither kind may take the slots of the other.
    """

    total: int = 0
    steps: int = 0
    deliveries: int = 0
    last_start: float = field(default_factory=time.monotonic)
    waiting_since: float | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def busy(self) -> int:
        """How many slots work now."""
        return self.steps + self.deliveries

    @contextlib.contextmanager
    def for_steps(self) -> Iterator[bool]:
        """Take a slot for steps while inside; False when only the one that is kept for deliveries is left."""
        with self._taken("steps", self.total - 1 if self.total > 1 else 1) as taken:
            yield taken

    @contextlib.contextmanager
    def for_deliveries(self) -> Iterator[bool]:
        """Take a slot for deliveries while inside; False when a quarter of the slots deliver already."""
        with self._taken("deliveries", max(1, self.total // 4)) as taken:
            yield taken

    @contextlib.contextmanager
    def _taken(self, kind: str, most: int) -> Iterator[bool]:
        with self._lock:
            self.last_start = time.monotonic()
            used = int(getattr(self, kind))
            taken = used < most
            if taken:
                setattr(self, kind, used + 1)
        try:
            yield taken
        finally:
            with self._lock:
                if taken:
                    setattr(self, kind, int(getattr(self, kind)) - 1)

    def is_stalled(self, waiting: int, now: float) -> bool:
        """Return whether wake-ups wait although a slot is free and nothing started, both for half a minute.

        Call it at each look. One look tells nothing: wake-ups that came this moment wait too, and after an outage of
        the broker the consumer may connect again later than whoever looks.
        """
        if waiting <= 0:
            self.waiting_since = None
            return False
        self.waiting_since = now if self.waiting_since is None else self.waiting_since
        quiet = now - max(self.waiting_since, self.last_start)
        return self.busy < max(1, self.total) and quiet > STALLED_SECONDS


class Presence:
    """The thread that tells the ledger that this process lives, closes idle sessions and watches the consumer."""

    def __init__(self, settings: Settings, store: Store, waker: Waker, hosts: Hosts, slots: Slots) -> None:
        self._settings = settings
        self._store = store
        self._waker = waker
        self._hosts = hosts
        self._slots = slots
        self._stop = threading.Event()
        self._beating = threading.Lock()
        self._closing: threading.Thread | None = None

    def start(self, on_stalled: Callable[[], None]) -> None:
        """Start the thread; `on_stalled` is called once when the consumer hangs."""
        threading.Thread(target=self._run, args=[on_stalled], name="presence", daemon=True).start()

    def leave(self) -> None:
        """Take this process off the list for good: no heartbeat comes after it. Raises redis errors."""
        self._stop.set()
        with self._beating:  # one that is on its way would bring the process back
            self._store.workers.forget(self._settings.worker_name)

    def beat(self) -> None:
        """Tell the registry what this process is, and learn how many others share the hosts. Raises redis errors."""
        with self._beating:
            if not self._stop.is_set():
                self._beat()

    def _beat(self) -> None:
        info = {
            "slots": self._slots.total,
            "busy": self._slots.busy,
            "pid": os.getpid(),
            "release": installed_release(),
            "sealing_keys": _key_ids(self._settings),
        }
        ttl = 3 * self._settings.heartbeat_seconds
        self._store.workers.beat(self._settings.worker_name, info, ttl_seconds=ttl)
        self._hosts.share_with(len(self._store.workers.list()))

    def is_stalled(self) -> bool:
        """Return whether wake-ups wait for a consumer that does not take them."""
        try:
            waiting = self._waker.waiting(STEPS_QUEUE) + self._waker.waiting(DELIVERIES_QUEUE)
        except WakeFailed:
            waiting = 0
        return self._slots.is_stalled(waiting, time.monotonic())

    def _close_idle(self) -> None:
        # A host without power holds up each of its sessions for half a minute: more than a heartbeat may be late.
        if self._closing is None or not self._closing.is_alive():
            self._closing = threading.Thread(target=self._hosts.close_idle, name="close-idle", daemon=True)
            self._closing.start()

    def _run(self, on_stalled: Callable[[], None]) -> None:
        while not self._stop.wait(self._settings.heartbeat_seconds):
            try:
                self.beat()
                self._close_idle()
                stalled = self.is_stalled()
            except redis.RedisError as error:
                log.warning("heartbeat_failed", error=type(error).__name__)
                self._slots.waiting_since = None
                continue
            except Exception:  # the door: a dead thread would make this worker look dead
                log.exception("presence_crashed")
                continue
            if stalled:
                log.error("consumer_stalled", seconds=STALLED_SECONDS)
                on_stalled()
                return


def _key_ids(settings: Settings) -> list[str]:
    """Return the ids of the keys in the key file as it is now; [] when it cannot be read."""
    try:
        return list(PrivateKeys.parse(settings.private_keys()).ids)
    except (SettingsError, SealingError):
        return []


@dataclass
class Departure:
    """How the process leaves: no new claims, steps given back, then out. Celery's warm end would wait minutes.

    `is_busy` tells whether a slot works: also one whose claim is on its way, or that delivers. Asked a second time, or
    told to hurry, it waits for no step: what it holds is released in the ledger at once.
    """

    keeper: LeaseKeeper
    draining: threading.Event
    finish: Callable[[Claim, StepResult], bool]
    goodbye: Callable[[], None]
    drain_seconds: float
    leave: Callable[[int], None] = os._exit
    stop_traces: Callable[[], None] = lambda: None
    is_busy: Callable[[], bool] = lambda: False
    _begun: threading.Lock = field(default_factory=threading.Lock)
    _hurry: threading.Event = field(default_factory=threading.Event)

    def begin(self, *, hurry: bool = False) -> None:
        """Drain in a thread of its own and leave the process; called again, the drain ends at once."""
        is_first = self._begun.acquire(blocking=False)
        if hurry or not is_first:
            self._hurry.set()
        if not is_first:
            return
        self.draining.set()
        threading.Thread(target=self._drain, name="drain", daemon=True).start()

    def _drain(self) -> None:
        # Steps see the flag between two polls and give themselves back; what runs on the hosts goes on, and whoever
        # claims the step next joins it through the journal.
        until = time.monotonic() + self.drain_seconds
        while (self.is_busy() or self.keeper.held()) and time.monotonic() < until and not self._hurry.wait(0.05):
            pass
        for lease in self.keeper.held():
            self._release(lease)
        with contextlib.suppress(redis.RedisError):
            self.goodbye()
        self.stop_traces()
        log.info("worker_left")
        self.leave(0)

    def _release(self, lease: Lease) -> None:
        lease.lost = True  # its thread must not act any more
        with contextlib.suppress(redis.RedisError):
            self.finish(lease.claim, lease.released())
