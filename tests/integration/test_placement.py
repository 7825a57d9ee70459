"""Several hosts: labels and free memory choose one, once, whoever asks at the same time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Thread
from typing import Any

import pytest
from click.testing import CliRunner
from werkzeug.serving import make_server

from schemas.placement import PlacementSchema
from service.cli import matryoshka
from service.ledger.store import HostLoad, StepOutcome, StepResult
from tests.integration.api_kit import HOST, Api, cluster, running_api

_MIB = 3 * 8192  # what the example's cluster takes
_VM = {"kind": "enable_nesting", "target": {"vm_name": "web"}}


@pytest.fixture
def api(redis_url: str) -> Iterator[Api]:
    """An app with an image and a host with the label purpose=lab whose capacity nobody knows."""
    with running_api(redis_url) as one:
        yield one


def _host(api: Api, name: str, clusters: float, **labels: str) -> str:
    """Register a host with room for so many clusters; return its id."""
    body = HOST | {"name": name, "labels": labels, "limits": {"memory_reserve_mib": 0}}
    capacity = {"memory_mib": int(clusters * _MIB), "disk_gib": 10_000}
    return str(api.created("/v1/hosts", body | {"capacity": capacity})["id"])


def _named(number: int, **changes: Any) -> dict[str, Any]:
    """Return a cluster with names of its own."""
    body = cluster(**changes)
    body["cluster"] |= {"name": f"CL-{number}"}
    body["nodes"] |= {"name_prefix": f"c{number}n"}
    return body


def _anywhere(number: int = 0, **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in _named(number, **changes).items() if name != "host"}


def _verdicts(shown: Mapping[str, Any]) -> dict[str, str]:
    assert PlacementSchema().dump(shown) == shown
    return {row["name"]: row["verdict"] for row in shown["candidates"]}


def _built(api: Api, job: Mapping[str, Any]) -> None:
    """Finish the job's steps, as workers would."""
    while claim := api.store.leases.claim("w1", 60):
        assert claim.job_id == job["id"]
        node = claim.step["node"]
        facts = {f"node.{node}.vm_id": f"id-{node}"} if node else {}
        assert api.store.leases.finish(claim, StepResult(StepOutcome.SUCCEEDED, facts=facts))


def _change(api: Api, host_id: str, **members: Any) -> None:
    answer = api.call("PATCH", f"/v1/hosts/{host_id}", members, If_Match="*")
    assert answer.status_code == 200, answer.text


def test_all_labels_choose_the_host_with_the_most_free_memory(api: Api) -> None:
    """Of the hosts that have all labels the one with the most free memory takes the job; plan and job say why."""
    _host(api, "small", 1, rack="r1", purpose="lab")
    big = _host(api, "big", 2, rack="r1", purpose="lab")
    _host(api, "other-rack", 9, rack="r2", purpose="lab")
    body = _named(1, host={"labels": {"rack": "r1", "purpose": "lab"}})
    plan = api.call("POST", "/v1/jobs:plan", body).get_json()
    job = api.submitted(body)

    assert big == plan["host_id"] == job["host_id"] == job["placement"]["host_id"]
    assert {"big": "chosen", "small": "less_free"} == _verdicts(job["placement"])
    assert plan["placement"] == job["placement"] == api.call("GET", f"/v1/jobs/{job['id']}").get_json()["placement"]
    assert 2 * _MIB == job["placement"]["candidates"][0]["free_memory_mib"]


def test_without_a_host_all_are_asked_and_labs_spread(api: Api) -> None:
    """A request that names no host may go to any, and what is given away counts for the next one."""
    first, second = _host(api, "a", 3), _host(api, "b", 2.5)
    hosts = [api.submitted(_anywhere(number))["host_id"] for number in range(4)]

    assert [first, second, first, second] == hosts
    assert api.submitted(_named(5, host={"id": first}))["placement"] is None


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        (_named(1, host={"labels": {"purpose": "lab", "rack": "none"}}), "#/host/labels", "unknown"),
        (_VM | {"host": {"label": "purpose=lab"}}, "#/host/label", "ambiguous"),
        (_VM | {"host": {"labels": {"purpose": "lab"}}}, "#/host/labels", "ambiguous"),
    ],
)
def test_selectors_that_lead_nowhere_are_named(api: Api, body: dict[str, Any], pointer: str, code: str) -> None:
    """A selector without a host, or with several for one VM, is a 422 at its place."""
    _host(api, "second", 1, purpose="lab")
    answer = api.call("POST", "/v1/jobs", body)

    assert answer.status_code == 422, answer.text
    assert [(pointer, code)] == [(error["pointer"], error["code"]) for error in answer.get_json()["errors"]]


