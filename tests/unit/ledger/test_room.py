"""What is free of a host: by the books, and by what its last inspection saw."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from service.ledger.plan import Demand
from service.ledger.room import FRESH_SECONDS, candidate_of, room_of
from service.ledger.store import Held, Host, HostCapacity, HostLimits, HostLoad

_NOW = 100_000.0
_SEEN = {"memory_total_mib": 8000, "memory_free_mib": 5000, "volumes": [{"path": "D:\\", "free_gib": 300}]}
_HELD = Held(memory_mib=2000, disk_gib=50, since=_NOW - 500)


_CAPACITY = HostCapacity(10_000, 1000)


def _host(*, capacity: HostCapacity | None = _CAPACITY, **facts: Any) -> Host:
    limits = HostLimits(memory_reserve_mib=1000)
    return Host("host_1", "hv1", "192.0.2.1", limits=limits, storage_path="D:\\Labs", capacity=capacity, **facts)


@pytest.mark.parametrize(
    ("host", "load", "expected"),
    [
        (_host(), HostLoad(), (9000, 1000)),
        (_host(), HostLoad([_HELD]), (7000, 950)),
        (_host(capacity=None), HostLoad(), (None, None)),
        (_host(capacity=HostCapacity(0, 0)), HostLoad(), (0, 0)),
        (_host(report=_SEEN, inspected_at=_NOW - 1), HostLoad(), (4000, 300)),
        (_host(report=_SEEN, inspected_at=_NOW - 1), HostLoad([_HELD]), (4000, 300)),
        (_host(report=_SEEN, inspected_at=_NOW - 900), HostLoad([_HELD]), (2000, 250)),
        (_host(report=_SEEN, inspected_at=_NOW - 900), HostLoad(freed_at=_NOW - 800), (9000, 1000)),
        (_host(report=_SEEN, inspected_at=_NOW - FRESH_SECONDS - 1), HostLoad(), (9000, 1000)),
        (_host(capacity=None, report=_SEEN, inspected_at=1.0), HostLoad([_HELD]), (5000, None)),
    ],
    ids=[
        "reserve is kept",
        "reservations count",
        "unknown",
        "nothing for labs",
        "strangers count",
        "seen as taken already",
        "given away since",
        "something was given back since",
        "an old look",
        "total of an old look",
    ],
)
def test_free_room(host: Host, load: HostLoad, expected: tuple[int | None, int | None]) -> None:
    """Free is capacity without reservations, and no more than a fresh inspection saw without what was given since."""
    room = room_of(host, load, _NOW)

    assert expected == (room.memory_mib, room.disk_gib)


def _frees_at(load: HostLoad, memory_mib: int = 3000) -> float | None:
    return candidate_of(_host(), load, Demand(memory_mib, 1), "", _NOW).frees_at


def test_leases_tell_when_there_is_room() -> None:
    """Room comes when the leases that end first have given back enough, for those ahead too; else nobody can tell."""
    first = replace(_HELD, memory_mib=3000, until=_NOW + 10)
    second = replace(_HELD, memory_mib=3000, until=_NOW + 20)
    forever = replace(_HELD, memory_mib=3000, until=None)

    assert _NOW == _frees_at(HostLoad())
    assert _NOW + 10 == _frees_at(HostLoad([second, forever, first]))
    assert _NOW + 20 == _frees_at(HostLoad([second, forever, first], ahead=1, ahead_memory_mib=1000))
    assert _frees_at(HostLoad([forever, forever, first]), 8000) is None


def test_candidate_tells_what_stands_against_a_host() -> None:
    """Cordon, pause, rule and a missing inspection are seen by the choice."""
    host = replace(_host(), schedulable=False, limits=HostLimits(max_parallel_steps=0))
    one = candidate_of(host, HostLoad(ahead=2), Demand(), "a rule", _NOW)

    assert (False, True, False, "a rule", 2) == (one.schedulable, one.paused, one.inspected, one.forbidden, one.ahead)
