"""Webhook endpoints: addresses of callers that receive events, signed (Standard Webhooks)."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate, validates_schema

from schemas.base import Labels, StrictSchema, Timestamp, choice, coded, object_id, text, whole
from schemas.event import EVENT_TYPES
from schemas.host import http_url
from schemas.secret import SecretField, webhook_secret

ENDPOINT_STATES = ("active", "disabled")
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
    secret = SecretField(validate=webhook_secret)


class EndpointRotateSchema(StrictSchema):
    """A new secret (made when none is given); the old one signs too for `overlap_seconds`."""

    secret = SecretField(validate=webhook_secret)
    overlap_seconds = whole(0, 7 * 86400, load_default=86400)


class EndpointSchema(Schema):
    """An endpoint as callers see it; its secret never."""

    id = object_id("we", required=True)
    url = fields.String(required=True)
    types = fields.List(fields.String(), required=True)
    description = fields.String()
    labels = Labels()
    state = choice(*ENDPOINT_STATES, required=True)
    failing_since = Timestamp(allow_none=True)
    created_at = Timestamp()
    updated_at = Timestamp()
    version = fields.Integer()


class EndpointSecretSchema(EndpointSchema):
    """The answer to a registration or a rotation: the only place that shows a secret that was made for the caller."""

    secret = fields.String(metadata={"description": "only when it was made here"})
