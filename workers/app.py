"""The Celery application and the composition root of the worker process.

    celery -A workers.app worker -P threads -c 32 -Q steps,deliveries --without-gossip --without-mingle
    --without-heartbeat

Importing makes `app` from the environment and nothing else; the process is built when Celery says that the worker is
ready.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import redis
import structlog
from celery import Celery, signals

from service.ledger.broker import broker_of
from service.ledger.expiry import LabExpiry
from service.ledger.queue import WakeFailed, Waker
from service.ledger.store import Store, StoreSettings
from service.ledger.sweep import Sweeper
from service.observing.exporting import start_traces
from service.observing.listening import bind
from service.observing.logs import set_up_logging
from service.observing.serving import MetricsServer, registry
from workers.broker import celery_settings
from workers.hosts import Hosts
from workers.keeper import LeaseKeeper
from workers.measuring import show_slots
from workers.own_addresses import address_rules
from workers.process import Departure, Presence, Slots
from workers.psrp.transport import forget_files
from workers.runner import Runner, Tools
from workers.secrets import Keyring, References, Scrubber
from workers.settings import Settings
from workers.tasks import Hands, register
from workers.unsealing import Unsealer
from workers.vault import Vault
from workers.webhooks import Sender, SendSettings

log = structlog.get_logger(__name__)

_REMEMBERED = 300  # secrets that log lines are searched for: those opened last
_SLOWEST_RENEWAL = 3.0  # also how late a cancellation may be seen


@dataclass
class WorkerProcess:
    """The parts of one worker process."""

    settings: Settings
    store: Store
    hands: Hands
    presence: Presence
    sweeper: Sweeper
    departure: Departure
    metrics: MetricsServer | None = None

    def start(self, slots: int) -> None:
        """Take back a former life's leases and start the threads. Raises SystemExit for an unfit ledger."""
        refuse_lossy_server(self.settings, self.store)
        self.hands.slots.total = slots
        self._show()
        if self.settings.has_stable_name:
            released = self.store.leases.release_worker(self.settings.worker_name)
            log.info("former_leases_released", worker=self.settings.worker_name, count=released)
        self.presence.beat()
        self.hands.keeper.start()
        self.sweeper.start()
        self.presence.start(self.departure.begin)
        log.info("worker_ready", worker=self.settings.worker_name, slots=slots)

    def _show(self) -> None:
        """Begin to answer scrapes and to export spans, where that is wanted."""
        show_slots(self.hands.slots, self.hands.keeper)
        self.departure.stop_traces = start_traces(os.environ, "matryoshka-worker", self.settings.worker_name)
        place = self.settings.metrics_listen
        if place is None:
            return
        try:
            self.metrics = MetricsServer(bind(place), registry())
        except OSError as error:
            # Work is worth more than figures; the alert on a missing target tells of this.
            log.error("metrics_not_served", reason=error.strerror)  # noqa: TRY400 - the reason is all
            return
        self.metrics.start()
        log.info("metrics_served", port=self.metrics.port)


def build(settings: Settings, opened: Scrubber | None = None) -> WorkerProcess:
    """Return the process's parts, wired; nothing runs and nothing is connected yet. Raises SettingsError.

    `opened` learns every secret that the process opens.
    """
    store = Store.open(settings.redis_url, _store_settings(settings), settings.servers)
    waker = Waker(settings.redis_url, settings.servers)
    keyring = _keyring(settings, opened)
    hosts = Hosts(store.hosts, keyring, settings.poll_seconds, settings.worker_name)
    draining = threading.Event()
    keeper = LeaseKeeper(
        store.leases,
        settings.lease_seconds,
        min(settings.heartbeat_seconds, _SLOWEST_RENEWAL),
        settings.fence_margin_seconds,
    )
    runner = Runner(Tools(store.leases, hosts.line, keyring, draining))
    rules = address_rules(settings, store)
    sender = Sender(keyring, SendSettings(rules, base_url=settings.base_url, slack_api=settings.slack_api_url))
    hands = Hands(settings, store, keeper, runner, sender, Slots(), draining.is_set)
    hands.wake, hands.wake_deliveries = partial(_wake, waker.wake_steps), partial(_wake, waker.wake_deliveries)
    presence = Presence(settings, store, waker, hosts, hands.slots)
    sweeper = Sweeper(store, waker, settings.sweep_seconds, LabExpiry(store).tear_down)
    departure = Departure(
        keeper,
        draining,
        store.leases.finish,
        lambda: _goodbye(presence, hosts),
        settings.drain_seconds,
        is_busy=lambda: hands.slots.busy > 0,
    )
    return WorkerProcess(settings, store, hands, presence, sweeper, departure)


