"""What the ledger and its server tell of their health, on a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from service.ledger.store import Store, StoreSettings
from tests.integration.ledger_kit import Ledger, open_ledger, step

_ACL_USER, _ACL_PASSWORD = "guarded", "a-password"


@pytest.fixture
def ledger(redis_url: str) -> Iterator[Ledger]:
    """An empty ledger."""
    with open_ledger(redis_url) as one:
        yield one


def test_an_idle_ledger_is_late_with_nothing(ledger: Ledger) -> None:
    """Nothing is late before there is work, and nobody has swept yet."""
    vitals = ledger.store.vitals.read()

    assert (vitals.swept_at, vitals.sweep_lag_seconds) == (None, None)
    assert vitals.lease_late_seconds == vitals.delivery_late_seconds == vitals.oldest_queued_seconds == 0


def test_a_sweep_is_seen_and_its_lag_grows(ledger: Ledger) -> None:
    """The lag is the time since anybody swept."""
    ledger.store.leases.sweep()
    ledger.advance(42)

    assert ledger.store.vitals.read().sweep_lag_seconds == 42


def test_what_nobody_takes_grows_old(ledger: Ledger) -> None:
    """A queued job has an age and its step is claimable; a lost lease is late until a sweep takes it back."""
    ledger.job(step("a"))
    ledger.advance(30)
    before = ledger.store.vitals.read()
    ledger.claim(lease=10)
    ledger.advance(25)
    lost = ledger.store.vitals.read()
    ledger.store.leases.sweep()
    after = ledger.store.vitals.read()

    assert (before.oldest_queued_seconds, before.claimable, before.jobs["queued"]) == (30, 1, 1)
    assert (lost.lease_late_seconds, lost.leases, lost.jobs["running"], lost.oldest_queued_seconds) == (15, 1, 1, 0)
    assert (after.lease_late_seconds, after.leases) == (0, 0)


def test_the_server_tells_of_itself(ledger: Ledger) -> None:
    """Version, memory and persistence are read, and a setting that may lose writes is named."""
    client = ledger.store.client
    before = client.config_get("maxmemory-policy")
    client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        facts = ledger.store.vitals.server()
    finally:
        client.config_set("maxmemory-policy", before["maxmemory-policy"])

    assert facts.version
    assert facts.memory_used
    assert facts.role == "master"
    assert "maxmemory-policy is allkeys-lru, must be noeviction" in facts.faults


def test_what_the_server_forbids_is_unknown(ledger: Ledger, redis_url: str) -> None:
    """An account without INFO and CONFIG reads the vitals all the same; the server's own facts are None."""
    admin = ledger.store.client
    admin.acl_setuser(
        _ACL_USER,
        enabled=True,
        passwords=[f"+{_ACL_PASSWORD}"],
        keys=["*"],
        categories=["+@all", "-@admin", "-@dangerous"],
    )
    guarded = redis.Redis.from_url(redis_url, username=_ACL_USER, password=_ACL_PASSWORD, decode_responses=True)
    try:
        store = Store(guarded, StoreSettings(namespace=ledger.store.settings.namespace, test_clock=True))
        facts, vitals = store.vitals.server(), store.vitals.read()
    finally:
        guarded.close()
        admin.acl_deluser(_ACL_USER)

    assert (facts.version, facts.aof_enabled, facts.faults) == (None, None, ())
    assert vitals.now == ledger.now
