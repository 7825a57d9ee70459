"""The dashboard's forms that add a host or an image, and the list of images."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from werkzeug.test import Client, TestResponse

from tests.integration.api_kit import IMAGE, Api, running_api

PASSWORD = "Only-In-The-Form-7"
HOST_FORM = {
    "/name": "hv-form",
    "/address": "192.0.2.77",
    "/username": "LAB\\operator",
    "/password": PASSWORD,
    "/password?": "value",
    "/ca_pem": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "/limits/max_sessions": "3",
}


@pytest.fixture
def api(redis_url: str) -> Iterator[Api]:
    """An app with a host and an image."""
    with running_api(redis_url) as one:
        yield one


def _sent(api: Api, path: str, form: dict[str, str], key: str = "") -> tuple[Client, TestResponse]:
    client = api.app.test_client()
    assert client.post("/login", data={"key": key or api.key}).status_code == 302
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/jobs").text)
    assert found
    return client, client.post(path, data={"csrf_token": found[1], **form})


def test_a_host_is_added_from_a_form(api: Api) -> None:
    """What was filled in is the host; its page follows; a certificate has lines of its own."""
    client, answer = _sent(api, "/hosts/add", HOST_FORM)
    host = next(one for one in api.call("GET", "/v1/hosts").get_json()["items"] if one["name"] == "hv-form")

    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/hosts/{host['id']}"
    assert (host["address"], host["username"]) == ("192.0.2.77", "LAB\\operator")
    assert host["limits"]["max_sessions"] == 3
    assert re.search(r'<textarea[^>]* name="/ca_pem"', client.get("/hosts/add").text)


def test_a_refused_host_keeps_what_was_typed_but_the_password(api: Api) -> None:
    """The fault stands at its field with the API's own words; nothing is added; the password is not repeated."""
    _, answer = _sent(api, "/hosts/add", {**HOST_FORM, "/address": "not an address!"})

    assert answer.status_code == 422
    assert re.search(r'name="/address"[^>]*aria-invalid="true"', answer.text)
    assert 'value="LAB\\operator"' in answer.text
    assert PASSWORD not in answer.text
    assert "hv-form" not in [one["name"] for one in api.call("GET", "/v1/hosts").get_json()["items"]]


def test_a_number_that_is_none_is_said_at_its_field(api: Api) -> None:
    """The form says it before the API is asked."""
    _, answer = _sent(api, "/hosts/add", {**HOST_FORM, "/port": "many"})

    assert answer.status_code == 422
    assert re.search(r'id="f-port-why">Not a number', answer.text)


def test_an_image_is_added_and_listed(api: Api) -> None:
    """The list shows name, path, Windows build and the beginning of the hash; names are only names."""
    form = {"/name": "<b>ws</b>", "/path": r"D:\i\ws2025.vhdx", "/sha256": "B" * 64, "/os_build": "26100"}
    client, answer = _sent(api, "/images/add", form)
    listed = client.get("/images").text

    assert (answer.status_code, answer.headers["Location"]) == (302, "/images")
    assert "&lt;b&gt;ws&lt;/b&gt;" in listed
    assert r"D:\i\ws2025.vhdx" in listed
    assert "26100" in listed
    assert f'title="{"b" * 64}"' in listed
    assert IMAGE["name"] in listed


def test_adding_needs_its_scope(api: Api) -> None:
    """A key that only reads is refused, and nothing is added."""
    _, answer = _sent(api, "/images/add", {"/name": "x"}, api.make_key("images:read", "jobs:read"))

    assert answer.status_code == 403
    assert len(api.call("GET", "/v1/images").get_json()["items"]) == 1
