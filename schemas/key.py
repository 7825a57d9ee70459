"""API keys: who may call, and for what."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from schemas.base import StrictSchema, Timestamp, choice, object_id, text, whole
from schemas.tenant import slug

SCOPES = (
    "jobs:read",
    "jobs:write",
    "jobs:approve",
    "hosts:read",
    "hosts:write",
    "webhooks:write",
    "audit:read",
    "admin",
)


LONGEST_OVERLAP_SECONDS = 30 * 86_400


class KeyCreateSchema(StrictSchema):
    """A key to make. `admin` includes every other scope, in every tenant. Without `tenant` it is of its maker's."""

    name = text(1, 80, required=True)
    scopes = fields.List(choice(*SCOPES), required=True, validate=validate.Length(1, len(SCOPES)))
    expires_at = Timestamp(load_default=None, allow_none=True)
    tenant = slug(load_default=None, allow_none=True)


class KeyRotateSchema(StrictSchema):
    """How long the old key works beside the new one."""

    overlap_seconds = whole(0, LONGEST_OVERLAP_SECONDS, load_default=86_400)


class KeySchema(Schema):
    """A key as callers see it; the key itself never."""

    id = object_id("key", required=True)
    name = fields.String(required=True)
    tenant = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    created_at = Timestamp()
    expires_at = Timestamp(allow_none=True)
    last_used_at = Timestamp(allow_none=True, metadata={"description": "To the minute; null when it never was."})
    rotated_at = Timestamp(allow_none=True)
    previous_until = Timestamp(
        allow_none=True, metadata={"description": "Until then the key of before the last rotation works too."}
    )
    keyed = fields.Boolean(
        metadata={"description": "It is kept as a keyed hash; one that is not becomes so at its next use."}
    )
    version = fields.Integer()


class KeyCreatedSchema(KeySchema):
    """The answer to the making of a key: the only place that shows it."""

    key = fields.String(required=True)
