"""What the views of events share: where to begin, one page, stream or page."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from flask import Request, Response
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from schemas.base import text
from schemas.event import EventQuerySchema
from schemas.tenant import slug
from service.api.answers import page_answer
from service.api.context import Context
from service.api.job_shapes import event_body
from service.api.pages import page_filters
from service.api.problems import invalid_parameter
from service.api.streams import MEDIA_TYPE
from service.ledger.event import Event

_CHUNK = 500
# Ids count milliseconds: 18 digits last for ever, and fit into the 64 bits of a stream id.
_ID = r"[0-9]{1,18}(-[0-9]{1,18})?"
_EVENT_ID = re.compile(_ID)


class EventsQuerySchema(EventQuerySchema):
    """`after` is the id of the last event seen; an empty one is the beginning. `cursor` goes on where a page ended."""

    tenant = slug()
    after = text(0, 37, pattern=f"({_ID})?", hint="Not an event id.")


class JobEventsQuerySchema(EventsQuerySchema):
    """The same, for the events of one job."""

    class Meta(EventsQuerySchema.Meta):
        """The job is in the path."""

        exclude = ("job_id", "tenant")


def wants_stream(request: Request) -> bool:
    """Tell whether the caller prefers server-sent events to a JSON page."""
    # Werkzeug's time for a run of blanks grows with its square; one blank says as much.
    header = " ".join(request.headers.get("Accept", "").split())
    accepted = parse_accept_header(header, MIMEAccept)
    return accepted.best_match(["application/json", MEDIA_TYPE]) == MEDIA_TYPE


def resume_point(request: Request, query: Mapping[str, Any]) -> str:
    """Return the id after which a stream begins; the header, which a reconnecting browser sends, outdoes the query.

    Raises:
        Problem: 400 for a header that is no event id.
    """
    header = request.headers.get("Last-Event-ID", "").strip()
    if header and not _EVENT_ID.fullmatch(header):
        raise invalid_parameter("Last-Event-ID", "This is not an event id.")
    return header or query.get("after") or ""


def wanted_events(query: Mapping[str, Any]) -> Callable[[Event], bool]:
    """Return the filter by type and tenant."""
    wanted, tenant = query.get("type"), query.get("tenant")
    return lambda event: wanted in (None, event.type) and tenant in (None, event.tenant)


def event_page(context: Context, request: Request, query: Mapping[str, Any], job_id: str | None) -> Response:
    """Answer one page of stored events, oldest first.

    Raises:
        Problem: 400 for a cursor that is not ours or was made for other filters.
    """
    filters = page_filters(query) | {"job": job_id}
    after = str(context.cursors.read(query["cursor"], filters)[0]) if query.get("cursor") else query.get("after") or ""
    limit, wanted = query["limit"], wanted_events(query)
    items: list[Event] = []
    more = True
    while len(items) < limit and more:
        events, _ = context.store.events.page(job_id, after, _CHUNK)
        kept = [event for event in events if context.store.eyes.sees(event.tenant) and wanted(event)]
        more = len(events) == _CHUNK or len(items) + len(kept) > limit
        items += kept[: limit - len(items)]
        after = items[-1].id if len(items) == limit else (events[-1].id if events else after)
    following = context.cursors.write([after], filters) if more else None
    return page_answer([event_body(event) for event in items], following, request, context.settings.base_url)
