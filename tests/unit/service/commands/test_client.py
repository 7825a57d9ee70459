"""The client: what is sent, what is asked again, and how a stream goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from service.commands.client import Client, Frame
from service.commands.failures import ApiError, Refused, ServerFault, TimedOut, Unclear, Unreachable
from tests.unit.service.commands.kit import KEY, URL, Service, answer, page, problem

TIMEOUT = requests.exceptions.ReadTimeout("slow")


class Clock:
    """Moves only when somebody pauses."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


def _client(service: Service, clock: Clock | None = None) -> Client:
    clock = clock or Clock()
    return Client(URL, KEY, send=service, pause=clock.pause, clock=clock)


def _stream(*lines: str, then: Exception | None = None) -> requests.Response:
    made = answer(200, b"")

    def read(**_options: Any) -> Iterator[str]:
        yield from lines
        if then is not None:
            raise then

    made.iter_lines = read  # type: ignore[assignment, method-assign]
    return made


def _event(number: int, name: str = "step.started") -> tuple[str, ...]:
    return (f"event: {name}", f"id: {number}", "data: {}", "")


END = ("event: end", "data: {}", "")


def test_every_request_has_key_and_bounds() -> None:
    """A request waits for a connection and for an answer only so long, follows no redirect and ignores ~/.netrc."""
    service = Service({"GET /v1/x": {}})
    _client(service).get("/v1/x", limit=None, name="hv1")
    options = service.asked[0].options
    prepared = options["auth"](requests.Request("GET", URL).prepare())

    assert (5, 60) == options["timeout"]
    assert options["allow_redirects"] is False
    assert f"Bearer {KEY}" == prepared.headers["Authorization"]
    assert {"name": "hv1"} == options["params"]


def test_pages_follow_the_cursor() -> None:
    """A list is read to its end, page by page."""
    service = Service({"GET /v1/x": [page({"id": "1"}, cursor="c"), page({"id": "2"})]})

    assert ["1", "2"] == [one["id"] for one in _client(service).pages("/v1/x")]
    assert "c" == service.asked[1].options["params"]["cursor"]


def test_a_lost_answer_is_asked_for_again_with_the_same_key() -> None:
    """What has an idempotency key is repeated under it, and its answer is the first one's."""
    service = Service({"POST /v1/jobs": [TIMEOUT, answer(502, b""), answer(202, {"id": "job_1"})]})

    assert {"id": "job_1"} == _client(service).call_once("POST", "/v1/jobs", {}, "key-1")
    assert ["key-1"] * 3 == [asked.headers["Idempotency-Key"] for asked in service.asked]


def test_an_answer_that_stays_away_names_the_key() -> None:
    """After some tries the key is told, with which a person can ask again."""
    for found, sort in ((TIMEOUT, Unclear), (answer(503, b""), ServerFault)):
        service = Service({"POST /v1/jobs": found})
        with pytest.raises(sort, match="--idempotency-key key-1"):
            _client(service).call_once("POST", "/v1/jobs", {}, "key-1")
        assert 4 == len(service.asked)


def test_a_service_that_goes_away_after_a_lost_answer_is_unclear() -> None:
    """Once a try may have arrived, not reaching the service says nothing; before that it says that nothing was done."""
    away = requests.exceptions.ConnectTimeout("away")
    lost = Service({"POST /v1/jobs": [TIMEOUT, away]})
    with pytest.raises(Unclear, match="--idempotency-key key-1"):
        _client(lost).call_once("POST", "/v1/jobs", {}, "key-1")
    never = Service({"POST /v1/jobs": away})
    with pytest.raises(Unreachable):
        _client(never).call_once("POST", "/v1/jobs", {}, "key-1")

    assert (4, 1) == (len(lost.asked), len(never.asked))


def test_a_refusal_is_not_asked_again() -> None:
    """A 4xx and a 500 are answers: they come once."""
    for found, sort in ((problem(422, "invalid", "No."), Refused), (answer(500, b""), ServerFault)):
        service = Service({"POST /v1/jobs": found})
        with pytest.raises(sort):
            _client(service).call_once("POST", "/v1/jobs", {}, "key-1")
        assert 1 == len(service.asked)


def test_a_refusal_says_what_and_where() -> None:
    """The text has the code, each field, the remedy and the request id, and nothing that moves the cursor."""
    faults = [{"pointer": "#/nodes/count", "detail": "Too many.\x1b[2J"}]
    service = Service({"GET /v1/x": problem(422, "invalid", "It is wrong.", errors=faults, remedy="Ask for less.")})
    with pytest.raises(Refused) as refused:
        _client(service).get("/v1/x")

    lines = ["HTTP 422 invalid: It is wrong.", "  #/nodes/count: Too many. [2J", "  Ask for less.", "  request req_1"]
    assert lines == refused.value.message.splitlines()


