"""The audit log: who changed what, and who was refused."""

from __future__ import annotations

from marshmallow import Schema, fields

from schemas.base import Timestamp, choice, text
from schemas.page import PageQuerySchema

ACTOR_KINDS = ("api_key", "oidc", "chat", "cli", "system", "anonymous")
OUTCOMES = ("done", "denied")


class AuditQuerySchema(PageQuerySchema):
    """`actor` is an id or a name, `target` the id of what was changed or of its host, lab or endpoint."""

    actor = text(1, 255)
    operation = text(1, 100)
    target = text(1, 100)
    outcome = choice(*OUTCOMES)
    since = Timestamp()
    until = Timestamp()


class AuditActorSchema(Schema):
    """Who it was. `subject` is what a token's issuer calls its user; `anonymous` had no good key."""

    kind = fields.String(required=True, metadata={"enum": list(ACTOR_KINDS)})
    id = fields.String(required=True)
    name = fields.String(required=True)
    tenant = fields.String()
    subject = fields.String()


class AuditTargetSchema(Schema):
    """What was changed: `job`, `lab`, `host`, ... and its id."""

    sort = fields.String(required=True)
    id = fields.String(required=True)


class AuditEntrySchema(Schema):
    """One entry.

    `before` and `after` are the SHA-256 of the record's canonical JSON, null where there is none; `hash` that of the
    entry without it, and `prev` the hash of the entry before.
    """

    seq = fields.Integer(required=True)
    at = fields.String(required=True, metadata={"format": "date-time"})
    actor = fields.Nested(AuditActorSchema, required=True)
    operation = fields.String(required=True)
    outcome = fields.String(required=True, metadata={"enum": list(OUTCOMES)})
    target = fields.Nested(AuditTargetSchema, required=True, allow_none=True)
    tenant = fields.String(required=True)
    related = fields.List(fields.String(), required=True)
    before = fields.String(required=True, allow_none=True)
    after = fields.String(required=True, allow_none=True)
    remote = fields.String(required=True, allow_none=True)
    request_id = fields.String(required=True, allow_none=True)
    trace_id = fields.String(required=True, allow_none=True)
    detail = fields.Dict(required=True, allow_none=True)
    prev = fields.String(required=True)
    hash = fields.String(required=True)
