"""The dashboard after a session has ended: what was typed and where one was are not lost."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from werkzeug.test import Client, TestResponse

from tests.integration.api_kit import Api, cluster, running_api

SECRET = "Only-In-The-Form-8"


@pytest.fixture
def api(redis_url: str) -> Iterator[Api]:
    """An app with a host and an image."""
    with running_api(redis_url) as one:
        yield one


def _back(api: Api, client: Client, path: str, form: dict[str, str], referrer: str = "") -> TestResponse:
    """Send a form without a session, log in, and return the page that follows."""
    headers = {"Referer": referrer} if referrer else {}
    asked = client.post(path, data=form, headers=headers, follow_redirects=True)
    found = re.search(r'name="next" value="([^"]*)"', asked.text)
    assert found, asked.text
    wanted = found[1].replace("&amp;", "&")
    return client.post("/login", data={"key": api.key, "next": wanted}, follow_redirects=True)


@pytest.mark.parametrize("verb", ["cancel", "pause"])
def test_a_button_comes_back_to_its_page(api: Api, verb: str) -> None:
    """The log-in leads to the page of the button, not to the button's own address, which no browser can show."""
    job = api.submitted(cluster())
    page = f"/jobs/{job['id']}"
    back = _back(api, api.app.test_client(), f"{page}/{verb}", {"csrf_token": "old"}, f"http://localhost{page}")

    assert (200, page) == (back.status_code, back.request.path)
    assert api.call("GET", f"/v1/jobs/{job['id']}").get_json()["state"] == "queued"
    other = _back(api, api.app.test_client(), f"{page}/{verb}", {}, "https://evil.example/x")
    assert (200, "/jobs") == (other.status_code, other.request.path)
    api.cancelled(job)


def test_a_form_comes_back_with_what_was_typed(api: Api) -> None:
    """Fields are filled in again, those that were emptied stay empty, and no secret is in an address."""
    typed = {"/host/name": "my own & host", "/labels": "a=1\nb=2", "/callback_url": "", "/callback_secret?": "value"}
    client = api.app.test_client()
    asked = client.post("/new/nested_host", data={**typed, "/callback_secret": SECRET})
    back = _back(api, client, "/new/nested_host", {**typed, "/callback_secret": SECRET})

    assert SECRET not in asked.headers["Location"]
    assert (200, "/new/nested_host") == (back.status_code, back.request.path)
    assert 'value="my own &amp; host"' in back.text
    assert "a=1\nb=2</textarea>" in back.text
    assert 'value="172.30' not in back.text, "the example fills nothing in"


def test_a_host_that_was_typed_comes_back_without_its_password(api: Api) -> None:
    """The same for the forms that add something; what is too long for an address leads to the empty form."""
    form = {"/name": "hv-back", "/address": "192.0.2.9", "/password": SECRET, "/password?": "value"}
    back = _back(api, api.app.test_client(), "/hosts/add", form)
    long = _back(api, api.app.test_client(), "/hosts/add", {**form, "/ca_pem": "x" * 4000})

    assert (200, "/hosts/add") == (back.status_code, back.request.path)
    assert 'value="hv-back"' in back.text
    assert SECRET not in back.text
    assert (200, "/hosts/add") == (long.status_code, long.request.path)
