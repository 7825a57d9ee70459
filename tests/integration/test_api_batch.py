"""POST /v1/jobs:batch: each item is taken or refused by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.api_kit import Api, cluster, running_api


@pytest.fixture
def api(redis_url: str) -> Iterator[Api]:
    """An app with a host and an image."""
    with running_api(redis_url) as one:
        yield one


def _named(name: str) -> dict[str, Any]:
    body = cluster()
    return cluster(nodes=body["nodes"] | {"name_prefix": name}, cluster=body["cluster"] | {"name": name})


def _send(api: Api, *items: dict[str, Any]) -> dict[str, Any]:
    answer = api.call("POST", "/v1/jobs:batch", {"items": list(items)})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def test_good_items_are_taken_beside_bad_ones(api: Api) -> None:
    """Results come in the order of the items; a refused item says why, with pointers into its own job."""
    bad = _named("b1") | {"nodes": {"count": 0}}
    found = _send(api, {"job": _named("a1")}, {"job": bad}, {"job": {"kind": "no_such"}}, {"job": _named("a2")})

    assert [202, 422, 422, 202] == [one["status"] for one in found["items"]]
    assert 2 == found["accepted"] == len(api.call("GET", "/v1/jobs").get_json()["items"])
    assert "#/nodes/count" in [error["pointer"] for error in found["items"][1]["problem"]["errors"]]
    assert "#/kind" == found["items"][2]["problem"]["errors"][0]["pointer"]
    for one in (found["items"][0], found["items"][3]):
        assert api.call("GET", f"/v1/jobs/{one['job']['id']}").status_code == 200


def test_a_name_that_stands_twice_is_taken_once(api: Api) -> None:
    """The second of two items for the same names is refused, and names the first as the holder."""
    found = _send(api, {"job": _named("a1")}, {"job": _named("a1")})

    assert [202, 409] == [one["status"] for one in found["items"]]
    assert found["items"][0]["job"]["id"] == found["items"][1]["problem"]["holder"]


def test_a_batch_is_repeated_without_harm(api: Api) -> None:
    """Items with keys of their own are made once, however often they are sent, in a batch or alone."""
    items = [{"job": _named(name), "idempotency_key": f"key-{name}"} for name in ("a1", "a2")]
    first, again = _send(api, *items), _send(api, *items)
    single = api.call("POST", "/v1/jobs", _named("a1"), Idempotency_Key="key-a1")

    assert [one["job"]["id"] for one in first["items"]] == [one["job"]["id"] for one in again["items"]]
    assert [[False] * 2, [True] * 2] == [[one["replayed"] for one in found["items"]] for found in (first, again)]
    assert first["items"][0]["job"]["id"] == single.get_json()["id"]
    reused = _send(
        api, {"job": _named("a3"), "idempotency_key": "key-a1"}, {"job": _named("a4"), "idempotency_key": "ä"}
    )
    assert [422, 400] == [one["status"] for one in reused["items"]]


@pytest.mark.parametrize("items", [[], [{"job": {}}] * 101, [{"jobs": {}}], "none"])
def test_a_batch_that_is_none(api: Api, items: Any) -> None:
    """A batch has 1 to 100 items, each with a job."""
    assert 422 == api.call("POST", "/v1/jobs:batch", {"items": items}).status_code


def test_secrets_of_items_are_sealed(api: Api) -> None:
    """A password in an item is neither answered nor stored as it came."""
    body = _named("a1")
    body["guest"] |= {"password": {"value": "Canary-1234!"}}
    found = _send(api, {"job": body})

    assert "Canary" not in str(found)
    assert [] == [key for key in api.store.client.keys("*job*") if "Canary" in str(api.store.client.dump(key))]
