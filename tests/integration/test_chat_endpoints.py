"""Endpoints for people through the API: their address is sealed and masked; and the bot over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.api_kit import Api, cluster, running_api
from tests.integration.chat_kit import ChatRoom, open_chat
from tests.integration.fake_slack import BOT_TOKEN, CHANNEL, USER, FakeSlack, buttons_of, slack_running
from tests.integration.webhook_receiver import receiving

SECRET_PART = "T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXabcd"


@pytest.fixture
def api(redis_url: str) -> Iterator[Api]:
    """A furnished app."""
    with running_api(redis_url) as api:
        yield api


def _hook(**fields: Any) -> dict[str, Any]:
    return {"url": f"https://hooks.slack.com/services/{SECRET_PART}", "format": "slack", **fields}


def test_the_address_is_a_secret(api: Api) -> None:
    """The URL is shown as host and last four characters only, sealed in Redis, and never taken masked."""
    made = api.created("/v1/webhook-endpoints", _hook())
    path = f"/v1/webhook-endpoints/{made['id']}"
    got = api.call("GET", path)
    shown = "https://hooks.slack.com/****abcd"

    assert (shown, "none", None) == (made["url"], made["signing"], made.get("secret"))
    assert shown == got.get_json()["url"] == api.call("GET", "/v1/webhook-endpoints").get_json()["items"][0]["url"]
    assert "XXXXXXXX" not in json.dumps(api.store.client.hgetall(f"mk:endpoint:{made['id']}"))
    again = api.call("PATCH", path, {"url": shown}, If_Match="*")
    assert (422, "masked") == (again.status_code, again.get_json()["errors"][0]["code"])
    changed = api.call("PATCH", path, {"url": "https://hooks.slack.com/services/T0/B0/YYYYYYYYwxyz"}, If_Match="*")
    assert "https://hooks.slack.com/****wxyz" == changed.get_json()["url"]
    assert "YYYY" not in json.dumps(api.store.client.hgetall(f"mk:endpoint:{made['id']}"))
    renamed = api.call("PATCH", path, {"description": "labs"}, If_Match="*").get_json()
    assert ("https://hooks.slack.com/****wxyz", "labs") == (renamed["url"], renamed["description"])


def test_nothing_is_signed(api: Api) -> None:
    """A secret or a key pair for such an endpoint is refused, and so is its rotation."""
    for fields in ({"signing": "ed25519"}, {"secret": {"value": "whsec_" + "A" * 32}}):
        refused = api.call("POST", "/v1/webhook-endpoints", _hook(**fields))
        assert (422, "#/format") == (refused.status_code, refused.get_json()["errors"][0]["pointer"])
    made = api.created("/v1/webhook-endpoints", _hook(format="teams"))
    rotated = api.call("POST", f"/v1/webhook-endpoints/{made['id']}:rotate")
    assert (409, "not_signed") == (rotated.status_code, rotated.get_json()["code"])


@pytest.fixture
def room(redis_url: str, tmp_path: Path) -> Iterator[ChatRoom]:
    """An app with a workspace, and a fake Slack."""
    with slack_running() as slack, open_chat(redis_url, slack, tmp_path) as room:
        yield room


def test_teams_gets_cards(room: ChatRoom) -> None:
    """A job's event is a card at the Workflows URL, which stands in no record, answer or log of the delivery."""
    with receiving() as receiver:
        receiver.status = 202
        receiver.body = receiver.url.encode()  # an answer that echoes the address
        url = receiver.url.replace("localhost", "127.0.0.1")
        made = room.api.created("/v1/webhook-endpoints", {"url": url, "format": "teams", "types": ["job.queued"]})
        room.api.submitted(cluster())
        room.deliver()

    ((path, headers, body),) = receiver.got
    card = json.loads(body)["attachments"][0]["content"]
    delivery = room.api.call("GET", f"/v1/webhook-deliveries?endpoint_id={made['id']}").get_json()["items"][0]
    log = room.api.call("GET", f"/v1/webhook-deliveries/{delivery['id']}")
    assert "/hook?a=1" == path
    assert "webhook-signature" not in headers
    assert ("Job queued", "AdaptiveCard") == (card["body"][0]["text"], card["type"])
    assert {"title": "Host", "value": "hv1"} in card["body"][1]["facts"]
    assert "succeeded" == log.get_json()["state"]


def _bot_calls(slack: FakeSlack) -> list[str]:
    return [one.where for one in slack.sent if one.where.startswith("chat.")]


def test_the_bot_goes_on_in_the_channel(room: ChatRoom) -> None:
    """When the response_url is used up the bot posts in the channel once, and then changes that message to the end."""
    build = buttons_of(room.user().types("build a cluster on hv1 named lab1"))[0]
    room.user().presses(build)
    room.slack.used["/commands/T1DC2JH3J/397700885554/96rGlfmibIGlgcZRskXaIFfp"] = 5
    room.deliver()
    room.work()

    calls = _bot_calls(room.slack)
    first, last = (one for one in (room.slack.sent[1], room.slack.sent[-1]))
    assert ["chat.postMessage", "chat.update"] == calls[:2]
    assert {"chat.update"} == set(calls[1:])
    assert (CHANNEL, f"Bearer {BOT_TOKEN}") == (first.body["channel"], first.headers["authorization"])
    assert "1503435956.000247" == last.body["ts"]
    assert "is done" in last.body["text"]
    assert f"<@{USER}>" in json.dumps(last.body)


def test_a_channel_without_the_bot_ends_the_messages(room: ChatRoom) -> None:
    """What no repeat mends is not repeated: the delivery has failed, and says what Slack said."""
    room.user().presses(buttons_of(room.user().types("build a cluster on hv1 named lab1"))[0])
    room.slack.answers = [(404, {"ok": False, "error": "used_url"}), (200, {"ok": False, "error": "not_in_channel"})]
    room.deliver()

    delivery = room.store.deliveries.list(job_id=room.job_id())[0]
    found = room.store.deliveries.get(delivery.id)
    assert found is not None
    assert ("failed", ["HTTP 404", "Slack says not_in_channel"]) == (found.state, [one.error for one in found.log])
