"""How deliveries look to callers."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from schemas.delivery import DeliveryAttemptSchema, DeliveryQuerySchema, DeliverySchema
from service.api.answers import rfc3339
from service.ledger.store import Delivery, DeliveryState

_STATES = tuple(str(state) for state in DeliveryState)


class DeliveryViewSchema(DeliverySchema):
    """A delivery as callers see it; `cancelled` was given up with its endpoint."""

    url = fields.String()
    state = fields.String(required=True, validate=validate.OneOf(_STATES))
    tries = fields.Integer(metadata={"description": "How often it was tried."})
    attempts = fields.List(
        fields.Nested(DeliveryAttemptSchema), metadata={"description": "The last tries, in the delivery itself only."}
    )


class DeliveryListQuerySchema(DeliveryQuerySchema):
    """Filters of the list of deliveries."""

    state = fields.String(validate=validate.OneOf(_STATES))


def delivery_body(delivery: Delivery) -> dict[str, Any]:
    """Return one delivery with the log of its last tries. A status of null means that no answer came."""
    return {
        "id": delivery.id,
        "endpoint_id": delivery.endpoint_id,
        "url": delivery.url,
        "job_id": delivery.event.job_id,
        "event_id": delivery.event.id,
        "type": delivery.event.type,
        "state": delivery.state,
        "tries": delivery.attempts,
        "attempts": [
            {
                "at": rfc3339(entry.at),
                "status": entry.status or None,
                "seconds": entry.milliseconds / 1000,
                "excerpt": entry.excerpt,
                "error": entry.error,
            }
            for entry in delivery.log
        ],
        "next_try_at": rfc3339(delivery.next_at),
        "created_at": rfc3339(delivery.created_at),
    }
