"""A retry with edits over HTTP: what is done stays, the rest is planned anew, and the event says what changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from service.ledger.sealing import open_sealed
from service.ledger.store import Claim, StepResult
from tests.integration.api_kit import Api, cluster, running_api
from tests.integration.ledger_kit import PROBLEM

SECRET = "Another-Passw0rd!"
_SIGNING = {"value": "whsec_" + "A" * 32}


@pytest.fixture
def api(redis_url: str) -> Iterator[Api]:
    """An app with a host and an image."""
    with running_api(redis_url) as one:
        yield one


def _work(api: Api, breaks: str = "") -> list[str]:
    """Play a worker that fails for good at the first step of this action; return the steps that it took."""
    done = []
    while claim := api.store.leases.claim("w1", 60):
        done.append(claim.step_id)
        failed = claim.step["action"] == breaks
        assert api.store.leases.finish(claim, StepResult("failed" if failed else "succeeded", error=PROBLEM))
    return done


def _retry(api: Api, job: Mapping[str, Any], changes: Any, **headers: str) -> Any:
    return api.call("POST", f"/v1/jobs/{job['id']}:retry", {"changes": changes}, **headers)


def _plan(api: Api, job: Mapping[str, Any]) -> dict[str, Any]:
    return {step["id"]: step for step in api.store.jobs.plan(job["id"])}


def _failed(api: Api, breaks: str, **changes: Any) -> dict[str, Any]:
    job = api.submitted(cluster(**changes))
    _work(api, breaks)
    found: dict[str, Any] = api.call("GET", f"/v1/jobs/{job['id']}").get_json()
    assert "failed" == found["state"]
    return found


def _last(api: Api, job: Mapping[str, Any], type_: str) -> Any:
    events = api.call("GET", f"/v1/jobs/{job['id']}/events?limit=200").get_json()["items"]
    return [event["data"] for event in events if event["type"] == type_][-1]


def test_steps_not_done_take_the_new_request(api: Api) -> None:
    """Memory is changed after the nodes' disks are made: these stay done, the nodes are made with the new memory."""
    job = _failed(api, "CreateNode")
    before = _plan(api, job)
    done = {step.id for step in api.store.jobs.steps(job["id"]) if step.state == "succeeded"}
    assert done
    memory = cluster()["nodes"]["memory_mib"]
    answer = _retry(api, job, {"nodes": {"memory_mib": memory * 2}, "labels": {"team": None, "fixed": "yes"}})
    assert 202 == answer.status_code, answer.text
    retried, after = answer.get_json(), _plan(api, job)

    assert ("queued", memory * 2) == (retried["state"], retried["request"]["nodes"]["memory_mib"])
    assert {"fixed": "yes"} == retried["labels"]
    assert all(before[name] == after[name] for name in done)
    changed = {name for name in after if before.get(name) != after[name]}
    assert {"CreateNode"} <= {after[name]["action"] for name in changed}
    told = _last(api, job, "job.retried")
    assert {"pointer": "#/nodes/memory_mib", "before": memory, "after": memory * 2} in told["changes"]
    assert "test" == told["name"]
    assert not done & set(_work(api))
    assert "succeeded" == api.call("GET", f"/v1/jobs/{job['id']}").get_json()["state"]
    lab = api.store.labs.get(job["lab_id"])
    assert lab is not None
    assert ("ready", memory * 2) == (lab.state, lab.request["nodes"]["memory_mib"])


def test_what_was_done_cannot_become_another(api: Api) -> None:
    """A change that would make a done step another one is a 409 that names steps and fields, and changes nothing."""
    job = _failed(api, "CreateNode")
    answer = _retry(api, job, {"nodes": {"name_prefix": "zzz"}})
    problem = answer.get_json()

    assert (409, "done_steps_differ") == (answer.status_code, problem["code"])
    assert problem["steps"]
    assert all(one["step_id"] and one["fields"] for one in problem["steps"])
    assert job["version"] == api.call("GET", f"/v1/jobs/{job['id']}").get_json()["version"]


