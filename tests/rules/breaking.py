"""What a new OpenAPI document takes from the callers of an older one. Pure; the rule over it is test_breaking.py.

Strict where this service is: members and parameters that it does not know are refused, so taking one away is a break.
Lenient where callers must be: answers may gain members, enumerations of answers may gain values, unions gain families.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
_NARROWER_ABOVE = ("maxLength", "maximum", "maxItems", "maxProperties", "exclusiveMaximum")
_NARROWER_BELOW = ("minLength", "minimum", "minItems", "exclusiveMinimum")
Node = Mapping[str, Any]


class _Side:
    """One document with its references."""

    def __init__(self, document: Node) -> None:
        self.document = document

    def found(self, node: Node) -> Node:
        """Return what a reference leads to; a node that is none is returned as it is."""
        while "$ref" in node:
            target = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node


def breaks(old: Node, new: Node) -> list[str]:
    """Return one line a break, [] when every program that used the old document can use the new one."""
    return sorted(set(_Comparison(old, new).run()))


class _Comparison:
    def __init__(self, old: Node, new: Node) -> None:
        self._old, self._new = _Side(old), _Side(new)
        self._seen: set[tuple[str, str, bool]] = set()

    def run(self) -> Iterator[str]:
        for path, item in self._old.document["paths"].items():
            for method in (name for name in METHODS if name in item):
                place = f"{method.upper()} {path}"
                after = self._new.document["paths"].get(path, {}).get(method)
                if after is None:
                    yield f"{place}: the operation is gone"
                else:
                    yield from self._operation(place, item[method], after)

    def _operation(self, place: str, old: Node, new: Node) -> Iterator[str]:
        if old["operationId"] != new["operationId"]:
            yield f"{place}: operationId {old['operationId']} is now {new['operationId']}"
        if not _scopes(new) <= _scopes(old):
            yield f"{place}: needs other scopes"
        yield from self._parameters(place, old, new)
        yield from self._body(place, old, new)
        for status, response in old["responses"].items():
            if status not in new["responses"]:
                if status.startswith("2"):
                    yield f"{place}: answer {status} is gone"
                continue
            yield from self._answer(f"{place} {status}", response, new["responses"][status])

    def _parameters(self, place: str, old: Node, new: Node) -> Iterator[str]:
        before, after = (
            {(one["in"], one["name"]): one for one in map(side.found, operation.get("parameters", ()))}
            for side, operation in ((self._old, old), (self._new, new))
        )
        for where, name in before.keys() - after.keys():
            yield f"{place}: parameter {name} in {where} is gone"
        for where, name in after:
            was = before.get((where, name), {})
            if after[where, name].get("required") and not was.get("required"):
                yield f"{place}: parameter {name} in {where} is needed now"
            if was:
                yield from self._schema(f"{place} {name}", was["schema"], after[where, name]["schema"], asked=True)

    def _body(self, place: str, old: Node, new: Node) -> Iterator[str]:
        before, after = old.get("requestBody"), new.get("requestBody")
        if after and after.get("required") and not (before or {}).get("required"):
            yield f"{place}: a body is needed now"
        if not before:
            return
        for kind, media in before["content"].items():
            if kind not in (after or {}).get("content", {}):
                yield f"{place}: no body of {kind} any more"
            else:
                yield from self._schema(f"{place} body", media["schema"], after["content"][kind]["schema"], asked=True)

    def _answer(self, place: str, old: Node, new: Node) -> Iterator[str]:
        before, after = self._old.found(old), self._new.found(new)
        for name in before.get("headers", {}).keys() - after.get("headers", {}).keys():
            yield f"{place}: header {name} is gone"
        for kind, media in before.get("content", {}).items():
            if kind not in after.get("content", {}):
                yield f"{place}: no answer of {kind} any more"
            else:
                yield from self._schema(place, media["schema"], after["content"][kind]["schema"], asked=False)

    def _schema(self, place: str, old: Node, new: Node, *, asked: bool) -> Iterator[str]:
        if "$ref" in old and "$ref" in new:
            if (old["$ref"], new["$ref"], asked) in self._seen:
                return
            self._seen.add((old["$ref"], new["$ref"], asked))
            place = old["$ref"].rpartition("/")[2] + (" (asked)" if asked else " (answered)")
        old, new = self._old.found(old), self._new.found(new)
        yield from _types(place, old, new, asked=asked)
        yield from _values(place, old, new, asked=asked)
        yield from self._members(place, old, new, asked=asked)
        if isinstance(old.get("items"), Mapping) and isinstance(new.get("items"), Mapping):
            yield from self._schema(f"{place}[]", old["items"], new["items"], asked=asked)
        yield from self._alternatives(place, old, new, asked=asked)

    def _members(self, place: str, old: Node, new: Node, *, asked: bool) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed, was_needed = set(new.get("required", ())), set(old.get("required", ()))
        for name in before.keys() - after.keys():
            yield f"{place}.{name}: the member is gone"
        changed = needed - was_needed if asked else (was_needed - needed) & after.keys()
        for name in changed:
            yield f"{place}.{name}: " + ("needed now" if asked else "no longer always there")
        for name in before.keys() & after.keys():
            yield from self._schema(f"{place}.{name}", before[name], after[name], asked=asked)

    def _alternatives(self, place: str, old: Node, new: Node, *, asked: bool) -> Iterator[str]:
        for word in ("oneOf", "anyOf", "allOf"):
            before, after = ({_name(one): one for one in side.get(word, ())} for side in (old, new))
            for name in before.keys() - after.keys():
                yield f"{place}: alternative {name} is gone"
            for name in before.keys() & after.keys():
                yield from self._schema(f"{place} {name}", before[name], after[name], asked=asked)
            if not asked and word == "anyOf" and before and {"null"} & (after.keys() - before.keys()):
                yield f"{place}: may be null now"


def _types(place: str, old: Node, new: Node, *, asked: bool) -> Iterator[str]:
    before, after = (
        {kind} if isinstance(kind, str) else set(kind) for kind in (old.get("type", ()), new.get("type", ()))
    )
    narrower, wider = (before - after, after - before)
    lost = narrower if asked else wider
    if before and lost and not (lost == {"integer"} and asked and "number" in after):
        yield f"{place}: type {_text(before)} is now {_text(after)}"
    elif before and not after and not asked:
        yield f"{place}: has no type any more"
    if old.get("format") != new.get("format") and old.get("format"):
        yield f"{place}: format {old['format']} is now {new.get('format')}"


def _values(place: str, old: Node, new: Node, *, asked: bool) -> Iterator[str]:
    if not asked:
        return
    before, after = old.get("enum"), new.get("enum")
    for value in set(before or ()) - set(after if after is not None else before or ()):
        yield f"{place}: the value {value} is refused now"
    if after is not None and before is None:
        yield f"{place}: takes only some values now"
    for word in _NARROWER_ABOVE:
        if word in new and new[word] < old.get(word, float("inf")):
            yield f"{place}: {word} is now {new[word]}"
    for word in _NARROWER_BELOW:
        if word in new and new[word] > old.get(
            word, 0 if word.startswith("min") and word != "minimum" else float("-inf")
        ):
            yield f"{place}: {word} is now {new[word]}"
    if new.get("pattern") and new["pattern"] != old.get("pattern"):
        yield f"{place}: has another pattern"
    if new.get("additionalProperties") is False and old.get("additionalProperties") is not False:
        yield f"{place}: unknown members are refused now"


def _scopes(operation: Node) -> set[str]:
    return {scope for one in operation.get("security", ()) for scopes in one.values() for scope in scopes}


def _name(alternative: Node) -> str:
    return str(alternative.get("$ref", alternative.get("type", "")))


def _text(kinds: set[str]) -> str:
    return "/".join(sorted(kinds)) or "any"