def test_no_host_at_all_is_said(api: Api) -> None:
    """A request without a host is refused at its place when no host is registered."""
    assert api.call("DELETE", f"/v1/hosts/{api.hosts[0]}", If_Match="*").status_code == 204
    answer = api.call("POST", "/v1/jobs", _anywhere())

    assert (422, "#/host") == (answer.status_code, answer.get_json()["errors"][0]["pointer"])


def test_requests_at_the_same_time_give_nothing_away_twice(api: Api) -> None:
    """Ten requests at once for six places on three hosts: six jobs, two a host, and four refusals with reasons."""
    hosts = [_host(api, f"h{number}", 2.5, rack="r1") for number in range(3)]
    gate = Barrier(10)

    def send(number: int) -> Any:
        gate.wait(30)
        body = _named(number, host={"labels": {"rack": "r1"}}, admission="refuse")
        return api.call("POST", "/v1/jobs", body, Idempotency_Key=f"order-{number}")

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(send, range(10)))
    taken = [answer.get_json() for answer in answers if answer.status_code == 202]
    refused = [answer.get_json() for answer in answers if answer.status_code != 202]

    assert dict.fromkeys(hosts, 2) == Counter(job["host_id"] for job in taken)
    assert ["no_room"] * 4 == [problem["code"] for problem in refused]
    assert {"queued"} == {job["state"] for job in taken}
    for problem in refused:
        assert set(_verdicts(problem["placement"]).values()) <= {"no_memory", "full_meanwhile"}
    assert 6 == len(api.call("GET", "/v1/jobs").get_json()["items"])


class _Stale:
    """A reader of loads that sees nothing of what is held, as one that looked a moment too early."""

    def read(self, host_ids: Sequence[str], _priority: int = 1) -> dict[str, HostLoad]:
        """Return empty loads."""
        return dict.fromkeys(host_ids, HostLoad())


def test_who_looked_too_early_goes_to_the_next_host(api: Api) -> None:
    """A job whose host was taken since it looked waits there only when no other host has room."""
    first, second = _host(api, "a", 1.5, rack="r1"), _host(api, "b", 1.2, rack="r1")
    selector = {"labels": {"rack": "r1"}}
    api.store.loads = _Stale()  # type: ignore[assignment]
    jobs = [api.submitted(_named(number, host=selector)) for number in range(3)]

    assert [(first, "queued"), (second, "queued")] == [(job["host_id"], job["state"]) for job in jobs[:2]]
    assert {"a": "full_meanwhile", "b": "chosen"} == _verdicts(jobs[1]["placement"])
    assert "waiting" == jobs[2]["state"]


def test_one_key_is_one_job_on_one_host(api: Api) -> None:
    """The same key at the same time on several hosts with room makes one job; later too, when that host is cordoned."""
    for number in range(3):
        _host(api, f"h{number}", 2.5, rack="r1")
    gate = Barrier(6)
    body = _named(1, host={"labels": {"rack": "r1"}}, admission="refuse")

    def send(_: int) -> Any:
        gate.wait(30)
        return api.call("POST", "/v1/jobs", body, Idempotency_Key="order-1").get_json()

    with ThreadPoolExecutor(6) as pool:
        jobs = list(pool.map(send, range(6)))
    assert 1 == len({job["id"] for job in jobs})
    assert 1 == len({job["host_id"] for job in jobs})

    for host in api.call("GET", "/v1/hosts?label=rack%3Dr1").get_json()["items"]:
        _change(api, host["id"], schedulable=False)
    again = api.call("POST", "/v1/jobs", body, Idempotency_Key="order-1")
    assert (202, jobs[0]["id"]) == (again.status_code, again.get_json()["id"])


