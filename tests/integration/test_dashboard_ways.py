"""Ways that pages of the dashboard open: from a delivery to why it failed, from a lab to what can be done to it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
from werkzeug.test import Client

from service.ledger.store.deliveries import DeliveryResult
from tests.integration.api_kit import Api, cluster, running_api
from tests.integration.cli_kit import hands
from tests.integration.ledger_kit import wait_until


@pytest.fixture
def api(redis_url: str) -> Iterator[Api]:
    """An app with a host and an image."""
    with running_api(redis_url) as one:
        yield one


@pytest.fixture
def browser(api: Api) -> Client:
    """Somebody who is logged in as an administrator."""
    client = api.app.test_client()
    assert client.post("/login", data={"key": api.key}).status_code == 302
    return client


def test_a_delivery_tells_why_it_failed(api: Api, browser: Client) -> None:
    """The endpoint's page leads to each delivery, which shows its tries: what was sent and came back, as text."""
    endpoint = api.created("/v1/webhook-endpoints", {"url": "https://example.org/hook"})
    delivery = api.call("POST", f"/v1/webhook-endpoints/{endpoint['id']}:ping").get_json()
    path = f"/webhooks/{endpoint['id']}/deliveries/{delivery['id']}"
    assert "It was not tried yet." in browser.get(path).text
    sent = {"method": "POST", "url": endpoint["url"], "headers": {"webhook-id": "w<1>"}, "body_bytes": 3}
    for result in (
        DeliveryResult(False, error="no answer in time"),
        DeliveryResult(False, 502, excerpt="<b>Bad Gateway", milliseconds=70, request={**sent, "body_sha256": "ab"}),
    ):
        claim = api.store.deliveries.claim("w1", 30)
        assert claim is not None
        assert api.store.deliveries.finish(claim, result)
        api.call("POST", f"/v1/webhook-deliveries/{delivery['id']}:redeliver")

    assert path in browser.get(f"/webhooks/{endpoint['id']}").text
    shown = browser.get(path).text
    assert "no answer in time" in shown
    assert "0.07 s" in shown
    assert "&lt;b&gt;Bad Gateway" in shown
    assert "webhook-id: w&lt;1&gt;" in shown
    assert browser.get(f"/webhooks/{endpoint['id']}/deliveries/wd_{'0' * 26}").status_code == 404


def test_a_lab_leads_to_what_can_be_done_to_its_nodes(api: Api, browser: Client) -> None:
    """A ready cluster's page leads to the forms of day two, with the lab filled in; before that there is none."""
    job = api.submitted(cluster())
    page = f"/labs/{job['lab_id']}"
    assert "/new/stop_lab" not in browser.get(page).text
    with hands(api.store):
        wait_until(lambda: api.call("GET", f"/v1/jobs/{job['id']}").get_json()["state"] == "succeeded")

    ways = [html.unescape(one) for one in re.findall(r'href="(/new/[a-z_]+\?[^"]+)"', browser.get(page).text)]
    assert [way.partition("?")[0].rpartition("/")[2] for way in ways] == [
        "stop_lab",
        "start_lab",
        "rotate_guest_password",
        "add_node",
        "remove_node",
    ]
    for way in ways:
        assert f'value="{job["lab_id"]}"' in browser.get(way).text, way
