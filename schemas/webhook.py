"""Webhook endpoints: addresses of callers that receive events, signed (Standard Webhooks)."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate, validates_schema

from schemas.base import Flag, Labels, StrictSchema, Timestamp, choice, coded, object_id, text, whole
from schemas.event import EVENT_TYPES
from schemas.host import http_url
from schemas.secret import SecretField, webhook_secret

ENDPOINT_STATES = ("active", "disabled")
SIGNINGS = ("hmac", "ed25519")
TOLD_FORMATS = ("slack", "teams")  # messages for people; the address is a secret, and nothing is signed
FORMATS = ("standard", "cloudevents", *TOLD_FORMATS)
MASK = "****"
REDELIVERED_STATES = ("failed", "succeeded", "cancelled")
EVERY_TYPE = "*"


def _types(**options: Any) -> fields.List[str]:
    return fields.List(choice(EVERY_TYPE, *EVENT_TYPES), validate=validate.Length(1, len(EVENT_TYPES)), **options)


class EndpointUpdateSchema(StrictSchema):
    """The members of an endpoint that may change; `state: active` takes a disabled one back into use."""

    url = http_url()
    types = _types()
    description = text(0, 500)
    labels = Labels()
    state = choice(*ENDPOINT_STATES)

    @validates_schema
    def _masked(self, data: dict[str, Any], **_options: Any) -> None:
        if MASK in data.get("url", ""):
            raise coded("This is an address as it is shown; give the whole one, or leave it out.", "masked", "url")

    @validates_schema
    def _repeated(self, data: dict[str, Any], **_options: Any) -> None:
        types = data.get("types", [])
        if len(set(types)) != len(types):
            raise coded("A type is given twice.", "duplicate", "types")


class EndpointCreateSchema(EndpointUpdateSchema):
    """An endpoint to register. Without a secret one is made and shown once."""

    url = http_url(required=True)
    types = _types(load_default=lambda: [EVERY_TYPE])
    description = text(0, 500, load_default="")
    labels = Labels(load_default=dict[str, str])
    state = choice("active", load_default="active")
    format = choice(*FORMATS, load_default="standard")
    signing = choice(*SIGNINGS, load_default="hmac")
    secret = SecretField(validate=webhook_secret)
    all_tenants = Flag(
        load_default=False,
        metadata={"description": "For the scope `admin`: it hears of every tenant, and only operators see it."},
    )

    @validates_schema
    def _key_pair(self, data: dict[str, Any], **_options: Any) -> None:
        if data.get("format") in TOLD_FORMATS and (data.get("secret") or data.get("signing") != "hmac"):
            raise coded("Messages to Slack and Teams are not signed.", "conflict", "format")
        if data.get("signing") == "ed25519" and data.get("secret") is not None:
            raise coded("With ed25519 the key pair is made here: give no secret.", "conflict", "secret")


class EndpointRotateSchema(StrictSchema):
    """A new secret (made when none is given); the old one signs too for `overlap_seconds`."""

    secret = SecretField(validate=webhook_secret)
    overlap_seconds = whole(0, 7 * 86400, load_default=86400)


class EndpointRedeliverSchema(StrictSchema):
    """Which deliveries of an endpoint are sent again: those made since a time, in these states."""

    since = Timestamp(required=True)
    states = fields.List(
        choice(*REDELIVERED_STATES),
        load_default=lambda: ["failed"],
        validate=validate.Length(1, len(REDELIVERED_STATES)),
    )


class EndpointRedeliveredSchema(Schema):
    """How many deliveries were queued again; `more`: there are more than one request takes, ask again."""

    redelivered = fields.Integer(required=True)
    more = fields.Boolean(required=True)


class EndpointSchema(Schema):
    """An endpoint as callers see it; its secret never."""

    id = object_id("we", required=True)
    url = fields.String(
        required=True,
        metadata={"description": "Of Slack and Teams: host and last four characters, for it is a secret."},
    )
    types = fields.List(fields.String(), required=True)
    description = fields.String()
    labels = Labels()
    tenant = fields.String(metadata={"description": "`*` with `all_tenants`."})
    all_tenants = fields.Boolean()
    state = choice(*ENDPOINT_STATES, required=True)
    format = choice(*FORMATS)
    signing = choice(*SIGNINGS, "none")
    public_key = fields.String(metadata={"description": "`whpk_...` that verifies `v1a` signatures; '' with hmac."})
    previous_public_key = fields.String(metadata={"description": "The one before a rotation, while both sign."})
    failing_since = Timestamp(allow_none=True)
    paused_until = Timestamp(
        allow_none=True, metadata={"description": "It failed many times in a row: deliveries wait until then."}
    )
    created_at = Timestamp()
    updated_at = Timestamp()
    version = fields.Integer()


class EndpointSecretSchema(EndpointSchema):
    """The answer to a registration or a rotation: the only place that shows a secret that was made for the caller."""

    secret = fields.String(metadata={"description": "only when it was made here"})
