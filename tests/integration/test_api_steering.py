"""Approve, reject, pause, resume and amend over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.api_kit import HOST, Api, cluster, running_api

ASKS = {"approval": {"required": True, "expires_in_seconds": 3600, "reason": "production"}}


@pytest.fixture
def api(redis_url: str) -> Iterator[Api]:
    """An app with a host and an image."""
    with running_api(redis_url) as one:
        yield one


def _in(**duration: float) -> str:
    return (datetime.now(UTC) + timedelta(**duration)).isoformat()


def _verb(api: Api, job: Any, verb: str, body: Any = None, key: str | None = None, **headers: str) -> Any:
    return api.call("POST", f"/v1/jobs/{job['id']}:{verb}", body, key, **headers)


def _codes(api: Api, job: Any) -> list[str]:
    answer = api.call("GET", f"/v1/jobs/{job['id']}:diagnosis").get_json()
    return [cause["code"] for cause in answer["causes"]]


def test_job_is_approved_by_somebody_else(api: Api) -> None:
    """A key that submitted a job cannot approve it, nor one without the scope; another with it can, and is named."""
    author, reader = api.make_key("jobs:write", "jobs:read", "jobs:approve"), api.make_key("jobs:read", "jobs:write")
    job = api.call("POST", "/v1/jobs", cluster(**ASKS), author).get_json()
    assert ("waiting_approval", "request", "production") == (
        job["state"],
        job["approval"]["required_by"],
        job["approval"]["reason"],
    )
    assert ["waiting_approval"] == _codes(api, job)
    own, without = (_verb(api, job, "approve", key=key) for key in (author, reader))
    assert [(403, "own_request"), (403, "forbidden")] == [(a.status_code, a.get_json()["code"]) for a in (own, without)]

    boss = api.make_key("jobs:approve")
    answer = _verb(api, job, "approve", {"reason": "go"}, boss, If_Match=f'"{job["id"]}.0.{job["version"]}"')
    again = _verb(api, job, "approve", key=boss)

    assert (202, 202) == (answer.status_code, again.status_code), answer.text
    assert ("queued", "test") == (answer.get_json()["state"], answer.get_json()["approval"]["approved_name"])
    events = api.call("GET", f"/v1/jobs/{job['id']}/events").get_json()["items"]
    assert ["go"] == [event["data"]["reason"] for event in events if event["type"] == "job.approved"]


def test_rejection_says_why(api: Api) -> None:
    """A rejected job is cancelled with the reason in its error; an approval comes too late then."""
    job = api.submitted(cluster(**ASKS))
    rejected = _verb(api, job, "reject", {"reason": "too big"}).get_json()
    late = _verb(api, job, "approve")

    assert ("cancelled", "approval_rejected", "too big") == (
        rejected["state"],
        rejected["error"]["code"],
        rejected["error"]["detail"],
    )
    assert (409, "wrong_state") == (late.status_code, late.get_json()["code"])


def test_if_match_is_honoured(api: Api) -> None:
    """A decision about another version of the job than the one seen is a 412, whatever its progress was."""
    job = api.submitted(cluster(**ASKS))
    stale = _verb(api, job, "approve", If_Match=f'"{job["id"]}.0.{job["version"] + 7}"')
    foreign = _verb(api, job, "approve", If_Match='"something", ""')
    seen = _verb(api, job, "approve", If_Match=f'"{job["id"]}.99.{job["version"]}"')

    assert (412, 412, 202) == (stale.status_code, foreign.status_code, seen.status_code)
    assert stale.headers["ETag"].startswith(f'"{job["id"]}.')


def test_host_can_demand_approvals(api: Api) -> None:
    """`requires_approval` is set with a PATCH; from then on what changes the host waits, an inspection does not."""
    path = f"/v1/hosts/{api.hosts[0]}"
    host = api.call("PATCH", path, {"requires_approval": True}, If_Match="*").get_json()
    job, look = api.submitted(), api.call("POST", f"{path}:inspect").get_json()
    plain = api.created("/v1/hosts", {**HOST, "name": "hv2"})

    assert (True, False) == (host["requires_approval"], plain["requires_approval"])
    assert ("waiting_approval", "host", "queued") == (job["state"], job["approval"]["required_by"], look["state"])


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"not_before": _in(days=91)}, "#/not_before"),
        ({"not_before": "2026-01-01T00:00:00"}, "#/not_before"),
        ({"not_before": "0001-01-01T00:00:00+14:00"}, "#/not_before"),
        ({"start_deadline_seconds": 1}, "#/start_deadline_seconds"),
        ({"approval": {"required": "yes"}}, "#/approval/required"),
        ({"approval": {"expires_in_seconds": 10}}, "#/approval/expires_in_seconds"),
    ],
)
def test_bad_gates_are_named(api: Api, changes: Any, pointer: str) -> None:
    """What cannot stand at a gate is a 422 with its place."""
    answer = api.call("POST", "/v1/jobs", cluster(**changes))

    assert (422, [pointer]) == (answer.status_code, [one["pointer"] for one in answer.get_json()["errors"]])


def test_scheduled_job_is_shown_and_moved(api: Api) -> None:
    """A job with `not_before` is scheduled; PATCH moves it, changes priority and labels, and null begins it."""
    job = api.submitted(cluster(not_before=_in(hours=2), start_deadline_seconds=600))
    path = f"/v1/jobs/{job['id']}"
    assert ("scheduled", None) == (job["state"], job["deadline_at"])
    assert job["not_before"] == job["request"]["not_before"] < job["start_by"]
    assert ["scheduled"] == _codes(api, job)
    assert 428 == api.call("PATCH", path, {"priority": "high"}).status_code
    assert 422 == api.call("PATCH", path, {}, If_Match="*").status_code
    assert 422 == api.call("PATCH", path, {"not_before": _in(days=100)}, If_Match="*").status_code
    etag = api.call("GET", path).headers["ETag"]
    body = {"priority": "high", "labels": {"team": "red"}, "not_before": _in(hours=5)}
    moved = api.call("PATCH", path, body, If_Match=etag)
    assert 200 == moved.status_code, moved.text
    assert ("scheduled", {"team": "red"}) == (moved.get_json()["state"], moved.get_json()["labels"])
    assert job["not_before"] < moved.get_json()["not_before"]
    assert [job["id"]] == [one["id"] for one in api.call("GET", "/v1/jobs?label=team=red").get_json()["items"]]
    assert [] == api.call("GET", "/v1/jobs?label=team=platform").get_json()["items"]
    assert 412 == api.call("PATCH", path, body, If_Match=etag).status_code
    begun = api.call("PATCH", path, {"not_before": None}, If_Match=moved.headers["ETag"]).get_json()

    assert ("queued", "high") == (begun["state"], begun["request"]["priority"])
    assert "not_before" not in begun["request"]
    events = api.call("GET", f"{path}/events").get_json()["items"]
    places = [
        [one["pointer"] for one in event["data"]["changes"]] for event in events if event["type"] == "job.amended"
    ]
    assert [{"#/priority", "#/labels/team", "#/not_before"}, {"#/not_before"}] == [set(one) for one in places]


def test_pause_and_resume(api: Api) -> None:
    """A queued job is paused and goes on; what is paused says so, and what is over cannot be paused."""
    job = api.submitted()
    paused = _verb(api, job, "pause", {"reason": "power work"}).get_json()
    assert ("paused", None) == (paused["state"], paused["deadline_at"])
    assert paused["paused_at"]
    assert ["paused"] == _codes(api, job)
    assert 409 == _verb(api, job, "retry").status_code
    resumed = _verb(api, job, "resume").get_json()
    assert "queued" == resumed["state"]
    api.cancelled(job)
    refused = _verb(api, job, "pause")

    assert (409, "cancelled") == (refused.status_code, refused.get_json()["state"])
    assert 404 == api.call("POST", f"/v1/jobs/job_{'0' * 26}:pause").status_code


def test_who_holds_what_and_who_waits(api: Api) -> None:
    """The locks of a host name each target, reservation and running step with its holder, and the line in its order."""
    path = f"/v1/hosts/{api.hosts[0]}"
    capacity = {"memory_mib": 45_000, "disk_gib": 10_000}
    assert 200 == api.call("PATCH", path, {"capacity": capacity}, If_Match="*").status_code
    first = api.submitted(cluster(lease_seconds=3600))
    second = api.submitted(cluster(cluster={"name": "other"}, nodes={**cluster()["nodes"], "name_prefix": "oth"}))
    claim = api.store.leases.claim("w1", 60)
    assert claim is not None
    locks = api.call("GET", f"{path}/locks").get_json()

    held = {one["target"]: one["job_id"] for one in locks["targets"]}
    assert {first["id"], second["id"]} == set(held.values())
    assert held[first["lab_id"]] == first["id"]
    assert [(first["id"], claim.step_id, "w1")] == [
        (one["job_id"], one["step_id"], one["worker"]) for one in locks["steps"]
    ]
    assert 0 <= locks["steps"][0]["lease_age_seconds"] < locks["steps"][0]["lease_left_seconds"] <= 60
    (room,) = locks["reservations"]
    assert (first["id"], True) == (room["holder"], room["expected_free_at"] > locks["at"])
    (waiter,) = locks["waiting"]
    assert (1, second["id"], "room", room["expected_free_at"]) == (
        waiter["place"],
        waiter["job_id"],
        waiter["wants"],
        waiter["expected_at"],
    )
    assert [locks["host_id"]] == [one["host_id"] for one in api.call("GET", "/v1/locks").get_json()["items"]]
    assert 404 == api.call("GET", f"/v1/hosts/host_{'0' * 26}/locks").status_code


def test_ended_job_says_who_holds_its_names(api: Api) -> None:
    """The diagnosis of a job that could be retried names the job that works on its targets now."""
    job = api.submitted()
    api.cancelled(job)
    holder = api.submitted()
    causes = api.call("GET", f"/v1/jobs/{job['id']}:diagnosis").get_json()["causes"]

    assert "ended" == causes[0]["code"]
    assert {"lock_held"} == {cause["code"] for cause in causes[1:]}
    assert all(holder["id"] in cause["detail"] for cause in causes[1:])
