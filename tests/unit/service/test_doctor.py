"""What the doctor says: each thing that can be ill, as it is well and as it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.commands.judging_ledger import judge_disk, judge_server
from service.commands.judging_resources import judge_hosts, judge_locks, judge_webhooks
from service.commands.judging_work import (
    judge_certificate,
    judge_clock,
    judge_queues,
    judge_release,
    judge_sweep,
    judge_workers,
)
from service.commands.verdicts import FAULT, OK, UNKNOWN, WARNING, Verdict

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
_SERVER = {
    "product": "valkey",
    "version": "8.1.3",
    "role": "master",
    "replicas": 0,
    "latency_seconds": 0.001,
    "clients": 10,
    "clients_max": 10_000,
    "memory_used": 100 << 20,
    "memory_max": 0,
    "memory_system": 16 << 30,
    "evicted": 0,
    "aof_enabled": True,
    "aof_ok": True,
    "rdb_ok": True,
    "settings": {"appendonly": "yes"},
    "faults": [],
}
_WORKER = {"name": "w1", "release": "0.1.0", "slots": 64, "busy": 3, "sealing_keys": ["old", "key1"]}
_INSTALLATION: dict[str, Any] = {
    "release": "0.1.0",
    "sealing_key": "key1",
    "time": "2026-11-30T12:00:00.000Z",
    "ledger_time": "2026-11-30T12:00:00.100Z",
    "sweep": {"lag_seconds": 0.4, "lease_late_seconds": 0.0, "wait_late_seconds": 0.0},
    "queues": [{"name": "steps", "waiting": 0}],
    "backlog": {
        "claimable_steps": 0,
        "running_steps": 3,
        "oldest_queued_seconds": 0.0,
        "deliveries_due": 0,
        "delivery_late_seconds": 0.0,
        "audit_open": 0,
    },
    "workers": [_WORKER],
}
_HOST = {"id": "host_1", "name": "hv01", "inspected_at": "2026-11-29T12:00:00Z", "unreachable_since": None}


def _worst(verdicts: Iterable[Verdict], check: str = "") -> str:
    outcomes = [one.outcome for one in verdicts if one.check.startswith(check)]
    return next(word for word in (FAULT, WARNING, UNKNOWN, OK) if word in outcomes)


def _sick(verdicts: Iterable[Verdict]) -> dict[str, str]:
    """Return what is not well; whatever is not well says what to do."""
    found = [one for one in verdicts if one.outcome != OK]
    assert all(one.remedy and one.detail for one in found), found
    return {one.check: one.outcome for one in found}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {}),
        ({"version": None}, {"ledger.version": UNKNOWN}),
        ({"version": "7.0.15"}, {"ledger.version": WARNING}),
        ({"product": "redis", "version": "6.2.14"}, {}),
        ({"product": "redis", "version": "6.0.16"}, {"ledger.version": WARNING}),
        ({"faults": ["appendfsync is everysec, must be always"]}, {"ledger.settings": FAULT}),
        ({"settings": {}}, {"ledger.settings": UNKNOWN}),
        ({"evicted": 4}, {"ledger.evicted": FAULT}),
        ({"memory_max": 110 << 20}, {"ledger.memory": WARNING}),
        ({"memory_max": 101 << 20}, {"ledger.memory": FAULT}),
        ({"memory_used": None}, {"ledger.memory": UNKNOWN}),
        ({"aof_ok": False}, {"ledger.persistence": FAULT}),
        ({"aof_enabled": False}, {"ledger.persistence": FAULT}),
        ({"rdb_ok": False}, {"ledger.persistence": WARNING}),
        ({"role": "slave"}, {"ledger.role": FAULT}),
        ({"clients": 9500}, {"ledger.load": WARNING}),
        ({"latency_seconds": 0.2}, {"ledger.load": WARNING}),
    ],
)
def test_the_ledgers_server(changes: Mapping[str, Any], expected: dict[str, str]) -> None:
    """Version, settings, memory, persistence, role and load are judged each by itself."""
    assert _sick(judge_server({**_SERVER, **changes})) == expected


@pytest.mark.parametrize(
    ("free", "total", "expected"),
    [(50, 100, OK), (10, 100, WARNING), (1, 100, FAULT), (None, None, UNKNOWN)],
)
def test_the_disk_of_the_append_only_file(free: int | None, total: int | None, expected: str) -> None:
    """A disk that is nearly full stops every write; another machine's is not known."""
    assert judge_disk(free, total).outcome == expected


