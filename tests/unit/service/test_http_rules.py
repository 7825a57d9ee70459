"""Conditional requests, request ids, idempotency keys, waiting, frames."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from service.api.conditional import check_if_match, etag_of, is_unchanged
from service.api.event_reading import resume_point, wants_stream
from service.api.idempotency import fingerprint, idempotency_of
from service.api.problems import Problem
from service.api.request_id import sane_request_id
from service.api.streams import StreamGate, frame
from service.api.waiting import wanted_wait

ETAG = etag_of("job_a", 3)


def request(path: str = "/v1/jobs", method: str = "GET", **headers: str) -> Request:
    """Return a request; header names are given with underscores."""
    sent = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Request(EnvironBuilder(path=path, method=method, headers=sent).get_environ())


@pytest.mark.parametrize("header", [ETAG, f"W/{ETAG}", f'"other", {ETAG}', "*"])
def test_known_copy_is_unchanged(header: str) -> None:
    """If-None-Match may name several copies, weakly, or any."""
    assert is_unchanged(request(If_None_Match=header), ETAG)


@pytest.mark.parametrize("header", ["", '"job_a.2"', "job_a"])
def test_other_copy_is_changed(header: str) -> None:
    """Another version, or none, is news."""
    assert not is_unchanged(request(If_None_Match=header), ETAG)


@pytest.mark.parametrize(("header", "status"), [("", 428), ('"job_a.2"', 412), (f"W/{ETAG}", 412)])
def test_change_needs_the_current_version(header: str, status: int) -> None:
    """A change without If-Match is 428; with an old or weak one it is 412."""
    with pytest.raises(Problem) as caught:
        check_if_match(request(If_Match=header), ETAG)

    assert status == caught.value.status


@pytest.mark.parametrize(("header", "later"), [(ETAG, 412), (f'"x", {ETAG}', 412), ("*", 200)])
def test_change_of_the_current_version_passes(header: str, later: int) -> None:
    """The current version, among others or as *, may be changed; once it has changed, only * still passes."""
    assert [200, later] == [_status_of_change(header, etag) for etag in (ETAG, etag_of("job_a", 4))]


def _status_of_change(header: str, etag: str) -> int:
    try:
        check_if_match(request(If_Match=header), etag)
    except Problem as problem:
        return problem.status
    return 200


@pytest.mark.parametrize("offered", ["order-7", "a.b_c-D9", "x" * 128])
def test_sane_request_id_is_kept(offered: str) -> None:
    """A caller's own id goes through."""
    assert offered == sane_request_id(offered)


@pytest.mark.parametrize("offered", ["", "a b", "a\nb", "ä", "x" * 129, '"quoted"'])
def test_insane_request_id_is_replaced(offered: str) -> None:
    """What could confuse a log is replaced by an id of ours."""
    assert sane_request_id(offered).startswith("req_")


def test_quoted_and_bare_keys_are_one() -> None:
    """RFC 8941 quotes the key, most clients do not."""
    bare = idempotency_of(request(method="POST", Idempotency_Key="k1"), {})
    quoted = idempotency_of(request(method="POST", Idempotency_Key='"k1"'), {})

    assert bare == quoted
    assert bare is not None


def test_no_key_is_no_record() -> None:
    """Without the header nothing is remembered."""
    assert idempotency_of(request(method="POST"), {}) is None


def test_fingerprint_is_of_the_content() -> None:
    """Order of members does not matter, values do."""
    assert fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": [2], "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})


@pytest.mark.parametrize(
    ("headers", "query", "seconds"),
    [
        ({}, {}, 0),
        ({"Prefer": "wait=20"}, {}, 20),
        ({"Prefer": "respond-async, wait=7"}, {}, 7),
        ({"Prefer": "wait=500"}, {}, 30),
        ({"Prefer": "return=minimal"}, {}, 0),
        ({"Prefer": "wait=20"}, {"wait": 3}, 3),
        ({}, {"wait": 99}, 30),
    ],
)
def test_wanted_wait(headers: dict[str, str], query: dict[str, Any], seconds: int) -> None:
    """The query outdoes the preference, and nobody waits longer than 30 seconds."""
    assert seconds == wanted_wait(request(**headers), query)


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("text/event-stream", True),
        ("*/*", False),
        ("", False),
        ("application/json", False),
        ("application/json;q=0.5, text/event-stream", True),
    ],
)
def test_stream_only_when_it_is_asked_for(accept: str, wanted: bool) -> None:
    """A plain GET is a page."""
    assert wanted is wants_stream(request(Accept=accept))


@pytest.mark.parametrize("header", ["yesterday", "1-2-3", "-5", "٣-0", "1" * 30])
def test_bad_event_id_is_refused(header: str) -> None:
    """What is no event id is a 400, before it reaches the server."""
    environ = EnvironBuilder(path="/v1/events").get_environ()
    environ["HTTP_LAST_EVENT_ID"] = header
    with pytest.raises(Problem):
        resume_point(Request(environ), {})


def test_frame_is_one_event() -> None:
    """Line breaks in data stay inside one data line."""
    assert 'id: 5-0\nevent: step.logged\ndata: {"message":"a\\nb"}\n\n' == frame(
        "step.logged", {"message": "a\nb"}, "5-0"
    )


def test_streams_are_capped() -> None:
    """Beyond the cap a stream is a 503 that says when to try again; a place that is left can be taken."""
    gate = StreamGate(stream_cap=1, wait_cap=1)
    gate.enter_stream()
    with pytest.raises(Problem) as caught:
        gate.enter_stream()

    assert (503, {"Retry-After": "5"}) == (caught.value.status, caught.value.headers)
    gate.leave_stream()
    gate.enter_stream()


def test_waits_are_capped() -> None:
    """Beyond the cap nobody waits, and nobody is refused."""
    gate = StreamGate(stream_cap=1, wait_cap=1)
    with gate.wait_place() as first, gate.wait_place() as second:
        assert (True, False) == (first, second)
    with gate.wait_place() as third:
        assert third


def test_closed_gate_lets_nobody_in() -> None:
    """While the process stops there are no new streams or waits."""
    gate = StreamGate(stream_cap=1, wait_cap=1)
    gate.close()

    with pytest.raises(Problem):
        gate.enter_stream()
    with gate.wait_place() as place:
        assert not place
