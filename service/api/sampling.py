"""Makes an example of a schema where nobody wrote one: small, of the right shape, always the same. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_FORMATS: Mapping[str, str] = {
    "date-time": "2026-11-30T01:54:48.560Z",
    "uri": "https://matryoshka.example/",
    "ipv4": "172.30.50.11",
}
_ID = re.compile(r"\^\(\?:([a-z]+)_\[0-9a-f\]\{26\}\)\$")
_DEEPEST = 8


def sample(schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int = 0) -> Any:
    """Return a value of a schema; `schemas` are the components that it may refer to.

    Members that nobody needs and that cannot be made up (texts with a pattern) are left out.
    """
    if "$ref" in schema:
        return sample(schemas[schema["$ref"].rpartition("/")[2]], schemas, depth)
    for word in ("const", "default", "example"):
        if word in schema:
            return schema[word]
    for word in ("examples", "enum"):
        if schema.get(word):
            return schema[word][0]
    for word in ("oneOf", "anyOf", "allOf"):
        if schema.get(word):
            return sample(schema[word][0], schemas, depth)
    return _of_type(schema, schemas, depth)


def _of_type(schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int) -> Any:
    kinds = schema.get("type", "object")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if kind == "object":
        return _object(schema, schemas, depth)
    if kind == "array":
        return [sample(schema.get("items", {}), schemas, depth + 1)] if depth < _DEEPEST else []
    if kind in ("integer", "number"):
        return schema.get("minimum", 0)
    return _text(schema) if kind == "string" else {"boolean": False}.get(kind)


def _object(schema: Mapping[str, Any], schemas: Mapping[str, Any], depth: int) -> dict[str, Any]:
    needed = set(schema.get("required", ()))
    members = schema.get("properties", {})
    wanted = [name for name, below in members.items() if name in needed or (depth < _DEEPEST and _can_be_made(below))]
    return {name: sample(members[name], schemas, depth + 1) for name in wanted}


def _can_be_made(schema: Mapping[str, Any]) -> bool:
    return not schema.get("pattern") or bool(_ID.fullmatch(schema["pattern"])) or "default" in schema


def _text(schema: Mapping[str, Any]) -> str:
    found = _ID.fullmatch(schema.get("pattern", ""))
    if found:
        return f"{found[1]}_{'0' * 26}"
    text = _FORMATS.get(schema.get("format", ""), "text")
    return text.ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength", 100)]
