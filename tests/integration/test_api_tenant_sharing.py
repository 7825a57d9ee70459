"""What tenants share, the hosts, tells none of them whose the rest is; and webhooks go to their own tenant."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from service.ledger.store import JobFilter
from tests.integration.tenant_kit import Parties, request_for, two_tenants


@pytest.fixture
def parties(redis_url: str) -> Iterator[Parties]:
    """Two tenants on one host."""
    with two_tenants(redis_url) as found:
        yield found


def _limit(parties: Parties, **changes: object) -> str:
    path = f"/v1/hosts/{parties.api.hosts[0]}"
    assert parties.api.call("PATCH", path, changes, If_Match="*").status_code == 200
    return path


def _foreign_ids(text: str, own: set[str]) -> set[str]:
    return set(re.findall(r"(?:job|lab)_[0-9a-f]{26}", text)) - own


def test_a_host_names_its_own_holders_only(parties: Parties) -> None:
    """Reservations of others are one sum without names; an operator sees each."""
    theirs, mine = parties.blue.build("blue"), parties.red.build("red")
    path = f"/v1/hosts/{parties.api.hosts[0]}"
    seen = parties.red.call("GET", path).get_json()["reservations"]
    all_of_them = parties.api.call("GET", path).get_json()["reservations"]

    assert [mine["id"], "other-tenants"] == [one["holder"] for one in seen]
    assert {theirs["id"], mine["id"]} == {one["holder"] for one in all_of_them}
    assert sum(one["memory_mib"] for one in seen) == sum(one["memory_mib"] for one in all_of_them)
    assert set() == _foreign_ids(parties.red.call("GET", path).text, {mine["id"], mine["lab_id"]})


def test_a_report_of_a_host_names_its_own_labs_only(parties: Parties) -> None:
    """VMs and switches of other tenants' labs are in no report: the host's, a lab's, a job's; nobody's are in all."""
    theirs, mine = parties.blue.build("blue"), parties.red.build("red")
    host = f"/v1/hosts/{parties.api.hosts[0]}"
    owners = (theirs["lab_id"], mine["lab_id"], None)
    report = {name: [{"name": f"of-{owner}", "owner": owner} for owner in owners] for name in ("vms", "switches")}
    parties.finish_all(report)

    for path in (host, "/v1/hosts", f"/v1/labs/{mine['lab_id']}", f"/v1/jobs/{mine['id']}"):
        seen, whole = parties.red.call("GET", path).text, parties.api.call("GET", path).text
        assert {"of-None", f"of-{mine['lab_id']}"} == set(re.findall(r"of-\w+", seen)), path
        assert set() == _foreign_ids(seen, {mine["id"], mine["lab_id"]})
        assert f"of-{theirs['lab_id']}" in whole


def test_locks_name_its_own_jobs_only(parties: Parties) -> None:
    """Locks of others are there, with their times, but without job, lab, name or step; an operator sees each."""
    parties.blue.build("blue")
    assert parties.api.store.leases.claim("w1", 60) is not None
    mine = parties.red.build("red")
    path = f"/v1/hosts/{parties.api.hosts[0]}/locks"
    answer, whole = parties.red.call("GET", path), parties.api.call("GET", path).get_json()
    seen = answer.get_json()

    assert set() == _foreign_ids(answer.text, {mine["id"], mine["lab_id"]})
    assert "blue" not in answer.text
    for part in ("targets", "steps", "reservations"):
        assert len(seen[part]) == len(whole[part])
    assert ("", "", "") == tuple(seen["steps"][0][name] for name in ("job_id", "step_id", "worker"))
    assert {"", mine["id"]} == {one["holder"] for one in seen["reservations"]}


def test_a_refused_delete_names_its_own_holders_only(parties: Parties) -> None:
    """A host in use says to a tenant's key that others use it, not who."""
    theirs, mine = parties.blue.build("blue"), parties.red.build("red")
    refused = parties.red.call("DELETE", f"/v1/hosts/{parties.api.hosts[0]}", If_Match="*")

    assert 409 == refused.status_code
    assert {mine["id"], mine["lab_id"], "other-tenants"} == set(refused.get_json()["holders"])
    assert theirs["id"] not in refused.text


def test_a_job_that_waits_says_not_for_whom(parties: Parties) -> None:
    """What a job waits for, in its view, its events, its diagnosis and a refusal, names no job of another tenant."""
    _limit(parties, capacity={"memory_mib": 60_000, "disk_gib": 10_000})
    theirs = parties.blue.build("blue")
    first = parties.red.build("red")
    mine = parties.red.build("wait")
    own = {mine["id"], mine["lab_id"], first["id"], first["lab_id"]}
    view = parties.red.call("GET", f"/v1/jobs/{mine['id']}")
    refused = parties.red.call("POST", "/v1/jobs", request_for("no") | {"admission": "refuse"})

    assert ("waiting", 409) == (view.get_json()["state"], refused.status_code)
    assert "1 of other tenants" in view.get_json()["waiting_for"]
    assert first["id"] in view.get_json()["waiting_for"]
    assert "other-tenants" in str(refused.get_json()["holders"])
    shown = [
        view,
        refused,
        *(parties.red.call("GET", f"/v1/jobs/{mine['id']}{part}") for part in ("/events", ":diagnosis")),
    ]
    assert set() == _foreign_ids("".join(one.text for one in shown), own)
    assert theirs["id"] in parties.blue.call("GET", f"/v1/jobs/{theirs['id']}").text


