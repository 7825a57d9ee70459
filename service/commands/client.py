"""A small client of the HTTP API: one call, pages, and server-sent events that resume. Every wait has a bound."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import requests

from service.commands.connecting import DEFAULT_URL, Connection, connect, sources
from service.commands.failures import (
    NO_ADDRESS,
    ApiError,
    Refused,
    ServerFault,
    TimedOut,
    Unclear,
    Unreachable,
    refusal,
    unreachable,
)
from service.commands.outside import pause, sender

__all__ = ["DEFAULT_URL", "ApiError", "Client", "Frame", "Refused", "client_from_env"]

_TIMEOUT_SECONDS = (5, 60)
# Waits between the tries of a request that can be repeated.
_REPEATS = (1.0, 2.0, 4.0)
_LONGEST_PAUSE_SECONDS = 15.0
# A stream that was open is asked for again for so long: a restart of the service, a train in a tunnel.
_PATIENCE_SECONDS = 600.0
_NO_CONTENT = 204
_TOO_MANY = 429
_REDIRECTS = range(300, 400)
_GATEWAY_FAULTS = frozenset({502, 503, 504})
_LOST = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
_NEVER_SENT = (
    requests.exceptions.ConnectTimeout,
    requests.exceptions.SSLError,
    requests.exceptions.ProxyError,
    *NO_ADDRESS,
)


@dataclass(frozen=True)
class Frame:
    """One server-sent event."""

    event: str
    id: str
    data: dict[str, Any]


class _Bearer(requests.auth.AuthBase):
    """Without an auth of our own, requests would put what ~/.netrc says in the place of the key."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


@dataclass(frozen=True)
class Client:
    """Calls one service with one key.

    `timeout` has the seconds for a connection and for an answer. `send`, `pause` and `clock` are for tests.
    """

    url: str
    key: str = field(repr=False)
    ca_file: str = ""
    timeout: tuple[float, float] = _TIMEOUT_SECONDS
    send: Callable[..., requests.Response] = requests.request
    pause: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
        """Return the JSON body of the answer ({} for none). Raises ApiError."""
        return _body(self._send(method, path, json=body, headers=headers))

    def call_once(self, method: str, path: str, body: Any, key: str, **headers: str) -> dict[str, Any]:
        """Call with an idempotency key: safe to repeat, and repeated when the answer is lost. Raises ApiError."""
        again = f"It may have been done. Ask again with --idempotency-key {key}: it is not done twice."
        failure: ApiError | None = None
        for wait in (*_REPEATS, None):
            try:
                return self.call(method, path, body, **headers, **{"Idempotency-Key": key})
            except Unreachable as error:
                if failure is None:
                    raise
                # An earlier try may have arrived: this one says nothing of it.
                failure = Unclear(error.message)
            except (Unclear, ServerFault) as error:
                failure = error
            if wait is None or (isinstance(failure, ServerFault) and failure.status not in _GATEWAY_FAULTS):
                raise _advised(failure, again)
            self.pause(wait)
        raise AssertionError

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Return one resource. Raises ApiError."""
        return _body(self._send("GET", path, params=_given(query)))

    def etag(self, path: str) -> str:
        """Return the current ETag of a resource. Raises ApiError."""
        return self._send("GET", path).headers.get("ETag", "*")

    def pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Yield the items of a list, page after page. Raises ApiError."""
        asked = _given(query)
        while True:
            page = _body(self._send("GET", path, params=asked))
            yield from page["items"]
            if not page.get("next_cursor"):
                return
            asked["cursor"] = page["next_cursor"]

    def events(
        self, path: str, told: Callable[[str], None] = lambda _text: None, until: float | None = None
    ) -> Iterator[Frame]:
        """Yield events until the stream says that it is over; a broken connection is resumed after the last id.

        `told` hears when the connection is lost and when it is there again; `until` is a time of `clock`.

        Raises:
            ApiError: the service refuses, cannot be reached from the start, or stays away for ten minutes.
            TimedOut: it is `until`.
        """
        last, waited, tries = "", 0.0, 0
        while True:
            try:
                with closing(self._stream(path, last, until)) as stream:
                    for frame in stream:
                        if tries:
                            told("connected again")
                        waited, tries = 0.0, 0
                        if frame is None:
                            continue
                        if frame.event == "end":
                            return
                        last = frame.id or last
                        yield frame
            except (*_LOST, ApiError) as error:
                was_there = bool(last or tries)
                if waited >= _PATIENCE_SECONDS or not _may_pass(error, was_there=was_there):
                    raise error if isinstance(error, ApiError) else unreachable(self.url, error) from error
                if not tries:
                    told("connection lost; trying again")
            self._in_time(until)
            pause = min(2.0**tries, _LONGEST_PAUSE_SECONDS)
            self.pause(pause)
            waited, tries = waited + pause, tries + 1

    def _in_time(self, until: float | None) -> float:
        """Return for how long a stream may be silent. Raises TimedOut."""
        if until is None:
            return self.timeout[1]
        if self.clock() >= until:
            raise TimedOut("The time is over.")
        return min(self.timeout[1], until - self.clock())

    def _stream(self, path: str, last: str, until: float | None) -> Generator[Frame | None]:
        """Yield the frames of one connection, None for each sign that the service is there."""
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {})
        timeout = (self.timeout[0], self._in_time(until))
        with self._send("GET", path, headers=headers, stream=True, timeout=timeout) as answer:
            if answer.status_code == _NO_CONTENT:
                yield Frame("end", "", {})
                return
            answer.encoding = "utf-8"
            for frame in _frames(answer.iter_lines(chunk_size=1, decode_unicode=True)):
                self._in_time(until)
                yield frame

    def _send(self, method: str, path: str, **options: Any) -> requests.Response:
        options = {"timeout": self.timeout, **options, "auth": _Bearer(self.key), "allow_redirects": False}
        try:
            answer = self.send(method, self.url + path, verify=self.ca_file or True, **options)
        except _NEVER_SENT as error:
            raise unreachable(self.url, error) from error
        except OSError as error:
            # requests' errors are OSErrors; a CA file that is not there is a plain one.
            if not isinstance(error, requests.RequestException):
                raise ApiError(f"{self.ca_file or self.url}: {error}") from error
            if method == "GET" or _was_refused(error):
                raise unreachable(self.url, error) from error
            raise Unclear(f"{self.url} did not answer: it is not known whether this was done.") from error
        if answer.status_code in _REDIRECTS:
            raise ServerFault(_redirected(self.url, answer), answer.status_code)
        if not answer.ok:
            raise refusal(answer)
        return answer


