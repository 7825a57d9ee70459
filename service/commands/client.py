"""A small client of the HTTP API: one call, pages, and server-sent events that resume."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import click
import requests

DEFAULT_URL = "http://127.0.0.1:8080"
_TIMEOUT_SECONDS = (5, 60)
_RECONNECT_SECONDS = 1.0
_NO_CONTENT = 204


class ApiError(click.ClickException):
    """The service refused or could not be reached; the message is what a person needs, with the request id."""


@dataclass(frozen=True)
class Frame:
    """One server-sent event."""

    event: str
    id: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Client:
    """Calls one service with one key."""

    url: str
    key: str

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
        """Return the JSON body of the answer ({} for none). Raises ApiError."""
        answer = self._send(method, path, json=body, headers=headers, timeout=_TIMEOUT_SECONDS)
        if not answer.content:
            return {}
        found: dict[str, Any] = answer.json()
        return found

    def etag(self, path: str) -> str:
        """Return the current ETag of a resource. Raises ApiError."""
        return self._send("GET", path, timeout=_TIMEOUT_SECONDS).headers.get("ETag", "*")

    def pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Yield the items of a list, page after page. Raises ApiError."""
        asked = {name: value for name, value in query.items() if value not in (None, "")}
        while True:
            page = self._send("GET", path, params=asked, timeout=_TIMEOUT_SECONDS).json()
            yield from page["items"]
            if not page.get("next_cursor"):
                return
            asked["cursor"] = page["next_cursor"]

    def events(self, path: str) -> Iterator[Frame]:
        """Yield events until the stream says that it is over; a broken connection is resumed after the last id."""
        last = ""
        while True:
            try:
                for frame in self._stream(path, last):
                    if frame.event == "end":
                        return
                    last = frame.id or last
                    yield frame
            except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
                time.sleep(_RECONNECT_SECONDS)

    def _stream(self, path: str, last: str) -> Iterator[Frame]:
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {})
        answer = self._send("GET", path, headers=headers, stream=True, timeout=_TIMEOUT_SECONDS)
        with answer:
            if answer.status_code == _NO_CONTENT:
                yield Frame("end", "", {})
                return
            answer.encoding = "utf-8"
            yield from _frames(answer.iter_lines(chunk_size=1, decode_unicode=True))

    def _send(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.key}", **(options.pop("headers", None) or {})}
        try:
            answer = requests.request(method, self.url + path, headers=headers, **options)  # noqa: S113 - options have it
        except requests.ConnectionError as error:
            if options.get("stream"):
                raise
            raise ApiError(f"{self.url} cannot be reached.") from error
        if not answer.ok:
            raise ApiError(_explanation(answer))
        return answer


def _frames(lines: Iterator[str]) -> Iterator[Frame]:
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif "data" in fields:
            yield Frame(fields.get("event", "message"), fields.get("id", ""), json.loads(fields["data"]))
            fields = {}


def _explanation(answer: requests.Response) -> str:
    try:
        problem = answer.json()
    except ValueError:
        return f"HTTP {answer.status_code}"
    lines = [f"HTTP {answer.status_code} {problem.get('code', '')}: {problem.get('detail', '')}"]
    lines += [f"  {fault.get('pointer', '')}: {fault.get('detail', '')}" for fault in problem.get("errors", [])]
    lines += [f"  {fault.get('name', '')}: {fault.get('detail', '')}" for fault in problem.get("parameters", [])]
    if problem.get("request_id"):
        lines.append(f"  request {problem['request_id']}")
    return "\n".join(lines)


def client_from_env(environ: Mapping[str, str] = os.environ) -> Client:
    """Return a client of MATRYOSHKA_URL with MATRYOSHKA_API_KEY. Raises ApiError without a key."""
    key = environ.get("MATRYOSHKA_API_KEY", "").strip()
    if not key:
        raise ApiError("MATRYOSHKA_API_KEY is not set; `matryoshka keys create` makes a key.")
    return Client(environ.get("MATRYOSHKA_URL", DEFAULT_URL).rstrip("/"), key)