def test_a_parked_job_says_not_behind_whom(parties: Parties) -> None:
    """A job that waits for its turn on a busy host does not name the steps of others that run there."""
    _limit(parties, limits={"max_parallel_steps": 1, "max_heavy_steps": 1, "max_sessions": 4, "memory_reserve_mib": 0})
    theirs = parties.blue.build("blue")
    claim = parties.api.store.leases.claim("worker-1", 60)
    mine = parties.red.build("red")
    assert parties.api.store.leases.claim("worker-1", 60) is None
    view = parties.red.call("GET", f"/v1/jobs/{mine['id']}").get_json()

    assert claim is not None
    assert claim.job_id == theirs["id"]
    assert "running: 1 of other tenants" in view["waiting_for"]


def test_a_busy_name_does_not_say_who_has_it(parties: Parties) -> None:
    """Two tenants cannot work on the same VM name of a host; whose job has it is told to its own tenant only."""
    mine = parties.blue.build("same")
    foreign = parties.red.call("POST", "/v1/jobs", request_for("same"))
    own = parties.blue.call("POST", "/v1/jobs", request_for("same"))

    assert (409, 409) == (foreign.status_code, own.status_code)
    assert "holder" not in foreign.get_json()
    assert mine["id"] == own.get_json()["holder"]
    parties.blue.call("POST", f"/v1/jobs/{mine['id']}:cancel")
    parties.red.build("same")
    retried = parties.blue.call("POST", f"/v1/jobs/{mine['id']}:retry")
    assert 409 == retried.status_code
    assert "a job of another tenant works on" in retried.get_json()["detail"]
    assert set() == _foreign_ids(retried.text, {mine["id"]})


def test_webhooks_go_to_their_own_tenant(parties: Parties) -> None:
    """An endpoint hears of its own tenant's jobs; one for all tenants hears of all, and only operators see it."""
    blue, red = parties.blue.endpoint(types=["job.queued"]), parties.red.endpoint(types=["job.queued"])
    every = parties.api.created(
        "/v1/webhook-endpoints", {"url": "https://ops.example/", "all_tenants": True, "types": ["job.queued"]}
    )
    jobs = {one.tenant: one.build(one.tenant)["id"] for one in (parties.blue, parties.red, parties.default)}

    def heard(endpoint: str) -> set[str]:
        found = parties.api.store.deliveries.list(endpoint_id=endpoint)
        return {one.event.job_id for one in found}

    assert ({jobs["blue"]}, {jobs["red"]}) == (heard(blue["id"]), heard(red["id"]))
    assert set(jobs.values()) == heard(every["id"])
    assert (True, "*") == (every["all_tenants"], every["tenant"])
    for one in (parties.blue, parties.default):
        assert every["id"] not in str(one.items("/v1/webhook-endpoints")) + str(one.items("/v1/webhook-deliveries"))
        assert 404 == one.call("GET", f"/v1/webhook-endpoints/{every['id']}").status_code
    delivery = parties.api.store.deliveries.list(endpoint_id=every["id"])[0]
    assert 404 == parties.default.call("POST", f"/v1/webhook-deliveries/{delivery.id}:redeliver").status_code


def test_only_operators_hear_of_all_tenants(parties: Parties) -> None:
    """`all_tenants` takes the scope admin; nobody gets it by a change."""
    body = {"url": "https://blue.example/", "all_tenants": True}
    refused = parties.blue.call("POST", "/v1/webhook-endpoints", body)
    mine = parties.blue.endpoint()
    changed = parties.blue.call("PATCH", f"/v1/webhook-endpoints/{mine['id']}", {"all_tenants": True}, If_Match="*")

    assert (403, "admin") == (refused.status_code, refused.get_json()["required_scope"])
    assert 422 == changed.status_code


def test_endpoints_leave_the_sets_of_their_tenant(parties: Parties) -> None:
    """A disabled or deleted endpoint of a tenant hears nothing more; an enabled one hears again."""
    path = f"/v1/webhook-endpoints/{parties.blue.endpoint(types=['job.queued'])['id']}"

    def heard() -> int:
        return len(parties.blue.items("/v1/webhook-deliveries"))

    parties.blue.build("one")
    assert 1 == heard()
    parties.blue.call("PATCH", path, {"state": "disabled"}, If_Match="*")
    parties.blue.build("two")
    assert 1 == heard()
    parties.blue.call("PATCH", path, {"state": "active"}, If_Match="*")
    parties.blue.build("three")
    assert 2 == heard()
    parties.blue.call("DELETE", path, If_Match="*")
    parties.blue.build("four")
    assert 0 == heard()


def test_what_is_forgotten_leaves_the_lists(parties: Parties) -> None:
    """When an ended job, a removed lab and old deliveries are forgotten, nothing of them stays in a tenant's index."""
    parties.blue.endpoint()
    job = parties.blue.build("blue")
    parties.blue.call("POST", f"/v1/jobs/{job['id']}:cancel")
    store = parties.api.store
    for name in ("ended", "removed_labs", "ix:delivery:all"):
        for member in store.client.zrange(f"mk:{name}", 0, -1):
            store.client.zadd(f"mk:{name}", {member: 1})
    store.leases.sweep()

    assert [] == store.jobs.list(JobFilter(tenant="blue"), None, 10)
    assert [] == list(store.client.scan_iter("mk:ix:*tenant:blue"))
