"""Quotas of tenants: jobs, nodes and memory, checked in the move that submits, summed from what is there."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from service.ledger.plan import Demand, Step
from service.ledger.store import IllegalMove, Outcome, Quotas, SubmitResult, Tenant, Usage
from tests.integration.ledger_kit import Ledger, failing, open_ledger, step
from tests.integration.tenant_kit import Parties, party, request_for, two_tenants

NODES = (step("create-1", action="CreateNode"), step("create-2", action="CreateNode"))
TEARDOWN = step("release", action="ReleaseLab")


@pytest.fixture
def ledger(redis_url: str) -> Iterator[Ledger]:
    """A ledger with a tenant `blue` without quotas."""
    with open_ledger(redis_url) as one:
        one.store.tenants.put(Tenant("blue"))
        yield one


def _quotas(ledger: Ledger, **quotas: int | None) -> None:
    tenant = ledger.store.tenants.get("blue")
    assert tenant is not None
    ledger.store.tenants.update(Tenant("blue", quotas=Quotas(**quotas), version=tenant.version))


def _submit(ledger: Ledger, *steps: Step, memory_mib: int = 0, **fields: Any) -> SubmitResult:
    return ledger.submit(*(steps or (step("a"),)), demand=Demand(memory_mib, 0), tenant="blue", **fields)


def _usage(ledger: Ledger, tenant: str = "blue") -> Usage:
    return ledger.store.tenants.usage(tenant)


def test_unfinished_jobs_are_bounded(ledger: Ledger) -> None:
    """Beyond the quota of jobs nothing is written; a job that ends makes room."""
    _quotas(ledger, jobs=2)
    assert [Outcome.CREATED] * 2 == [_submit(ledger).outcome for _ in range(2)]
    before = sorted(ledger.store.client.scan_iter())
    refused = _submit(ledger, lab_id="lab_x", creates_lab=True)

    assert (Outcome.QUOTA, None) == (refused.outcome, refused.job)
    assert {"quota": "jobs", "limit": 2, "used": 2, "wanted": 1} == refused.detail
    assert set(ledger.store.client.scan_iter()) - set(before) <= {"t:tenants_counted"}
    ledger.work()
    assert _submit(ledger).outcome is Outcome.CREATED


def test_racing_submissions_cannot_pass_a_quota(ledger: Ledger) -> None:
    """However many submit at the same time, as many are taken as the quota allows."""
    _quotas(ledger, jobs=3)
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: _submit(ledger).outcome, range(24)))

    assert 3 == outcomes.count(Outcome.CREATED)
    assert 21 == outcomes.count(Outcome.QUOTA)


def test_nodes_and_memory_count_until_the_lab_is_removed(ledger: Ledger) -> None:
    """A lab's nodes and memory are used from the submission on, after its job too, until it is removed."""
    host = ledger.host(memory_mib=100_000)
    _quotas(ledger, nodes=3, memory_mib=1000)
    lab = {"host_id": host, "lab_id": "lab_1", "creates_lab": True}
    assert _submit(ledger, *NODES, memory_mib=700, **lab).outcome is Outcome.CREATED
    building = _usage(ledger)
    ledger.work()

    assert (Usage(1, 2, 700), Usage(0, 2, 700)) == (building, _usage(ledger))
    more = {"host_id": host, "lab_id": "lab_2", "creates_lab": True}
    assert {"quota": "nodes", "limit": 3, "used": 2, "wanted": 2} == _submit(ledger, *NODES, **more).detail
    assert "memory_mib" == _submit(ledger, NODES[0], memory_mib=301, **more).detail["quota"]
    assert _submit(ledger, TEARDOWN, host_id=host, lab_id="lab_1").outcome is Outcome.CREATED
    ledger.work()
    assert Usage(0, 0, 0) == _usage(ledger)
    assert _submit(ledger, *NODES, memory_mib=1000, **more).outcome is Outcome.CREATED


def test_a_job_that_adds_a_node_to_a_lab_counts(ledger: Ledger) -> None:
    """Nodes and memory that a later job adds are its own while it runs, and the lab's afterwards."""
    host = ledger.host(memory_mib=100_000)
    _submit(ledger, *NODES, memory_mib=700, host_id=host, lab_id="lab_1", creates_lab=True)
    ledger.work()
    _submit(ledger, NODES[0], memory_mib=100, host_id=host, lab_id="lab_1")
    running = _usage(ledger)
    ledger.work()

    assert (Usage(1, 3, 800), Usage(0, 3, 800)) == (running, _usage(ledger))


