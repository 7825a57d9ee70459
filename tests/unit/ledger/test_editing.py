"""Another request in the place of a job's own: merge, differences, and what must stay."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.ledger.editing import changes_between, clashes, merge_patch, shown_changes, to_repeat, with_done
from service.ledger.job import StepRecord, StepState
from service.ledger.plan import Plan, Step


@pytest.mark.parametrize(
    ("target", "patch", "merged"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_is_that_of_the_rfc(target: Any, patch: Any, merged: Any) -> None:
    """Each example of RFC 7396, appendix A, and nothing given is changed."""
    before = json.dumps([target, patch])

    assert merged == merge_patch(target, patch)
    assert before == json.dumps([target, patch])


def test_changes_have_places_and_both_values() -> None:
    """What differs is told by JSON Pointer, with the value before and after where there is one."""
    before = {"nodes": {"memory_mib": 1, "list": [1]}, "gone": 1, "a/b~c": 1, "same": {}}
    after = {"nodes": {"memory_mib": 2, "list": [1, 2]}, "new": 1, "a/b~c": 2, "same": {}}

    assert [
        {"pointer": "#/nodes/memory_mib", "before": 1, "after": 2},
        {"pointer": "#/nodes/list", "before": [1], "after": [1, 2]},
        {"pointer": "#/gone", "before": 1},
        {"pointer": "#/a~1b~0c", "before": 1, "after": 2},
        {"pointer": "#/new", "after": 1},
    ] == list(changes_between(before, after))


def test_long_changes_are_told_by_their_places() -> None:
    """An event stays small: long values are left out."""
    assert [{"pointer": "#/a"}] == shown_changes([{"pointer": "#/a", "before": "x" * 9000, "after": ""}])


def _step(name: str, action: str = "Make", **fields: Any) -> Step:
    return Step(name, action, name, **fields)


def _old(*steps: Step) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(json.dumps([step._asdict() for step in steps]))
    return found


def _record(name: str, state: StepState, action: str = "Make", attempt: int = 1) -> StepRecord:
    return StepRecord(name, action, name, state, attempt=attempt)


A, B = _step("a", params={"n": 1}), _step("b", needs=("a",), params={"list": (1, 2)})


@pytest.mark.parametrize(
    ("state", "attempt", "new", "found"),
    [
        (StepState.SUCCEEDED, 1, (A, B), []),
        (StepState.SUCCEEDED, 1, (A._replace(params={"n": 2}), B), [("a", ("/params/n",))]),
        (StepState.SKIPPED, 1, (A._replace(action="Do", node="x"), B), [("a", ("/action", "/node"))]),
        (StepState.SUCCEEDED, 1, (A._replace(title="else", weight_seconds=9.0), B), []),
        (StepState.SUCCEEDED, 1, (B._replace(needs=()),), [("a", ("",))]),
        (StepState.FAILED, 1, (A._replace(params={"n": 2}), B), []),
        (StepState.FAILED, 1, (B._replace(needs=()),), [("a", ("",))]),
        (StepState.CANCELLED, 1, (A._replace(action="Do"), B), [("a", ("",))]),
        (StepState.CANCELLED, 0, (B._replace(needs=()),), []),
        (StepState.UNDONE, 1, (B._replace(needs=()),), []),
        (StepState.PENDING, 0, (), []),
    ],
)
def test_what_was_done_or_begun_must_stay(
    state: StepState, attempt: int, new: tuple[Step, ...], found: list[tuple[str, tuple[str, ...]]]
) -> None:
    """A done step must be the same; a begun one must be there; the rest is free, and so are titles and estimates."""
    records = [_record("a", state, attempt=attempt), _record("b", StepState.PENDING, attempt=0)]

    assert found == [(one.step_id, one.fields) for one in clashes(_old(A, B), records, Plan("k", new))]


def test_needs_of_a_done_step_count() -> None:
    """Tuples and lists are the same; other needs are another step."""
    records = [_record("a", StepState.SUCCEEDED), _record("b", StepState.SUCCEEDED)]
    (clash,) = clashes(_old(A, B), records, Plan("k", (A, B._replace(needs=()))))

    assert ("b", ("/needs",)) == (clash.step_id, clash.fields)


def test_looking_may_be_done_otherwise() -> None:
    """An inspection that was done stays as it was; an image is verified again when it is another one."""
    inspect, verify = _step("i", "InspectHost", params={"gates": 1}), _step("v", "VerifyImage", params={"path": "x"})
    old = _old(inspect, verify)
    records = [_record("i", StepState.SUCCEEDED, "InspectHost"), _record("v", StepState.SUCCEEDED, "VerifyImage")]
    wanted = Plan("k", (inspect._replace(params={"gates": 2}), verify._replace(params={"path": "y"})))
    plan = with_done(old, records, wanted)

    assert {"gates": 1} == plan.steps[0].params
    assert [] == clashes(old, records, plan)
    assert ("v",) == to_repeat(old, records, plan)
