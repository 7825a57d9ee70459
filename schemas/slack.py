"""Slack: the file that says which workspaces and users may do what, and the message that answers a command."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from schemas.base import StrictSchema, choice, text
from schemas.key import SCOPES
from schemas.secret import SecretSchema

_SLACK_ID = r"[A-Z0-9]{1,40}"
_HINT = "Not an id of Slack such as T0123ABCD; names can be changed by their owners."
_NAME = r"[A-Za-z0-9._-]{1,40}"
_TENANT = r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?"


def _ids() -> fields.List[str]:
    return fields.List(text(1, 40, pattern=_SLACK_ID, hint=_HINT), validate=validate.Length(1, 1000))


class SlackReferenceSchema(SecretSchema):
    """The bot token, named and not given: only workers read it."""

    class Meta(SecretSchema.Meta):
        """Without `value`."""

        exclude = ("value",)


class SlackRuleSchema(StrictSchema):
    """Who may do what. Without `users` everyone, without `channels` everywhere; scopes of all rules that fit add up."""

    users = _ids()
    channels = _ids()
    scopes = fields.List(choice(*SCOPES), required=True, validate=validate.Length(1))


class SlackTeamSchema(StrictSchema):
    """One workspace. `templates` are requests for jobs by name; a command fills them in."""

    tenant = text(1, 40, pattern=_TENANT, hint="Not the name of a tenant.", load_default="default")
    name = text(1, 80, load_default="")
    rules = fields.List(fields.Nested(SlackRuleSchema), required=True, validate=validate.Length(1, 1000))
    templates: fields.Dict = fields.Dict(
        keys=text(1, 40, pattern=_NAME, hint="Not a name for a template."),
        values=fields.Dict(keys=fields.String()),
        load_default=dict[str, Any],
    )
    bot_token = fields.Nested(SlackReferenceSchema)


class SlackTeamsSchema(StrictSchema):
    """The whole file: workspaces by their id (`T...`, or `E...` of an organization)."""

    teams = fields.Dict(
        keys=text(1, 40, pattern=_SLACK_ID, hint=_HINT),
        values=fields.Nested(SlackTeamSchema),
        required=True,
        validate=validate.Length(1, 1000),
    )


class SlackMessageSchema(Schema):
    """A message for the user who asked: https://docs.slack.dev/messaging."""

    response_type = choice("ephemeral", "in_channel")
    text = fields.String(required=True)
    blocks = fields.List(fields.Dict(keys=fields.String()))
