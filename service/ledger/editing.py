"""Another request in the place of a job's own: the merge, what differs, and whether what was done stays. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from service.ledger.job import StepRecord, StepState
from service.ledger.plan import Plan

_DONE = frozenset({StepState.SUCCEEDED, StepState.SKIPPED})
# The host may have something of these: they may be done otherwise, but not be forgotten.
_BEGUN = frozenset({StepState.FAILED, StepState.CANCELLED})
# These look and change nothing. What was inspected is not asked again (the reservation says whether there is room); an
# image is verified again when another one is wanted.
_INSPECTS, _VERIFIES, _SEEDS = "InspectHost", "VerifyImage", "SeedDisk"
_COMPARED = ("action", "node", "needs", "params")
_MOST_TEXT = 8192


@dataclass(frozen=True)
class Clash:
    """A step that was done and would be another one. `fields` are JSON Pointers into the step ('' = the whole step)."""

    step_id: str
    fields: tuple[str, ...]
    reason: str


def merge_patch(target: Any, patch: Any) -> Any:
    """Return the target with a JSON merge patch applied (RFC 7396): null removes a member. Nothing given is changed."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def changes_between(before: Any, after: Any, pointer: str = "") -> Iterator[dict[str, Any]]:
    """Yield what differs as {pointer, before, after}; `before` or `after` is left out where there is none.

    Objects are compared member by member, lists as a whole.
    """
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        if before != after:
            yield {"pointer": f"#{pointer}", "before": before, "after": after}
        return
    for name in dict.fromkeys((*before, *after)):
        place = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
        if name not in after:
            yield {"pointer": f"#{place}", "before": before[name]}
        elif name not in before:
            yield {"pointer": f"#{place}", "after": after[name]}
        else:
            yield from changes_between(before[name], after[name], place)


def shown_changes(changes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the changes for an event: with their values, or with the places only when those are long."""
    if len(json.dumps(changes)) <= _MOST_TEXT:
        return [dict(change) for change in changes]
    return [{"pointer": change["pointer"]} for change in changes[:100]]


def with_done(old: Sequence[Mapping[str, Any]], records: Sequence[StepRecord], plan: Plan) -> Plan:
    """Return the plan with the inspections that were done as they were done: what they asked for is past."""
    done = {record.id for record in records if record.state in _DONE and record.action == _INSPECTS}
    params = {spec["id"]: spec["params"] for spec in old if spec["id"] in done}
    return replace(plan, steps=tuple(step._replace(params=params.get(step.id, step.params)) for step in plan.steps))


def to_repeat(old: Sequence[Mapping[str, Any]], records: Sequence[StepRecord], plan: Plan) -> tuple[str, ...]:
    """Return the ids of done steps that only look and have to look at something else now."""
    done = {record.id for record in records if record.state in _DONE and record.action == _VERIFIES}
    new = {step.id: step for step in plan.steps}
    looked = {spec["id"]: spec["params"] for spec in old if spec["id"] in done & new.keys()}
    return tuple(name for name, params in looked.items() if dict(new[name].params) != params)


def seeded(records: Sequence[StepRecord]) -> tuple[str, ...]:
    """Return the ids of the done steps that wrote the administrator's password into a disk."""
    return tuple(record.id for record in records if record.state in _DONE and record.action == _SEEDS)


def clashes(old: Sequence[Mapping[str, Any]], records: Sequence[StepRecord], plan: Plan) -> list[Clash]:
    """Return the steps that stand in the way of another plan, in the order of the old one.

    A step that succeeded must be the same in both; one that was begun must still be there, to be done again or undone.
    """
    states = {record.id: record for record in records}
    # As the ledger keeps a step: a tuple and a list are the same there.
    new = {step.id: json.loads(json.dumps(step._asdict())) for step in plan.steps}
    found = (_clash(spec, states[spec["id"]], new.get(spec["id"])) for spec in old if spec["id"] in states)
    return [clash for clash in found if clash is not None]


def _clash(spec: Mapping[str, Any], record: StepRecord, new: Mapping[str, Any] | None) -> Clash | None:
    if record.state in _DONE:
        if new is None:
            return Clash(record.id, ("",), "was done and would be gone")
        if spec["action"] == new["action"] == _VERIFIES:
            return None
        fields = tuple(_differences(spec, new))
        return Clash(record.id, fields, "was done and would be another") if fields else None
    begun = record.state in _BEGUN and record.attempt > 0
    if begun and (new is None or new["action"] != spec["action"]):
        return Clash(record.id, ("",), "was begun, and nothing would end or undo it")
    return None


def _differences(spec: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in _COMPARED:
        for change in changes_between(spec.get(name), new.get(name), f"/{name}"):
            yield change["pointer"].removeprefix("#")
