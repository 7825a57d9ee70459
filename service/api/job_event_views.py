"""Events of one job: JSON pages, or a stream when `text/event-stream` is asked for."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_smorest import Blueprint

from schemas.event import EventSchema
from schemas.page import page_of
from service.api.answers import no_content
from service.api.context import context
from service.api.document import STREAM_CONTENT
from service.api.event_reading import JobEventsQuerySchema, event_page, resume_point, wanted_events, wants_stream
from service.api.event_stream import StreamRequest, is_over, stream_response
from service.api.operation import Operation, route
from service.api.problems import not_found
from service.api.sessions import still_let_in

blueprint = Blueprint("job-events", __name__, description="What happened in a job")
_PAGE = {"application/json": {"schema": page_of(EventSchema)}}


@route(
    blueprint,
    Operation(
        "listJobEvents",
        "GET",
        "/v1/jobs/<identifier:job_id>/events",
        "jobs:read",
        {200: _PAGE | STREAM_CONTENT, 204: None},
        query=JobEventsQuerySchema(),
        headers=("LastEventId",),
        answer_headers={200: ("Link",)},
    ),
)
def list_job_events(job_id: str, query: dict[str, Any]) -> Response:
    """List the events of a job, oldest first; with `Accept: text/event-stream` as a stream.

    A stream begins after `Last-Event-ID` (or `after`), else with the first event. Event `gap` says that events before
    `oldest_id` are no longer kept; `end` is the last one of an ended job. Asked again after it, the answer is 204.
    """
    ctx = context()
    if ctx.store.jobs.get(job_id) is None:
        raise not_found("job", job_id)
    if not wants_stream(request):
        return event_page(ctx, request, query, job_id)
    after = resume_point(request, query)
    if after and is_over(ctx, job_id, after):
        return no_content()
    return stream_response(ctx, StreamRequest(job_id, after, wanted_events(query), still_let_in(request)))
