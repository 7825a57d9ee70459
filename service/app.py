"""The composition root of the web process: `create_app(settings)` builds every part and hands them to the views."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis
import structlog
from flask import Flask
from redis.backoff import ExponentialBackoff
from redis.retry import Retry
from werkzeug.middleware.proxy_fix import ProxyFix

from service.api.auditing import register_denials
from service.api.auth import Caller, KeyBook, KeyRing, ReadsTokens
from service.api.catalogue import Catalogue
from service.api.context import EXTENSION, Context
from service.api.key_hashing import KeyHashes
from service.api.key_use import KeyUse
from service.api.ledger_metrics import LedgerMetrics
from service.api.operation import register_guard
from service.api.pages import Cursors
from service.api.ratelimit import Policy, RateLimiter, register_rate_fields
from service.api.registration import register_views
from service.api.streams import StreamGate
from service.api.tokens import token_reader
from service.api.wake import Wakes
from service.ledger.expiry import LabExpiry
from service.ledger.queue import Waker
from service.ledger.store import EventFeed, LedgerError, Store, StoreSettings, connect
from service.ledger.sweep import Sweeper
from service.observing.exporting import start_traces
from service.observing.logs import set_up_logging
from service.observing.serving import MetricsServer, registry
from service.settings import Settings
from service.ui.dashboard import register_dashboard

log = structlog.get_logger()


@dataclass
class WebProcess:
    """The parts of the app that live beside requests. Start them after a fork: threads do not survive one."""

    context: Context
    sweeper: Sweeper
    ledger_metrics: LedgerMetrics
    stop_traces: Callable[[], None] = lambda: None
    metrics: MetricsServer | None = None

    def start(self) -> None:
        """Begin to sweep, to send wake-ups and to write when keys are used."""
        self.context.wakes.start()
        self.context.key_use.start()
        self.sweeper.start()

    def stop(self) -> None:
        """End streams and waits, then the threads. Safe to call once."""
        self.context.gate.close()
        self.sweeper.stop()
        self.context.wakes.stop()
        self.context.key_use.stop()
        if self.metrics is not None:
            self.metrics.stop()
        self.stop_traces()

    def serve_metrics(self, listening: socket.socket) -> None:
        """Answer scrapes on a bound socket, of which other processes may answer some."""
        self.metrics = MetricsServer(listening, registry([self.ledger_metrics]))
        self.metrics.start()


def create_app(settings: Settings) -> Flask:
    """Return the app. Nothing runs yet: `app.extensions["process"].start()` starts the threads."""
    context = _context(settings)
    app = Flask("matryoshka", static_folder=None)
    app.extensions[EXTENSION] = context
    waker = Waker(settings.redis_url, settings.servers)
    app.extensions["process"] = WebProcess(
        context, _sweeper(context, waker), LedgerMetrics(context.store, waker.waiting)
    )
    if settings.proxy_hops:
        # The address in the audit log is the caller's then; who is no proxy of ours could write any there.
        proxied: Any = app
        proxied.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxy_hops, x_proto=0)
    register_views(app)
    register_dashboard(app)
    register_guard(app, context.ring, context.limiter, _token_reader(context))
    register_rate_fields(app, context.limiter.policy)
    register_denials(app, context.store.audit)
    return app


def create_app_from_env() -> Flask:
    """Return the app for gunicorn, with its threads running, one log line a request, and traces where they are wanted.

    Raises:
        SettingsError: names the variable that cannot be used.
        RuntimeError: the Redis server may lose what it is told (MATRYOSHKA_DURABILITY=strict), refuses us for good, or
            its ledger is of a newer release.
    """
    set_up_logging(os.environ)
    settings = Settings.from_env(os.environ)
    app = create_app(settings)
    if not settings.key_hash_key:
        log.warning("api_keys_hashed_without_key", remedy="set MATRYOSHKA_KEY_HASH_KEY_FILE, see docs/tenants.md")
    refuse_unfit_ledger(app.extensions[EXTENSION])
    refuse_lossy_server(app.extensions[EXTENSION])
    process: WebProcess = app.extensions["process"]
    process.stop_traces = start_traces(os.environ, "matryoshka-api", f"{socket.gethostname()}-{os.getpid()}")
    process.start()
    return app


def refuse_unfit_ledger(context: Context) -> None:
    """Raise RuntimeError when trying again cannot help: see `Store.unfitness`."""
    reason = context.store.unfitness()
    if reason:
        raise RuntimeError(f"the ledger cannot be used: {reason}")


def refuse_lossy_server(context: Context) -> None:
    """Check the server's settings once at start; a server that cannot be reached now is `/readyz`'s business.

    Raises:
        RuntimeError: it may lose what it is told, and MATRYOSHKA_DURABILITY is `strict`.
    """
    try:
        faults = context.store.check_durability()
    except redis.RedisError as error:
        log.warning("ledger_unreachable", error=type(error).__name__)
        return
    if not faults:
        return
    if context.settings.durability == "strict":
        raise RuntimeError(
            f"the Redis server may lose jobs: {'; '.join(faults)} (MATRYOSHKA_DURABILITY=warn allows it)"
        )
    log.warning("ledger_may_lose_jobs", faults=faults)


def _context(settings: Settings) -> Context:
    store = Store(_client(settings), _store_settings(settings))
    use = KeyUse(store.keys.note_use)
    return Context(
        settings=settings,
        store=store,
        wakes=Wakes(Waker(settings.redis_url, settings.servers)),
        feed=EventFeed(_client(settings), settings.namespace),
        ring=KeyRing(_key_book(store, use), KeyHashes(settings.key_hash_key)),
        key_use=use,
        catalogue=Catalogue(store),
        cursors=Cursors(settings.cursor_key),
        gate=StreamGate(settings.stream_cap, settings.wait_cap),
        limiter=RateLimiter(Policy(settings.rate_quota, settings.rate_seconds), store.rates.take),
    )


def _store_settings(settings: Settings) -> StoreSettings:
    return StoreSettings(
        namespace=settings.namespace,
        retention_seconds=settings.retention_seconds,
        webhook_schedule=settings.webhook_schedule,
        audit_max=settings.audit_max,
    )


def _client(settings: Settings) -> redis.Redis:
    # One quick second try: a connection that the server closed while idle must not become a 503.
    return connect(settings.redis_url, settings.servers, retry=Retry(ExponentialBackoff(cap=0.2, base=0.02), 1))


def _key_book(store: Store, use: KeyUse) -> KeyBook:
    return KeyBook(lambda digest: _caller(store, digest), lambda old, new: _rehash(store, old, new), use.note)


def _caller(store: Store, digest: str) -> Caller | None:
    found = store.keys.by_digest(digest)
    if found is None:
        return None
    ends = [found.expires_at] if digest == found.digest else [found.expires_at, found.previous_until or 0.0]
    expires_at = min((end for end in ends if end is not None), default=None)
    return Caller(found.id, found.name, frozenset(found.scopes), expires_at, found.tenant)


def _rehash(store: Store, old: str, new: str) -> None:
    try:
        store.keys.rehash(old, new)
    except (LedgerError, redis.RedisError) as error:
        # The caller is known all the same; the next use in some seconds tries again.
        log.warning("key_not_rehashed", error=type(error).__name__)


def _token_reader(context: Context) -> ReadsTokens | None:
    return token_reader(context.settings.oidc, lambda tenant: context.store.tenants.get(tenant) is not None)


def _sweeper(context: Context, waker: Waker) -> Sweeper:
    expiry = LabExpiry(context.store)
    return Sweeper(context.store, waker, context.settings.sweep_seconds, expiry.tear_down)
