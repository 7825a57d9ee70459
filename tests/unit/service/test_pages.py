"""Cursors and links."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.api.pages import Cursors, link_header, page_filters
from service.api.problems import Problem

CURSORS = Cursors(b"k" * 32)
FILTERS = {"state": "queued"}


def test_cursor_leads_back_to_its_position() -> None:
    """What is written is read, whatever the order of the filters."""
    cursor = CURSORS.write([1.5, "job_a"], {"a": 1, "b": 2})

    assert [1.5, "job_a"] == CURSORS.read(cursor, {"b": 2, "a": 1})


def test_cursor_of_another_list_is_refused() -> None:
    """A cursor is bound to the filters it was made for."""
    with pytest.raises(Problem) as caught:
        CURSORS.read(CURSORS.write([1.5, "job_a"], FILTERS), {"state": "failed"})

    assert (400, "invalid-cursor") == (caught.value.status, caught.value.code)


def test_cursor_of_another_service_is_refused() -> None:
    """A cursor that another key signed is none of ours."""
    with pytest.raises(Problem):
        Cursors(b"x" * 32).read(CURSORS.write([1.5, "job_a"], FILTERS), FILTERS)


@given(st.integers(0, 60), st.integers(1, 255))
def test_changed_cursor_is_refused(place: int, mask: int) -> None:
    """A cursor in which anything was changed is refused."""
    cursor = CURSORS.write([1.5, "job_a"], FILTERS)
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    raw[place % len(raw)] ^= mask
    with pytest.raises(Problem):
        CURSORS.read(base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("="), FILTERS)


@given(st.text(max_size=80))
def test_any_text_is_a_refusal(text: str) -> None:
    """No text makes the reader fail in another way."""
    with pytest.raises(Problem):
        CURSORS.read(text, FILTERS)


def test_filters_are_the_query_without_the_page() -> None:
    """Limit and cursor do not select the list."""
    assert {"kind": "teardown"} == page_filters({"kind": "teardown", "limit": 5, "cursor": "x", "state": None})


def test_links() -> None:
    """The last page has no next; the first link has no cursor."""
    args = {"state": "queued", "cursor": "old"}

    assert '<http://h/v1/jobs?state=queued>; rel="first"' == link_header("http://h/v1/jobs", args, None)
    assert 'cursor=new>; rel="next"' in link_header("http://h/v1/jobs", args, "new")
