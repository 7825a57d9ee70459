"""Writes JSON values as YAML for people to read and diff. Small, so that running the service needs no YAML library."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./{}+-]*( [A-Za-z0-9_./()+-]+)*")
# YAML 1.1 readers take these for booleans or null.
_TAKEN = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def yaml_text(value: Mapping[str, Any]) -> str:
    """Return an object of JSON values as YAML 1.2 in block style; every YAML reader gives the same values back."""
    return "\n".join(_lines(value, "")) + "\n"


def _lines(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, below in value.items():
            yield from _entry(f"{indent}{_text(name)}:", below, indent)
    else:
        for below in value:
            yield from _item(below, indent)


def _entry(head: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping | list) and value:
        yield head
        # Items of a list may stand below their name without more indentation.
        yield from _lines(value, indent if isinstance(value, list) else indent + "  ")
    elif isinstance(value, str) and _is_block(value):
        yield f"{head} |" if value.endswith("\n") else f"{head} |-"
        yield from (f"{indent}  {line}" if line else "" for line in value.removesuffix("\n").split("\n"))
    else:
        yield f"{head} {_scalar(value)}"


def _item(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping | list) and value:
        first, *others = _lines(value, indent + "  ")
        yield f"{indent}- {first.removeprefix(indent + '  ')}"
        yield from others
    else:
        yield f"{indent}- {_scalar(value)}"


def _is_block(text: str) -> bool:
    lines = text.removesuffix("\n").split("\n")
    return len(lines) > 1 and not lines[0].startswith(" ") and bool(lines[-1]) and all(map(str.isprintable, lines))


def _scalar(value: Any) -> str:
    return _text(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _text(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and text.lower() not in _TAKEN
    return text if plain else json.dumps(text, ensure_ascii=not text.isprintable())