def test_refused_with_a_reason_a_host(api: Api) -> None:
    """Without room anywhere `refuse` is a 409 with a reason for each host and who holds what; nothing is written."""
    _host(api, "a", 1.5, rack="r1")
    _change(api, _host(api, "b", 1.5, rack="r1"), schedulable=False)
    body = _named(1, host={"labels": {"rack": "r1"}}, admission="refuse")
    first = api.submitted(body)
    answer = api.call("POST", "/v1/jobs", body | _named(2, host=body["host"], admission="refuse"))
    problem = answer.get_json()

    assert (409, "no_room") == (answer.status_code, problem["code"])
    assert {"a": "no_memory", "b": "cordoned"} == _verdicts(problem["placement"])
    assert [first["id"]] == [holder["holder"] for holder in problem["holders"]]
    assert 1 == len(api.call("GET", "/v1/jobs").get_json()["items"])
    stranger = api.make_key("jobs:write", tenant="team-b")
    told = api.call("POST", "/v1/jobs", _named(3, host=body["host"], admission="refuse"), key=stranger)
    assert ["other-tenants"] == [holder["holder"] for holder in told.get_json()["holders"]]
    assert first["id"] not in told.text


def test_job_waits_where_a_lease_ends_first(api: Api) -> None:
    """Without room anywhere a job waits on the host whose lease ends first, and goes to work there."""
    _host(api, "a", 1, rack="r1")
    selector = {"labels": {"rack": "r1"}}
    _built(api, api.submitted(_named(1, host=selector, lease_seconds=9000)))
    soon = _host(api, "b", 1, rack="r1")
    lab = api.submitted(_named(2, host=selector, lease_seconds=600))
    _built(api, lab)
    waiter = api.submitted(_named(3, host=selector))

    assert (soon, "waiting") == (waiter["host_id"], waiter["state"])
    assert waiter["placement"]["has_room"] is False
    assert {"a": "no_memory", "b": "chosen"} == _verdicts(waiter["placement"])
    api.call("DELETE", f"/v1/labs/{lab['lab_id']}")
    while (claim := api.store.leases.claim("w1", 60)) and claim.kind == "teardown":
        api.store.leases.finish(claim, StepResult(StepOutcome.SUCCEEDED))
    assert claim is not None
    assert waiter["id"] == claim.job_id


def test_cordoned_host_takes_no_new_lab(api: Api) -> None:
    """A cordoned host is not chosen; named, it takes labs of keys with hosts:write only. What is there goes on."""
    host = _host(api, "a", 9, rack="r1")
    lab = api.submitted(_named(1, host={"name": "a"}))
    _built(api, lab)
    _change(api, host, schedulable=False)
    caller = api.make_key("jobs:write")
    selected = api.call("POST", "/v1/jobs", _named(2, host={"labels": {"rack": "r1"}}), key=caller)
    named = api.call("POST", "/v1/jobs", _named(2, host={"id": host}), key=caller)

    assert api.call("GET", f"/v1/hosts/{host}").get_json()["schedulable"] is False
    assert (409, "no_host") == (selected.status_code, selected.get_json()["code"])
    assert (409, "host_cordoned") == (named.status_code, named.get_json()["code"])
    verify = {"kind": "verify_lab", "lab_id": lab["lab_id"]}
    assert api.call("POST", "/v1/jobs", verify, key=caller).status_code == 202
    inspect = {"kind": "inspect_host", "host": {"id": host}}
    assert api.call("POST", "/v1/jobs", inspect, key=caller).status_code == 202
    assert host == api.submitted(_named(3, host={"id": host}))["host_id"]
    _change(api, host, schedulable=True)
    assert host == api.submitted(_named(4, host={"labels": {"rack": "r1"}}))["host_id"]


