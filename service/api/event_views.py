"""The feed: the events of everything, and the types that there are."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from schemas.base import choice
from schemas.event import DATA_SCHEMAS, EVENT_TYPES, EventSchema, WebhookBodySchema
from schemas.page import page_of
from service.api.answers import answer
from service.api.context import context
from service.api.document import STREAM_CONTENT
from service.api.event_examples import example_webhook
from service.api.event_reading import EventsQuerySchema, event_page, resume_point, wanted_events, wants_stream
from service.api.event_stream import StreamRequest, stream_response
from service.api.operation import Operation, route
from service.api.problems import not_found
from service.api.sessions import still_let_in
from service.ledger.event import Event

blueprint = Blueprint("events", __name__, description="What happened in the whole service")
_PAGE = {"application/json": {"schema": page_of(EventSchema)}}


class EventTypesSchema(Schema):
    """Every event type by name, with the name of the schema of its `data`."""

    types = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


@route(
    blueprint,
    Operation(
        "listEvents",
        "GET",
        "/v1/events",
        "jobs:read",
        {200: _PAGE | STREAM_CONTENT},
        query=EventsQuerySchema(),
        headers=("LastEventId",),
        answer_headers={200: ("Link",)},
    ),
)
def list_events(query: dict[str, Any]) -> Response:
    """List the events of everything, oldest first; with `Accept: text/event-stream` as a stream without an end.

    Without `Last-Event-ID` or `after` a stream begins now.
    """
    ctx, job_id = context(), query.get("job_id")
    if not wants_stream(request):
        return event_page(ctx, request, query, job_id)
    after = resume_point(request, query) or ctx.store.events.last_id(None)
    wanted = wanted_events(query)

    def shown(event: Event) -> bool:
        return wanted(event) and job_id in (None, event.job_id)

    return stream_response(ctx, StreamRequest(None, after, shown, still_let_in(request)))


class EventTypeViewSchema(Schema):
    """One event type: the name of the schema of its data, and a webhook body as a receiver gets it."""

    type = choice(*EVENT_TYPES, required=True)
    data_schema = fields.String(required=True)
    example = fields.Nested(WebhookBodySchema, required=True)


@route(blueprint, Operation("listEventTypes", "GET", "/v1/event-types", "jobs:read", {200: EventTypesSchema}))
def list_event_types() -> Response:
    """List every event type with the schema of its data. Ignore types that you do not know."""
    return answer({"types": {name: _data_schema(name) for name in EVENT_TYPES}})


@route(
    blueprint,
    Operation(
        "getEventType", "GET", "/v1/event-types/<identifier:event_type>", "jobs:read", {200: EventTypeViewSchema}
    ),
)
def get_event_type(event_type: str) -> Response:
    """Get an event type with an example of its webhook's body: something to try a receiver with."""
    if event_type not in EVENT_TYPES:
        raise not_found("event type", event_type)
    return answer({"type": event_type, "data_schema": _data_schema(event_type), "example": example_webhook(event_type)})


def _data_schema(event_type: str) -> str:
    return DATA_SCHEMAS[event_type.partition(".")[0]].__name__.removesuffix("Schema")