def test_step_that_never_ran_may_go(api: Api) -> None:
    """A lab that failed at its first node is built with one node only: what never ran of the others is taken out."""
    job = _failed(api, "CreateNode")
    addresses = cluster()["network"]["addresses"]
    answer = _retry(api, job, {"nodes": {"count": 1}, "network": {"addresses": addresses[:1]}})

    assert 202 == answer.status_code, answer.text
    assert answer.get_json()["steps_total"] < job["steps_total"]
    assert {step.id for step in api.store.jobs.steps(job["id"])} == set(_plan(api, job))
    _work(api)
    assert "succeeded" == api.call("GET", f"/v1/jobs/{job['id']}").get_json()["state"]


def test_step_that_was_begun_is_not_forgotten(api: Api) -> None:
    """A step that failed half-way stays in the plan, so that it is done or undone."""
    job = _failed(api, "SmokeTest")
    answer = _retry(api, job, {"smoke_test": {"enabled": False}})

    assert (409, "done_steps_differ") == (answer.status_code, answer.get_json()["code"])
    assert any("begun" in error["detail"] for error in answer.get_json()["errors"])


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"kind": "teardown"}, "#/changes/kind", "fixed"),
        ({"kind": ["teardown"]}, "#/changes/kind", "fixed"),
        ({"guest": "none"}, "#/changes/guest", "type"),
        ({"host": {"name": "hv2"}}, "#/changes/host", "fixed"),
        ({"approval": {"required": False}}, "#/changes/approval", "fixed"),
        ({"nodes": {"memory_mib": 1}}, "#/changes/nodes/memory_mib", "range"),
        ({"nodes": {"image": {"name": "none-such", "id": None}}}, "#/changes/nodes/image/name", "unknown"),
        ({"cluster": None}, "#/changes/cluster", "required"),
        ({"callback_url": "http://127.1/", "callback_secret": _SIGNING}, "#/changes/callback_url", "address_refused"),
        ({"colour": "red"}, "#/changes/colour", "unknown_field"),
    ],
)
def test_bad_changes_are_named_below_changes(api: Api, changes: Any, pointer: str, code: str) -> None:
    """What cannot be changed, or would not be taken in a submission, is a 422 with its place in the body."""
    job = api.submitted()
    api.cancelled(job)
    answer = _retry(api, job, changes)

    assert 422 == answer.status_code, answer.text
    assert pointer in [error["pointer"] for error in answer.get_json()["errors"]]
    assert code in {error["code"] for error in answer.get_json()["errors"]}


def test_secret_is_replaced_and_never_told(api: Api) -> None:
    """A new password is sealed in the place of the old one, in job and lab; the event says only that it changed."""
    job = _failed(api, "VerifyImage")
    old = json.loads(api.store.client.hget(f"mk:job:{job['id']}", "secrets"))
    answer = _retry(api, job, {"guest": {"password": {"value": SECRET}}})
    assert 202 == answer.status_code, answer.text
    claim = api.store.leases.claim("w1", 60)
    assert isinstance(claim, Claim)

    opened = open_sealed(api.private_key, str(claim.secrets["guest_administrator"]["sealed"]))
    assert SECRET == opened.decode()
    assert old.keys() == claim.secrets.keys()
    assert [{"pointer": "#", "secret": "guest_administrator", "changed": True}] == _last(api, job, "job.retried")[
        "changes"
    ]
    assert api.store.labs.secrets(job["lab_id"])["guest_administrator"] == claim.secrets["guest_administrator"]
    for key in api.store.client.keys("*"):
        kind = api.store.client.type(key)
        text = {"hash": api.store.client.hgetall, "stream": api.store.client.xrange}.get(kind, lambda _: "")(key)
        assert SECRET not in str(text)


def test_password_of_a_node_that_is_made_stays(api: Api) -> None:
    """Once a disk is seeded with the administrator's password another one is a 409: it would lock everybody out."""
    job = _failed(api, "CreateNode")
    answer = _retry(api, job, {"guest": {"password": {"value": SECRET}}})

    assert (409, "done_steps_differ") == (answer.status_code, answer.get_json()["code"])
    assert ["/guest/password"] == answer.get_json()["steps"][0]["fields"]


