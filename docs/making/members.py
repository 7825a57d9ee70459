"""The members of a request body as a table, read from openapi.yaml, which is made from the schemas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from docs.making.markdown import code, plain, table

_DOCUMENT = Path(__file__).resolve().parents[2] / "openapi.yaml"
_DEEPEST = 4

Row = tuple[str, str, str, str]


@cache
def schemas() -> Mapping[str, Any]:
    """Return the schemas of the document by name."""
    found: Mapping[str, Any] = yaml.load(_DOCUMENT.read_text(encoding="utf-8"), yaml.CSafeLoader)["components"][
        "schemas"
    ]
    return found


def members(name: str) -> str:
    """Return the table of a schema's members, with those of the objects inside it."""
    return table(("member", "type", "default", "meaning and bounds"), _rows(schemas()[name], "", 0))


def _rows(schema: Mapping[str, Any], prefix: str, depth: int) -> Iterator[Row]:
    required = set(schema.get("required", ()))
    for name, member in schema.get("properties", {}).items():
        path, inner = f"{prefix}{name}", _resolved(member)
        default = "**required**" if name in required else _default(member, inner)
        yield code(path), _type(member, inner), default, _meaning(member, inner)
        if depth < _DEEPEST:
            below = _resolved(inner["items"]) if "items" in inner else inner
            yield from _rows(below, f"{path}[]." if "items" in inner else f"{path}.", depth + 1)


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref", "")
    if reference:
        return _resolved(schemas()[reference.rpartition("/")[2]])
    if len(schema.get("allOf", ())) == 1:
        return _resolved(schema["allOf"][0])
    return schema


def _type(member: Mapping[str, Any], inner: Mapping[str, Any]) -> str:
    if "enum" in inner:
        return " or ".join(code(str(value)) for value in inner["enum"])
    if "oneOf" in inner or "anyOf" in inner:
        return "one of several objects"
    if inner.get("type") == "array":
        items = _resolved(inner.get("items", {}))
        return f"list of {_plural(_type(inner.get('items', {}), items))}"
    kind = inner.get("type", "string" if "description" in member else "any")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _plural(word: str) -> str:
    return word if "`" in word or word.endswith("s") else f"{word}s"


def _default(member: Mapping[str, Any], inner: Mapping[str, Any]) -> str:
    value = member.get("default", inner.get("default"))
    return "" if value is None else code("true" if value is True else "false" if value is False else str(value))


def _meaning(member: Mapping[str, Any], inner: Mapping[str, Any]) -> str:
    said = str(member.get("description") or (inner.get("description", "") if "properties" not in inner else ""))
    bounds = [_between(inner, "minimum", "maximum", ""), _between(inner, "minLength", "maxLength", " characters")]
    bounds.append(_between(inner, "minItems", "maxItems", " items"))
    return plain("; ".join(part for part in (said.rstrip("."), *bounds) if part))


def _between(schema: Mapping[str, Any], low: str, high: str, unit: str) -> str:
    least, most = schema.get(low), schema.get(high)
    if least is None and most is None:
        return ""
    if most is None:
        return f"at least {least}{unit}"
    return f"{least}{' to ' if least is not None else 'at most '}{most}{unit}".removeprefix("None")
