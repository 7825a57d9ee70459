"""Every example of the document is a value of its schema, and every event type has one of exactly one family."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from schemas.event import EVENT_TYPES
from schemas.event_family import EVENTS_BY_FAMILY, WEBHOOKS_BY_FAMILY
from service.api.document import STREAM_CONTENT
from service.api.event_examples import example_event, example_webhook
from service.api.openapi import openapi_document
from service.api.refining import ALWAYS
from service.api.sampling import sample

DOCUMENT = openapi_document()
SCHEMAS = DOCUMENT["components"]["schemas"]
_URI = "urn:document"
_BODIES = ("application/json", "application/problem+json")


@cache
def _registry() -> Registry[Any]:
    return Registry().with_resource(_URI, Resource(contents=DOCUMENT, specification=DRAFT202012))


def _faults(schema: dict[str, Any], value: Any) -> list[str]:
    whole = {"$ref": _URI + schema["$ref"]} if "$ref" in schema else schema
    validator = OAS31Validator(whole, registry=_registry(), format_checker=OAS31Validator.FORMAT_CHECKER)
    return [f"{fault.json_path}: {fault.message[:200]}" for fault in validator.iter_errors(value)]


def _operations(*sections: str) -> Iterator[dict[str, Any]]:
    for item in [item for section in sections for item in DOCUMENT[section].values()]:
        yield from (operation for operation in item.values() if isinstance(operation, dict))


def _media() -> Iterator[tuple[str, dict[str, Any]]]:
    responses = DOCUMENT["components"]["responses"]
    yield from ((name, media) for name, one in responses.items() for media in one["content"].values())
    for operation in _operations("paths", "webhooks"):
        holders = [operation.get("requestBody", {}), *operation["responses"].values()]
        for holder in holders:
            for kind, media in holder.get("content", {}).items():
                if kind in _BODIES:
                    yield operation["operationId"], media


def _examples(media: dict[str, Any]) -> Iterator[Any]:
    for example in media.get("examples", {}).values():
        name = example.get("$ref", "").rpartition("/")[2]
        yield (DOCUMENT["components"]["examples"][name] if name else example)["value"]
    if "example" in media:
        yield media["example"]


def test_every_json_body_has_an_example_and_each_is_valid() -> None:
    """A reader sees a value at every request and answer, and it is one that the API takes or gives."""
    bare = [where for where, media in _media() if not list(_examples(media))]
    faults = [
        (where, fault)
        for where, media in _media()
        for example in _examples(media)
        for fault in _faults(media["schema"], example)
    ]

    assert [] == bare
    assert [] == faults


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_every_event_type_is_of_one_family(event_type: str) -> None:
    """The example of each type is an event and a webhook body, each of its own family's schema and of no other."""
    family = event_type.partition(".")[0].title()
    for union, value in (("Event", example_event(event_type)), ("WebhookBody", example_webhook(event_type))):
        alternatives = [one["$ref"] for one in SCHEMAS[union]["oneOf"]]
        fitting = [one for one in alternatives if not _faults({"$ref": one}, value)]
        assert fitting == [f"#/components/schemas/{family}{union.removesuffix('Body')}"]
        assert SCHEMAS[union]["discriminator"]["mapping"][event_type] == fitting[0]


def test_generators_reach_every_payload() -> None:
    """Events and webhook bodies are answered by ordinary operations: generators drop callbacks and webhooks."""
    reached: set[str] = set()
    for operation in _operations("paths"):
        _reach([operation["responses"], operation.get("requestBody", {})], reached)
    families = [family.title() for family in EVENTS_BY_FAMILY]

    assert EVENTS_BY_FAMILY.keys() == WEBHOOKS_BY_FAMILY.keys()
    assert {f"{family}{kind}" for family in families for kind in ("Event", "Webhook", "Data", "WebhookData")} <= reached
    assert SCHEMAS.keys() == reached


def _reach(node: Any, reached: set[str]) -> None:
    for below in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _reach(below, reached)
    if isinstance(node, dict) and isinstance(node.get("$ref"), str):
        kind, _, name = node["$ref"].removeprefix("#/components/").partition("/")
        if kind == "schemas" and name not in reached:
            reached.add(name)
            _reach(SCHEMAS[name], reached)
        elif kind == "responses":
            _reach(DOCUMENT["components"]["responses"][name], reached)


def test_members_that_are_always_there_exist() -> None:
    """What the document adds to `required` is a member of that schema."""
    for name, members in ALWAYS.items():
        properties = SCHEMAS[f"Job{name}" if name == "Event" else name]["properties"]
        assert set(members) <= properties.keys(), name


def test_a_stream_shows_an_event() -> None:
    """The example of a stream is one event in the form of server-sent events."""
    text = STREAM_CONTENT["text/event-stream"]["example"]

    assert text.startswith("id: ")
    assert text.endswith("\n\n")


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_an_example_can_be_made_of_every_schema(name: str) -> None:
    """A schema for which nobody wrote an example gets a value that it allows, unless its texts follow a pattern."""
    value = sample({"$ref": f"#/components/schemas/{name}"}, SCHEMAS)
    faults = [
        fault for fault in _faults({"$ref": f"#/components/schemas/{name}"}, value) if "does not match" not in fault
    ]

    assert [] == faults