@pytest.mark.parametrize(
    ("part", "judge", "expected"),
    [
        ({}, judge_sweep, {}),
        ({"sweep": {"lag_seconds": None}}, judge_sweep, {"sweep.running": FAULT}),
        ({"sweep": {"lag_seconds": 90.0}}, judge_sweep, {"sweep.running": FAULT}),
        ({"sweep": {"lease_late_seconds": 90.0}}, judge_sweep, {"sweep.late": FAULT}),
        ({"sweep": {"wait_late_seconds": 90.0}}, judge_sweep, {"sweep.late": FAULT}),
        ({}, judge_queues, {}),
        ({"queues": [{"name": "steps", "waiting": None}]}, judge_queues, {"queue.steps": FAULT}),
        (
            {"backlog": {"claimable_steps": 5, "oldest_queued_seconds": 600.0}},
            judge_queues,
            {"queue.backlog": WARNING},
        ),
        ({"backlog": {"oldest_queued_seconds": 600.0}}, judge_queues, {}),
        ({"backlog": {"delivery_late_seconds": 600.0}}, judge_queues, {"queue.webhooks": WARNING}),
        ({"backlog": {"audit_open": 20_000}}, judge_queues, {"queue.audit": WARNING}),
        ({}, judge_workers, {}),
        ({"workers": []}, judge_workers, {"workers.alive": FAULT}),
        ({"workers": [{**_WORKER, "busy": 64}]}, judge_workers, {"workers.room": WARNING}),
        ({"workers": [{**_WORKER, "release": "0.0.9"}]}, judge_workers, {"workers.release": WARNING}),
        ({"workers": [_WORKER, {**_WORKER, "sealing_keys": ["x"]}]}, judge_workers, {"workers.sealing_key": FAULT}),
        ({"workers": [{**_WORKER, "sealing_keys": None}]}, judge_workers, {"workers.sealing_key": FAULT}),
    ],
)
def test_sweep_queues_and_workers(
    part: Mapping[str, Any], judge: Callable[[Mapping[str, Any]], Iterator[Verdict]], expected: dict[str, str]
) -> None:
    """What is late, waits for nobody, or cannot open what the API seals is told with what to do."""
    given = {
        name: {**_INSTALLATION[name], **value} if isinstance(value, dict) else value for name, value in part.items()
    }

    assert _sick(judge({**_INSTALLATION, **given})) == expected


@pytest.mark.parametrize(
    ("asked", "ledger", "expected"),
    [
        (0, "2026-11-30T12:00:00.100Z", {}),
        (-20, "2026-11-30T12:00:00.100Z", {"clock.api": WARNING}),
        (120, "2026-11-30T12:00:00.100Z", {"clock.api": FAULT}),
        (0, "2026-11-30T12:00:30Z", {"clock.ledger": WARNING}),
    ],
)
def test_clocks_that_differ(asked: int, ledger: str, expected: dict[str, str]) -> None:
    """Skew is what the time of the request cannot explain; each pair of clocks is told by itself."""
    began = NOW + timedelta(seconds=asked, milliseconds=-50)
    found = judge_clock({**_INSTALLATION, "ledger_time": ledger}, began, began + timedelta(milliseconds=100))

    assert _sick(found) == expected


def test_the_certificate_of_the_api() -> None:
    """One that ends within thirty days is warned about; one that cannot be read is not known."""
    assert judge_certificate(NOW + timedelta(days=300), NOW).outcome == OK
    assert judge_certificate(NOW + timedelta(days=3), NOW).outcome == WARNING
    assert judge_certificate(None, NOW).outcome == UNKNOWN


def test_another_release_is_a_warning() -> None:
    """A command of another release works on; one that was never installed cannot be compared."""
    assert judge_release(_INSTALLATION, "0.1.0").outcome == OK
    assert judge_release(_INSTALLATION, "0.2.0").outcome == WARNING
    assert judge_release(_INSTALLATION, "unknown").outcome == UNKNOWN


def _tls(not_after: str) -> list[dict[str, Any]]:
    return [{"id": "tls", "outcome": "passed", "seen": {"certificate": {"not_after": not_after}}}]


@pytest.mark.parametrize(
    ("changes", "checks", "expected"),
    [
        ({}, [], OK),
        ({"inspected_at": None}, [], WARNING),
        ({"inspected_at": "2026-10-01T00:00:00Z"}, [], WARNING),
        ({"unreachable_since": "2026-11-30T11:00:00Z", "unreachable_error": "HOST_UNREACHABLE"}, [], FAULT),
        ({}, [{"id": "port", "outcome": "failed", "code": "PORT_REFUSED"}], WARNING),
        ({}, _tls("2027-11-30T00:00:00Z"), OK),
        ({}, _tls("2026-12-10T00:00:00Z"), WARNING),
        ({}, _tls("2026-11-01T00:00:00Z"), FAULT),
    ],
)
def test_hosts(changes: Mapping[str, Any], checks: list[dict[str, Any]], expected: str) -> None:
    """Away, never or long ago inspected, failed in its last test, or with a certificate that ends."""
    found = list(judge_hosts([{**_HOST, **changes}], {"host_1": checks}, NOW))

    _sick(found)
    assert _worst(found) == expected


def test_no_host_is_a_warning() -> None:
    """An installation without a host builds nothing."""
    assert _sick(judge_hosts([], {}, NOW)) == {"hosts": WARNING}


def test_webhooks_that_get_nothing() -> None:
    """A disabled endpoint and one that fails are told by their ids; others are counted."""
    good = {"id": "we_1", "url": "https://a", "state": "active", "failing_since": None}

    assert _sick(judge_webhooks([good])) == {}
    bad = [good, {**good, "id": "we_2", "state": "disabled"}, {**good, "id": "we_3", "failing_since": "2026-11-30"}]
    assert _sick(judge_webhooks(bad)) == {"webhook.we_2": WARNING, "webhook.we_3": WARNING}


def test_locks_of_the_dead() -> None:
    """A name that an ended job holds, and a step whose lease is long over, are faults."""
    target = {"target": "vm:nest-1", "job_id": "job_1", "state": "running"}
    step = {"job_id": "job_1", "step_id": "a", "worker": "w1", "lease_left_seconds": 20.0}
    host = {"host_name": "hv01", "targets": [target], "steps": [step]}

    assert _sick(judge_locks([host])) == {}
    assert _sick(judge_locks([host | {"targets": [{**target, "state": "failed"}]}])) == {"locks": FAULT}
    assert _sick(judge_locks([host | {"steps": [{**step, "lease_left_seconds": -300.0}]}])) == {"locks": FAULT}
