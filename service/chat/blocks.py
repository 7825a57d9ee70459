"""Slack's Block Kit, the few parts we use, each within Slack's limits: what is too long is cut, never refused by Slack.

Limits: docs.slack.dev/reference/block-kit (blocks, block elements, composition objects). Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

MOST_BLOCKS = 50
LONGEST_SECTION = 3000
MOST_FIELDS = 10
LONGEST_FIELD = 2000
LONGEST_HEADER = 150
LONGEST_BUTTON = 75
LONGEST_VALUE = 2000
MOST_BUTTONS = 5  # an actions block takes 25 elements; a message with more than 5 is none that people read
LONGEST_TEXT = 4000  # of a message: cut by Slack from 40,000, recommended 4,000
_CONFIRM_TITLE, _CONFIRM_TEXT, _CONFIRM_BUTTON = 100, 300, 30
_CUT_ENTITY = re.compile(r"&[a-z]{0,4}$")

Block = dict[str, Any]


def escaped(text: str) -> str:
    """Return a text in which Slack finds no mention, link or entity (docs: "Formatting message text")."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code(text: str) -> str:
    """Return a text as inline code, whatever it holds."""
    inner = escaped(text.replace("`", "'").replace("\n", " ")) or " "
    return f"`{inner}`"


def clipped(text: str, most: int) -> str:
    """Return a text of at most `most` characters; one that is cut ends in an ellipsis and in no half entity."""
    if len(text) <= most:
        return text
    return _CUT_ENTITY.sub("", text[: most - 1]) + "…"


def header(text: str) -> Block:
    """Return a headline; plain text, in which nothing is markup."""
    return {"type": "header", "text": _plain(text, LONGEST_HEADER)}


def section(text: str) -> Block:
    """Return a paragraph of mrkdwn: the caller escapes what is not his own."""
    return {"type": "section", "text": _mrkdwn(text or " ", LONGEST_SECTION)}


def facts(pairs: Sequence[tuple[str, str]]) -> Block:
    """Return names and values in two columns; values are escaped here. There must be one pair at least."""
    fields = [_mrkdwn(f"*{escaped(name)}*\n{escaped(value)}", LONGEST_FIELD) for name, value in pairs[:MOST_FIELDS]]
    return {"type": "section", "fields": fields}


def context(text: str) -> Block:
    """Return small print in mrkdwn."""
    return {"type": "context", "elements": [_mrkdwn(text or " ", LONGEST_SECTION)]}


def button(text: str, action_id: str, value: str, *, style: str = "", confirm: str = "") -> Block:
    """Return a button. `style` is '', `primary` or `danger`; with `confirm` Slack asks that question first.

    Raises:
        ValueError: the value is longer than Slack takes; a cut one would mean something else.
    """
    if len(value) > LONGEST_VALUE:
        raise ValueError("the value of a button is too long")
    made = {"type": "button", "text": _plain(text, LONGEST_BUTTON), "action_id": action_id, "value": value}
    if style:
        made["style"] = style
    if confirm:
        made["confirm"] = {
            "title": _plain("Are you sure?", _CONFIRM_TITLE),
            "text": _plain(confirm, _CONFIRM_TEXT),
            "confirm": _plain(text, _CONFIRM_BUTTON),
            "deny": _plain("No", _CONFIRM_BUTTON),
        }
    return made


def buttons(*made: Block) -> Block:
    """Return a row of at most five buttons."""
    return {"type": "actions", "elements": list(made[:MOST_BUTTONS])}


def message(text: str, blocks: Sequence[Block] = (), **options: Any) -> dict[str, Any]:
    """Return a message. `text` is mrkdwn for notifications and old clients; of too many blocks the last ones go."""
    body: dict[str, Any] = {"text": clipped(text, LONGEST_TEXT), **options}
    kept = list(blocks)
    if len(kept) > MOST_BLOCKS:
        left = len(kept) - MOST_BLOCKS + 1
        kept = [*kept[: MOST_BLOCKS - 1], context(f"… and {left} more")]
    if kept:
        body["blocks"] = kept
    return body


def ephemeral(text: str, blocks: Sequence[Block] = ()) -> dict[str, Any]:
    """Return a message that only the user sees who asked."""
    return message(text, blocks, response_type="ephemeral")


def _plain(text: str, most: int) -> Mapping[str, Any]:
    return {"type": "plain_text", "text": clipped(text or " ", most), "emoji": False}


def _mrkdwn(text: str, most: int) -> Mapping[str, Any]:
    # verbatim: names that look like links or channels are not made into links.
    return {"type": "mrkdwn", "text": clipped(text, most), "verbatim": True}
