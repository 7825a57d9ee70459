"""Entity tags as callers send them: lists, weak ones, empty ones, and what is none at all."""

from __future__ import annotations

import pytest

from service.api.conditional import EntityTags, entity_tags


@pytest.mark.parametrize(
    ("header", "strong", "weak"),
    [
        ('"a.1"', {"a.1"}, set()),
        ('"a.1", W/"b.2" ,"c"', {"a.1", "c"}, {"b.2"}),
        ("a.1", {"a.1"}, set()),
        ('W/"gb|{%LeN", ""', {""}, {"gb|{%LeN"}),  # werkzeug's parser gives None for the empty one
        ('"a,b"', {"a,b"}, set()),
        ('"open', {"open"}, set()),
        (" , ,", set(), set()),
        ('"*"', {"*"}, set()),
        ("\x00\xff", {"\x00\xff"}, set()),
    ],
)
def test_tags_of_a_header(header: str, strong: set[str], weak: set[str]) -> None:
    """Every tag of the list is found with its strength; what is no tag is no error."""
    assert EntityTags(False, frozenset(strong), frozenset(weak)) == entity_tags(header)


def test_a_star_is_any_tag() -> None:
    """A lone star stands for whatever is there; beside tags it is none."""
    assert entity_tags(" * ").star
    assert not entity_tags('*, "a"').star


@pytest.mark.parametrize("text", [" ", ",", '"', "W/", "a ", "\t,"])
def test_long_headers_take_time_in_proportion(text: str) -> None:
    """A hundred thousand characters of nothing are read through once, not once for each of them."""
    assert not entity_tags(text * 100_000).star
