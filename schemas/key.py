"""API keys: who may call, and for what."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from schemas.base import StrictSchema, Timestamp, choice, object_id, text

SCOPES = ("jobs:read", "jobs:write", "hosts:read", "hosts:write", "webhooks:write", "audit:read", "admin")


class KeyCreateSchema(StrictSchema):
    """A key to make. `admin` includes every other scope."""

    name = text(1, 80, required=True)
    scopes = fields.List(choice(*SCOPES), required=True, validate=validate.Length(1, len(SCOPES)))
    expires_at = Timestamp(load_default=None, allow_none=True)


class KeySchema(Schema):
    """A key as callers see it; the key itself never."""

    id = object_id("key", required=True)
    name = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    created_at = Timestamp()
    expires_at = Timestamp(allow_none=True)


class KeyCreatedSchema(KeySchema):
    """The answer to the making of a key: the only place that shows it."""

    key = fields.String(required=True)
