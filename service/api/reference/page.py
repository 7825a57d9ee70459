"""The content of the reference page: the OpenAPI document in the order in which a person reads it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from service.api.reference.wording import bounds, kind, line, pretty, prose

_METHODS = ("get", "post", "put", "patch", "delete")
Node = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """One parameter, header or member."""

    name: str
    where: str
    kind: Markup
    required: bool
    text: Markup
    bounds: Sequence[Markup]


@dataclass(frozen=True)
class Example:
    """One value, as text."""

    name: str
    text: str


@dataclass(frozen=True)
class Body:
    """What is sent or answered in one media type."""

    media: str
    kind: Markup
    examples: Sequence[Example]


@dataclass(frozen=True)
class Answer:
    """One answer; `problem` marks those of RFC 9457, which all look the same."""

    status: str
    text: str
    problem: bool
    headers: Sequence[Row]
    bodies: Sequence[Body]


@dataclass(frozen=True)
class Entry:
    """One operation, or one webhook of ours (`method` is then what we send)."""

    anchor: str
    method: str
    path: str
    summary: Markup
    text: Markup
    scopes: Sequence[str]
    is_public: bool
    is_deprecated: bool
    parameters: Sequence[Row]
    bodies: Sequence[Body]
    answers: Sequence[Answer]
    problems: Sequence[Answer]


@dataclass(frozen=True)
class Chapter:
    """The operations of one tag."""

    name: str
    text: str
    entries: Sequence[Entry]


@dataclass(frozen=True)
class Shape:
    """One schema: its members, or what it is one of."""

    name: str
    text: Markup
    kind: Markup
    bounds: Sequence[Markup]
    rows: Sequence[Row]


class Reference:
    """The page of one document."""

    def __init__(self, document: Node) -> None:
        self._document = document
        self.title = document["info"]["title"]
        self.version = document["info"]["version"]
        self.text = prose(document["info"].get("description", ""))

    def chapters(self) -> Iterator[Chapter]:
        """Return the operations by tag, in the order of the document; tags without any are left out."""
        for tag in self._document["tags"]:
            entries = [entry for name, entry in self._tagged() if name == tag["name"]]
            if entries:
                yield Chapter(tag["name"].replace("-", " "), tag.get("description", ""), entries)

    def webhooks(self) -> list[Entry]:
        """Return what we send to registered endpoints."""
        return [self._entry("post", name, item["post"]) for name, item in self._document.get("webhooks", {}).items()]

    def problem(self) -> Example:
        """Return the example of an error answer: the one that names members of a request where there is one."""
        responses = self._document["components"]["responses"]
        answer = responses.get("Problem422") or next(iter(responses.values()))
        return _media(self, answer)[0].examples[0]

    def shapes(self) -> list[Shape]:
        """Return the schemas by name."""
        schemas = self._document["components"]["schemas"]
        return [_shape(name, schemas[name]) for name in sorted(schemas, key=str.lower)]

    def found(self, node: Node) -> Node:
        """Return what a reference leads to."""
        if "$ref" not in node:
            return node
        _, _, section, name = node["$ref"].split("/", 3)
        found: Node = self._document["components"][section][name]
        return found

    def _tagged(self) -> Iterator[tuple[str, Entry]]:
        for path, item in self._document["paths"].items():
            for method in (name for name in _METHODS if name in item):
                shared = item.get("parameters", ())
                operation = {**item[method], "parameters": [*shared, *item[method].get("parameters", ())]}
                yield operation["tags"][0], self._entry(method, path, operation)

    def _entry(self, method: str, path: str, operation: Node) -> Entry:
        answers = [self._answer(status, self.found(one)) for status, one in operation["responses"].items()]
        security = operation.get("security", ())
        return Entry(
            anchor=operation["operationId"],
            method=method.upper(),
            path=path,
            summary=line(operation.get("summary", "")),
            text=prose(operation.get("description", "")),
            scopes=sorted({scope for one in security for scopes in one.values() for scope in scopes}),
            is_public=not security,
            is_deprecated=bool(operation.get("deprecated")),
            parameters=[_row(one["name"], one["in"], one) for one in map(self.found, operation.get("parameters", ()))],
            bodies=_media(self, operation.get("requestBody", {})),
            answers=[one for one in answers if not one.problem],
            problems=[one for one in answers if one.problem],
        )

    def _answer(self, status: str, response: Node) -> Answer:
        bodies = _media(self, response)
        headers = {name: self.found(one) for name, one in response.get("headers", {}).items()}
        return Answer(
            status=status,
            text=response.get("description", ""),
            problem=any(body.media == "application/problem+json" for body in bodies),
            headers=[_row(name, "header", one) for name, one in headers.items()],
            bodies=bodies,
        )


def _media(reference: Reference, holder: Node) -> list[Body]:
    found = []
    for media, content in holder.get("content", {}).items():
        shown = {name: reference.found(one) for name, one in content.get("examples", {}).items()}
        examples = [Example(name, pretty(one["value"])) for name, one in shown.items()]
        if "example" in content:
            examples.append(Example("example", pretty(content["example"])))
        found.append(Body(media, kind(content.get("schema", {})), examples))
    return found


def _row(name: str, where: str, holder: Node) -> Row:
    schema = holder["schema"]
    text = line(holder.get("description", schema.get("description", "")))
    return Row(name, where, kind(schema), bool(holder.get("required")), text, bounds(schema))


def _shape(name: str, schema: Node) -> Shape:
    needed = set(schema.get("required", ()))
    rows = [
        _row(member, "", {"schema": below, "required": member in needed})
        for member, below in schema.get("properties", {}).items()
    ]
    return Shape(name, prose(schema.get("description", "")), kind(schema), bounds(schema), rows)