def test_a_teardown_is_never_refused(ledger: Ledger) -> None:
    """A tenant at all its quotas can still give back what it has."""
    _submit(ledger, *NODES, lab_id="lab_1", creates_lab=True)
    ledger.work()
    _quotas(ledger, jobs=0, nodes=0, memory_mib=0)

    assert _submit(ledger).outcome is Outcome.QUOTA
    assert _submit(ledger, TEARDOWN, lab_id="lab_1").outcome is Outcome.CREATED


def test_a_retry_needs_room_too(ledger: Ledger) -> None:
    """A failed job is reopened within the quotas only; what its lab has still counts once."""
    host = ledger.host(memory_mib=100_000)
    lab = {"host_id": host, "lab_id": "lab_1", "creates_lab": True}
    job = _submit(ledger, *NODES, memory_mib=700, **lab).job
    assert job is not None
    ledger.work(failing(**{"create-1": False}))
    assert ("failed", Usage(0, 2, 700)) == (ledger.state(job.id), _usage(ledger))
    _quotas(ledger, jobs=0, nodes=2, memory_mib=700)

    with pytest.raises(IllegalMove, match="the quota of jobs is used up: 0 of 0, and 1 more are wanted"):
        ledger.store.jobs.retry(job.id)
    _quotas(ledger, jobs=1, nodes=2, memory_mib=700)
    ledger.store.jobs.retry(job.id)
    assert Usage(1, 2, 700) == _usage(ledger)
    ledger.work()
    assert Usage(0, 2, 700) == _usage(ledger)


def test_a_lab_that_was_rolled_back_counts_again_when_it_is_retried(ledger: Ledger) -> None:
    """A rollback gives nodes and memory back; the retry that builds anew takes them, if they are still to be had."""
    host = ledger.host(memory_mib=100_000)
    undoable = tuple(one._replace(undoable=True) for one in NODES)
    lab = {"host_id": host, "lab_id": "lab_1", "creates_lab": True, "on_failure": "rollback"}
    job = _submit(ledger, *undoable, memory_mib=700, **lab).job
    assert job is not None
    ledger.work(failing(**{"create-2": False}))
    assert Usage(0, 0, 0) == _usage(ledger)
    _quotas(ledger, nodes=1)
    with pytest.raises(IllegalMove, match="quota of nodes"):
        ledger.store.jobs.retry(job.id)
    _quotas(ledger, nodes=2)
    ledger.store.jobs.retry(job.id)

    assert Usage(1, 2, 700) == _usage(ledger)


def test_sums_are_made_of_records(ledger: Ledger) -> None:
    """A member that counts no more leaves at the next sum, so a removal that was lost costs nothing for long."""
    _quotas(ledger, jobs=1, nodes=1)
    ended = _submit(ledger).job
    assert ended is not None
    ledger.work()
    ledger.store.client.sadd("t:tenant:blue:jobs", ended.id, "job_gone")
    ledger.store.client.sadd("t:tenant:blue:labs", "lab_gone")

    assert _submit(ledger, NODES[0]).outcome is Outcome.CREATED
    assert 1 == ledger.store.client.scard("t:tenant:blue:jobs")


def test_what_was_there_before_quotas_counts(ledger: Ledger) -> None:
    """Jobs and labs of a release that counted nothing are the default tenant's, and are found at the first sum."""
    body = {"kind": "nested_cluster", "nodes": {"count": 3}}
    host = ledger.host(memory_mib=100_000)
    ledger.job(
        *NODES, tenant="key_1", host_id=host, lab_id="lab_1", creates_lab=True, request=body, demand=Demand(500, 0)
    )
    ledger.work()
    ledger.job(step("a"), tenant="expiry")
    for key in ledger.store.client.scan_iter("t:tenant*"):
        ledger.store.client.delete(key)
    ledger.store.client.hdel("t:lab:lab_1", "nodes", "tenant")

    assert Usage(1, 3, 500) == _usage(ledger, "default")


def test_without_a_quota_nothing_is_summed(ledger: Ledger) -> None:
    """A tenant without quotas pays one look for them: no sum was ever made."""
    assert _submit(ledger).outcome is Outcome.CREATED
    assert not ledger.store.client.exists("t:tenants_counted")


