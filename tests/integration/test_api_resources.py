"""Hosts, images, labs, webhook endpoints and deliveries over HTTP."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from service.ledger.sealing import open_sealed
from service.ledger.store import Endpoint
from tests.integration.api_kit import HOST, IMAGE, Api, running_api

SECRET = "whsec_" + "A" * 32


@pytest.fixture
def api(redis_url: str) -> Iterator[Api]:
    """An app with a host and an image."""
    with running_api(redis_url) as one:
        yield one


def _etag(api: Api, path: str) -> str:
    return api.call("GET", path).headers["ETag"]


def test_host_is_registered_changed_and_forgotten(api: Api) -> None:
    """A host can be changed by the one who has seen its version, and be forgotten when nothing uses it."""
    path = f"/v1/hosts/{api.hosts[0]}"
    first = _etag(api, path)

    assert api.call("PATCH", path, {"name": "hv2"}).status_code == 428
    changed = api.call("PATCH", path, {"name": "hv2", "labels": {"rack": "7"}}, If_Match=first)
    assert (200, "hv2", {"rack": "7"}) == (
        changed.status_code,
        changed.get_json()["name"],
        changed.get_json()["labels"],
    )
    assert api.call("PATCH", path, {"name": "hv3"}, If_Match=first).status_code == 412
    assert api.call("DELETE", path, If_Match="*").status_code == 204
    assert api.call("GET", path).status_code == 404


def test_host_in_use_is_not_forgotten(api: Api) -> None:
    """A host with an unfinished job is a 409 that names the holder; its reservations are shown."""
    job = api.submitted()
    path = f"/v1/hosts/{api.hosts[0]}"
    refused = api.call("DELETE", path, If_Match="*")

    assert 409 == refused.status_code
    assert {job["id"], job["lab_id"]} & set(refused.get_json()["holders"])
    assert [job["id"]] == [one["holder"] for one in api.call("GET", path).get_json()["reservations"]]


def test_host_of_the_same_name_is_refused(api: Api) -> None:
    """Names of hosts are unique."""
    answer = api.call("POST", "/v1/hosts", HOST)

    assert (409, api.hosts[0]) == (answer.status_code, answer.get_json()["holder"])


def test_hosts_are_found_by_label_and_name(api: Api) -> None:
    """The list of hosts can be filtered."""
    other = api.created("/v1/hosts", HOST | {"name": "hv9", "labels": {"purpose": "spare"}})

    def found(query: str) -> list[str]:
        return [host["id"] for host in api.call("GET", f"/v1/hosts?{query}").get_json()["items"]]

    assert [other["id"]] == found("label=purpose%3Dspare") == found("name=hv9") == found("limit=1")
    assert [other["id"], api.hosts[0]] == found("")


def test_password_would_travel_open(api: Api) -> None:
    """Basic over http to another machine is refused, also when it comes about by a change."""
    path = f"/v1/hosts/{api.hosts[0]}"
    answer = api.call("PATCH", path, {"auth": "basic", "scheme": "http", "password": {"value": "x"}}, If_Match="*")

    assert (422, "#/auth") == (answer.status_code, answer.get_json()["errors"][0]["pointer"])


@pytest.mark.parametrize("place", [{"address": "192.0.2.66"}, {"port": 5987}, {"scheme": "http"}])
def test_a_kept_password_is_not_led_elsewhere(api: Api, place: dict[str, object]) -> None:
    """Where it is sent changes only together with it; the same place again is no change."""
    path, given = f"/v1/hosts/{api.hosts[0]}", {"password": {"value": "known to the caller"}}
    same = {name: api.call("GET", path).get_json()[name] for name in place}
    refused = api.call("PATCH", path, {**place, "auth": "ntlm"}, If_Match="*")

    assert (422, "#/password") == (refused.status_code, refused.get_json()["errors"][0]["pointer"])
    assert same == {name: api.call("GET", path).get_json()[name] for name in place}
    assert 200 == api.call("PATCH", path, {**same, "auth": "ntlm"}, If_Match="*").status_code
    assert 200 == api.call("PATCH", path, place | given, If_Match="*").status_code


def test_inspect_is_a_job(api: Api) -> None:
    """Inspecting a host answers 202 with the job."""
    answer = api.call("POST", f"/v1/hosts/{api.hosts[0]}:inspect")

    assert (202, "inspect_host") == (answer.status_code, answer.get_json()["kind"])
    assert api.hosts[0] == answer.get_json()["host_id"]


def test_image_is_kept_by_version(api: Api) -> None:
    """Images are listed, changed with If-Match, unique by name, and conditional."""
    image = api.call("GET", "/v1/images").get_json()["items"][0]
    path = f"/v1/images/{image['id']}"
    etag = _etag(api, path)

    assert IMAGE["sha256"] == image["sha256"]
    assert api.call("GET", path, If_None_Match=etag).status_code == 304
    assert api.call("POST", "/v1/images", IMAGE).status_code == 409
    assert api.call("PATCH", path, {"description": "base"}, If_Match=etag).get_json()["description"] == "base"
    assert api.call("DELETE", path, If_Match=etag).status_code == 412
    assert api.call("DELETE", path, If_Match="*").status_code == 204


def test_lab_is_shown_with_its_job(api: Api) -> None:
    """A lab is there from the moment at which its job is accepted; one that is being built has no lease to extend."""
    job = api.submitted()
    path = f"/v1/labs/{job['lab_id']}"
    lab = api.call("GET", path).get_json()

    assert ("building", job["id"], "NESTED-CL") == (lab["state"], lab["job_id"], lab["name"])
    assert [job["lab_id"]] == [one["id"] for one in api.call("GET", "/v1/labs?state=building").get_json()["items"]]
    assert api.call("GET", path, If_None_Match=_etag(api, path)).status_code == 304
    assert api.call("PATCH", path, {"lease_seconds": 60}).status_code == 428
    assert api.call("PATCH", path, {"lease_seconds": 60}, If_Match="*").status_code == 409
    assert api.call("DELETE", path).status_code == 409
    assert api.call("GET", "/v1/labs/lab_nothing").status_code == 404


def test_lease_of_a_lab_is_changed_for_the_copy_that_was_seen(api: Api) -> None:
    """0 takes a lease away; a change of an older copy is refused by the ledger itself, also behind the first look."""
    job = api.submitted()
    path = f"/v1/labs/{job['lab_id']}"
    api.store.client.hset(f"{api.context.settings.namespace}:lab:{job['lab_id']}", "state", "ready")
    seen = _etag(api, path)
    longer = api.call("PATCH", path, {"lease_seconds": 600}, If_Match=seen)
    stale = api.call("PATCH", path, {"lease_seconds": 5}, If_Match=seen)
    free = api.call("PATCH", path, {"lease_seconds": 0}, If_Match=longer.headers["ETag"])

    assert longer.get_json()["expires_at"]
    assert (412, 200, None) == (stale.status_code, free.status_code, free.get_json()["expires_at"])


def test_a_ledger_that_calls_our_move_wrong_is_not_away(api: Api) -> None:
    """What no repeat mends is a 500; a 503 would have callers come back for ever."""
    api.store.client.set(f"{api.context.settings.namespace}:lab:lab_broken", "text")
    answer = api.call("GET", "/v1/labs/lab_broken")

    assert (500, False) == (answer.status_code, answer.get_json()["retryable"])


def test_endpoint_secret_is_made_and_shown_once(api: Api) -> None:
    """Without a secret one is made, shown in the answer that made it, and kept sealed."""
    made = api.created("/v1/webhook-endpoints", {"url": "https://example.org/hook"})
    endpoint = _stored(api, made["id"])

    assert made["secret"].startswith("whsec_")
    assert made["secret"].encode() == open_sealed(api.private_key, endpoint.secrets["current"]["sealed"])
    assert "secret" not in api.call("GET", f"/v1/webhook-endpoints/{made['id']}").get_json()


def _stored(api: Api, endpoint_id: str) -> Endpoint:
    endpoint = api.store.endpoints.get(endpoint_id)
    assert endpoint is not None
    return endpoint


def test_given_secret_is_not_shown_and_rotates_with_overlap(api: Api) -> None:
    """A given secret never comes back; after a rotation the old one still signs for a while."""
    body = {"url": "https://example.org/hook", "types": ["job.succeeded"], "secret": {"value": SECRET}}
    made = api.created("/v1/webhook-endpoints", body)
    before = _stored(api, made["id"])
    rotated = api.call("POST", f"/v1/webhook-endpoints/{made['id']}:rotate", {"overlap_seconds": 60})
    after = _stored(api, made["id"])

    assert "secret" not in made
    assert rotated.get_json()["secret"].startswith("whsec_")
    assert before.secrets["current"] == after.secrets["previous"]
    assert after.previous_until is not None
    at_once = api.call("POST", f"/v1/webhook-endpoints/{made['id']}:rotate", {"overlap_seconds": 0})
    assert 200 == at_once.status_code
    assert {"current"} == set(_stored(api, made["id"]).secrets)


def test_endpoint_is_changed_pinged_and_removed(api: Api) -> None:
    """A ping makes one delivery, which can be looked at and sent again; a disabled endpoint is not pinged."""
    made = api.created("/v1/webhook-endpoints", {"url": "https://example.org/hook"})
    path = f"/v1/webhook-endpoints/{made['id']}"
    ping = api.call("POST", f"{path}:ping")
    delivery = ping.get_json()

    assert (202, "endpoint.pinged", "pending") == (ping.status_code, delivery["type"], delivery["state"])
    assert delivery == api.call("GET", f"/v1/webhook-deliveries/{delivery['id']}").get_json()
    listed = api.call("GET", f"/v1/webhook-deliveries?endpoint_id={made['id']}").get_json()["items"]
    assert [(delivery["id"], "https://example.org/hook")] == [(one["id"], one["url"]) for one in listed]
    assert "https://example.org/hook" == delivery["url"]
    assert api.call("POST", f"/v1/webhook-deliveries/{delivery['id']}:redeliver").status_code == 202

    assert api.call("PATCH", path, {"state": "disabled"}, If_Match=_etag(api, path)).status_code == 200
    assert api.call("POST", f"{path}:ping").status_code == 409
    assert api.call("DELETE", path, If_Match="*").status_code == 204
    assert api.call("POST", f"{path}:ping").status_code == 404


def test_events_of_a_job_reach_an_endpoint(api: Api) -> None:
    """A submitted job makes deliveries to endpoints that want its events."""
    made = api.created("/v1/webhook-endpoints", {"url": "https://example.org/hook", "types": ["job.queued"]})
    job = api.submitted()
    deliveries = api.call("GET", f"/v1/webhook-deliveries?job_id={job['id']}").get_json()["items"]

    assert [("job.queued", made["id"])] == [(one["type"], one["endpoint_id"]) for one in deliveries]


def test_a_key_pair_is_made_and_rotated(api: Api) -> None:
    """With ed25519 the public key is shown and the private one never; during a rotation the old public key is there."""
    body = {"url": "https://hooks.example/mk", "signing": "ed25519", "format": "cloudevents"}
    made = api.created("/v1/webhook-endpoints", body)
    path = f"/v1/webhook-endpoints/{made['id']}"
    rotated = api.call("POST", f"{path}:rotate", {"overlap_seconds": 60}).get_json()

    assert made["public_key"].startswith("whpk_")
    assert ("cloudevents", False, False) == (made["format"], "secret" in made, "secret" in rotated)
    assert made["public_key"] == rotated["previous_public_key"] != rotated["public_key"]
    given = {"value": SECRET}
    assert 422 == api.call("POST", "/v1/webhook-endpoints", body | {"secret": given}).status_code
    assert 422 == api.call("POST", f"{path}:rotate", {"secret": given}).status_code
    kept = api.store.endpoints.get(made["id"])
    assert kept is not None
    private = open_sealed(api.private_key, kept.secrets["current"]["sealed"]).decode()
    pair = base64.b64decode(private.removeprefix("whsk_"))
    assert "whpk_" + base64.b64encode(pair[32:]).decode() == rotated["public_key"]


def test_deliveries_since_a_time_are_sent_again(api: Api) -> None:
    """An endpoint's deliveries since a time are queued again by state; a time is needed, and an active endpoint."""
    endpoint = api.created("/v1/webhook-endpoints", {"url": "https://hooks.example/mk"})
    path = f"/v1/webhook-endpoints/{endpoint['id']}"
    api.call("POST", f"{path}:ping")

    found = api.call("POST", f"{path}:redeliver", {"since": "2020-01-01T00:00:00Z"})
    assert (202, {"redelivered": 0, "more": False}) == (found.status_code, found.get_json())
    assert 422 == api.call("POST", f"{path}:redeliver", {}).status_code
    assert 200 == api.call("PATCH", path, {"state": "disabled"}, If_Match="*").status_code
    assert 409 == api.call("POST", f"{path}:redeliver", {"since": "2020-01-01T00:00:00Z"}).status_code
