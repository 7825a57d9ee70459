"""How the page says schemas and texts: HTML of a type, of its bounds, of a description. Pure; all text is escaped."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

_CODE = re.compile(r"`([^`]+)`")
_BOUNDS: Mapping[str, str] = {
    "minimum": "at least",
    "maximum": "at most",
    "minLength": "characters, at least",
    "maxLength": "characters, at most",
    "minItems": "items, at least",
    "maxItems": "items, at most",
    "maxProperties": "members, at most",
    "pattern": "pattern",
}
_ALTERNATIVES = ("oneOf", "anyOf", "allOf")


def prose(text: str) -> Markup:
    """Return a text with its `code` marked; blank lines part paragraphs."""
    paragraphs = [Markup("<p>{}</p>").format(line(part)) for part in text.strip().split("\n\n") if part]
    return Markup("\n").join(paragraphs)


def line(text: str) -> Markup:
    """Return one line of text with its `code` marked."""
    parts = _CODE.split(text)  # every second one stood between backticks
    return Markup("").join(
        Markup("<code>{}</code>").format(one) if at % 2 else escape(one) for at, one in enumerate(parts)
    )


def kind(schema: Mapping[str, Any]) -> Markup:
    """Return what a value is: `string`, `array of Job`, `Problem or null`; names of schemas are links."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return Markup('<a href="#schema-{0}">{0}</a>').format(name)
    for word in _ALTERNATIVES:
        if word in schema:
            return Markup(" or ").join(kind(one) for one in schema[word])
    kinds = schema.get("type", "any")
    names = [kinds] if isinstance(kinds, str) else list(kinds)
    return Markup(" or ").join(_named(name, schema) for name in names)


def _named(name: str, schema: Mapping[str, Any]) -> Markup:
    if name == "array":
        return Markup("array of {}").format(kind(schema.get("items", {})))
    values = schema.get("additionalProperties")
    if name == "object" and isinstance(values, Mapping) and values:
        return Markup("object of {}").format(kind(values))
    told = schema.get("format")
    return escape(f"{name} ({told})" if told and name != "null" else name)


def bounds(schema: Mapping[str, Any]) -> list[Markup]:
    """Return what limits a value, one line each: its choices, default and bounds."""
    found = []
    items = schema.get("items", {})
    choices = schema.get("enum") or (items.get("enum") if isinstance(items, Mapping) else None)
    if choices:
        found.append(Markup("one of ") + Markup(" ").join(Markup("<code>{}</code>").format(one) for one in choices))
    if schema.get("default") is not None:
        found.append(Markup("default <code>{}</code>").format(json.dumps(schema["default"], ensure_ascii=False)))
    found += [
        Markup("{} <code>{}</code>").format(word, schema[name]) for name, word in _BOUNDS.items() if name in schema
    ]
    if schema.get("writeOnly"):
        found.append(Markup("never shown"))
    return found


def pretty(value: Any) -> str:
    """Return an example as text."""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
