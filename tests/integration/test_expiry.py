"""Teardown of labs whose lease ended: one job, whoever tells of it and however often."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator

import pytest

from service.ledger.expiry import LabExpiry
from service.ledger.job import Job
from service.ledger.store import JobFilter, StepOutcome, StepResult
from service.ledger.tenant import DEFAULT_TENANT
from tests.integration.api_kit import Api, running_api


@pytest.fixture
def api(redis_url: str) -> Iterator[Api]:
    """An app with a host and an image."""
    with running_api(redis_url) as one:
        yield one


def _ready_lab(api: Api) -> str:
    """Play the worker until a cluster's lab is ready; return its id."""
    job = api.submitted()
    while claim := api.store.leases.claim("worker-1", 60):
        node = claim.step["node"]
        facts = {f"node.{node}.vm_id": str(uuid.uuid4())} if claim.step["action"] == "CreateNode" else {}
        assert api.store.leases.finish(claim, StepResult(StepOutcome.SUCCEEDED, facts=facts))
    lab = api.store.labs.get(job["lab_id"])
    assert lab is not None
    assert lab.state == "ready"
    return lab.id


def _teardowns(api: Api) -> list[Job]:
    return api.store.jobs.list(JobFilter(kind="teardown"), None, 10)


def test_expired_lab_gets_one_teardown(api: Api) -> None:
    """Many processes that tell of the same lab at the same time make one job."""
    lab_id = _ready_lab(api)
    tellers = [threading.Thread(target=LabExpiry(api.store).tear_down, args=(lab_id,)) for _ in range(8)]
    for teller in tellers:
        teller.start()
    for teller in tellers:
        teller.join()

    assert [(lab_id, DEFAULT_TENANT)] == [(job.lab_id, job.tenant) for job in _teardowns(api)]
    lab = api.store.labs.get(lab_id)
    assert lab is not None
    assert lab.state == "removing"


def test_end_of_a_lease_waits_for_no_approval(api: Api) -> None:
    """On a host that demands approvals a caller's teardown waits for one, that of an ended lease does not."""
    lab_id = _ready_lab(api)
    path = f"/v1/hosts/{api.hosts[0]}"
    assert 200 == api.call("PATCH", path, {"requires_approval": True}, If_Match="*").status_code
    asked = api.call("DELETE", f"/v1/labs/{lab_id}").get_json()
    assert "waiting_approval" == asked["state"]
    api.cancelled(asked)
    LabExpiry(api.store).tear_down(lab_id)

    assert ["queued", "cancelled"] == [job.state for job in _teardowns(api)]


def test_lab_that_is_gone_is_left_alone(api: Api) -> None:
    """A lab that is unknown or going already gets no job."""
    LabExpiry(api.store).tear_down("lab_nothing")
    lab_id = _ready_lab(api)
    assert api.call("DELETE", f"/v1/labs/{lab_id}").status_code == 202
    LabExpiry(api.store).tear_down(lab_id)

    assert 1 == len(_teardowns(api))


def test_lease_is_set_from_now(api: Api) -> None:
    """Extending sets the end of the lease from now, whether it had one or not; an old copy cannot do it."""
    path = f"/v1/labs/{_ready_lab(api)}"
    answer = api.call("GET", path)
    now = api.context.clock()
    extended = api.call("PATCH", path, {"lease_seconds": 600}, If_Match=answer.headers["ETag"])

    assert 200 == extended.status_code, extended.text
    lab = api.store.labs.get(answer.get_json()["id"])
    assert lab is not None
    assert lab.expires_at is not None
    assert 595 < lab.expires_at - now < 605
    assert api.call("PATCH", path, {"lease_seconds": 60}, If_Match=answer.headers["ETag"]).status_code == 412
    assert api.call("PATCH", path, {"lease_seconds": 60}, If_Match="*").status_code == 200
    assert api.call("PATCH", path, {"lease_seconds": -1}, If_Match="*").status_code == 422
    assert api.call("PATCH", path, {"lease_seconds": 0}, If_Match="*").get_json()["expires_at"] is None


def test_removing_a_lab_is_a_job(api: Api) -> None:
    """DELETE answers 202 with the teardown; repeated with its key it answers the same, also when the lab is gone."""
    lab_id = _ready_lab(api)
    first = api.call("DELETE", f"/v1/labs/{lab_id}", Idempotency_Key="gone-1")
    again = api.call("DELETE", f"/v1/labs/{lab_id}", Idempotency_Key="gone-1")

    assert (202, "teardown", lab_id) == (first.status_code, first.get_json()["kind"], first.get_json()["lab_id"])
    assert (202, first.get_json()["id"]) == (again.status_code, again.get_json()["id"])
    assert "true" == again.headers["Idempotent-Replayed"]
    assert api.call("DELETE", f"/v1/labs/{lab_id}").status_code == 409

    while claim := api.store.leases.claim("worker-1", 60):
        assert api.store.leases.finish(claim, StepResult(StepOutcome.SUCCEEDED))
    late = api.call("DELETE", f"/v1/labs/{lab_id}", Idempotency_Key="gone-1")
    refused = api.call("DELETE", f"/v1/labs/{lab_id}", Idempotency_Key="gone-2")
    assert (202, first.get_json()["id"], "succeeded") == (
        late.status_code,
        late.get_json()["id"],
        late.get_json()["state"],
    )
    assert (409, "lab_not_there", "removed") == tuple(refused.get_json()[name] for name in ("status", "code", "state"))


def test_jobs_on_a_lab_know_its_host_and_secrets(api: Api) -> None:
    """A job for a node of a lab runs on the lab's host with the lab's sealed credential, one at a time."""
    lab_id = _ready_lab(api)
    body = {"kind": "verify_lab", "lab_id": lab_id}
    job = api.submitted(body)
    claim = api.store.leases.claim("worker-1", 60)

    assert claim is not None
    assert {"guest_administrator"} <= set(claim.secrets)
    assert (api.hosts[0], lab_id) == (job["host_id"], job["lab_id"])
    busy = api.call("POST", "/v1/jobs", body)
    assert (409, job["id"]) == (busy.status_code, busy.get_json()["holder"])
    unknown = api.call("POST", "/v1/jobs", {"kind": "verify_lab", "lab_id": "lab_" + "0" * 26})
    assert (422, "#/lab_id") == (unknown.status_code, unknown.get_json()["errors"][0]["pointer"])
