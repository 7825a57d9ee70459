"""What one tenant has is not there for another: not by id, not in lists, not in what a request names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from service.api.owning import OWNED
from service.ledger.plan import Plan
from service.ledger.store import NotFound, Submission
from tests.integration.tenant_kit import Parties, request_for, two_tenants

_NO_LAB = "lab_" + "0" * 26


@pytest.fixture
def parties(redis_url: str) -> Iterator[Parties]:
    """Two tenants on one host."""
    with two_tenants(redis_url) as found:
        yield found


def _owned_rules(parties: Parties) -> list[tuple[str, str, str]]:
    """Every method and rule with an id of something that a tenant owns, and the name of that id."""
    return sorted(
        (method, str(rule.rule), name)
        for rule in parties.api.app.url_map.iter_rules()
        if not rule.endpoint.startswith("ui.")  # the dashboard's pages ask the API, and want a session
        for name in rule.arguments & set(OWNED)
        for method in (rule.methods or set()) - {"HEAD"}
    )


def _ids(parties: Parties) -> dict[str, str]:
    """What the blue tenant has, one of each sort."""
    endpoint = parties.blue.endpoint()
    job = parties.blue.build("blue")
    delivery = parties.blue.items("/v1/webhook-deliveries")[0]
    return {"job_id": job["id"], "lab_id": job["lab_id"], "endpoint_id": endpoint["id"], "delivery_id": delivery["id"]}


def test_a_foreign_key_finds_nothing_by_any_id(parties: Parties) -> None:
    """Every operation on another tenant's job, lab, endpoint or delivery answers as for one that does not exist."""
    ids, rules = _ids(parties), _owned_rules(parties)
    before = [parties.blue.call("GET", f"/v1/jobs/{ids['job_id']}").data, *parties.blue.items("/v1/webhook-endpoints")]
    assert len(rules) > 15

    for method, rule, name in rules:
        told = [_refusal(parties, method, rule, name, identifier) for identifier in (ids[name], ids[name][:-2] + "zz")]
        assert told[0] == told[1], (method, rule)
    after = [parties.blue.call("GET", f"/v1/jobs/{ids['job_id']}").data, *parties.blue.items("/v1/webhook-endpoints")]
    assert before == after


def _refusal(parties: Parties, method: str, rule: str, name: str, identifier: str) -> dict[str, str]:
    answer = parties.red.call(method, rule.replace(f"<identifier:{name}>", identifier), If_Match="*")
    assert 404 == answer.status_code, (method, rule, answer.text)
    body = answer.get_json()
    return {key: str(value).replace(identifier, "") for key, value in body.items() if key != "request_id"}


def test_its_own_key_and_an_operators_find_it(parties: Parties) -> None:
    """The tenant's own key, and one with the scope admin of whatever tenant, read each of them."""
    ids = _ids(parties)
    for method, rule, name in _owned_rules(parties):
        if method != "GET":
            continue
        path = rule.replace(f"<identifier:{name}>", ids[name])
        assert (200, 200) == (parties.blue.call("GET", path).status_code, parties.api.call("GET", path).status_code)


def test_lists_show_what_the_tenant_has(parties: Parties) -> None:
    """A list shows a tenant's own; to an operator all, or those of `?tenant=`; asking for another's shows nothing."""
    for one in (parties.blue, parties.red, parties.default):
        one.endpoint()
        one.build(one.tenant)

    for path in ("jobs", "labs", "webhook-endpoints", "webhook-deliveries", "events"):
        listed = f"/v1/{path}?limit=200"
        mine, theirs, ours = (
            {one["id"] for one in party.items(listed)} for party in (parties.blue, parties.red, parties.default)
        )
        everyones = {one["id"] for one in parties.api.call("GET", listed).get_json()["items"]}
        narrowed = {one["id"] for one in parties.api.call("GET", f"{listed}&tenant=blue").get_json()["items"]}

        assert mine, path
        assert len(mine) + len(theirs) + len(ours) == len(mine | theirs | ours), path
        assert mine | theirs | ours == everyones, path
        assert mine == narrowed, path
        assert theirs == {one["id"] for one in parties.red.items(f"{listed}&tenant=red")}, path
        assert [] == parties.red.items(f"{listed}&tenant=blue") == parties.default.items(f"{listed}&tenant=blue"), path


def test_what_was_there_before_tenants_is_the_default_ones(parties: Parties) -> None:
    """Jobs, labs, endpoints, deliveries and events of an earlier release are found and listed for `default` only."""
    parties.default.endpoint()
    job = parties.default.build("old")
    client = parties.api.store.client
    for key in client.scan_iter("mk:*"):
        if client.type(key) == "hash":
            client.hdel(key, "owner") if ":delivery:" in key else None
            client.hdel(key, "tenant") if ":lab:" in key or ":endpoint:" in key else None
    client.hset(f"mk:job:{job['id']}", "tenant", "key_01a22a28b2b3791b429695b33b")

    for path in ("jobs", "labs", "webhook-endpoints", "webhook-deliveries", "events"):
        assert parties.default.items(f"/v1/{path}"), path
        assert [] == parties.blue.items(f"/v1/{path}"), path
    assert 200 == parties.default.call("GET", f"/v1/jobs/{job['id']}/steps").status_code
    assert 404 == parties.blue.call("GET", f"/v1/jobs/{job['id']}/steps").status_code


