"""Slack's two ways in: the slash command and the buttons. Open routes, guarded by Slack's signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, g, request
from flask_smorest import Blueprint

from schemas.slack import SlackMessageSchema
from service.api.answers import answer
from service.api.auditing import begin_acting
from service.api.auth import PUBLIC
from service.api.chat import answers
from service.api.chat.commands import answer_to
from service.api.chat.pressing import press
from service.api.chat.reading import press_of, slack_form, speaker_of_command
from service.api.chat.speaker import Speaker
from service.api.context import Context, context
from service.api.operation import Operation, route

blueprint = Blueprint("chat", __name__, description="Chat: Slack's slash command and buttons")
_SIGNED = [
    {
        "in": "header",
        "name": name,
        "required": True,
        "description": text,
        "schema": {"type": "string"},
    }
    for name, text in (
        ("X-Slack-Request-Timestamp", "Seconds since 1970 UTC, at most 5 minutes ago."),
        ("X-Slack-Signature", "`v0=` and the hex HMAC-SHA256 of `v0:timestamp:body` with the signing secret."),
    )
]
_UNKNOWN_TEAM = "This workspace is not set up here; its operator adds it to the file of teams."


def _context_of(speaker: Speaker) -> Context:
    """Say who calls, to the audit log too; return the parts of the app with the ledger as his tenant sees it."""
    g.caller = speaker.caller()
    begin_acting(g.caller)
    return context()


_COMMAND = {
    "team_id": "T0001",
    "user_id": "U2147483697",
    "channel_id": "C2147483705",
    "response_url": "https://hooks.slack.com/commands/1234/5678",
    "text": "build 3-node nested hyper-v cluster on host1 named lab1",
}
_PRESS = {"payload": '{"type": "block_actions", "team": {"id": "T0001"}, "user": {"id": "U2147483697"}, "actions": []}'}


def _doc(description: str, example: Mapping[str, str]) -> dict[str, Any]:
    properties = {name: {"type": "string"} for name in example}
    schema = {"type": "object", "required": list(example), "properties": properties}
    content = {"application/x-www-form-urlencoded": {"schema": schema, "example": dict(example)}}
    body = {"required": True, "description": description, "content": content}
    return {"requestBody": body, "parameters": _SIGNED}


@route(
    blueprint,
    Operation(
        "slackCommand",
        "POST",
        "/v1/chat/slack",
        PUBLIC,
        {200: SlackMessageSchema},
        problems=(403, 404, 413, 415, 422),
        doc=_doc("A slash command as Slack sends it.", _COMMAND),
        essential=True,
    ),
)
def slack_command() -> Response:
    """Answer a slash command of Slack, with a message that only its user sees.

    What a command may say is on the page docs/chat.md. Only Slack calls this: the signature is checked, and the
    operator's file says what the workspace and its user may do. Nothing is changed but by a button that the answer has.
    """
    ctx = context()
    slack, form = slack_form(request, ctx.settings.slack, ctx.clock())
    speaker = speaker_of_command(slack, form)
    if speaker is None:
        return answer(answers.said(_UNKNOWN_TEAM))
    return answer(
        answer_to(_context_of(speaker), speaker, form.get("text", ""), form.get("trigger_id", "") or g.request_id)
    )


@route(
    blueprint,
    Operation(
        "slackInteraction",
        "POST",
        "/v1/chat/slack/interactions",
        PUBLIC,
        {200: None},
        problems=(403, 404, 413, 415, 422),
        doc=_doc("The press of a button as Slack sends it: JSON in the field `payload`.", _PRESS),
        essential=True,
    ),
)
def slack_interaction() -> Response:
    """Take the press of a button. The answer is empty; what became of it is sent to the press's response_url."""
    ctx = context()
    slack, form = slack_form(request, ctx.settings.slack, ctx.clock())
    pressed = press_of(slack, form)
    if pressed is not None:
        press(_context_of(pressed.speaker), pressed)
    return Response(status=200)
