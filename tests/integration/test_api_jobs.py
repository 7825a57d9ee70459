"""POST and GET of jobs: what is answered, replayed and refused."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.api_kit import Api, cluster, running_api


@pytest.fixture
def api(redis_url: str) -> Iterator[Api]:
    """An app with a host and an image."""
    with running_api(redis_url) as one:
        yield one


def test_submit_answers_202_with_the_job_and_where_it_is(api: Api) -> None:
    """A submitted job is answered 202 with absolute Location, Retry-After, ETag, request id and the job as body."""
    answer = api.call("POST", "/v1/jobs", cluster(), X_Request_Id="order-7")
    job = answer.get_json()

    assert answer.status_code == 202
    assert f"http://localhost/v1/jobs/{job['id']}" == answer.headers["Location"] == job["links"]["self"]
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["ETag"].startswith('"job_')
    assert "order-7" == answer.headers["X-Request-Id"] == job["request_id"]
    assert ("queued", "nested_cluster", {"team": "platform"}) == (job["state"], job["kind"], job["labels"])
    assert job["lab_id"].startswith("lab_")
    assert {"self", "steps", "events", "lab", "cancel"} == set(job["links"])


def test_plan_shows_the_steps_that_submit_would_write(api: Api) -> None:
    """The plan has the same steps as the job, and writes nothing."""
    plan = api.call("POST", "/v1/jobs:plan", cluster()).get_json()
    assert api.call("GET", "/v1/jobs").get_json()["items"] == []

    job = api.submitted()
    steps = api.call("GET", f"/v1/jobs/{job['id']}/steps").get_json()["items"]

    assert [step["id"] for step in plan["steps"]] == [step["id"] for step in steps]
    assert plan["eta_seconds"] >= plan["critical_path_seconds"] > 0
    assert plan["refused"] is False
    assert plan["host_id"] == api.hosts[0]


def test_repeated_key_answers_the_same_job(api: Api) -> None:
    """The same Idempotency-Key, bare or quoted, answers the first job and says that it is a replay."""
    first = api.call("POST", "/v1/jobs", cluster(), Idempotency_Key="order-1")
    again = api.call("POST", "/v1/jobs", cluster(), Idempotency_Key='"order-1"')

    assert (202, 202) == (first.status_code, again.status_code)
    assert first.get_json()["id"] == again.get_json()["id"]
    assert first.headers["Location"] == again.headers["Location"]
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"


def test_key_with_another_body_is_refused(api: Api) -> None:
    """A key that came with another body before is a 422, and makes no job."""
    api.submitted(Idempotency_Key="order-1")
    answer = api.call("POST", "/v1/jobs", cluster(priority="high"), Idempotency_Key="order-1")

    assert (422, "idempotency_key_reused") == (answer.status_code, answer.get_json()["code"])
    assert len(api.call("GET", "/v1/jobs").get_json()["items"]) == 1


def test_key_of_another_caller_is_another_key(api: Api) -> None:
    """Keys of different callers do not meet."""
    api.submitted(Idempotency_Key="order-1")
    other = api.make_key("jobs:write")
    answer = api.call("POST", "/v1/jobs", _another_cluster(), key=other, Idempotency_Key="order-1")

    assert answer.status_code == 202, answer.text
    assert "Idempotent-Replayed" not in answer.headers


def test_replay_is_answered_even_when_the_host_is_gone(api: Api) -> None:
    """A retry of an accepted request is answered with its job, whatever has changed since."""
    body = {"kind": "inspect_host", "host": {"label": "purpose=lab"}}
    job = api.submitted(body, Idempotency_Key="order-1")
    api.cancelled(job)
    host = api.call("GET", f"/v1/hosts/{api.hosts[0]}")
    assert api.call("DELETE", f"/v1/hosts/{api.hosts[0]}", If_Match=host.headers["ETag"]).status_code == 204

    again = api.call("POST", "/v1/jobs", body, Idempotency_Key="order-1")
    assert (202, job["id"]) == (again.status_code, again.get_json()["id"])


def _another_cluster() -> dict[str, Any]:
    other = cluster()
    other["cluster"] = other["cluster"] | {"name": "OTHER-CL"}
    other["nodes"] = other["nodes"] | {"name_prefix": "other"}
    return other


@pytest.mark.parametrize("key", ["", "x" * 256, "with space", '"open', "ä"])
def test_bad_key_is_named(api: Api, key: str) -> None:
    """A key that is none is a 400 that names the header."""
    answer = api.call("POST", "/v1/jobs", cluster(), Idempotency_Key=key)

    assert answer.status_code == 400
    assert answer.get_json()["parameters"][0]["name"] == "Idempotency-Key"


def test_two_jobs_for_one_target(api: Api) -> None:
    """A second job for the same cluster is a 409 that names the first."""
    first = api.submitted()
    answer = api.call("POST", "/v1/jobs", cluster())

    assert (409, "target_busy") == (answer.status_code, answer.get_json()["code"])
    assert first["id"] == answer.get_json()["holder"]


def test_no_room_is_refused_with_holders_or_waits(api: Api) -> None:
    """A job that does not fit is a 409 with the holders, or waits when it may."""
    path = f"/v1/hosts/{api.hosts[0]}"
    change = {"capacity": {"memory_mib": 40000, "disk_gib": 1000}}
    etag = api.call("GET", path).headers["ETag"]
    assert api.call("PATCH", path, change, If_Match=etag).status_code == 200
    first = api.submitted()

    refused = api.call("POST", "/v1/jobs", _another_cluster() | {"admission": "refuse"})
    assert (409, "no_room") == (refused.status_code, refused.get_json()["code"])
    assert [first["id"]] == [holder["holder"] for holder in refused.get_json()["holders"]]
    assert api.submitted(_another_cluster())["state"] == "waiting"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"host": {"name": "nowhere"}}, "#/host/name"),
        ({"host": {"label": "purpose=none"}}, "#/host/label"),
        ({"host": {"id": "host_" + "0" * 26}}, "#/host/id"),
        ({"colour": "blue"}, "#/colour"),
        ({"kind": "nested_dolls"}, "#/kind"),
        ({"labels": {"a": 5}}, "#/labels/a"),
        ({"cluster": {"name": "x" * 16}}, "#/cluster/name"),
    ],
)
def test_faults_are_named_by_their_place(api: Api, change: dict[str, Any], pointer: str) -> None:
    """What cannot be used is a 422 whose errors have the JSON Pointer of the place."""
    answer = api.call("POST", "/v1/jobs", cluster(**change))

    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert pointer in [error["pointer"] for error in answer.get_json()["errors"]]


def test_unknown_image_is_named(api: Api) -> None:
    """An image that is not in the catalogue is a 422 at its place."""
    body = cluster()
    body["nodes"] = body["nodes"] | {"image": {"name": "dos"}}
    answer = api.call("POST", "/v1/jobs", body)

    assert [error["pointer"] for error in answer.get_json()["errors"]] == ["#/nodes/image/name"]


def test_label_finds_the_host_with_room(api: Api) -> None:
    """Of the hosts with a label, one that has room is taken."""
    full = {"name": "full", "address": "192.0.2.11", "username": "a", "password": {"ref": "file:x"}}
    full |= {"labels": {"purpose": "lab"}, "capacity": {"memory_mib": 4096, "disk_gib": 10}}
    api.created("/v1/hosts", full)

    assert api.hosts[0] == api.submitted()["host_id"]


def test_get_is_conditional_and_says_when_to_ask_again(api: Api) -> None:
    """An unchanged job is a 304; Retry-After is there until the job is final."""
    job = api.submitted()
    path = f"/v1/jobs/{job['id']}"
    answer = api.call("GET", path)
    assert "Retry-After" in answer.headers
    assert api.call("GET", path, If_None_Match=answer.headers["ETag"]).status_code == 304

    api.cancelled(job)
    ended = api.call("GET", path, If_None_Match=answer.headers["ETag"])
    assert (200, "cancelled") == (ended.status_code, ended.get_json()["state"])
    assert "Retry-After" not in ended.headers
    assert "cancel" not in ended.get_json()["links"]


def test_wait_answers_at_once_for_what_is_final(api: Api) -> None:
    """A final job is answered without waiting, and the preference is confirmed."""
    job = api.submitted()
    api.cancelled(job)
    answer = api.call("GET", f"/v1/jobs/{job['id']}", Prefer="respond-async, wait=25")

    assert (200, "wait=25") == (answer.status_code, answer.headers["Preference-Applied"])


def test_wait_is_over_when_the_time_is(api: Api) -> None:
    """A job without news is answered when the seconds are over; an unchanged copy is then a 304."""
    job = api.submitted()
    path = f"/v1/jobs/{job['id']}"
    etag = api.call("GET", path).headers["ETag"]

    assert api.call("GET", f"{path}?wait=1", If_None_Match=etag).status_code == 304
    assert api.call("GET", f"{path}?wait=1").get_json()["state"] == "queued"


def test_wait_ends_with_the_job(api: Api) -> None:
    """A waiting GET is answered when its job ends, not when its seconds are over."""
    job = api.submitted()
    waiting: list[Any] = []
    waiter = threading.Thread(target=lambda: waiting.append(api.call("GET", f"/v1/jobs/{job['id']}?wait=30")))
    waiter.start()
    while not api.context.feed.subscribers():
        assert waiter.is_alive()
        time.sleep(0.01)
    api.cancelled(job)
    waiter.join(20)

    assert ["cancelled"] == [answer.get_json()["state"] for answer in waiting]


def test_list_is_filtered_and_paged(api: Api) -> None:
    """Filters hold together, and following `next` shows every job once, newest first."""
    ids = [api.submitted({"kind": "inspect_host", "host": {"label": "purpose=lab"}})["id"] for _ in range(5)]
    other = api.submitted()
    found: list[str] = []
    path: str | None = "/v1/jobs?kind=inspect_host&limit=2"
    while path:
        answer = api.call("GET", path)
        found += [job["id"] for job in answer.get_json()["items"]]
        following = [link for link in answer.headers["Link"].split(", ") if 'rel="next"' in link]
        path = following[0].split(">")[0][1:].removeprefix("http://localhost") if following else None

    assert ids[::-1] == found
    assert [other["id"]] == _ids(api, "label=team=platform")
    assert [other["id"]] == _ids(api, f"lab_id={other['lab_id']}")
    assert [] == _ids(api, "state=failed")
    assert [] == _ids(api, "created_after=2999-01-01T00:00:00Z")


def _ids(api: Api, query: str) -> list[str]:
    return [job["id"] for job in api.call("GET", f"/v1/jobs?{query}").get_json()["items"]]


def test_cursor_is_bound_to_its_filters(api: Api) -> None:
    """A cursor that was changed, or used with other filters, is a 400."""
    for _ in range(2):
        api.submitted({"kind": "inspect_host", "host": {"label": "purpose=lab"}})
    cursor = api.call("GET", "/v1/jobs?limit=1").get_json()["next_cursor"]

    assert api.call("GET", f"/v1/jobs?limit=1&cursor={cursor}").status_code == 200
    for query in (f"cursor={cursor}&state=queued", f"cursor={cursor[:-2]}xx", "cursor=nonsense"):
        answer = api.call("GET", f"/v1/jobs?{query}")
        assert (400, "invalid_cursor") == (answer.status_code, answer.get_json()["code"])


def test_cancel_and_retry(api: Api) -> None:
    """A cancelled job can be retried, a queued one cannot; an ended one cannot be cancelled."""
    job = api.submitted()
    path = f"/v1/jobs/{job['id']}"
    assert api.call("POST", f"{path}:retry", {}).status_code == 409
    api.call("POST", f"{path}:cancel", {"on_cancel": "keep"})
    assert api.call("POST", f"{path}:cancel").status_code == 409

    again = api.call("POST", f"{path}:retry")
    assert (202, "queued", 1) == (again.status_code, again.get_json()["state"], again.get_json()["retries"])
    assert api.call("POST", "/v1/jobs/job_nothing:cancel").status_code == 404
    assert api.call("POST", "/v1/jobs/job_nothing:retry").status_code == 404
    assert api.call("GET", "/v1/jobs/job_nothing/steps").status_code == 404


def test_deadline_and_keys_do_not_clash(api: Api) -> None:
    """The same key on another route is another request."""
    key = str(uuid.uuid4())
    api.submitted({"kind": "inspect_host", "host": {"label": "purpose=lab"}}, Idempotency_Key=key)
    answer = api.call("POST", f"/v1/hosts/{api.hosts[0]}:inspect", Idempotency_Key=key)

    assert answer.status_code == 202, answer.text
    assert "Idempotent-Replayed" not in answer.headers


def test_diagnosis_says_what_a_job_waits_for(api: Api) -> None:
    """Without a worker a job says so; of a job that ended nothing is waited for."""
    job = api.submitted()
    found = api.call("GET", f"/v1/jobs/{job['id']}:diagnosis").get_json()

    assert ("queued", False, "no_worker") == (found["state"], found["moving"], found["causes"][0]["code"])
    assert [cause for cause in found["causes"] if cause["code"] == "step_ready" and cause["step_id"]]
    api.store.workers.beat("w1")
    assert "step_ready" == api.call("GET", f"/v1/jobs/{job['id']}:diagnosis").get_json()["causes"][0]["code"]
    api.cancelled(job)
    ended = api.call("GET", f"/v1/jobs/{job['id']}:diagnosis").get_json()
    assert ["ended"] == [cause["code"] for cause in ended["causes"]]
    assert 404 == api.call("GET", "/v1/jobs/job_none:diagnosis").status_code
