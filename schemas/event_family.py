"""One schema a family of events (`job.*`, `step.*`, ...): an event and a webhook body, each with its payload.

Made of the types and payloads of `schemas.event`: a new type or family there is in here, and so in the document.
"""

from __future__ import annotations

from collections.abc import Mapping

from marshmallow import Schema, fields

from schemas.base import choice
from schemas.event import DATA_SCHEMAS, EVENT_TYPES, EventSchema, WebhookBodySchema, WebhookDataSchema


def types_of(family: str) -> tuple[str, ...]:
    """Return the event types of a family (`job`), in the order in which they are declared."""
    return tuple(name for name in EVENT_TYPES if name.partition(".")[0] == family)


def _event(family: str) -> type[Schema]:
    members = {
        "__doc__": f"An event `{family}.*`.",
        "type": choice(*types_of(family), required=True),
        "data": fields.Nested(DATA_SCHEMAS[family], required=True),
    }
    return type(f"{family.title()}EventSchema", (EventSchema,), members)


def _webhook(family: str) -> type[Schema]:
    payload = type(f"{family.title()}WebhookDataSchema", (WebhookDataSchema, DATA_SCHEMAS[family]), {})
    members = {
        "__doc__": f"The body of a webhook `{family}.*`.",
        "type": choice(*types_of(family), required=True),
        "data": fields.Nested(payload, required=True),
    }
    return type(f"{family.title()}WebhookSchema", (WebhookBodySchema,), members)


EVENTS_BY_FAMILY: Mapping[str, type[Schema]] = {family: _event(family) for family in DATA_SCHEMAS}
WEBHOOKS_BY_FAMILY: Mapping[str, type[Schema]] = {family: _webhook(family) for family in DATA_SCHEMAS}
