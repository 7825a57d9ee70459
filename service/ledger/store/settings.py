"""What a process may choose about the ledger; every process of one namespace must choose the same."""

from __future__ import annotations

from dataclasses import dataclass

# Standard Webhooks, recommended schedule: ten tries over 75 h 35 m 5 s.
STANDARD_SCHEDULE: tuple[float, ...] = (0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)


@dataclass(frozen=True)
class StoreSettings:
    """Key prefix, bounds and retention. `test_clock` lets scripts read the time from the key `<namespace>:clock`.

    An endpoint keeps its newest `endpoint_deliveries_max` ended deliveries and all that wait; at
    `endpoint_backlog_max` the oldest of all are dropped nevertheless.
    `webhook_schedule` are the seconds before each try of a delivery, `webhook_jitter` the share by which they vary;
    an endpoint that failed for `endpoint_failing_seconds` without one success is disabled. After `breaker_failures`
    tries in a row without success an endpoint rests for `breaker_seconds`, then twice as long each time, up to
    `breaker_longest_seconds`; each time one delivery goes ahead. Deliveries lose no try by it. `audit_max` entries are
    kept in the audit log.
    """

    namespace: str = "mk"
    retention_seconds: int = 604_800
    job_events_max: int = 20_000
    feed_events_max: int = 100_000
    endpoint_deliveries_max: int = 10_000
    endpoint_backlog_max: int = 100_000
    delivery_retention_seconds: int = 604_800
    webhook_schedule: tuple[float, ...] = STANDARD_SCHEDULE
    webhook_jitter: float = 0.2
    endpoint_failing_seconds: int = 432_000
    breaker_failures: int = 10
    breaker_seconds: float = 30.0
    breaker_longest_seconds: float = 600.0
    audit_max: int = 1_000_000
    test_clock: bool = False


DEFAULT_SETTINGS = StoreSettings()
