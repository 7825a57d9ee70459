"""Bytes that are no proper request, against real gunicorn: answered with a problem or closed, and it lives on."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.integration.api_kit import Served, served_api
from tests.integration.fake_slack import SIGNING_SECRET, teams_file

_GET = b"GET /v1/jobs HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer KEY\r\n"
_POST = b"POST /v1/jobs HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer KEY\r\n"
_SLACK = b"POST /v1/chat/slack HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
_MARK = b"Canary-Of-Bytes"
RAW = [
    _GET + b"Last-Event-ID: 1\r\n X-Folded: " + _MARK + b"\r\n\r\n",
    _GET + b'If-None-Match: "a\rX-Evil: ' + _MARK + b'"\r\n\r\n',
    _GET + b'If-None-Match: "a\nX-Evil: ' + _MARK + b'"\r\n\r\n',
    _GET + b"X-Request-Id: " + _MARK + b"\0\r\n\r\n",
    _GET + b"X-Request-Id: " + _MARK + b"\xff\xfe\r\n\r\n",
    _GET + b"Accept: " + b"a" * 100_000 + b"\r\n\r\n",
    _GET + b"".join(b"X-%d: 1\r\n" % number for number in range(500)) + b"\r\n",
    _GET + b"Na me: 1\r\n\r\n",
    _GET + b": no name\r\n\r\n",
    _GET + b"X_Request_Id: " + _MARK + b"\r\n\r\n",
    _GET + b"X-Request-Id: one\r\nX-Request-Id: " + _MARK + b"\r\n\r\n",
    _POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    _POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    _POST + b"Content-Length: -1\r\n\r\n{}",
    _POST + b"Content-Length: 1e3\r\n\r\n{}",
    _POST + b"Content-Length: \xb2\r\n\r\n{}",
    _POST + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    _POST + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n",
    _POST + b"Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{}",  # the rest never comes
    _POST + b"Content-Type: application/json; charset=\xff\r\nContent-Length: 2\r\n\r\n{}",
    _GET.replace(b"/v1/jobs", b"/v1/jobs?cursor=%00%0d%0aX-Evil:1") + b"\r\n",
    _GET.replace(b"/v1/jobs", b"/v1/jobs/%ff%0d%0a") + b"\r\n",
    _SLACK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    _SLACK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n",
    b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET http://evil.example/v1/jobs HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"G\xffT / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
    b"GET /\r\n\r\n",
    b"\r\n\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
]
_FRAGMENTS = [
    b"\r\n",
    b"\n",
    b"\r",
    b": ",
    b" ",
    b"\0",
    b"\xff",
    b"GET ",
    b"/v1/jobs",
    b" HTTP/1.1",
    b"Host: a",
    b"A" * 300,
]
BOUNDS = settings(
    max_examples=40, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture(scope="module")
def served(file_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One gunicorn process for all, to which Slack may speak too."""
    directory = tmp_path_factory.mktemp("api")
    teams = directory / "teams.json"
    teams.write_text(teams_file())
    settings = {
        "MATRYOSHKA_SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "MATRYOSHKA_SLACK_TEAMS_FILE": str(teams),
    }
    with served_api(file_url, directory, **settings) as one:
        yield one


def _ask(served: Served, raw: bytes) -> bytes:
    """Send bytes and no more, and return all that comes back."""
    place = urlsplit(served.url)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=30) as sock:
        answer = b""
        try:
            sock.sendall(raw.replace(b"KEY", served.key.encode()))
            sock.shutdown(socket.SHUT_WR)
            while part := sock.recv(65536):
                answer += part
        except ConnectionError:
            pass  # closed before all of it was read
        return answer


def _is_sound(answer: bytes) -> None:
    if not answer:
        return
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(re.match(rb"HTTP/1\.[01] ([0-9]{3}) ", head)[1])  # type: ignore[index]
    assert status < 500 or status in (501, 505), answer  # 501 and 505 say that HTTP itself was not understood
    assert b"X-Evil" not in head
    assert _MARK not in answer or b"X-Request-Id: " + _MARK in head
    if status >= 400:
        assert b"application/problem+json" in head, answer
        assert json.loads(body)["code"]


@pytest.mark.parametrize("raw", RAW, ids=range(len(RAW)))
def test_broken_requests_are_refused_soundly(served: Served, raw: bytes) -> None:
    """No server error, no line of the caller's own, a problem with a code; the log stays JSON, a line an entry."""
    _is_sound(_ask(served, raw))

    assert 200 == served.call("GET", "/healthz").status_code
    lines = [line for line in served.log.read_text(errors="replace").splitlines() if line.startswith("{")]
    assert all(isinstance(json.loads(line), dict) for line in lines)
    assert _MARK.decode() not in served.log.read_text(errors="replace").replace(f'"request_id": "{_MARK.decode()}"', "")


@BOUNDS
@given(parts=st.lists(st.sampled_from(_FRAGMENTS) | st.binary(max_size=20), max_size=15))
def test_any_bytes_are_survived(served: Served, parts: list[bytes]) -> None:
    """Whatever comes, the answer is sound or there is none."""
    _is_sound(_ask(served, b"".join(parts)))
