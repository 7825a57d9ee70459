"""Which of several hosts a lab goes to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.placement import VERDICTS, PlacementSchema
from service.ledger.placement import Candidate, Verdict, describe, place
from service.ledger.plan import Demand

_DEMAND = Demand(memory_mib=1000, disk_gib=100)


def _host(name: str, memory: int | None = 2000, disk: int | None = 200, **facts: Any) -> Candidate:
    return Candidate(f"host_{name}", name, memory, disk, **facts)


def _fits(*candidates: Candidate, demand: Demand = _DEMAND) -> list[str]:
    return [one.name for one in place(candidates, demand).fits]


def _lines(*candidates: Candidate) -> list[str]:
    return [one.name for one in place(candidates, _DEMAND).lines]


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        ([_host("a", 1500), _host("b", 3000), _host("c", 2000)], ["b", "c", "a"]),
        ([_host("b"), _host("a")], ["a", "b"]),
        ([_host("a", 999), _host("b", 1000)], ["b"]),
        ([_host("a", disk=99), _host("b", disk=100)], ["b"]),
        ([_host("a", 9000, ahead=1), _host("b")], ["b"]),
        ([_host("a", 9000, schedulable=False), _host("b")], ["b"]),
        ([_host("a", 9000, forbidden="AMD before 2022"), _host("b")], ["b"]),
        ([_host("a", None), _host("b", 1000)], ["b", "a"]),
        ([_host("a", 9000, inspected=False), _host("b")], ["b", "a"]),
        ([_host("a", 9000, paused=True), _host("b", inspected=False)], ["b", "a"]),
        ([_host("a", 0, 0)], []),
        ([], []),
    ],
    ids=[
        "most free first",
        "ties by name",
        "memory",
        "disk",
        "no pushing in",
        "cordoned",
        "forbidden",
        "known before unknown",
        "inspected before not",
        "paused last",
        "full",
        "none",
    ],
)
def test_order_of_hosts_with_room(candidates: list[Candidate], expected: list[str]) -> None:
    """Hosts with room come with the most free memory first, proven before unproven, and ties by name."""
    assert expected == _fits(*candidates)


def test_job_that_takes_nothing_fits_a_full_host() -> None:
    """An inspection needs no room and passes those who wait for it."""
    assert ["a"] == _fits(_host("a", 0, 0, ahead=3), demand=Demand())


def test_line_is_where_room_comes_first() -> None:
    """A job that must wait goes where leases free enough soonest, then to the shortest line, then to the most free."""
    soon, later = _host("soon", 0, frees_at=10.0, ahead=5), _host("later", 900, frees_at=20.0)
    long, short = _host("long", 900, ahead=2), _host("short", 0, ahead=1)
    roomier = _host("roomier", 500, ahead=2)

    assert ["soon", "later", "short", "long", "roomier"] == _lines(roomier, long, short, later, soon)


def test_nobody_waits_where_it_can_never_build() -> None:
    """A cordoned host and one that a rule forbids have no line."""
    assert ["c"] == _lines(_host("a", 0, schedulable=False), _host("b", 0, forbidden="no"), _host("c", 0))


_candidates = st.lists(
    st.builds(
        _host,
        st.text("abc", min_size=1, max_size=3),
        st.none() | st.integers(0, 3000),
        st.none() | st.integers(0, 300),
        ahead=st.integers(0, 2),
        frees_at=st.none() | st.floats(0, 100),
        schedulable=st.booleans(),
        inspected=st.booleans(),
        paused=st.booleans(),
        forbidden=st.sampled_from(["", "no"]),
    ),
    max_size=6,
    unique_by=lambda one: one.host_id,
)


def _has_room(one: Candidate) -> bool:
    enough = (one.free_memory_mib is None or one.free_memory_mib >= _DEMAND.memory_mib) and (
        one.free_disk_gib is None or one.free_disk_gib >= _DEMAND.disk_gib
    )
    return one.schedulable and not one.forbidden and not one.ahead and enough


@given(candidates=_candidates, seed=st.randoms())
def test_a_host_that_fits_is_taken_when_there_is_one(candidates: list[Candidate], seed: Any) -> None:
    """All hosts with room are offered and no other, in an order that does not depend on that of the question."""
    shuffled = list(candidates)
    seed.shuffle(shuffled)
    placement = place(candidates, _DEMAND)

    assert {one.host_id for one in candidates if _has_room(one)} == {one.host_id for one in placement.fits}
    assert {one.host_id for one in candidates if one.schedulable and not one.forbidden} == {
        one.host_id for one in placement.lines
    }
    assert placement == place(shuffled, _DEMAND)


@given(candidates=_candidates)
def test_every_candidate_is_explained(candidates: list[Candidate]) -> None:
    """The answer has each candidate once with a verdict and a sentence, the chosen one first, in the promised shape."""
    placement = place(candidates, _DEMAND)
    chosen = next((one.host_id for one in (*placement.fits, *placement.lines)), "")
    shown = describe(placement, chosen)

    assert {one.host_id for one in candidates} == {row["host_id"] for row in shown["candidates"]}
    assert all(row["detail"] and row["verdict"] in VERDICTS for row in shown["candidates"])
    assert [chosen] * bool(chosen) == [row["host_id"] for row in shown["candidates"] if row["verdict"] == "chosen"]
    assert shown["has_room"] == bool(placement.fits)
    assert shown == PlacementSchema().dump(shown)


def test_verdicts_are_those_of_the_language() -> None:
    """The schema knows the same verdicts as the ledger."""
    assert set(VERDICTS) == set(Verdict)


def test_what_was_tried_is_told() -> None:
    """A host that was full when it was asked is not praised for its room, and the next one is."""
    full, next_one = _host("full", 9000), _host("next")
    placement = place([full, next_one, replace(full, host_id="host_small", name="small", free_memory_mib=1)], _DEMAND)
    shown = describe(placement, next_one.host_id, {full.host_id: Verdict.FULL_MEANWHILE})

    verdicts = {row["name"]: row["verdict"] for row in shown["candidates"]}
    assert {"next": "chosen", "full": "full_meanwhile", "small": "no_memory"} == verdicts
    assert shown["has_room"] is True