def test_cordon_holds_at_once(api: Api) -> None:
    """A host that another process cordoned a moment ago is passed over, though this one still remembers it open."""
    host, other = _host(api, "a", 9, rack="r1"), _host(api, "b", 1.5, rack="r1")
    body = _named(1, host={"labels": {"rack": "r1"}})
    assert host == api.call("POST", "/v1/jobs:plan", body).get_json()["host_id"]
    known = api.store.hosts.get(host)
    assert known is not None
    api.store.hosts.update(type(known)(**{**vars(known), "schedulable": False}))
    job = api.submitted(body)

    assert other == job["host_id"]
    assert {"a": "cordoned", "b": "chosen"} == _verdicts(job["placement"])


def test_jobs_of_a_lab_go_to_its_own_host(api: Api) -> None:
    """Verification and teardown of a lab go where it is, though another host has more room."""
    host = _host(api, "a", 2)
    lab = api.submitted(_anywhere(1))
    _built(api, lab)
    _host(api, "b", 9)
    verified = api.submitted({"kind": "verify_lab", "lab_id": lab["lab_id"]})
    api.cancelled(verified)
    removed = api.call("DELETE", f"/v1/labs/{lab['lab_id']}").get_json()

    assert [host] * 3 == [job["host_id"] for job in (lab, verified, removed)]
    assert verified["placement"] is None


def test_host_that_cannot_nest_is_not_chosen(api: Api) -> None:
    """A host whose inspection breaks a rule of nesting is passed over; alone it is a 422 with that rule."""
    host = _host(api, "amd", 9, rack="r1")
    api.submitted({"kind": "inspect_host", "host": {"id": host}})
    claim = api.store.leases.claim("w1", 60)
    assert claim is not None
    report = {"os_build": 17763, "cpu_vendor": "AuthenticAMD", "memory_total_mib": 9 * _MIB}
    api.store.leases.finish(claim, StepResult(StepOutcome.SUCCEEDED, host_report=report))
    api.context.catalogue.forget()
    body = _named(1, host={"labels": {"rack": "r1"}})
    alone = api.call("POST", "/v1/jobs", body)
    good = _host(api, "intel", 1, rack="r1")
    api.context.catalogue.forget()
    job = api.submitted(body)

    assert (422, "cannot_be_built") == (alone.status_code, alone.get_json()["code"])
    assert good == job["host_id"]
    assert {"amd": "forbidden", "intel": "chosen"} == _verdicts(job["placement"])


def test_same_names_go_to_another_host(api: Api) -> None:
    """A host where an unfinished job builds the same names is passed over; when all do, that is a 409."""
    hosts = {_host(api, "a", 9, rack="r1"), _host(api, "b", 9, rack="r1")}
    body = _named(1, host={"labels": {"rack": "r1"}})
    jobs = [api.submitted(body), api.submitted(body)]
    answer = api.call("POST", "/v1/jobs", body)

    assert hosts == {job["host_id"] for job in jobs}
    assert (409, "target_busy") == (answer.status_code, answer.get_json()["code"])
    assert answer.get_json()["holder"] in {job["id"] for job in jobs}


def test_operator_cordons_and_opens_a_host(api: Api) -> None:
    """`hosts cordon` and `hosts uncordon` change the host and show it."""
    server = make_server("127.0.0.1", 0, api.app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    environ = {"MATRYOSHKA_URL": f"http://127.0.0.1:{server.server_port}", "MATRYOSHKA_API_KEY": api.key}
    runner = CliRunner(env=environ)
    try:
        cordoned = runner.invoke(matryoshka, ["-o", "json", "hosts", "cordon", api.hosts[0]])
        refused = api.call("POST", "/v1/jobs", _anywhere())
        opened = runner.invoke(matryoshka, ["-o", "json", "hosts", "uncordon", api.hosts[0]])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

    assert (0, 0) == (cordoned.exit_code, opened.exit_code), cordoned.output
    assert '"schedulable": false' in cordoned.output
    assert refused.get_json()["code"] == "no_host"
    assert '"schedulable": true' in opened.output
    assert api.hosts[0] == api.submitted(_anywhere())["host_id"]
