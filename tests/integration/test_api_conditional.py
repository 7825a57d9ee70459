"""Every resource is conditional: ETag, 304 for who has it, 412 and 428 against lost updates (RFC 9110 section 13)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.api_kit import Api, running_api

_OPEN = {"/healthz", "/readyz"}
_OF_THE_MOMENT = "/v1/installation"  # clocks and ages: each reading is another one


@pytest.fixture
def api(redis_url: str) -> Iterator[Api]:
    """An app with a host, an image, an endpoint and a job."""
    with running_api(redis_url) as one:
        one.created("/v1/webhook-endpoints", {"url": "https://hooks.example/mk", "types": ["*"]})
        one.submitted()
        yield one


def _paths(api: Api) -> list[str]:
    """Every GET of the app, with an id that exists."""
    ids = {
        "host_id": api.hosts[0],
        "job_id": api.call("GET", "/v1/jobs").get_json()["items"][0]["id"],
        "lab_id": api.call("GET", "/v1/labs").get_json()["items"][0]["id"],
        "image_id": api.call("GET", "/v1/images").get_json()["items"][0]["id"],
        "endpoint_id": api.call("GET", "/v1/webhook-endpoints").get_json()["items"][0]["id"],
        "delivery_id": api.call("GET", "/v1/webhook-deliveries").get_json()["items"][0]["id"],
        "key_id": api.call("GET", "/v1/keys").get_json()["items"][0]["id"],
        "tenant_id": api.call("GET", "/v1/tenants").get_json()["items"][0]["id"],
        "event_type": "job.succeeded",
    }
    rules = [rule for rule in api.app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    rules = [rule for rule in rules if not rule.endpoint.startswith("ui.")]  # pages are kept by no cache
    paths = []
    for rule in rules:
        path = str(rule.rule)
        for name in rule.arguments:
            path = path.replace(f"<identifier:{name}>", ids[name])
        paths.append(path)
    return sorted(set(paths) - _OPEN)


def test_every_get_has_an_etag_and_answers_304(api: Api) -> None:
    """Whoever has the current copy of a resource or a page gets 304 without a body, under the same ETag."""
    paths = _paths(api)
    assert len(paths) > 15

    for path in paths:
        etag = api.call("GET", path).headers["ETag"]
        if path == _OF_THE_MOMENT:
            continue
        again = api.call("GET", path, If_None_Match=etag)
        assert (304, etag, b"") == (again.status_code, again.headers["ETag"], again.data), path
        assert 200 == api.call("GET", path, If_None_Match='"another"').status_code, path


def test_the_document_says_so(api: Api) -> None:
    """The OpenAPI document lists If-None-Match and 304 for every GET but the probes'."""
    document = api.call("GET", "/openapi.json").get_json()
    reads = {path: item["get"] for path, item in document["paths"].items() if "get" in item and path not in _OPEN}

    assert [] == [path for path, operation in reads.items() if "304" not in operation["responses"]]
    assert [] == [path for path, operation in reads.items() if "IfNoneMatch" not in str(operation["parameters"])]


def test_a_host_whose_reservations_changed_is_another_copy(api: Api) -> None:
    """A host's ETag changes with who holds its memory; a change of the host passes all the same with the older one."""
    path = f"/v1/hosts/{api.hosts[0]}"
    before = api.call("GET", path).headers["ETag"]
    for job in api.call("GET", "/v1/jobs").get_json()["items"]:
        api.cancelled(job)

    assert 200 == api.call("GET", path, If_None_Match=before).status_code
    assert before != api.call("GET", path).headers["ETag"]
    assert 200 == api.call("PATCH", path, {"labels": {"a": "b"}}, If_Match=before).status_code
    assert 412 == api.call("PATCH", path, {"labels": {"a": "c"}}, If_Match=before).status_code
    assert 428 == api.call("PATCH", path, {"labels": {"a": "c"}}).status_code
