"""From marshmallow's nested messages to JSON Pointers."""

from __future__ import annotations

import pytest

from schemas import pointers
from tests.unit.schemas.bodies import body, refusals


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ({"a": ["Missing data for required field."]}, [("#/a", "required")]),
        ({"a": {"b": ["Unknown field."]}}, [("#/a/b", "unknown_field")]),
        ({"a": {0: {"b": ["x"]}, 2: ["y"]}}, [("#/a/0/b", "invalid"), ("#/a/2", "invalid")]),
        ({"_schema": ["Invalid input type."]}, [("#", "type")]),
        ({"a": {"_schema": ["x"]}}, [("#/a", "invalid")]),
        ({"a": [{"b": ["x"]}]}, [("#/a/b", "invalid")]),
        ({"a/b~c": ["x"]}, [("#/a~1b~0c", "invalid")]),
        ({"a b%": ["x"]}, [("#/a%20b%25", "invalid")]),
        ({"a\ud800": ["x"]}, [("#/a?".replace("?", "%3F"), "invalid")]),
        ({"a": "x"}, [("#/a", "invalid")]),
        ({}, []),
    ],
)
def test_messages_become_pointers(messages: object, expected: list[tuple[str, str]]) -> None:
    """Every nesting of messages becomes one pointer a place (RFC 6901, 6)."""
    assert [(item["pointer"], item["code"]) for item in pointers(messages)] == expected


def test_several_messages_of_one_place_stay_apart() -> None:
    """Two messages about one place are two entries with the same pointer."""
    assert [item["detail"] for item in pointers({"a": ["one", "two"]})] == ["one", "two"]


def test_every_level_of_a_request_is_reached() -> None:
    """A request that is wrong at several depths is answered with all places at once."""
    wrong = body(nodes__data_disks=[{"size_gib": 1}, {"size_gib": 0}, {}], labels={"A": "x"}, bogus=1)

    assert refusals(wrong) == [
        ("#/bogus", "unknown_field"),
        ("#/labels/A", "pattern"),
        ("#/nodes/data_disks/1/size_gib", "range"),
        ("#/nodes/data_disks/2/size_gib", "required"),
    ]


@pytest.mark.parametrize("data", [None, 5, "x", [], [{}]])
def test_a_body_must_be_an_object(data: object) -> None:
    """A body that is no object is refused as a whole."""
    assert refusals(data) == [("#", "type")]


@pytest.mark.parametrize("kind", ["", "nested", None, 5, [], {}])
def test_a_kind_must_be_known(kind: object) -> None:
    """An unknown kind is refused with the list of kinds."""
    assert refusals({"kind": kind}) == [("#/kind", "choice")]


def test_a_kind_is_needed() -> None:
    """Without a kind nothing else is judged."""
    assert refusals({"nodes": 1}) == [("#/kind", "required")]
