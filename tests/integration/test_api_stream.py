"""Server-sent events: history, resumption, gaps, the end, and how many there may be."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from service.api.key_hashing import hash_key
from service.ledger.event import EventType
from service.ledger.store import Store, StoreSettings
from tests.integration.api_kit import HOST, IMAGE, Api, Served, cluster, frames, parsed, running_api, served_api
from tests.integration.ledger_kit import wait_until

STREAMS = 100


@pytest.fixture
def api(redis_url: str) -> Iterator[Api]:
    """An app with a host and an image."""
    with running_api(redis_url) as one:
        yield one


@pytest.fixture
def served(redis_url: str, tmp_path: Path) -> Iterator[Served]:
    """One gunicorn process with room for 100 streams, furnished."""
    with served_api(redis_url, tmp_path, MATRYOSHKA_STREAM_CAP=str(STREAMS)) as one:
        assert one.call("POST", "/v1/hosts", json=HOST).status_code == 201
        assert one.call("POST", "/v1/images", json=IMAGE).status_code == 201
        yield one


def _stream(api: Api, path: str, **headers: str) -> list[dict[str, str]]:
    answer = api.call("GET", path, Accept="text/event-stream", **headers)
    assert answer.status_code == 200, answer.text
    assert answer.content_type.startswith("text/event-stream")
    return parsed(answer.text)


def _ended(api: Api) -> dict[str, str]:
    job = api.submitted()
    api.cancelled(job)
    return {"id": job["id"], "events": f"/v1/jobs/{job['id']}/events"}


def test_stream_of_an_ended_job_is_its_history_and_an_end(api: Api) -> None:
    """All events come in order with ids, the same as in the JSON page, then `end`."""
    job = _ended(api)
    shown = _stream(api, job["events"])
    page = api.call("GET", f"{job['events']}?limit=200").get_json()

    assert shown[0] == {"retry": "3000"}
    assert "end" == shown[-1]["event"]
    assert [one["id"] for one in page["items"]] == [one["id"] for one in shown[1:-1]]
    assert [one["type"] for one in page["items"]] == [one["event"] for one in shown[1:-1]]
    assert page["items"][-1]["type"] in {"job.cancelled", "lab.removed"}


def test_stream_resumes_after_the_last_id(api: Api) -> None:
    """`Last-Event-ID` and `?after=` give what followed; the header outdoes the query."""
    job = _ended(api)
    ids = [one["id"] for one in _stream(api, job["events"])[1:-1]]

    by_header = _stream(api, f"{job['events']}?after={ids[0]}", Last_Event_ID=ids[-2])
    by_query = _stream(api, f"{job['events']}?after={ids[-2]}")
    assert [ids[-1]] == [one["id"] for one in by_header[1:-1]] == [one["id"] for one in by_query[1:-1]]


def test_after_the_end_there_is_nothing(api: Api) -> None:
    """Asked again after the last event of an ended job, the answer is 204: a browser then stops asking."""
    job = _ended(api)
    last = _stream(api, job["events"])[-2]["id"]
    answer = api.call("GET", job["events"], Accept="text/event-stream", Last_Event_ID=last)

    assert (204, b"") == (answer.status_code, answer.data)


@pytest.mark.parametrize("path", ["/v1/events", "{events}"])
def test_a_stream_ends_with_its_key(api: Api, path: str) -> None:
    """A key that is revoked hears no more, though its stream was open before."""
    key = api.make_key("jobs:read")
    headers = {"Authorization": f"Bearer {key}", "Accept": "text/event-stream"}
    job = api.submitted()
    answer = api.app.test_client().get(path.format(events=f"/v1/jobs/{job['id']}/events"), headers=headers)
    record = api.store.keys.by_digest(hash_key(key))
    assert record is not None
    api.store.keys.delete(record.id)
    guard = threading.Timer(30, api.context.gate.close)
    guard.start()

    assert answer.text.startswith("retry: ")
    assert api.context.gate.is_open
    guard.cancel()


def test_trimmed_events_are_told_as_a_gap(api: Api) -> None:
    """When events after the given id are no longer kept, `gap` says which one is the oldest."""
    job = _ended(api)
    ids = [one["id"] for one in _stream(api, job["events"])[1:-1]]
    api.store.client.xtrim(api.store.events.stream_key(job["id"]), maxlen=2, approximate=False)

    shown = _stream(api, job["events"], Last_Event_ID=ids[0])
    assert ("gap", ids[-2]) == (shown[1]["event"], shown[1]["data"].partition(':"')[2].rstrip('"}'))
    assert ids[-2:] == [one["id"] for one in shown[2:-1]]


def test_bad_last_event_id_is_named(api: Api) -> None:
    """What is no event id is a 400."""
    job = _ended(api)
    answer = api.call("GET", job["events"], Accept="text/event-stream", Last_Event_ID="yesterday")

    assert (400, "Last-Event-ID") == (answer.status_code, answer.get_json()["parameters"][0]["name"])
    assert api.call("GET", f"{job['events']}?after=yesterday").status_code == 400
    for late in ("9" * 20, f"1-{'9' * 20}", str(2**64)):
        assert api.call("GET", f"{job['events']}?after={late}").status_code == 400
        header = api.call("GET", job["events"], Accept="text/event-stream", Last_Event_ID=late)
        assert (400, "Last-Event-ID") == (header.status_code, header.get_json()["parameters"][0]["name"])
    assert [] == api.call("GET", f"{job['events']}?after={'9' * 18}-{'9' * 18}").get_json()["items"]
    assert api.call("GET", "/v1/jobs/job_nothing/events").status_code == 404


def test_pages_of_events_follow_each_other(api: Api) -> None:
    """Following the cursor shows every event once; a type can be asked for."""
    job = _ended(api)
    whole = api.call("GET", f"{job['events']}?limit=200").get_json()["items"]
    found, query = [], "limit=7"
    while query:
        page = api.call("GET", f"{job['events']}?{query}").get_json()
        found += page["items"]
        query = f"limit=7&cursor={page['next_cursor']}" if page["next_cursor"] else ""

    assert whole == found
    queued = api.call("GET", f"{job['events']}?type=job.queued").get_json()["items"]
    assert ["job.queued"] == [one["type"] for one in queued]
    assert queued == api.call("GET", f"/v1/events?type=job.queued&job_id={job['id']}").get_json()["items"]
    after = api.call("GET", f"{job['events']}?after={whole[-3]['id']}").get_json()["items"]
    assert whole[-2:] == after


def test_types_of_events_are_listed(api: Api) -> None:
    """Every type there is has a schema."""
    assert {str(one) for one in EventType} == set(api.call("GET", "/v1/event-types").get_json()["types"])


def test_a_type_is_shown_with_a_webhook_body(api: Api) -> None:
    """A receiver can be tried with the body that a type has; an unknown type is a 404."""
    shown = api.call("GET", "/v1/event-types/step.failed").get_json()

    assert ("step.failed", "StepData", "step.failed") == (shown["type"], shown["data_schema"], shown["example"]["type"])
    assert {"event_id", "job_id", "step_id", "error"} <= shown["example"]["data"].keys()
    assert 404 == api.call("GET", "/v1/event-types/step.unheard").status_code


def test_hundred_open_streams_do_not_stop_a_post(served: Served) -> None:
    """With every place for a stream taken, jobs are still accepted; one more stream is a 503 with Retry-After.

    A stream that is left gives its place back, and what happens arrives on all of them.
    """
    with ExitStack() as stack:
        streams = [stack.enter_context(served.stream("/v1/events")) for _ in range(STREAMS)]
        assert {200} == {stream.status_code for stream in streams}
        refused = served.stream("/v1/events")
        assert (503, "too_many_streams") == (refused.status_code, refused.json()["code"])
        assert int(refused.headers["Retry-After"]) > 0

        job = served.call("POST", "/v1/jobs", json=cluster())
        assert job.status_code == 202, job.text
        for stream in streams:
            assert any(one.get("event") == "job.queued" for one in frames(stream))


def test_stream_is_live_and_ends_with_its_job(served: Served, redis_url: str) -> None:
    """An open stream shows what happens while it is open, keeps the connection alive, and ends when the job does."""
    job = served.call("POST", "/v1/jobs", json=cluster()).json()
    with served.stream(f"/v1/jobs/{job['id']}/events") as stream:
        arriving = frames(stream)
        assert any(one.get("event") == "job.queued" for one in arriving)
        assert served.call("POST", f"/v1/jobs/{job['id']}:cancel").status_code == 202
        assert "end" == [one.get("event") for one in arriving][-1]

    assert Store.open(redis_url, StoreSettings()).jobs.get(job["id"]) is not None


def test_left_streams_give_their_places_back(redis_url: str, tmp_path: Path) -> None:
    """A client that goes away is noticed at the next keep-alive, and its place is free again."""
    with served_api(
        redis_url, tmp_path, MATRYOSHKA_STREAM_CAP="1", MATRYOSHKA_STREAM_KEEPALIVE_SECONDS="0.05"
    ) as served:
        for _ in range(3):
            with _opened(served) as stream:
                assert any("comment" in one for one in frames(stream))


def _opened(served: Served) -> requests.Response:
    def opened() -> requests.Response | None:
        stream = served.stream("/v1/events")
        assert stream.status_code in (200, 503)
        return stream if stream.status_code == 200 else None

    found: requests.Response = wait_until(opened)
    return found


def test_shutdown_ends_streams(redis_url: str, tmp_path: Path) -> None:
    """A process that is told to stop ends its streams with a hint to come back soon, and exits in time."""
    with served_api(redis_url, tmp_path) as served, served.stream("/v1/events") as stream:
        served.process.terminate()
        found = list(frames(stream))
        assert [] == [one for one in found if one.get("event") == "end"]
        assert "connect again with Last-Event-ID" == found[-1]["comment"]
        assert 200 <= int(found[-1]["retry"]) <= 2000
        assert 0 == served.process.wait(15)


def test_shutdown_answers_what_has_begun(redis_url: str, tmp_path: Path) -> None:
    """A request of which half has arrived when the process is told to stop is still read and answered."""
    body = b'{"name":"blue","scopes":["jobs:read"]}'
    with served_api(redis_url, tmp_path) as served:
        host, port = served.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), 10) as connection:
            head = (
                f"POST /v1/keys HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {served.key}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
            )
            connection.sendall(head.encode() + body[:10])
            # It says so when it has taken the request up: before, the kernel alone knows of it.
            assert connection.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
            served.process.terminate()
            wait_until(lambda: "Handling signal: term" in served.log.read_text())
            connection.sendall(body[10:])
            assert connection.recv(4096).startswith(b"HTTP/1.1 201 ")
        assert 0 == served.process.wait(30)


def test_requests_that_never_reach_flask_are_problems_too(redis_url: str, tmp_path: Path) -> None:
    """Gunicorn's own refusals are problem+json and do not repeat what was sent."""
    with served_api(redis_url, tmp_path) as served:
        answer = served.call("GET", "/healthz", headers={"X-Long": "x" * 20_000})

        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code >= 400
        assert "xxx" not in answer.text


def test_size_holds_for_bodies_of_unknown_length(redis_url: str, tmp_path: Path) -> None:
    """A chunked body is refused as soon as it is larger than 1 MiB."""
    with served_api(redis_url, tmp_path) as served:
        body = (b" " * 65536 for _ in range(20))
        answer = served.call("POST", "/v1/jobs", data=body, headers={"Content-Type": "application/json"})

        assert (413, "application/problem+json") == (answer.status_code, answer.headers["Content-Type"])