def test_unreachable_says_where_and_what_to_do() -> None:
    """The address and a way out are told, for each way of not being there."""
    for error, word in (
        (requests.ConnectionError("x"), "MATRYOSHKA_URL"),
        (requests.exceptions.SSLError("x"), "MATRYOSHKA_CA_FILE"),
        (requests.exceptions.ConnectTimeout("x"), "did not answer"),
    ):
        with pytest.raises(Unreachable, match=word) as unreachable:
            _client(Service({"GET /v1/x": error})).get("/v1/x")
        assert URL in unreachable.value.message


def test_a_ca_file_that_is_not_there() -> None:
    """A CA file that cannot be read is told by its name: it is not the network's fault."""
    service = Service({"GET /v1/x": OSError("Could not find a suitable TLS CA certificate bundle")})
    with pytest.raises(ApiError, match=r"/no\.pem"):
        Client(URL, KEY, "/no.pem", send=service).get("/v1/x")


def test_a_cut_stream_goes_on_after_the_last_event() -> None:
    """A stream that breaks is asked for again with the last id; the caller sees no gap and hears of it."""
    cut = requests.exceptions.ChunkedEncodingError("cut")
    service = Service(
        {
            "GET /v1/e": [
                _stream(*_event(1), *_event(2), then=cut),
                requests.ConnectionError("away"),
                answer(503, b""),
                _stream(*_event(3), *END),
            ]
        }
    )
    told: list[str] = []
    frames = list(_client(service).events("/v1/e", told.append))

    assert ["1", "2", "3"] == [frame.id for frame in frames]
    assert [None, "2", "2", "2"] == [asked.headers.get("Last-Event-ID") for asked in service.asked]
    assert ["connection lost; trying again", "connected again"] == told


def test_a_stream_that_ends_without_an_end_goes_on() -> None:
    """A proxy that closes a stream properly is no end of the job."""
    service = Service({"GET /v1/e": [_stream(*_event(1)), _stream(*END)]})

    assert ["1"] == [frame.id for frame in _client(service).events("/v1/e")]
    assert "1" == service.asked[1].headers["Last-Event-ID"]


def test_a_stream_that_never_began_is_unreachable() -> None:
    """Where nothing ever answered nobody waits for minutes."""
    service = Service({"GET /v1/e": requests.ConnectionError("refused")})
    with pytest.raises(Unreachable):
        list(_client(service).events("/v1/e"))
    assert 1 == len(service.asked)


def test_a_quiet_stream_that_is_cut_often_is_not_given_up() -> None:
    """Each sign of the service begins its patience anew, though no event comes for hours."""
    quiet = [_stream(": keepalive", then=requests.exceptions.ChunkedEncodingError("cut")) for _ in range(100)]
    service = Service({"GET /v1/e": [_stream(*_event(1)), *quiet, _stream(*END)]})

    assert ["1"] == [frame.id for frame in _client(service).events("/v1/e")]
    assert 102 == len(service.asked)


def test_a_stream_is_refused_for_good_or_for_a_while() -> None:
    """Too many requests pass, as does a restart; a key that was revoked meanwhile does not."""
    busy, gone = problem(429, "rate_limited", "Slow down."), problem(401, "unauthorized", "The key is not known.")
    service = Service({"GET /v1/e": [_stream(*_event(1)), busy, _stream(*END)]})
    assert ["1"] == [frame.id for frame in _client(service).events("/v1/e")]
    with pytest.raises(Refused):
        list(_client(Service({"GET /v1/e": [_stream(*_event(1)), gone]})).events("/v1/e"))
    with pytest.raises(Refused):
        list(_client(Service({"GET /v1/e": busy})).events("/v1/e"))


def test_patience_has_an_end() -> None:
    """A service that stays away for ten minutes is given up."""
    clock = Clock()
    service = Service({"GET /v1/e": [_stream(*_event(1)), requests.ConnectionError("away")]})
    with pytest.raises(Unreachable):
        list(_client(service, clock).events("/v1/e"))

    assert 600 <= clock.now < 630


def test_a_stream_in_which_nothing_happens_is_left_in_time() -> None:
    """Comments, which only say that the service is there, do not put off the end of the time."""
    clock = Clock()
    quiet = answer(200, b"")

    def comments(**_options: Any) -> Iterator[str]:
        while True:
            clock.pause(15)
            yield ": keepalive"

    quiet.iter_lines = comments  # type: ignore[assignment, method-assign]
    service = Service({"GET /v1/e": quiet})
    with pytest.raises(TimedOut):
        list(_client(service, clock).events("/v1/e", until=40.0))

    assert 45 == clock.now
    assert (5, 40.0) == service.asked[0].options["timeout"]


def test_a_job_that_is_over_has_no_stream() -> None:
    """204 is the end."""
    assert [] == list(_client(Service({"GET /v1/e": answer(204)})).events("/v1/e"))


def test_frames_are_parsed() -> None:
    """Names, ids and data are read; what has no data is nothing."""
    lines = ("event: a", "id: 1", 'data: {"x": 1}', "", "id: 2", "", *END)

    assert [Frame("a", "1", {"x": 1})] == list(_client(Service({"GET /v1/e": _stream(*lines)})).events("/v1/e"))