def test_filters_by_a_foreign_id_find_nothing(parties: Parties) -> None:
    """A list that is narrowed to what another tenant has is empty."""
    ids = _ids(parties)
    for query in (
        f"jobs?lab_id={ids['lab_id']}",
        f"events?job_id={ids['job_id']}",
        f"webhook-deliveries?endpoint_id={ids['endpoint_id']}",
        f"webhook-deliveries?job_id={ids['job_id']}",
    ):
        assert [] == parties.red.items(f"/v1/{query}"), query
        assert [] != parties.blue.items(f"/v1/{query}"), query


def _requests(lab: str) -> list[dict[str, object]]:
    target = {"lab_id": lab, "node": "blue-1"}
    return [
        {"kind": "verify_lab", "lab_id": lab},
        {"kind": "install_role", "target": target},
        {"kind": "enable_nesting", "target": target},
        {"kind": "nested_vm", "target": target, "nested_vm": {"name": "inner"}},
        {"kind": "teardown", "lab_id": lab},
    ]


def test_a_request_cannot_name_a_foreign_lab(parties: Parties) -> None:
    """A lab of another tenant in a request, a plan or a batch is the same fault as a lab that does not exist."""
    lab = parties.blue.build("blue")["lab_id"]
    parties.finish_all()

    def told(request: dict[str, object], identifier: str) -> list[str]:
        single, plan = (parties.red.call("POST", path, request).get_json() for path in ("/v1/jobs", "/v1/jobs:plan"))
        batch = parties.red.call("POST", "/v1/jobs:batch", {"items": [{"job": request}]}).get_json()["items"][0]
        said = [(one["status"], one["errors"]) for one in (single, plan, batch["problem"])]
        return str(said).replace(identifier, "").split("'detail'")

    for foreign, missing in zip(_requests(lab), _requests(_NO_LAB), strict=True):
        assert told(foreign, lab) == told(missing, _NO_LAB), foreign["kind"]
        assert "(422, " in told(foreign, lab)[0]
    assert parties.blue.call("POST", "/v1/jobs", _requests(lab)[-1]).status_code == 202


def test_the_ledger_itself_refuses_a_foreign_lab(parties: Parties) -> None:
    """Where a lab is named behind the first look, the move that writes the job finds none."""
    lab = parties.blue.build("blue")["lab_id"]
    parties.finish_all()
    plan = Plan("verify_lab", ())

    with pytest.raises(NotFound):
        parties.api.store.jobs.submit(Submission("verify_lab", {}, plan, lab_id=lab, tenant="red"))
    assert parties.api.store.jobs.submit(Submission("verify_lab", {}, plan, lab_id=lab, tenant="blue")).job


def test_a_stream_of_the_feed_shows_own_events(parties: Parties) -> None:
    """Server-sent events of the feed are the tenant's; of others' not one passes, stored or live."""
    parties.blue.build("blue")
    parties.red.build("red")
    headers = {"Authorization": f"Bearer {parties.red.key}", "Accept": "text/event-stream"}
    stream = parties.api.app.test_client().open("/v1/events?after=0", headers=headers, buffered=False)
    frames = iter(stream.response)
    seen = [_read_until(frames, "job.queued")]
    parties.blue.build("more")
    parties.red.build("live")
    seen.append(_read_until(frames, "job.queued"))
    stream.close()

    assert '"tenant":"red"' in seen[0]
    assert '"tenant":"red"' in seen[1]
    assert '"tenant":"blue"' not in "".join(seen)


def _read_until(frames: Iterator[str | bytes], kind: str) -> str:
    text = ""
    for frame in frames:
        text += frame if isinstance(frame, str) else frame.decode()
        if f"event: {kind}" in text:
            return text
    raise AssertionError(text)


def test_what_an_operator_does_to_a_lab_is_its_tenants(parties: Parties) -> None:
    """A teardown that an operator asks for is a job of the lab's tenant, who sees it and its events."""
    lab = parties.blue.build("blue")["lab_id"]
    parties.finish_all()
    checked = parties.api.call("POST", "/v1/jobs", {"kind": "verify_lab", "lab_id": lab}).get_json()
    parties.finish_all()
    removed = parties.api.call("DELETE", f"/v1/labs/{lab}").get_json()

    assert ("blue", "blue") == (checked["tenant"], removed["tenant"])
    assert {removed["id"], checked["id"]} < {one["id"] for one in parties.blue.items("/v1/jobs")}
    assert 202 == parties.api.call("POST", f"/v1/jobs/{removed['id']}:cancel").status_code


def test_an_idempotency_key_is_one_api_keys(parties: Parties) -> None:
    """The same Idempotency-Key of two keys makes two jobs, in one tenant and in two."""
    first = parties.blue.build("one", Idempotency_Key="k")
    second = parties.red.build("two", Idempotency_Key="k")
    parties.blue.key, old = parties.api.make_key("jobs:write", tenant="blue"), parties.blue.key
    third = parties.blue.build("three", Idempotency_Key="k")
    parties.blue.key = old

    assert 3 == len({first["id"], second["id"], third["id"]})
    assert first["id"] == parties.blue.build("one", Idempotency_Key="k")["id"]
    assert 422 == parties.blue.call("POST", "/v1/jobs", request_for("other"), Idempotency_Key="k").status_code
