"""Slack's requests: signature first, then the form, then who speaks. Nothing is believed before the signature."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from flask import Request

from service.api.chat.speaker import Speaker
from service.api.problems import Problem, invalid_field
from service.api.reading import whole_body
from service.chat.signature import NotFromSlack, verify
from service.slack_settings import SlackSettings

_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 100


@dataclass(frozen=True)
class Press:
    """One button: what it does and about what, and by whom."""

    speaker: Speaker
    action: str
    value: str


def slack_form(request: Request, slack: SlackSettings | None, now: float) -> tuple[SlackSettings, dict[str, str]]:
    """Return the settings and the fields of a form that Slack has signed.

    Raises:
        Problem: 404 when Slack is not set up, 400 and 413 for a body that cannot be read, 403 for a bad signature, 415
            and 422 for another body than a form.
    """
    if slack is None:
        raise Problem(404, "chat-disabled", "Slack is not set up on this service.")
    body = whole_body(request)
    timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
    try:
        verify(slack.signing_secret, timestamp, request.headers.get("X-Slack-Signature", ""), body, now=now)
    except NotFromSlack as error:
        raise Problem(403, "bad-signature", str(error)) from None
    if request.mimetype != _FORM:
        raise Problem(415, "unsupported-media-type", f"Slack sends its requests as {_FORM}.")
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:
        raise invalid_field("#", "form", "The body is not a form in UTF-8.") from None
    return slack, dict(pairs)


def speaker_of_command(slack: SlackSettings, form: Mapping[str, str]) -> Speaker | None:
    """Return who typed a command; None for a workspace that the operator's file does not know.

    Raises:
        Problem: 422 for a form that lacks what Slack's commands have.
    """
    for name in ("team_id", "user_id", "channel_id", "response_url"):
        if not form.get(name):
            raise invalid_field(f"#/{name}", "required", "A slash command of Slack has this field.")
    team = slack.teams.get(form["team_id"]) or slack.teams.get(form.get("enterprise_id", ""))
    if team is None:
        return None
    return Speaker(team, form["user_id"], form["channel_id"], form["response_url"])


def press_of(slack: SlackSettings, form: Mapping[str, str]) -> Press | None:
    """Return which button was pressed by whom; None for what is no button of ours or of an unknown workspace.

    Raises:
        Problem: 422 for a payload that is not Slack's.
    """
    try:
        payload = json.loads(form.get("payload", ""))
    except (ValueError, RecursionError):
        raise invalid_field("#/payload", "json", "The payload of an interaction is JSON.") from None
    if not isinstance(payload, dict):
        raise invalid_field("#/payload", "type", "The payload of an interaction is an object.")
    if payload.get("type") != "block_actions":
        return None
    found = (_text(payload, "team", "id"), _text(payload, "user", "id"), _text(payload, "response_url"))
    action = _first(payload.get("actions"))
    if not all(found) or not action:
        return None
    team_id, user, response_url = found
    team = slack.teams.get(team_id) or slack.teams.get(_text(payload, "enterprise", "id"))
    if team is None:
        return None
    channel = _text(payload, "channel", "id") or _text(payload, "container", "channel_id")
    speaker = Speaker(team, user, channel, response_url, pressed=True)
    return Press(speaker, _text(action, "action_id"), _text(action, "value"))


def _first(found: Any) -> dict[str, Any]:
    return found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}


def _text(holder: Any, *way: str) -> str:
    for part in way:
        holder = holder.get(part) if isinstance(holder, dict) else None
    return holder if isinstance(holder, str) else ""
