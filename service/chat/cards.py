"""Teams: one Adaptive Card in the envelope that a Workflows webhook takes, within its size.

Sources: learn.microsoft.com, "Create Incoming Webhooks with Workflows for Microsoft Teams" (the envelope) and "Create
an Incoming Webhook" (28 kB a message, four requests a second); adaptivecards.io, schema 1.4. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
VERSION = "1.4"  # what Teams shows on every client
CONTENT_TYPE = "application/vnd.microsoft.card.adaptive"
MOST_BYTES = 28_000
MOST_FACTS = 12
_LONGEST_TITLE, _LONGEST_VALUE, _LONGEST_TEXT = 200, 500, 4000
_COLOURS = {"good": "good", "warning": "warning", "bad": "attention"}
_MARKDOWN = str.maketrans({character: f"\\{character}" for character in "\\`*_[]()#~|>"})


def card(
    title: str, facts: Sequence[tuple[str, str]], text: str = "", *, mood: str = "", link: str = ""
) -> dict[str, Any]:
    """Return the whole body of a message. `mood` is '', `good`, `warning` or `bad`; `link` is where "Open" leads."""
    body: list[dict[str, Any]] = [_title(title, mood)]
    if facts:
        rows = [
            {"title": _cut(name, 100), "value": _plain(value, _LONGEST_VALUE)} for name, value in facts[:MOST_FACTS]
        ]
        body.append({"type": "FactSet", "facts": rows})
    if text:
        body.append({"type": "TextBlock", "text": _plain(text, _LONGEST_TEXT), "wrap": True})
    content: dict[str, Any] = {"$schema": SCHEMA, "type": "AdaptiveCard", "version": VERSION, "body": body}
    if link:
        content["actions"] = [{"type": "Action.OpenUrl", "title": "Open", "url": link}]
    return _within({"type": "message", "attachments": [_attachment(content)]})


def _attachment(content: dict[str, Any]) -> dict[str, Any]:
    return {"contentType": CONTENT_TYPE, "contentUrl": None, "content": content}


def _title(title: str, mood: str) -> dict[str, Any]:
    block = {
        "type": "TextBlock",
        "text": _plain(title, _LONGEST_TITLE),
        "weight": "bolder",
        "size": "medium",
        "wrap": True,
    }
    return block | ({"color": _COLOURS[mood]} if mood in _COLOURS else {})


def _plain(text: str, most: int) -> str:
    """Return a text without Markdown: a TextBlock and a Fact would show links and headings."""
    return _cut(text, most).translate(_MARKDOWN) or " "


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _within(envelope: dict[str, Any]) -> dict[str, Any]:
    """Take away from the end of the card until the message is small enough; its title always stays."""
    body = envelope["attachments"][0]["content"]["body"]
    while len(json.dumps(envelope, ensure_ascii=False).encode()) > MOST_BYTES and len(body) > 1:
        body.pop()
    return envelope
