"""Deliveries: one event to one endpoint, with the log of its attempts."""

from __future__ import annotations

from marshmallow import Schema, fields

from schemas.base import Timestamp, choice, object_id
from schemas.event import EVENT_TYPES
from schemas.tenant import TenantFilterSchema

DELIVERY_STATES = ("pending", "succeeded", "failed", "cancelled")


class DeliveryRequestSchema(Schema):
    """What a try sent: a signature is shown by its version only, the body by its SHA-256."""

    method = fields.String()
    url = fields.String()
    headers = fields.Dict(keys=fields.String(), values=fields.String())
    body_sha256 = fields.String()
    body_bytes = fields.Integer()


class DeliveryAttemptSchema(Schema):
    """One try. `status` is null when no answer came; `excerpt` is the beginning of the answer.

    `request` is null when nothing could be sent, and of tries before it was kept.
    """

    at = Timestamp(required=True)
    status = fields.Integer(allow_none=True)
    seconds = fields.Float()
    excerpt = fields.String()
    error = fields.String()
    request = fields.Nested(DeliveryRequestSchema, allow_none=True)


class DeliverySchema(Schema):
    """A delivery as callers see it; `cancelled` was given up with its endpoint.

    Its id is the `webhook-id` header of every attempt.
    """

    id = object_id("wd", required=True)
    endpoint_id = fields.String()
    url = fields.String()
    job_id = fields.String()
    event_id = fields.String()
    type = choice(*EVENT_TYPES)
    state = choice(*DELIVERY_STATES, required=True)
    tries = fields.Integer(metadata={"description": "How often it was tried."})
    attempts = fields.List(
        fields.Nested(DeliveryAttemptSchema), metadata={"description": "The last tries, in the delivery itself only."}
    )
    next_try_at = Timestamp(allow_none=True)
    created_at = Timestamp()


class DeliveryQuerySchema(TenantFilterSchema):
    """Filters of the list of deliveries."""

    state = choice(*DELIVERY_STATES)
    endpoint_id = object_id("we")
    job_id = object_id("job")