def test_kept_secrets_stay(api: Api) -> None:
    """Without a new one the password stays as it was, whatever else changes about the guests."""
    job = _failed(api, "EnsureNat")
    old = api.store.labs.secrets(job["lab_id"])
    assert 202 == _retry(api, job, {"guest": {"password": None}, "deadline_seconds": 7200}).status_code

    assert old == api.store.labs.secrets(job["lab_id"])


def test_edit_needs_the_job_as_it_was_seen(api: Api) -> None:
    """A retry of another version than the one seen is a 412; a job that runs cannot be edited."""
    job = _failed(api, "EnsureNat")
    stale = _retry(api, job, {"deadline_seconds": 600}, If_Match=f'"{job["id"]}.0.1"')
    good = _retry(
        api, job, {"deadline_seconds": 600}, If_Match=api.call("GET", f"/v1/jobs/{job['id']}").headers["ETag"]
    )
    again = _retry(api, job, {"deadline_seconds": 700})

    assert (412, 202, 409) == (stale.status_code, good.status_code, again.status_code)
    assert "cannot_be_retried" == again.get_json()["code"]


def test_edited_job_asks_again(api: Api) -> None:
    """What was approved is not what runs after an edit: another approval is needed, and not by who edited it."""
    author, boss = api.make_key("jobs:write", "jobs:approve"), api.make_key("jobs:approve")
    asks = {"approval": {"required": True}}
    job = api.call("POST", "/v1/jobs", cluster(**asks), author).get_json()
    assert 202 == api.call("POST", f"/v1/jobs/{job['id']}:approve", key=boss).status_code
    _work(api, "EnsureNat")
    editor = api.make_key("jobs:write", "jobs:approve")
    edited = api.call("POST", f"/v1/jobs/{job['id']}:retry", {"changes": {"deadline_seconds": 600}}, editor)
    own = api.call("POST", f"/v1/jobs/{job['id']}:approve", key=editor)

    assert ("waiting_approval", 403) == (edited.get_json()["state"], own.status_code)


def test_smaller_lab_gives_room_back_and_a_bigger_one_asks_for_more(api: Api) -> None:
    """The reservation follows the edit: less is given back, more is taken, too much is refused."""
    path = f"/v1/hosts/{api.hosts[0]}"
    need = api.call("POST", "/v1/jobs:plan", cluster()).get_json()["demand"]["memory_mib"]
    capacity = {"memory_mib": int(need * 1.5) + 4096, "disk_gib": 10_000}
    api.call("PATCH", path, {"capacity": capacity}, If_Match="*")
    memory = cluster()["nodes"]["memory_mib"]
    job = _failed(api, "CreateNode")

    def held() -> int:
        return sum(one.memory_mib for one in api.store.hosts.reservations(api.hosts[0]))

    assert need == held()
    assert 202 == _retry(api, job, {"nodes": {"memory_mib": memory // 2}}).status_code
    small = held()
    assert small < need
    _work(api, "CreateNode")
    assert "queued" == _retry(api, job, {"nodes": {"memory_mib": memory}}).get_json()["state"]
    assert need == held()
    _work(api, "CreateNode")
    too_big = _retry(api, job, {"nodes": {"memory_mib": memory * 2}})
    assert (422, "cannot_be_built") == (too_big.status_code, too_big.get_json()["code"])
    assert all(error["pointer"].startswith("#/changes") for error in too_big.get_json()["errors"])


def test_difference_is_in_the_audit_log(api: Api) -> None:
    """Who changed what of a job at its retry stands in the audit log, secrets only as changed."""
    job = _failed(api, "VerifyImage")
    memory = cluster()["nodes"]["memory_mib"]
    changes = {"nodes": {"memory_mib": memory * 2}, "guest": {"password": {"value": SECRET}}}
    assert 202 == _retry(api, job, changes).status_code
    entry = api.call("GET", f"/v1/audit?operation=retryJob&target={job['id']}").get_json()["items"][0]

    assert {"pointer": "#/nodes/memory_mib", "before": memory, "after": memory * 2} in entry["detail"]["changes"]
    assert {"pointer": "#", "secret": "guest_administrator", "changed": True} in entry["detail"]["changes"]
    assert entry["before"] != entry["after"]
    assert SECRET not in json.dumps(entry)