def test_a_quota_is_a_403_that_says_which(redis_url: str) -> None:
    """A submission beyond a quota names it with its numbers, in a batch for each item; a retry is 409."""
    with two_tenants(redis_url) as parties:
        small = party(parties.api, "small", nodes=3, memory_mib=100_000)
        job = small.build("one")
        refused = small.call("POST", "/v1/jobs", request_for("two"))
        items = [{"job": request_for("three")}, {"job": {"kind": "inspect_host", "host": {"id": parties.api.hosts[0]}}}]
        batch = small.call("POST", "/v1/jobs:batch", {"items": items}).get_json()["items"]
        own = small.call("GET", "/v1/tenant").get_json()

        body = refused.get_json()
        assert (403, "/problems/quota-exceeded", False) == (refused.status_code, body["type"], body["retryable"])
        assert ("nodes", 3, 3, 3) == tuple(body[name] for name in ("quota", "limit", "used", "wanted"))
        assert [403, 202] == [one["status"] for one in batch]
        assert "quota_exceeded" == batch[0]["problem"]["code"]
        assert {"jobs": 2, "nodes": 3, "memory_mib": 24_576} == own["usage"]
        assert {"jobs": None, "nodes": 3, "memory_mib": 100_000} == own["quotas"]
        _check_retry(parties, job["id"], small.key)


def _check_retry(parties: Parties, job_id: str, key: str) -> None:
    parties.api.call("POST", f"/v1/jobs/{job_id}:cancel")
    parties.api.call("PATCH", "/v1/tenants/small", {"quotas": {"nodes": 2}}, If_Match="*")
    refused = parties.api.call("POST", f"/v1/jobs/{job_id}:retry", key=key)

    assert (409, "cannot_be_retried") == (refused.status_code, refused.get_json()["code"])
    assert "quota of nodes" in refused.get_json()["detail"]


def test_tenants_are_made_and_changed_by_operators(redis_url: str) -> None:
    """Operators add, list and change tenants; `default` is always there; others see their own tenant only."""
    with two_tenants(redis_url) as parties:
        api = parties.api
        made = api.created("/v1/tenants", {"id": "green-1", "name": "Green", "quotas": {"jobs": 5}})
        path = "/v1/tenants/green-1"
        first = api.call("GET", path).headers["ETag"]
        changed = api.call("PATCH", path, {"quotas": {"nodes": 7}}, If_Match=first)

        assert {"jobs": 5, "nodes": None, "memory_mib": None} == made["quotas"]
        assert {"jobs": 5, "nodes": 7, "memory_mib": None} == changed.get_json()["quotas"]
        assert 412 == api.call("PATCH", path, {"name": "x"}, If_Match=first).status_code
        assert 428 == api.call("PATCH", path, {"name": "x"}).status_code
        for slug in ("green-1", "default"):
            refused = api.call("POST", "/v1/tenants", {"id": slug})
            assert (409, slug) == (refused.status_code, refused.get_json()["holder"])
        for slug in ("expiry", "No", "a_b", "-a", "", "a" * 41):
            refused = api.call("POST", "/v1/tenants", {"id": slug})
            assert (422, "#/id") == (refused.status_code, refused.get_json()["errors"][0]["pointer"]), slug
        assert 404 == api.call("GET", "/v1/tenants/nobody").status_code
        assert 403 == parties.blue.call("GET", "/v1/tenants").status_code
        assert "blue" == parties.blue.call("GET", "/v1/tenant").get_json()["id"]


def test_the_default_tenant_is_listed_once(redis_url: str) -> None:
    """`default` is the last of the list until somebody changes it, and in its place then."""
    with two_tenants(redis_url) as parties:
        api = parties.api

        def listed() -> list[str]:
            found, cursor = [], ""
            while cursor is not None:
                page = api.call("GET", f"/v1/tenants?limit=1{cursor and '&cursor=' + cursor}").get_json()
                found += [one["id"] for one in page["items"]]
                cursor = page["next_cursor"]
            return found

        assert ["red", "blue", "default"] == listed()
        seen = api.call("GET", "/v1/tenants/default")
        assert (None, 0) == (seen.get_json()["created_at"], seen.get_json()["version"])
        changed = api.call("PATCH", "/v1/tenants/default", {"quotas": {"jobs": 0}}, If_Match=seen.headers["ETag"])
        assert (200, 1) == (changed.status_code, changed.get_json()["version"])
        assert ["default", "red", "blue"] == listed()
        assert 403 == parties.default.call("POST", "/v1/jobs", request_for("x")).status_code
