"""Chat in the ledger: requests that wait for their user's word, and messages to a conversation.

A response_url and a bot token are secrets: sealed, or references, under the names of `CHAT_SECRETS`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from service.ledger.store.scripts import Scripts, dumps
from service.ledger.tenant import DEFAULT_TENANT

URL_SECRET, TOKEN_SECRET = "chat_response_url", "chat_bot_token"
CHAT_SECRETS = (URL_SECRET, TOKEN_SECRET)
PENDING_SECONDS = 900
_URL_ID_LENGTH = 32


@dataclass(frozen=True)
class Conversation:
    """Where a chat user spoke: a response_url by its digest (`url_id`) and as it may be `shown`; team, channel, user.

    Its messages are its `tenant`'s deliveries. `bot` says that a bot token can post in the channel when the
    response_url takes no more; `replaces`, that the response_url was given with a press of a button and may change the
    message with it.
    """

    team: str
    channel: str
    user: str
    url_id: str
    shown: str
    bot: bool = False
    replaces: bool = True
    tenant: str = DEFAULT_TENANT

    def stored(self) -> dict[str, Any]:
        """Return what moves and workers read."""
        return {
            "format": "slack",
            "team": self.team,
            "channel": self.channel,
            "user": self.user,
            "url_id": self.url_id,
            "shown": self.shown,
            "bot": int(self.bot),
            "replaces": int(self.replaces),
        }


class Decided(StrEnum):
    """How a press was taken: `decided` (then or before), `gone` (too late), `foreign` (another user's)."""

    DECIDED = "decided"
    GONE = "gone"
    FOREIGN = "foreign"


@dataclass(frozen=True)
class Decision:
    """The outcome, the first press's decision and what had been kept; '' and {} unless `decided`."""

    outcome: Decided
    decision: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)


def url_id(url: str) -> str:
    """Return the name under which uses of a response_url are counted: a digest that does not lead back to it."""
    return hashlib.sha256(url.encode()).hexdigest()[:_URL_ID_LENGTH]


def chat_secrets(fields: Mapping[str, str]) -> dict[str, Mapping[str, Any]]:
    """Take the address and the bot token of a claimed chat delivery, under the names `url` and `token`.

    A reply has its own; other messages have their job's.
    """
    found: dict[str, Mapping[str, Any]] = json.loads(fields.get("secrets") or fields.get("x_secrets") or "{}")
    names = (("url", URL_SECRET), ("token", TOKEN_SECRET))
    return {short: found[name] for short, name in names if name in found}


class ChatStore:
    """What the ledger knows of conversations."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def pend(self, pending_id: str, who: str, body: Mapping[str, Any], seconds: int = PENDING_SECONDS) -> None:
        """Keep a request (without secrets) for `seconds`, until `who` decides. Safe to repeat."""
        self._scripts.run("chat_pend", {"id": pending_id, "who": who, "body": dumps(body), "seconds": seconds})

    def decide(self, pending_id: str, who: str, decision: str) -> Decision:
        """Take a decision; the first one stands, and every later press is told it. Safe to repeat."""
        arguments = {"id": pending_id, "who": who, "decision": decision}
        outcome, taken, body = self._scripts.run("chat_decide", arguments)
        return Decision(Decided(outcome), taken, json.loads(body or "{}"))

    def reply(self, conversation: Conversation, secret: Mapping[str, Any], message: Mapping[str, Any]) -> str:
        """Write one message to the conversation's response_url (`secret`); return the delivery's id.

        Not safe to repeat: each call is a message. Raise ValueError for an address that is neither sealed nor a
        reference.
        """
        if set(secret) - {"sealed", "ref"} or not secret:
            raise ValueError("the response_url is not sealed")
        arguments = {
            "chat": dumps(conversation.stored()),
            "secrets": dumps({URL_SECRET: secret}),
            "data": dumps(message),
            "tenant": conversation.tenant,
        }
        return str(self._scripts.run("chat_reply", arguments))
