"""Headers that nobody would send, and good ones in every form: each is answered soundly, and none leaks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from service.ledger.queue import letter
from tests.integration.api_kit import HOST, Api, cluster, running_api

BOUNDS = settings(
    max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
_PRINTABLE = re.compile(r"[\t -~]*")
# The grammar of structured fields (RFC 9651), entity tags, media types and traces, torn apart.
_PIECES = [
    *('"', "'", "\\", ";", ",", "=", ":", "?1", "?0", "*", "W/", "(", ")", "@1", "%22", "q=0", "q=x", "wait="),
    *("wait=9", "return=minimal", "application/json", "text/event-stream", "*/*", "charset=utf-16", "Bearer "),
    *("mk_", "00-", "ff-", "0" * 32, "a" * 16, "-", "1-1", "9" * 40, "-1", "1e9", " ", "\t", "\0", "\x7f", "\xff"),
    *("\r\nX-Evil: 1", "\n", "\r", "\u00b2", "\u00bc", "a", "Z", "{}", "<script>", "../", "\x1b[31m"),
]  # fmt: skip
WILD = st.one_of(
    st.text(st.characters(max_codepoint=255), max_size=40),  # what a server gives to the app: Latin-1
    st.lists(st.sampled_from(_PIECES), max_size=8).map("".join),
)
LONG = ("x" * 100_000, " " * 100_000, '"' * 100_000, "," * 100_000, "9" * 100_000, "\xff" * 100_000, 'W/"",' * 20_000)


@dataclass
class Place:
    """An app with one of each thing, and what asks for it."""

    api: Api
    job: str
    events: str
    host: str

    def ask(self, method: str, path: str, body: Any = None, **environ: str) -> TestResponse:
        """Call the app; `environ` goes to it as it stands, past the checks of the client."""
        overrides = {"HTTP_AUTHORIZATION": f"Bearer {self.api.key}", **environ}
        options: dict[str, Any] = {} if body is None else {"json": body}
        return self.api.app.test_client().open(path, method=method, environ_overrides=overrides, **options)


@pytest.fixture(scope="module")
def place(file_url: str) -> Iterator[Place]:
    """One app for all; nobody waits."""
    quiet = {"MATRYOSHKA_WAIT_CAP": "0", "MATRYOSHKA_RATE_QUOTA": "1000000"}
    with running_api(file_url, **quiet) as api:
        job = api.submitted()
        api.cancelled(job)
        yield Place(api, f"/v1/jobs/{job['id']}", f"/v1/jobs/{job['id']}/events", f"/v1/hosts/{api.hosts[0]}")


def _sound(response: TestResponse, logged: list[Any], sent: str) -> None:
    assert response.status_code < 500, (response.status_code, response.text)
    for name, value in response.headers:
        assert _PRINTABLE.fullmatch(f"{name}{value}"), (name, value)
    assert "X-Evil" not in response.headers
    if response.status_code >= 400:
        assert "application/problem+json" == response.content_type
        assert (response.status_code, True) == (response.get_json()["status"], bool(response.get_json()["code"]))
    if len(sent) > 12:  # shorter ones stand in answers and logs by chance
        assert sent not in json.dumps(logged, default=str, ensure_ascii=False)


# Header as the app sees it -> a request that reads it.
_READERS: dict[str, tuple[str, str, Any]] = {
    "HTTP_IDEMPOTENCY_KEY": ("POST", "/v1/jobs", {"kind": "inspect_host", "host": {"name": HOST["name"]}}),
    "HTTP_PREFER": ("GET", "job", None),
    "HTTP_IF_NONE_MATCH": ("GET", "job", None),
    "HTTP_IF_MATCH": ("PATCH", "host", {"labels": {"a": "b"}}),
    "HTTP_LAST_EVENT_ID": ("GET", "events", None),
    "HTTP_ACCEPT": ("GET", "events", None),
    "HTTP_TRACEPARENT": ("POST", "/v1/jobs:plan", cluster()),
    "HTTP_X_REQUEST_ID": ("GET", "job", None),
    "CONTENT_TYPE": ("POST", "/v1/jobs:plan", cluster()),
    "HTTP_AUTHORIZATION": ("GET", "job", None),
    "HTTP_X_API_KEY": ("GET", "job", None),
    "HTTP_HOST": ("GET", "/v1/jobs", None),
    "HTTP_TRANSFER_ENCODING": ("POST", "job:cancel", None),
    "CONTENT_LENGTH": ("POST", "job:cancel", None),
}


@pytest.mark.timeout(60)  # a header that is read in more than linear time takes minutes
@pytest.mark.parametrize("header", sorted(_READERS))
def test_a_wild_header_is_answered_soundly(place: Place, header: str) -> None:
    """Never a server error; a refusal is a problem with a code; nothing of it stands in a header or a log line."""
    method, path, body = _READERS[header]
    where = re.sub(r"^(job|host|events)", lambda found: str(getattr(place, found[1])), path)
    beside = {"HTTP_ACCEPT": "text/event-stream"} if header == "HTTP_LAST_EVENT_ID" else {}
    if header == "HTTP_X_API_KEY":
        beside = {"HTTP_AUTHORIZATION": ""}

    def run(value: str) -> None:
        with capture_logs() as logged:
            response = place.ask(method, where, body, **beside, **{header: value})
        # Its own id and host are told to the caller when they are sane.
        _sound(response, logged if header != "HTTP_X_REQUEST_ID" else [], value)

    for long in LONG:
        run(long)
    BOUNDS(given(WILD)(run))()


@BOUNDS
@given(value=WILD)
@example(value="x" * 8_000)
def test_a_wild_cursor_is_refused(place: Place, value: str) -> None:
    """A cursor that is not ours is a 400 that names it, in each list."""
    for path in ("/v1/jobs", "/v1/hosts", "/v1/webhook-deliveries", place.events):
        with capture_logs() as logged:
            response = place.api.app.test_client().get(
                path, query_string={"cursor": value}, headers={"Authorization": f"Bearer {place.api.key}"}
            )
        _sound(response, logged, value)
        assert 400 == response.status_code or not value


@BOUNDS
@given(key=st.from_regex(r"[A-Za-z0-9_.:/+=-]{1,255}", fullmatch=True), quoted=st.booleans())
def test_good_idempotency_keys_are_taken(place: Place, key: str, quoted: bool) -> None:
    """Each key of the documented form is taken, bare or quoted, and repeats the same job."""
    body = {"kind": "inspect_host", "host": {"name": HOST["name"]}}
    first = place.ask("POST", "/v1/jobs", body, HTTP_IDEMPOTENCY_KEY=f'"{key}"' if quoted else key)
    again = place.ask("POST", "/v1/jobs", body, HTTP_IDEMPOTENCY_KEY=key)

    assert (202, 202) == (first.status_code, again.status_code), first.text
    assert first.get_json()["id"] == again.get_json()["id"]


_TAGS = st.lists(st.sampled_from(['"a"', 'W/"b"', '""', '"a,b"', 'W/""']), max_size=4)


@BOUNDS
@given(before=_TAGS, after=_TAGS, weak=st.booleans(), comma=st.sampled_from([",", ", ", " ,\t"]))
def test_the_current_tag_is_found_in_any_list(
    place: Place, before: list[str], after: list[str], weak: bool, comma: str
) -> None:
    """If-None-Match finds it, weak or strong; If-Match finds a strong one only; without it both say so."""
    tag = place.ask("GET", place.host).headers["ETag"]
    having = comma.join([*before, f"W/{tag}" if weak else tag, *after])
    lacking = comma.join([*before, '"c"', *after])

    assert 304 == place.ask("GET", place.host, HTTP_IF_NONE_MATCH=having).status_code
    assert 200 == place.ask("GET", place.host, HTTP_IF_NONE_MATCH=lacking).status_code
    assert 412 == place.ask("PATCH", place.host, {}, HTTP_IF_MATCH=lacking).status_code
    assert (412 if weak else 200) == place.ask("PATCH", place.host, {}, HTTP_IF_MATCH=having).status_code


@BOUNDS
@given(number=st.integers(0, 10**18 - 1), part=st.none() | st.integers(0, 10**18 - 1))
def test_every_event_id_is_a_place_to_resume_from(place: Place, number: int, part: int | None) -> None:
    """An id of the documented form is never refused, whether there is such an event or not."""
    value = f"{number}" if part is None else f"{number}-{part}"
    answer = place.ask("GET", place.events, HTTP_ACCEPT="text/event-stream", HTTP_LAST_EVENT_ID=value)

    assert answer.status_code in (200, 204)


@BOUNDS
@given(name=st.from_regex(r"[A-Za-z0-9._-]{1,128}", fullmatch=True), trace=st.integers(1, 2**128 - 1))
def test_sane_ids_and_traces_are_kept(place: Place, name: str, trace: int) -> None:
    """The caller's request id comes back, and its trace goes on in what a worker is told."""
    with capture_logs() as logged:
        answer = place.ask("GET", place.job, HTTP_X_REQUEST_ID=name, HTTP_TRACEPARENT=f"00-{trace:032x}-{1:016x}-01")

    assert name == answer.headers["X-Request-Id"]
    assert logged or letter(f"00-{trace:032x}-{1:016x}-01")["text"].count(f"{trace:032x}") == 1
