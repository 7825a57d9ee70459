"""What workers send to people, and how they read what comes back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from service.ledger.event import Event, EventType
from service.ledger.store.deliveries import Delivery, DeliveryClaim, DeliveryState
from workers.chat import is_told, letter_of, result_of
from workers.errors import SecretUnavailable
from workers.secrets import Keyring

URL = "https://hooks.slack.com/commands/T1/1/abcdefgh"
KEYRING = Keyring(lambda box: box.encode())
TALK = {"format": "slack", "team": "T1", "channel": "C1", "user": "U1", "replaces": 1}


def _claim(kind: str = "job.succeeded", **fields: Any) -> DeliveryClaim:
    event = Event("1-0", EventType(kind), 1_800_000_000.0, "job_1", data=fields.pop("data", {}))
    delivery = Delivery("wd_1", "", "https://hooks.slack.com/****efgh", event, DeliveryState.PENDING, 0, 0.0)
    secrets = {"url": {"sealed": URL}, "token": {"sealed": "xoxb-1"}}
    claim = DeliveryClaim(delivery, "token", 1, 1, 0.0, secrets, format="slack", way="url", chat=TALK)
    return replace(claim, **fields)


def _body(claim: DeliveryClaim) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(letter_of(claim, KEYRING).body)
    return found


def test_a_message_to_the_user_replaces_the_question() -> None:
    """By response_url the message goes to the address of the conversation, for the user alone."""
    letter = letter_of(_claim(), KEYRING, "https://mk.example")
    body = json.loads(letter.body)

    assert URL == letter.url.reveal()
    assert ("ephemeral", True) == (body["response_type"], body["replace_original"])
    assert "Authorization" not in letter.headers
    assert not _body(_claim(chat={**TALK, "replaces": 0}))["replace_original"]


def test_the_bot_posts_once_and_then_changes_its_message() -> None:
    """By the bot the first message is posted in the channel, later ones change it; the user is named in it."""
    first = letter_of(_claim(way="bot"), KEYRING)
    second = letter_of(_claim(way="bot", about={"posted": "C9:1503435956.000247"}), KEYRING)
    anew = letter_of(_claim(way="bot", about={"posted": "lost"}), KEYRING)

    assert ["chat.postMessage", "chat.update", "chat.postMessage"] == [
        one.url.reveal().removeprefix("https://slack.com/api/") for one in (first, second, anew)
    ]
    assert "Bearer xoxb-1" == first.headers["Authorization"]
    assert "xoxb-1" not in repr(first)
    assert ("C1", None) == (json.loads(first.body)["channel"], json.loads(first.body).get("ts"))
    assert ("C9", "1503435956.000247") == (json.loads(second.body)["channel"], json.loads(second.body)["ts"])
    assert "Asked by <@U1>" == json.loads(first.body)["blocks"][-1]["elements"][0]["text"]
    assert "<@" not in letter_of(_claim(way="bot", chat={**TALK, "user": "<!here>"}), KEYRING).body.decode()


def test_a_reply_is_sent_as_it_is() -> None:
    """A reply's message was made when it was asked for."""
    message = {"text": "no", "replace_original": True}

    assert message == _body(_claim("chat.replied", data=message))


def test_without_an_address_nothing_is_sent() -> None:
    """A conversation whose address is forgotten is a failure with its reason."""
    with pytest.raises(SecretUnavailable):
        letter_of(_claim(secrets={}), KEYRING)
    with pytest.raises(SecretUnavailable):
        letter_of(_claim(secrets={}, way="bot"), KEYRING)


@pytest.mark.parametrize(("form", "marker"), [("slack", "blocks"), ("teams", "attachments")])
def test_an_endpoint_gets_what_its_service_shows(form: str, marker: str) -> None:
    """An endpoint for Slack gets blocks and one for Teams a card; a webhook is no message for people."""
    claim = _claim(format=form, chat={}, way="")

    assert is_told(claim)
    assert marker in _body(claim)
    assert not is_told(replace(claim, format="cloudevents"))


@pytest.mark.parametrize(
    ("way", "status", "answer", "expected"),
    [
        ("url", 200, {"ok": True}, (True, "", False, "")),
        ("url", 404, {"ok": False, "error": "used_url"}, (False, "HTTP 404", True, "")),
        ("url", 500, {}, (False, "HTTP 500", False, "")),
        ("", 202, {}, (True, "", False, "")),
        ("", 404, {}, (False, "HTTP 404", False, "")),
        ("", 410, {}, (False, "HTTP 410", True, "")),
        ("bot", 200, {"ok": True, "channel": "C1", "ts": "1.2"}, (True, "", False, "C1:1.2")),
        ("bot", 200, {"ok": True}, (True, "", False, "")),
        ("bot", 200, {"ok": False, "error": "not_in_channel"}, (False, "Slack says not_in_channel", True, "")),
        (
            "bot",
            200,
            {"ok": False, "error": "message_not_found"},
            (False, "Slack says message_not_found", False, "lost"),
        ),
        ("bot", 200, {"ok": False, "error": "internal_error"}, (False, "Slack says internal_error", False, "")),
        ("bot", 200, [], (False, "Slack says unknown", False, "")),
        ("bot", 429, {"ok": False, "error": "ratelimited"}, (False, "HTTP 429", False, "")),
    ],
)
def test_answers_are_read(way: str, status: int, answer: Any, expected: tuple[Any, ...]) -> None:
    """What Slack and Teams answer is success, a failure to try again, or the end of this way."""
    result = result_of(_claim(way=way), status, json.dumps(answer).encode())

    assert expected == (result.succeeded, result.error, result.gone, result.posted)


def test_an_answer_that_is_no_json_is_a_failure() -> None:
    """A gateway's page instead of Slack's answer is no success."""
    assert not result_of(_claim(way="bot"), 200, b"<html>").succeeded
