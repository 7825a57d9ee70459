"""Compares two outcomes of one scenario field by field. What may differ is said in rules.py, never dropped silently."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.contract.rules import RULES
from tests.contract.scenario import Outcome, Scenario

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MAC = re.compile(r"00155D[0-9A-F]{6}|02[0-9A-F]{10}")


@dataclass(frozen=True)
class Side:
    """One engine's names for its ids and the function that was called."""

    function: str
    names: Mapping[str, str]


def differences(scenario: Scenario, engine: Outcome, simulated: Outcome) -> list[str]:
    """What is not as it should be, one line each; empty when the scenario holds on both engines and they agree."""
    found = [f"{who}: {item}" for who, one in _both(engine, simulated) for item in broken_promises(scenario, one)]
    if engine.trouble or simulated.trouble:
        return found
    left, right = _comparable(scenario, engine), _comparable(scenario, simulated)
    return found + list(walk("", left, right))


def broken_promises(scenario: Scenario, outcome: Outcome) -> Iterator[str]:
    """Where one outcome is not what the scenario itself says."""
    if outcome.trouble:
        yield f"no outcome: {outcome.trouble}"
        return
    ids = [error.id for error in outcome.errors]
    if ids != ([scenario.expect] if scenario.expect else []):
        texts = [f"{error.id} ({error.message[:200]})" for error in outcome.errors]
        yield f"expected {scenario.expect or 'no error'}, not {texts or 'success'}"
    if not scenario.expect and len(outcome.output) != 1:
        yield f"{len(outcome.output)} objects came out, not one"
    answer = outcome.output[0] if outcome.output and isinstance(outcome.output[0], Mapping) else {}
    wanted = {**scenario.answers, **({} if scenario.changed is None else {"Changed": scenario.changed})}
    for name, value in wanted.items():
        if name not in answer or answer[name] != value:
            yield f"{name} must be {value!r}, not {answer.get(name, '(no such field)')!r}"
    if scenario.warnings is not None and len(outcome.warnings) != scenario.warnings:
        yield f"{scenario.warnings} warnings expected, not {outcome.warnings}"
    if scenario.must_stay:
        yield from (f"the world changed: {item}" for item in walk("", outcome.before, outcome.after))


def shape(outcome: Outcome) -> dict[str, Any]:
    """What must be alike on machines that are not: error ids and categories, and the names of the output's fields."""
    return {
        "errors": [(error.id, error.category, error.type) for error in outcome.errors],
        "fields": [sorted(item) if isinstance(item, Mapping) else type(item).__name__ for item in outcome.output],
    }


def _both(engine: Outcome, simulated: Outcome) -> tuple[tuple[str, Outcome], ...]:
    return (("engine", engine), ("sandbox", simulated))


def _comparable(scenario: Scenario, outcome: Outcome) -> dict[str, Any]:
    side = Side(scenario.function, outcome.names)
    return {
        "output": [_normal(side, "", item) for item in outcome.output],
        "errors": [
            {"id": error.id, "category": error.category, "hresult": error.hresult, "type": error.type}
            for error in outcome.errors
        ],
        "failed": outcome.failed,
        "warnings": len(outcome.warnings),
        "before": outcome.before,
        "after": outcome.after,
    }


def _normal(side: Side, field: str, value: Any) -> Any:
    rule = RULES.get(f"{side.function}.{field}", RULES.get(field, ("same", "")))[0]
    if rule != "same":
        return _RULES[rule](side, value)
    if isinstance(value, Mapping):
        return {str(key): _normal(side, str(key), item) for key, item in value.items()}
    if isinstance(value, list):
        return [_normal(side, field, item) for item in value]
    return value


def walk(path: str, left: Any, right: Any) -> Iterator[str]:
    """Where two values differ, one line each; types count."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        for key in dict.fromkeys((*left, *right)):
            inner = f"{path}.{key}".lstrip(".")
            if key not in left or key not in right:
                where = "engine" if key in left else "sandbox"
                yield f"{inner}: only on the {where}: {(left if key in left else right)[key]!r}"
            else:
                yield from walk(inner, left[key], right[key])
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for number, (one, other) in enumerate(zip(left, right, strict=True)):
            yield from walk(f"{path}[{number}]", one, other)
    elif type(left) is not type(right) or left != right:
        yield f"{path}: {left!r} / {right!r}"


def _id(side: Side, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    known = side.names.get(value.lower())
    return known or ("<id>" if _GUID.fullmatch(value) else value)


def _time(side: Side, value: Any) -> Any:
    del side
    return "<time>" if isinstance(value, str) and _TIME.fullmatch(value) else value


def _number(side: Side, value: Any) -> Any:
    del side
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return ("<number>" if value > 0 else "<zero>" if value == 0 else value) if is_number else value


def _integer(side: Side, value: Any) -> Any:
    del side
    return "<integer>" if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else value


def _opaque(side: Side, value: Any) -> Any:
    del side
    return "<text>" if isinstance(value, str) and value else value


def _mac(side: Side, value: Any) -> Any:
    del side
    return "<mac>" if isinstance(value, str) and _MAC.fullmatch(value) else value


def _json(side: Side, value: Any) -> Any:
    return _normal(side, "", json.loads(value)) if isinstance(value, str) and value else value


def _entries(side: Side, value: Any) -> Any:
    del side
    return {} if value == "" else value


_RULES: dict[str, Callable[[Side, Any], Any]] = {
    "id": _id,
    "time": _time,
    "number": _number,
    "integer": _integer,
    "opaque": _opaque,
    "mac": _mac,
    "json": _json,
    "entries": _entries,
}
