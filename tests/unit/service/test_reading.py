"""Bodies and queries that cannot be used are named by their place."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from schemas.job import JobQuerySchema
from service.api.job_schemas import JobBody
from service.api.problems import Problem
from service.api.reading import load_body, load_query, read_json

BODY = JobBody()


def _request(data: bytes, media_type: str = "application/json") -> Request:
    return Request(EnvironBuilder(method="POST", data=data, content_type=media_type).get_environ())


def test_object_is_read() -> None:
    """A JSON object is what was sent, other media types of JSON too."""
    assert {"a": [1, "ä"]} == read_json(_request('{"a": [1, "ä"]}'.encode()), required=True)
    assert {} == read_json(_request(b"{}", "application/merge-patch+json"), required=True)
    assert {"a": "ä😀"} == read_json(_request('{"a": "ä\\ud83d\\ude00"}'.encode("utf-8-sig")), required=True)


def test_missing_body_is_empty_where_it_may_be() -> None:
    """An action without a body needs no media type."""
    assert {} == read_json(Request(EnvironBuilder(method="POST").get_environ()), required=False)


@pytest.mark.parametrize(
    "data",
    [
        b"{", b"", b'{"a": Infinity}', b'"\\uDFFF"', b"\xff", b"[" * 5000, b"1" * 5000,
        b'{"a": "\xed\xa0\x80"}', '{"a": "\\ud800"}'.encode("utf-16"),
        '{"a": "\ud800"}'.encode("utf-32", "surrogatepass"),
    ],
)  # fmt: skip
def test_malformed_json_does_not_repeat_what_was_sent(data: bytes) -> None:
    """The refusal tells the place, never the text: it may hold a secret."""
    with pytest.raises(Problem) as caught:
        read_json(_request(data), required=True)

    assert (400, "malformed-json") == (caught.value.status, caught.value.code)
    assert caught.value.__cause__ is None or isinstance(caught.value.__cause__, RecursionError)


@pytest.mark.parametrize("body", [{}, {"kind": "nested_dolls"}, {"kind": 5}, {"kind": ["teardown"]}])
def test_unknown_kind_is_named(body: dict[str, Any]) -> None:
    """A body without a known kind points at `kind`."""
    with pytest.raises(Problem) as caught:
        load_body(BODY, body)

    assert ["#/kind"] == [error["pointer"] for error in caught.value.errors]


def test_every_fault_is_named() -> None:
    """All faults of a body come in one answer."""
    with pytest.raises(Problem) as caught:
        load_body(BODY, {"kind": "teardown", "lab_id": "x", "colour": 1})

    assert {"#/lab_id", "#/colour"} == {error["pointer"] for error in caught.value.errors}


def test_query_faults_are_named() -> None:
    """Unknown, repeated and wrong parameters are each named."""
    request = Request(EnvironBuilder(query_string="state=nowhere&colour=1&kind=teardown&kind=teardown").get_environ())
    with pytest.raises(Problem) as caught:
        load_query(JobQuerySchema(), request)

    assert {"state", "colour", "kind"} == {fault["name"] for fault in caught.value.extensions["parameters"]}
