"""The few commands of PowerShell itself that work on a pipeline's objects: enough for Client.execute_ps."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from sandbox.machine import Command

Filter = Callable[[Command, list[Any]], list[Any]]


def find_filter(name: str) -> Filter | None:
    """The filter of a command name (any case), None for everything that the machine must run."""
    return _FILTERS.get(name.lower())


def _parameter(command: Command, name: str, default: Any = None) -> Any:
    for given, value in command.parameters.items():
        if given.lower() == name.lower():
            return value
    return default


def _nothing(_: Command, __: list[Any]) -> list[Any]:
    return []


def _same(_: Command, objects: list[Any]) -> list[Any]:
    return objects


def _write(command: Command, objects: list[Any]) -> list[Any]:
    written = [*objects]
    for value in (_parameter(command, "InputObject"), *command.positional):
        written.extend(value if isinstance(value, list) else [] if value is None else [value])
    return written


def _text(command: Command, objects: list[Any]) -> list[Any]:
    lines = [line for item in objects for line in _lines(item)]
    is_stream = any(given.lower() == "stream" for given in command.parameters)
    return list(lines) if is_stream else ["\r\n".join([*lines, ""])]


def _lines(item: Any) -> list[str]:
    if not isinstance(item, Mapping):
        return ["" if item is None else str(item)]
    width = max((len(name) for name in item), default=0)
    return ["", *(f"{name:<{width}} : {_show(value)}" for name, value in item.items()), ""]


def _show(value: Any) -> str:
    if isinstance(value, list):
        return "{" + ", ".join(_show(item) for item in value) + "}"
    if isinstance(value, Mapping):
        return "@{" + "; ".join(f"{name}={_show(item)}" for name, item in value.items()) + "}"
    return "" if value is None else str(value)


def _json(command: Command, objects: list[Any]) -> list[Any]:
    value = objects[0] if len(objects) == 1 else objects
    is_compressed = any(given.lower() == "compress" for given in command.parameters)
    separators = (",", ":") if is_compressed else (",", ":  ")
    return [json.dumps(value, separators=separators, indent=None if is_compressed else 4, default=str)]


def _select(command: Command, objects: list[Any]) -> list[Any]:
    first = _parameter(command, "First")
    chosen = objects if first is None else objects[: int(first)]
    expand = _parameter(command, "ExpandProperty")
    if expand is not None:
        return [item.get(expand) for item in chosen if isinstance(item, Mapping)]
    wanted = _parameter(command, "Property", command.positional[0] if command.positional else None)
    if wanted is None:
        return chosen
    names = wanted if isinstance(wanted, list) else [wanted]
    return [{name: item.get(name) for name in names} for item in chosen if isinstance(item, Mapping)]


_FILTERS: Final[dict[str, Filter]] = {
    "out-null": _nothing,
    "out-default": _same,
    "write-output": _write,
    "out-string": _text,
    "convertto-json": _json,
    "select-object": _select,
}