def _wake(wake: Callable[[int], int]) -> None:
    try:
        wake(1)
    except WakeFailed as error:
        log.info("wake_failed", reason=str(error))  # the sweep wakes


def make_app(settings: Settings) -> Celery:
    """Return the Celery application for these settings, with its tasks and signals."""
    broker = broker_of(settings.redis_url, settings.servers)
    application = Celery("matryoshka", broker=broker.url)
    application.conf.update(celery_settings(broker))
    place = _Place(settings)
    register(application, place.hands)
    signals.worker_init.connect(place.on_init, weak=False)
    signals.worker_ready.connect(place.on_ready, weak=False)
    signals.worker_shutting_down.connect(place.on_leaving, weak=False)
    signals.setup_logging.connect(place.on_logging, weak=False)
    return application


def refuse_unfit_ledger(store: Store) -> None:
    """Raise SystemExit when trying again cannot help: see `Store.unfitness`."""
    reason = store.unfitness()
    if reason:
        raise SystemExit(f"the ledger cannot be used: {reason}")


def refuse_lossy_server(settings: Settings, store: Store) -> None:
    """Refuse to work on a server that may lose acknowledged writes, unless the settings only want a warning."""
    try:
        faults = store.check_durability()
    except redis.RedisError as error:
        log.warning("durability_unknown", error=type(error).__name__)
        return
    for fault in faults:
        log.warning("ledger_not_durable", fault=fault)
    if faults and settings.durability == "strict":
        raise SystemExit(
            f"the Redis server may lose writes: {'; '.join(faults)} (MATRYOSHKA_DURABILITY=warn to allow it)"
        )


@dataclass
class _Place:
    """Where the process is kept between Celery's signals."""

    settings: Settings
    process: WorkerProcess | None = None
    opened: Scrubber = field(default_factory=lambda: Scrubber(_REMEMBERED))

    def hands(self) -> Hands:
        if self.process is None:
            raise RuntimeError("a task ran before the worker was ready")
        return self.process.hands

    def on_init(self, **_: Any) -> None:
        # Before Celery tries for ever to reach a broker that will never have us.
        store = Store.open(self.settings.redis_url, _store_settings(self.settings), self.settings.servers)
        try:
            refuse_unfit_ledger(store)
        except SystemExit as error:
            log.critical("worker_cannot_start", reason=str(error))
            os._exit(1)
        store.client.close()

    def on_logging(self, **_: Any) -> None:
        set_up_logging(os.environ, self.opened.text)

    def on_ready(self, sender: Any = None, **_: Any) -> None:
        # Celery only logs what a signal's receiver raises; a worker that cannot work must not stay.
        try:
            self.process = build(self.settings, self.opened)
            self.process.start(int(getattr(sender.controller, "concurrency", 0) or 1))
            # Celery's own cold end waits for the threads before it tells anybody.
            signal.signal(signal.SIGQUIT, self.on_quit)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the door of the process
            log.critical("worker_cannot_start", reason=str(error))
            os._exit(1)

    def on_leaving(self, **_: Any) -> None:
        if self.process is not None:
            self.process.departure.begin()

    def on_quit(self, *_: object) -> None:
        if self.process is not None:
            self.process.departure.begin(hurry=True)


def _keyring(settings: Settings, opened: Scrubber | None) -> Keyring:
    vault = Vault(settings.vault) if settings.vault else None
    return Keyring(Unsealer(settings.private_keys), References(settings.secrets_dir, vault=vault), opened)


def _store_settings(settings: Settings) -> StoreSettings:
    return StoreSettings(
        namespace=settings.namespace,
        retention_seconds=settings.retention_seconds,
        webhook_schedule=settings.webhook_schedule,
        audit_max=settings.audit_max,
    )


def _goodbye(presence: Presence, hosts: Hosts) -> None:
    closing = threading.Thread(target=lambda: hosts.close_idle(everything=True), daemon=True)
    closing.start()
    try:
        presence.leave()
    finally:
        closing.join(1.0)  # a host that does not answer must not hold the exit up
        forget_files()


app = make_app(Settings.from_env(os.environ))
