"""What a scrape reads from the ledger: the same from every web process, so queries take `max by (...)`, never a sum."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import structlog
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from service.ledger.queue import DELIVERIES_QUEUE, STEPS_QUEUE, WakeFailed
from service.ledger.store import Store, Tallies, Vitals

_FRESH_SECONDS = 5.0
_NO_VITALS = Vitals(0.0, 0.0, 0, 0, 0.0, 0.0, 0, 0.0, 0.0, 0, {})
_NO_TALLIES = Tallies({}, 0, {}, 0, (), 0.0)

log = structlog.get_logger()


class LedgerMetrics(Collector):
    """Reads the ledger at most once in some seconds, however many scrape. A ledger that is away is `ledger_up` 0."""

    def __init__(
        self, store: Store, waiting: Callable[[str], int], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._waiting = waiting
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._found: list[Metric] = []

    def describe(self) -> list[Metric]:
        """Return the families with zeros: registering reads nothing."""
        return [_up(0.0), *_of_vitals(_NO_VITALS), *_of_tallies(_NO_TALLIES), *_of_queues({})]

    def collect(self) -> Iterator[Metric]:
        """Return the families as they were read some seconds ago at most."""
        with self._lock:
            if self._monotonic() - self._read_at >= _FRESH_SECONDS:
                self._found = self._read()
                self._read_at = self._monotonic()
            yield from self._found

    def _read(self) -> list[Metric]:
        try:
            vitals, tallies = self._store.vitals.read(), self._store.tallies.read()
        except RedisError as error:
            log.warning("ledger_metrics_unread", error=type(error).__name__)
            return [_up(0.0)]
        return [_up(1.0), *_of_vitals(vitals), *_of_tallies(tallies), *_of_queues(self._queues())]

    def _queues(self) -> dict[str, int]:
        try:
            return {queue: self._waiting(queue) for queue in (STEPS_QUEUE, DELIVERIES_QUEUE)}
        except WakeFailed:
            return {}


def _up(value: float) -> Metric:
    return _gauge("ledger_up", "Whether the ledger answered when this was read (1) or not (0).", value)


def _gauge(name: str, help_text: str, value: float | None) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"matryoshka_{name}", help_text, value=value)


def _of_vitals(vitals: Vitals) -> list[Metric]:
    lag = vitals.sweep_lag_seconds
    return [
        _gauge("sweep_lag_seconds", "Seconds since any process swept the ledger last; none before the first.", lag),
        _gauge(
            "lease_late_seconds",
            "How long the oldest lost lease waits to be taken back; a sweep keeps it near 0.",
            vitals.lease_late_seconds,
        ),
        _gauge(
            "wait_late_seconds",
            "How long the step is overdue whose wait is over longest; a sweep keeps it near 0.",
            vitals.wait_late_seconds,
        ),
        _gauge("leases", "Steps that run now, on any worker.", vitals.leases),
        _gauge(
            "steps_claimable",
            "Steps that a worker could take now; some hundreds at most.",
            vitals.claimable,
        ),
        _gauge(
            "job_oldest_queued_seconds",
            "Age of the oldest job that no worker has begun although nothing holds it back.",
            vitals.oldest_queued_seconds,
        ),
        _gauge("webhook_deliveries_due", "Deliveries that could be sent now.", vitals.deliveries_due),
        _gauge(
            "webhook_late_seconds",
            "How long the delivery is overdue that is due longest.",
            vitals.delivery_late_seconds,
        ),
        _gauge("audit_open_entries", "Entries of the audit log that are not yet chained.", vitals.audit_open),
    ]


def _of_tallies(tallies: Tallies) -> list[Metric]:
    jobs = _labelled("jobs", "Jobs that the ledger keeps, by kind and state.", ("kind", "state"))
    endpoints = _labelled("webhook_endpoints", "Webhook endpoints, by state.", ("state",))
    for (kind, state), count in sorted(tallies.jobs.items()):
        jobs.add_metric((kind, state), count)
    for state, count in tallies.endpoints.items():
        endpoints.add_metric((state,), count)
    return [
        jobs,
        endpoints,
        _gauge(
            "webhook_deliveries_pending",
            "Deliveries that wait for their first or another try.",
            tallies.deliveries_pending,
        ),
        _gauge("workers", "Worker processes that told the ledger lately that they live.", tallies.workers),
        _gauge(
            "step_ready_seconds",
            "How long the step waits that is ready longest among those next in line.",
            tallies.ready_seconds,
        ),
        *_of_hosts(tallies),
    ]


def _of_hosts(tallies: Tallies) -> list[Metric]:
    steps = _labelled("host_steps", "Steps that run on a host now, by weight.", ("host_id", "weight"))
    waiting = _labelled("host_jobs_waiting", "Jobs that wait for room on a host.", ("host_id",))
    away = _labelled("host_away_seconds", "How long a host has not answered; 0 while it does.", ("host_id",))
    for host in tallies.hosts:
        steps.add_metric((host.host_id, "heavy"), host.heavy_steps)
        steps.add_metric((host.host_id, "light"), host.steps - host.heavy_steps)
        waiting.add_metric((host.host_id,), host.jobs_waiting)
        away.add_metric((host.host_id,), host.away_seconds)
    return [steps, waiting, away]


def _of_queues(lengths: dict[str, int]) -> list[Metric]:
    family = _labelled("wakeups_waiting", "Wake-ups that no worker has taken, by queue.", ("queue",))
    for queue, length in lengths.items():
        family.add_metric((queue,), length)
    return [family]


def _labelled(name: str, help_text: str, labels: tuple[str, ...]) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"matryoshka_{name}", help_text, labels=labels)
