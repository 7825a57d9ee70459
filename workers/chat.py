"""Messages for people: what is sent to Slack and Teams for a delivery, where to, and what their answers mean.

Sources: docs.slack.dev, "Handling user interaction" (response_url), chat.postMessage, chat.update; the Workflows
webhook of Teams answers 202.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from service.chat import blocks
from service.chat.telling import WAITS_FOR_APPROVAL, About, notice_of, progress_of, slack_message, teams_card
from service.ledger.event import EventType
from service.ledger.store.deliveries import DeliveryClaim, DeliveryResult
from workers.errors import SecretUnavailable
from workers.secrets import Keyring, SecretStr

SLACK_API = "https://slack.com/api"
FORMATS = frozenset({"slack", "teams"})
_JSON = "application/json; charset=utf-8"
_POSTED = re.compile(r"([A-Z0-9]{1,40}):([0-9.]{1,40})")
_USER = re.compile(r"[A-Z0-9]{1,40}")
_LOST = "lost"
# Errors of the Web API that no repeat mends (docs.slack.dev: chat.postMessage, chat.update).
_FATAL = frozenset(
    {
        "account_inactive",
        "channel_not_found",
        "ekm_access_denied",
        "invalid_auth",
        "is_archived",
        "missing_scope",
        "no_permission",
        "not_authed",
        "not_in_channel",
        "org_login_required",
        "restricted_action",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
    }
)

# The message that we would change is not there for us any more: the next try posts another one.
_NOT_CHANGED = frozenset({"cant_update_message", "edit_window_closed", "message_not_found"})
_CLOSED = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


@dataclass(frozen=True)
class Letter:
    """What is sent: the address is a secret. `secrets` are to be kept out of what comes back."""

    url: SecretStr
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[SecretStr, ...] = ()


def is_told(claim: DeliveryClaim) -> bool:
    """Return whether the delivery is a message for people, and not a webhook."""
    return claim.format in FORMATS


def letter_of(claim: DeliveryClaim, keyring: Keyring, base_url: str = "", slack_api: str = SLACK_API) -> Letter:
    """Return the message of a delivery; raises SecretUnavailable when its address cannot be opened."""
    if claim.way == "bot":
        return _by_bot(claim, keyring, base_url, slack_api)
    if "url" not in claim.secrets:
        raise SecretUnavailable("the address of the conversation is not kept any more")
    url = keyring.open(claim.secrets["url"])
    return Letter(url, _bytes(_message(claim, base_url)), {"Content-Type": _JSON}, (url,))


def _by_bot(claim: DeliveryClaim, keyring: Keyring, base_url: str, slack_api: str) -> Letter:
    token = keyring.open(claim.secrets.get("token", {}))
    posted = _POSTED.fullmatch(str(claim.about.get("posted", "")))
    place = {"channel": posted[1], "ts": posted[2]} if posted else {"channel": claim.chat["channel"]}
    message = slack_message(_progress(claim, base_url), **place)
    message["blocks"].append(_asked_by(claim))
    url = SecretStr(f"{slack_api}/{'chat.update' if posted else 'chat.postMessage'}")
    headers = {"Content-Type": _JSON, "Authorization": f"Bearer {token.reveal()}"}
    return Letter(url, _bytes(message), headers, (token,))


def _message(claim: DeliveryClaim, base_url: str) -> dict[str, Any]:
    event = claim.delivery.event
    if event.type is EventType.CHAT_REPLIED:
        return dict(event.data)
    if claim.chat:
        return _to_user(claim, base_url)
    notice = notice_of(event, About.read(claim.about), base_url)
    return teams_card(notice) if claim.format == "teams" else slack_message(notice)


def _to_user(claim: DeliveryClaim, base_url: str) -> dict[str, Any]:
    """Return what the response_url gets: it takes the place of the question, unless others are to see it."""
    if str(claim.delivery.event.type) == WAITS_FOR_APPROVAL:
        asked = slack_message(_progress(claim, base_url), response_type="in_channel", replace_original=False)
        asked["blocks"].append(_asked_by(claim))
        return asked
    replaces = bool(claim.chat.get("replaces"))
    return slack_message(_progress(claim, base_url), response_type="ephemeral", replace_original=replaces)


def _progress(claim: DeliveryClaim, base_url: str) -> Any:
    return progress_of(claim.delivery.event, About.read(claim.about), base_url)


def _asked_by(claim: DeliveryClaim) -> dict[str, Any]:
    user = str(claim.chat.get("user", ""))
    return blocks.context(f"Asked by <@{user}>" if _USER.fullmatch(user) else "Asked in chat")


def result_of(claim: DeliveryClaim, status: int, answer: bytes) -> DeliveryResult:
    """Return how a try ended by what came back, without its time and its excerpt."""
    succeeded = HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
    error = "" if succeeded else f"HTTP {status}"
    if claim.way == "bot" and succeeded:
        return _bot_result(claim, status, answer)
    if claim.way == "url":
        # Slack's answer to an address that was used up or is too old; nothing more goes there.
        return DeliveryResult(succeeded, status, error, gone=status in _CLOSED)
    return DeliveryResult(succeeded, status, error, gone=status == HTTPStatus.GONE)


def _bot_result(claim: DeliveryClaim, status: int, answer: bytes) -> DeliveryResult:
    try:
        found = json.loads(answer)
    except ValueError:
        return DeliveryResult(False, status, "Slack's answer is not JSON")
    if not isinstance(found, dict) or not found.get("ok"):
        reason = str(found.get("error", "unknown"))[:100] if isinstance(found, dict) else "unknown"
        lost = _LOST if reason in _NOT_CHANGED else ""
        return DeliveryResult(False, status, f"Slack says {reason}", gone=reason in _FATAL, posted=lost)
    posted = f"{found.get('channel', claim.chat.get('channel', ''))}:{found.get('ts', '')}"
    return DeliveryResult(True, status, posted=posted if _POSTED.fullmatch(posted) else "")


def _bytes(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()
