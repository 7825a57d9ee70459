"""Records to JSON values and back, by their type hints."""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(item.name for item in fields(kind))


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return get_type_hints(kind)


def to_json(value: Any) -> Any:
    """A record as JSON values. Everything in it is copied."""
    if is_dataclass(value) and not isinstance(value, type):
        return {name: to_json(getattr(value, name)) for name in _names(type(value))}
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    return value


def from_json(kind: Any, value: Any) -> Any:
    """The record that `to_json` wrote. Fields that are missing take their defaults, unknown ones are dropped."""
    if value is None or kind is Any:
        return value
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: from_json(hints[name], value[name]) for name in _names(kind) if name in value})
    return _container(kind, value)


def _container(kind: Any, value: Any) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is dict:
        return {key: from_json(arguments[1], item) for key, item in value.items()}
    if origin is list:
        return [from_json(arguments[0], item) for item in value]
    if origin in (Union, types.UnionType):
        return from_json(next(item for item in arguments if item is not type(None)), value)
    return value
