"""Approve and Reject in a channel: by whom it may be, never by who asked, and told to all who see it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.chat_kit import ChatRoom, open_chat
from tests.integration.fake_slack import BOSS, CHANNEL, USER, buttons_of, slack_running, teams_file, text_of

RULES = [
    {"users": [USER, BOSS], "channels": [CHANNEL], "scopes": ["jobs:read", "jobs:write"]},
    {"users": [BOSS], "scopes": ["jobs:approve"]},
]
BUILD = "build a cluster on hv1 named lab1"


@pytest.fixture
def room(redis_url: str, tmp_path: Path) -> Iterator[ChatRoom]:
    """An app whose template asks for an approval, and whose boss may give it."""
    template = json.loads(teams_file())["teams"]["T1DC2JH3J"]["templates"]["cluster"]
    templates = {"cluster": {**template, "approval": {"required": True}}}
    with slack_running() as slack, open_chat(redis_url, slack, tmp_path, rules=RULES, templates=templates) as room:
        yield room


def _state(room: ChatRoom) -> str:
    return str(room.api.call("GET", f"/v1/jobs/{room.job_id()}").get_json()["state"])


def test_a_job_is_approved_in_the_channel(room: ChatRoom) -> None:
    """The channel sees Approve and Reject; without the right, and by who asked, nothing happens; the boss decides."""
    room.user().presses(buttons_of(room.user().types(BUILD))[0])
    room.deliver()
    (shown,) = room.slack.sent
    approve, reject = buttons_of(shown.body)
    assert ("in_channel", False) == (shown.body["response_type"], shown.body["replace_original"])
    assert ("Approve", "Reject") == (approve["text"]["text"], reject["text"]["text"])
    assert f"<@{USER}>" in text_of(shown.body)

    room.user().presses(approve, "a")
    room.deliver()
    assert "it needs jobs:approve" in room.slack.texts()[-1]
    assert "waiting_approval" == _state(room)

    for _ in range(2):
        room.user(BOSS).presses(approve, "b")
    assert "queued" == _state(room)
    room.deliver()
    assert f"approved by <@{BOSS}>" in "".join(room.slack.texts())
    room.work()
    assert "succeeded" == _state(room)
    assert "is done" in room.slack.texts()[-1]


def test_nobody_approves_his_own_request(room: ChatRoom) -> None:
    """Four eyes: the boss's own request is another's to approve; a rejected one ends and says so."""
    room.user(BOSS).presses(buttons_of(room.user(BOSS).types(BUILD))[0])
    room.deliver()
    approve, _ = buttons_of(room.slack.sent[0].body)
    room.user(BOSS).presses(approve, "own")
    room.deliver()
    assert "cannot approve" in room.slack.texts()[-1]
    assert "waiting_approval" == _state(room)

    room.user().presses(buttons_of(room.user().types(BUILD.replace("lab1", "lab2")))[0], "second")
    room.deliver()
    _, reject = buttons_of(room.slack.sent[-1].body)
    room.user(BOSS).presses(reject, "no")
    room.deliver()
    assert "cancelled" == _state(room)
    assert any("rejected by" in text for text in room.slack.texts())
