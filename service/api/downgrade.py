"""The OpenAPI document for tools that know 3.0 only: what 3.1 says in JSON Schema's words, in 3.0.3's own. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

VERSION = "3.0.3"
_DROPPED = ("jsonSchemaDialect", "$schema")


def downgraded(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a 3.1 document as 3.0.3. Webhooks have no place there: they stand under `x-webhooks`.

    Nothing is weakened but the null of an alternative that is a reference: 3.0 says it with `nullable` around `allOf`.
    """
    found: dict[str, Any] = _converted({**document, "openapi": VERSION})
    _license(found.get("info", {}).get("license", {}))
    if "webhooks" in found:
        found["x-webhooks"] = found.pop("webhooks")
    return found


def _license(node: dict[str, Any]) -> None:
    """Name the licence by its address: its SPDX identifier is new in 3.1."""
    identifier = node.pop("identifier", None)
    if identifier:
        node["url"] = f"https://spdx.org/licenses/{identifier}.html"


def _converted(node: Any) -> Any:
    if isinstance(node, list):
        return [_converted(item) for item in node]
    if not isinstance(node, dict):
        return node
    inner = {name: _converted(value) for name, value in node.items() if name not in _DROPPED}
    if _is_map_of_names(node):
        return inner
    return _reference(_alternatives(_bounds(_examples(_type(inner)))))


def _is_map_of_names(node: Mapping[str, Any]) -> bool:
    """Properties, schemas and the like: their keys are names, which may be called `type` or `examples`."""
    return bool(node) and all(isinstance(value, dict) for value in node.values())


def _type(node: dict[str, Any]) -> dict[str, Any]:
    kinds = node.get("type")
    if not isinstance(kinds, list):
        return node
    plain = [kind for kind in kinds if kind != "null"]
    nullable = {"nullable": True} if "null" in kinds else {}
    if len(plain) == 1:
        return {**node, "type": plain[0], **nullable}
    rest = {name: value for name, value in node.items() if name != "type"}
    return {**rest, "anyOf": [{"type": kind} for kind in plain], **nullable}


def _examples(node: dict[str, Any]) -> dict[str, Any]:
    if isinstance(node.get("examples"), list):  # a schema's; a media type's are a mapping, as in 3.0
        examples = node.pop("examples")
        return {**node, "example": examples[0]} if examples else node
    if "const" in node:
        return {**{name: value for name, value in node.items() if name != "const"}, "enum": [node["const"]]}
    return node


def _bounds(node: dict[str, Any]) -> dict[str, Any]:
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        limit = node.get(exclusive)
        if isinstance(limit, int | float) and not isinstance(limit, bool):
            node = {**node, bound: limit, exclusive: True}
    return node


def _alternatives(node: dict[str, Any]) -> dict[str, Any]:
    for word in ("anyOf", "oneOf"):
        if not isinstance(node.get(word), list) or {"type": "null"} not in node[word]:
            continue
        others = [one for one in node[word] if one != {"type": "null"}]
        rest = {name: value for name, value in node.items() if name != word}
        # `nullable` counts only beside a `type`; what is null here else is an object.
        alternatives = {"allOf": others} if len(others) == 1 else {word: others}
        return {**rest, "type": "object", **alternatives, "nullable": True}
    return node


def _reference(node: dict[str, Any]) -> dict[str, Any]:
    """In 3.0 nothing may stand beside a reference."""
    beside = {name: value for name, value in node.items() if name != "$ref"}
    if "$ref" not in node or not beside:
        return node
    return {**beside, "allOf": [{"$ref": node["$ref"]}]}
