"""The strict base: what its fields take and refuse."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import ValidationError

from schemas.base import Flag, Labels, StrictSchema, Timestamp, choice, coded, object_id, text, whole
from schemas.problem import pointers


class _Sample(StrictSchema):
    name = text(2, 5, pattern=r"[a-z]+")
    count = whole(1, 3)
    flag = Flag()
    at = Timestamp()
    labels = Labels()
    kind = choice("a", "b")
    id = object_id("job")


def _codes(data: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        _Sample().load(data)
    return [(item["pointer"], item["code"]) for item in pointers(caught.value.messages)]


@pytest.mark.parametrize("value", ["5", 5.0, True, None, 2.5, [1]])
def test_a_whole_number_is_a_json_integer(value: object) -> None:
    """Only JSON integers are whole numbers."""
    assert _codes({"count": value})[0][0] == "#/count"


@pytest.mark.parametrize("value", [0, 4, -1, 10**30])
def test_a_whole_number_has_bounds(value: int) -> None:
    """A whole number outside its bounds is refused as out of range."""
    assert _codes({"count": value}) == [("#/count", "range")]


@pytest.mark.parametrize("value", [1, 0, "true", "yes", None])
def test_a_flag_is_a_json_boolean(value: object) -> None:
    """A flag takes true and false only."""
    assert _codes({"flag": value})[0][0] == "#/flag"


@pytest.mark.parametrize(
    ("value", "code"),
    [("a", "length"), ("abcdef", "length"), ("abc1", "pattern"), (5, "type"), (None, "null")],
)
def test_text_is_bounded(value: object, code: str) -> None:
    """Text outside its length or pattern is refused with the code that says which."""
    assert ("#/name", code) in _codes({"name": value})


@pytest.mark.parametrize("value", ["ab\n", "a\x00b", "a\u202eb", "a\u2028b", "\ud800ab"])
def test_text_has_no_control_characters(value: str) -> None:
    """Control, bidi and surrogate characters never pass, also not a trailing newline."""
    assert ("#/name", "characters") in _codes({"name": value})


def test_unknown_fields_are_refused() -> None:
    """A misspelt member is refused where it stands."""
    assert _codes({"nmae": "x"}) == [("#/nmae", "unknown_field")]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("2026-01-31T12:00:00Z", 1769860800.0), ("2026-01-31T13:00:00+01:00", 1769860800.0)],
)
def test_a_timestamp_becomes_seconds(value: str, seconds: float) -> None:
    """A time with its offset loads as seconds since 1970."""
    assert _Sample().load({"at": value}) == {"at": seconds}


@pytest.mark.parametrize("value", ["2026-01-31T12:00:00", "yesterday", 5, "", None])
def test_a_time_without_offset_is_refused(value: object) -> None:
    """A time that could mean several moments is refused."""
    assert _codes({"at": value})[0][0] == "#/at"


@pytest.mark.parametrize(
    "value", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.9999999Z"]
)
def test_a_time_that_could_not_be_shown_is_refused(value: str) -> None:
    """What is taken can be shown again: a key with such an end would spoil every list that it is in."""
    assert _codes({"at": value}) == [("#/at", "range")]


def test_a_timestamp_is_shown_in_utc() -> None:
    """Seconds are shown as RFC 3339 with milliseconds and Z, no time as null."""
    assert _Sample().dump({"at": 1769860800.5}) == {"at": "2026-01-31T12:00:00.500Z"}
    assert _Sample().dump({"at": None}) == {"at": None}


def test_labels_are_plain_text() -> None:
    """Good labels load as they are."""
    assert _Sample().load({"labels": {"team/x": "Blue-1", "empty": ""}}) == {
        "labels": {"team/x": "Blue-1", "empty": ""}
    }


@pytest.mark.parametrize(
    "value",
    [{"Upper": "x"}, {"": "x"}, {"-a": "x"}, {"a": "x y"}, {"a": 5}, {"a" * 64: "x"}, {"a": "b" * 64}, {"a": "b\n"}],
)
def test_labels_are_refused_by_name(value: dict[str, object]) -> None:
    """A refused label is pointed at by its own name."""
    (name,) = value

    assert _codes({"labels": value}) == [(f"#/labels/{name}", "pattern")]


@pytest.mark.parametrize("value", [[], "a=b", None, {f"k{number}": "v" for number in range(33)}])
def test_labels_are_a_small_object(value: object) -> None:
    """Labels are an object with at most 32 members."""
    assert _codes({"labels": value})[0][0] == "#/labels"


def test_ids_have_their_form() -> None:
    """An id of another kind or length is refused."""
    assert _Sample().load({"id": "job_" + "a" * 26})
    assert _codes({"id": "lab_" + "a" * 26}) == [("#/id", "pattern")]


def test_a_coded_refusal_stands_at_its_path() -> None:
    """A cross-field refusal is reported at the path that it names."""
    assert pointers(coded("No.", "conflict", "a", 0, "b").messages) == [
        {"pointer": "#/a/0/b", "detail": "No.", "code": "conflict"}
    ]
