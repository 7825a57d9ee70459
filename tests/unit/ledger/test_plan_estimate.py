"""Estimates: the longest chain, and list scheduling under bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.ledger.plan import Plan, Step


def _plan(*steps: tuple[str, float, str, bool]) -> Plan:
    return Plan(
        "nested_host",
        tuple(
            Step(name, "A", name, needs=tuple(needs.split()), weight_seconds=weight, heavy=heavy)
            for name, weight, needs, heavy in steps
        ),
    )


_DIAMOND = _plan(("a", 1, "", False), ("b", 5, "a", True), ("c", 3, "a", True), ("d", 2, "b c", False))


@pytest.mark.parametrize(
    ("parallel", "heavy", "seconds"),
    [(1, 1, 11.0), (2, 2, 8.0), (2, 1, 11.0), (99, 99, 8.0)],
)
def test_bounds_lengthen_a_plan(parallel: int, heavy: int, seconds: float) -> None:
    """Steps run side by side only as far as both bounds allow."""
    assert _DIAMOND.bounded_seconds(parallel, heavy) == seconds


def test_the_longest_chain_is_the_shortest_time() -> None:
    """The critical path is the longest chain of weights."""
    assert _DIAMOND.critical_path_seconds() == 8.0
    assert _plan().critical_path_seconds() == 0.0
    assert _plan().bounded_seconds(1, 1) == 0.0


def test_a_light_step_passes_a_heavy_one_that_must_wait() -> None:
    """A heavy step that waits for its bound does not hold back light ones."""
    plan = _plan(("h1", 10, "", True), ("h2", 10, "", True), ("l", 4, "", False))

    assert plan.bounded_seconds(2, 1) == 20.0


def test_the_rest_of_a_job_can_be_asked_about() -> None:
    """Needs that are not among the steps count as done."""
    assert _plan(("b", 5, "a", False)).bounded_seconds(1, 1) == 5.0
    assert _plan(("b", 5, "a", False)).critical_path_seconds() == 5.0


@pytest.mark.parametrize(("parallel", "heavy"), [(0, 1), (1, 0), (-1, 1)])
def test_bounds_below_one_are_refused(parallel: int, heavy: int) -> None:
    """With a bound below 1 nothing would ever run."""
    with pytest.raises(ValueError, match="bounds"):
        _DIAMOND.bounded_seconds(parallel, heavy)


def test_a_circle_is_refused() -> None:
    """Steps that need each other are an error, not an endless loop."""
    with pytest.raises(ValueError, match="circle"):
        _plan(("a", 1, "b", False), ("b", 1, "a", False)).bounded_seconds(1, 1)


@st.composite
def _plans(draw: st.DrawFn) -> Plan:
    steps = []
    for number in range(draw(st.integers(1, 12))):
        needs = draw(st.lists(st.integers(0, number - 1), max_size=3, unique=True)) if number else []
        weight = draw(st.integers(0, 20))
        steps.append((f"s{number}", float(weight), " ".join(f"s{need}" for need in needs), draw(st.booleans())))
    return _plan(*steps)


@given(plan=_plans(), parallel=st.integers(1, 6), heavy=st.integers(1, 6))
def test_an_estimate_is_between_its_limits(plan: Plan, parallel: int, heavy: int) -> None:
    """A bounded duration is never below the critical path and never above one step at a time."""
    seconds = plan.bounded_seconds(parallel, heavy)

    assert plan.critical_path_seconds() <= seconds <= sum(step.weight_seconds for step in plan.steps)
    assert plan.bounded_seconds(99, 99) == plan.critical_path_seconds()
