"""Receivers of webhooks in the API: one that no worker would call is refused when it is named, with its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from service.ledger.store import DeliveryResult
from tests.integration.api_kit import Api, cluster, running_api

REFUSED = ["http://127.0.0.1/", "http://2130706433/", "http://[::ffff:169.254.169.254]/", "https://localhost:8443/hook"]
SECRET = {"value": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}


@pytest.fixture
def api(redis_url: str) -> Iterator[Api]:
    """An app with the usual settings."""
    with running_api(redis_url) as one:
        yield one


def _fault(answer: Any) -> tuple[int, str, str]:
    error = answer.get_json()["errors"][0]
    return answer.status_code, error["pointer"], error["code"]


@pytest.mark.parametrize("url", REFUSED)
def test_an_address_that_is_never_called_is_refused_at_once(api: Api, url: str) -> None:
    """Registering it, changing to it and naming it as a callback are 422s that name the member and the settings."""
    endpoint = api.created("/v1/webhook-endpoints", {"url": "https://example.org/hook"})
    path = f"/v1/webhook-endpoints/{endpoint['id']}"
    job = cluster(callback_url=url, callback_secret=SECRET)

    created = api.call("POST", "/v1/webhook-endpoints", {"url": url})
    changed = api.call("PATCH", path, {"url": url}, If_Match="*")
    submitted, planned = api.call("POST", "/v1/jobs", job), api.call("POST", "/v1/jobs:plan", job)
    batch = api.call("POST", "/v1/jobs:batch", {"items": [{"job": job}, {"job": cluster()}]}).get_json()["items"]

    assert [(422, "#/url", "address_refused")] * 2 == [_fault(one) for one in (created, changed)]
    assert [(422, "#/callback_url", "address_refused")] * 2 == [_fault(one) for one in (submitted, planned)]
    assert [422, 202] == [one["status"] for one in batch]
    assert "MATRYOSHKA_WEBHOOK_NETWORKS" in created.get_json()["detail"]
    assert "https://example.org/hook" == api.call("GET", path).get_json()["url"]


def test_what_the_operator_lists_is_taken(redis_url: str) -> None:
    """The API goes by the workers' settings: a listed network opens loopback, a list of hosts closes all others."""
    listed = {"MATRYOSHKA_WEBHOOK_NETWORKS": "127.0.0.0/8", "MATRYOSHKA_WEBHOOK_HOSTS": "127.0.0.1,*.example.org"}
    with running_api(redis_url, **listed) as api:
        api.created("/v1/webhook-endpoints", {"url": "http://127.0.0.1:9000/hook"})
        api.created("/v1/webhook-endpoints", {"url": "https://portal.example.org/hook"})
        other = api.call("POST", "/v1/webhook-endpoints", {"url": "https://example.net/hook"})

    assert (422, "#/url", "address_refused") == _fault(other)


def test_a_delivery_shows_request_answer_and_timing(api: Api) -> None:
    """The log of tries has what was sent and what came back; a try that could send nothing has a null request."""
    endpoint = api.created("/v1/webhook-endpoints", {"url": "https://example.org/hook"})
    delivery = api.call("POST", f"/v1/webhook-endpoints/{endpoint['id']}:ping").get_json()
    request = {"method": "POST", "url": endpoint["url"], "headers": {"webhook-id": "x"}, "body_bytes": 3}
    results = [
        DeliveryResult(False, error="no answer in time"),
        DeliveryResult(True, 200, excerpt="ok", milliseconds=7, request=request),
    ]
    for result in results:
        claim = api.store.deliveries.claim("w1", 30)
        assert claim is not None
        assert api.store.deliveries.finish(claim, result)
        api.call("POST", f"/v1/webhook-deliveries/{delivery['id']}:redeliver")

    tries = api.call("GET", f"/v1/webhook-deliveries/{delivery['id']}").get_json()["attempts"]

    assert [None, request] == [one["request"] for one in tries]
    assert (200, "ok", 0.007) == tuple(tries[1][name] for name in ("status", "excerpt", "seconds"))
