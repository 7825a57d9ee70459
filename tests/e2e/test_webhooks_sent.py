"""Webhooks as a receiver sees them: signed, tried again, and listed with what was answered."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator

import pytest

from deploy.local.receiver import Receiver
from tests.e2e.driver import Driver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that answers 500 at first."""
    listening = Receiver("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(), status=500)
    listening.start()
    yield listening
    listening.stop()


def test_a_refused_webhook_is_tried_again_and_never_holds_the_job_up(driver: Driver, receiver: Receiver) -> None:
    """The job ends although its receiver refuses; later tries have the same id, verify, and are in the log."""
    body = {"url": receiver.url, "types": ["job.succeeded"], "secret": {"value": receiver.secret}}
    endpoint = driver.post("/v1/webhook-endpoints", body, 201)
    job = driver.run(driver.example("inspect_host"))

    driver.until(lambda: len(receiver.received) >= 2, 60, "a second try")
    receiver.status = 204
    path = f"/v1/webhook-deliveries?endpoint_id={endpoint['id']}&job_id={job['id']}"
    delivered = driver.until(lambda: _delivered(driver, path), 60, "a success")

    assert all(item.verified for item in receiver.received)
    assert {delivered["id"]} == {item.id for item in receiver.received}
    assert [500, 204] == [delivered["attempts"][index]["status"] for index in (0, -1)]
    assert job["id"] == receiver.received[-1].body["data"]["job_id"]
    driver.stack.call("DELETE", f"/v1/webhook-endpoints/{endpoint['id']}")


def _delivered(driver: Driver, path: str) -> dict[str, object] | None:
    found = [item for item in driver.get(path)["items"] if item["state"] == "succeeded"]
    return driver.get(f"/v1/webhook-deliveries/{found[0]['id']}") if found else None
