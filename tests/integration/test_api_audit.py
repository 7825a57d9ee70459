"""The audit log over HTTP and on the command line."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from service.cli import matryoshka
from service.ledger.expiry import LabExpiry
from service.ledger.store import StepOutcome, StepResult
from tests.integration.api_kit import IMAGE, Api, cluster, running_api


@pytest.fixture
def api(redis_url: str) -> Iterator[Api]:
    """An app with a host and an image."""
    with running_api(redis_url) as one:
        yield one


@pytest.fixture
def run(redis_url: str) -> Any:
    """Run the command in this process."""

    def run_command(*arguments: str, text: str = "") -> Result:
        return CliRunner().invoke(matryoshka, arguments, input=text, env={"MATRYOSHKA_REDIS_URL": redis_url})

    return run_command


def _tenant_key(api: Api, tenant: str, *scopes: str) -> str:
    api.created("/v1/tenants", {"id": tenant})
    return str(api.created("/v1/keys", {"name": tenant, "tenant": tenant, "scopes": scopes})["key"])


def _list(api: Api, query: str = "", key: str | None = None) -> list[dict[str, Any]]:
    answer = api.call("GET", f"/v1/audit{query}", key=key)
    assert answer.status_code == 200, answer.text
    return list(answer.get_json()["items"])


def test_a_request_can_be_found_in_the_log(api: Api) -> None:
    """An entry names key, operation, job, host and lab, address and request id, and is there for the next request."""
    job = api.submitted(X_Request_Id="req-of-mine")
    (entry,) = _list(api, "?operation=submitJob")

    assert ("api_key", "test") == (entry["actor"]["kind"], entry["actor"]["name"])
    assert {"sort": "job", "id": job["id"]} == entry["target"]
    assert [api.hosts[0], job["lab_id"]] == entry["related"]
    assert ("127.0.0.1", "req-of-mine", "done") == (entry["remote"], entry["request_id"], entry["outcome"])
    assert 32 == len(entry["trace_id"])
    assert [entry["seq"]] == [one["seq"] for one in _list(api, f"?target={job['lab_id']}")]


def test_the_address_behind_a_proxy_is_the_callers(redis_url: str) -> None:
    """X-Forwarded-For is believed of as many proxies as there are, and of none when there are none."""
    for hops, seen in (("0", "127.0.0.1"), ("1", "192.0.2.8")):
        with running_api(redis_url, MATRYOSHKA_PROXY_HOPS=hops, MATRYOSHKA_NAMESPACE=f"n{hops}") as api:
            made = api.call("POST", "/v1/images", IMAGE | {"name": "x"}, X_Forwarded_For="192.0.2.7, 192.0.2.8")
            assert made.status_code == 201
            assert seen == _list(api, "?operation=createImage&limit=1")[0]["remote"]


def test_a_replay_is_no_second_change(api: Api) -> None:
    """A request that is answered again from its Idempotency-Key leaves the one entry of the first."""
    body = cluster()
    first, second = (api.call("POST", "/v1/jobs", body, Idempotency_Key="k") for _ in range(2))

    assert (202, 202, "true") == (first.status_code, second.status_code, second.headers["Idempotent-Replayed"])
    assert 1 == len(_list(api, "?operation=submitJob"))


def test_a_batch_leaves_an_entry_a_job(api: Api) -> None:
    """Each job of a batch is a change of its own; one that is refused is none."""
    other = {"kind": "inspect_host", "host": {"id": api.hosts[0]}}
    answer = api.call("POST", "/v1/jobs:batch", {"items": [{"job": cluster()}, {"job": {}}, {"job": other}]})
    taken = [item["job"]["id"] for item in answer.get_json()["items"] if "job" in item]

    assert 2 == len(taken)
    assert sorted(taken) == sorted(entry["target"]["id"] for entry in _list(api, "?operation=submitJobs"))


def test_who_was_refused_is_in_the_log(api: Api) -> None:
    """Attempts without a good key or without the right are entries too, with what they aimed at; nothing else is."""
    job = api.submitted()
    reader = api.make_key("jobs:read")
    aimed = f"/v1/jobs/{job['id']}:cancel"
    assert [401, 403, 403, 401] == [
        api.call("POST", aimed, key="mk_wrong").status_code,
        api.call("POST", aimed, key=reader).status_code,
        api.call("GET", "/v1/keys", key=reader).status_code,
        api.call("GET", aimed[:-7], key="mk_wrong").status_code,
    ]
    newest = _list(api, "?outcome=denied")

    assert [("listKeys", "api_key"), ("cancelJob", "api_key"), ("cancelJob", "anonymous")] == [
        (one["operation"], one["actor"]["kind"]) for one in newest
    ]
    assert {"sort": "job", "id": job["id"]} == newest[1]["target"] == newest[2]["target"]
    assert {"status": 401, "code": "unauthorized"} == newest[2]["detail"]
    assert "mk_wrong" not in "".join(api.store.audit.lines())


def test_a_tenant_sees_its_own_entries(api: Api) -> None:
    """A key with `audit:read` sees what its tenant did and what was done to it, an operator all; others see nothing."""
    keys = {name: _tenant_key(api, name, "audit:read", "jobs:read", "jobs:write") for name in ("blue", "red")}
    for key in keys.values():
        body = {"kind": "inspect_host", "host": {"id": api.hosts[0]}}
        assert api.call("POST", "/v1/jobs", body, key=key).status_code == 202

    assert [("submitJob", "blue"), ("createKey", "blue"), ("createTenant", "blue")] == [
        (one["operation"], one["tenant"]) for one in _list(api, key=keys["blue"])
    ]
    assert {"default", "blue", "red"} == {one["tenant"] for one in _list(api)}
    assert api.call("GET", "/v1/audit", key=api.make_key("jobs:read")).status_code == 403
    assert api.call("GET", "/v1/audit:export", key=keys["blue"]).status_code == 403


def test_the_list_is_filtered_and_paged(api: Api) -> None:
    """Cursors go on, are bound to filters and caller; a bad filter names its parameter."""
    for number in range(5):
        api.created("/v1/images", IMAGE | {"name": f"i{number}"})
    first = api.call("GET", "/v1/audit?operation=createImage&limit=4").get_json()
    path = f"/v1/audit?operation=createImage&limit=4&cursor={first['next_cursor']}"
    second = api.call("GET", path).get_json()

    assert (4, 2, None) == (len(first["items"]), len(second["items"]), second["next_cursor"])
    assert api.call("GET", path.replace("createImage", "x")).status_code == 400
    refused = api.call("GET", "/v1/audit?since=yesterday")
    assert (400, "since") == (refused.status_code, refused.get_json()["parameters"][0]["name"])
    assert [] == _list(api, "?until=2001-01-01T00:00:00Z")


def test_an_expired_lab_is_torn_down_by_the_system(api: Api) -> None:
    """The teardown that a lease's end makes is the service's own doing."""
    job = api.submitted()
    while claim := api.store.leases.claim("worker-1", 60):
        assert api.store.leases.finish(claim, StepResult(StepOutcome.SUCCEEDED))
    LabExpiry(api.store).tear_down(job["lab_id"])
    (entry,) = _list(api, "?operation=expireLab")

    assert ("system", "lab-expiry") == (entry["actor"]["kind"], entry["actor"]["id"])
    assert job["lab_id"] in entry["related"]


def test_the_export_verifies_and_a_forgery_does_not(api: Api, run: Any, tmp_path: Path) -> None:
    """An export verifies with the command; a changed, a missing and a cut-off entry are named, with exit code 1."""
    api.submitted()
    head = run("audit", "head").output.strip()
    lines = api.call("GET", "/v1/audit:export").text.splitlines(keepends=True)
    assert lines == run("audit", "export").output.splitlines(keepends=True)
    file = tmp_path / "audit.ndjson"

    def verdict(kept: list[str], *options: str) -> tuple[int, str]:
        file.write_text("".join(kept))
        done = run("audit", "verify", str(file), *options)
        return done.exit_code, done.output

    assert (0, f"verified: 3 entries, 1 to {head}\n") == verdict(lines, "--head", head)
    assert (1, "entry 2 is changed") == _start(verdict([lines[0], lines[1].replace("done", "denied"), lines[2]]), 18)
    assert (1, "entry 2 is missing") == _start(verdict([lines[0], lines[2]]), 18)
    assert 0 == verdict(lines[:2])[0], "nobody can tell without a noted head"
    assert (1, "entry 3 is truncated") == _start(verdict(lines[:2], "--head", head), 20)
    assert 2 == verdict(lines, "--head", "3")[0]


def _start(found: tuple[int, str], length: int) -> tuple[int, str]:
    return found[0], found[1][:length]


def test_the_live_chain_is_verified(api: Api, run: Any) -> None:
    """The log in Redis verifies; an entry that somebody with the server's password changed or cut off is found."""
    api.submitted()
    assert 0 == run("audit", "verify").exit_code
    told = json.loads(run("audit", "verify", "--json").output)
    assert (True, 3) == (told["verified"], told["entries"])
    client = api.store.client
    rows = client.xrange("mk:audit:log")
    client.xdel("mk:audit:log", "3-0")
    assert "entry 3 is truncated" in run("audit", "verify").output

    client.delete("mk:audit:log")
    for identifier, row in rows:
        client.xadd("mk:audit:log", {"entry": row["entry"].replace('"registerHost"', '"getHost"')}, id=identifier)
    broken = run("audit", "verify", "--json")
    assert (1, 1, "changed") == (broken.exit_code, *(json.loads(broken.output)["broken"][n] for n in ("seq", "fault")))


def test_an_operators_commands_are_in_the_log(api: Api, run: Any, tmp_path: Path) -> None:
    """Keys that the command makes and revokes, and files of sealing keys, are entries of the machine's user."""
    made = json.loads(run("keys", "create", "--name", "x", "--scopes", "jobs:read", "--json").output)
    run("keys", "revoke", made["id"])
    run("sealing-key", "create", "--directory", str(tmp_path))
    rows = json.loads(run("audit", "list", "--json").output)[:3]

    assert ["sealing-key create", "keys revoke", "keys create"] == [row["operation"] for row in rows]
    assert {"cli"} == {row["actor"]["kind"] for row in rows}
    assert made["id"] == rows[1]["target"]["id"] == rows[2]["target"]["id"]
    assert rows[0]["detail"]["key_ids"]
    text = "".join(api.store.audit.lines())
    assert made["key"] not in text
    assert (tmp_path / "sealing.key").read_text().strip() not in text
    assert "keys create" in run("audit", "list", "--operation", "keys create").output
    assert os.environ.get("MATRYOSHKA_REDIS_URL") is None