def _may_pass(error: Exception, *, was_there: bool) -> bool:
    """Tell whether a stream may be asked for again: not where it never began, nor where it is refused for good."""
    if isinstance(error, Refused):
        return was_there and error.status == _TOO_MANY
    return was_there or not isinstance(error, ApiError)


def _advised(error: ApiError, text: str) -> ApiError:
    message = f"{error.message}\n  {text}"
    return ServerFault(message, error.status) if isinstance(error, ServerFault) else Unclear(message)


def _was_refused(error: requests.RequestException) -> bool:
    """Tell whether no connection was made, so that nothing can have been done."""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    return type(reason).__name__ in {"NewConnectionError", "NameResolutionError", "ConnectTimeoutError"}


def _redirected(url: str, answer: requests.Response) -> str:
    return f"{url} leads to {answer.headers.get('Location', 'elsewhere')}; a key is not sent there. Give that address."


def _given(query: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value not in (None, "")}


def _body(answer: requests.Response) -> dict[str, Any]:
    if not answer.content:
        return {}
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ServerFault("What answered is not the Matryoshka API: is the address right?", answer.status_code)
    return found


def _frames(lines: Iterator[str]) -> Iterator[Frame | None]:
    """Yield the frames of a stream, None for a comment: the service is there."""
    fields: dict[str, str] = {}
    for line in lines:
        if line.startswith(":"):
            yield None
            continue
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif "data" in fields:
            yield Frame(fields.get("event", "message"), fields.get("id", ""), json.loads(fields["data"]))
            fields = {}


def client_from_env() -> Client:
    """Return a client of the service that options, environment and profile say. Raises click.ClickException."""
    return client_of(connect(sources()))


def client_of(connection: Connection) -> Client:
    """Return a client of a connection."""
    return Client(connection.url, connection.key, connection.ca_file, send=sender(), pause=pause())
