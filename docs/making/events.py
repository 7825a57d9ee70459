"""The page of every event type: what it says, its payload, and an example of its webhook."""

from __future__ import annotations

import json
from collections.abc import Iterator

from docs.making.markdown import block, code, page, plain, table
from docs.making.members import members
from docs.making.words import words
from schemas.event import DATA_SCHEMAS
from schemas.event_family import types_of
from service.api.event_examples import example_event, example_webhook

_FAMILIES = {
    "job": "A job as a whole.",
    "step": "One step of a job's plan.",
    "lab": "What a job built.",
    "host": "A physical host.",
    "endpoint": "A receiver of webhooks.",
    "chat": "A conversation.",
}
_TOLD = ("job.waiting", "job.failed", "step.progressed", "step.retried", "lab.extended", "endpoint.disabled")


def events_page() -> str:
    """Return the page."""
    return page(
        "Events",
        "Each change of state appends one event in the same atomic move. They are the same in a job's page of "
        "events, in its stream "
        "(`GET /v1/jobs/{id}/events`), in the feed (`GET /v1/events`) and in [webhooks](webhooks.md). An "
        "endpoint chooses types by their names, or all of them (`*`).",
        "A type or a member that a receiver does not know is to be ignored: later versions add some. `GET "
        "/v1/event-types` lists the "
        "types, `GET /v1/event-types/job.succeeded` shows an example of one.",
        *(part for family in DATA_SCHEMAS for part in _family(family)),
    )


def _family(family: str) -> Iterator[str]:
    yield f"## {family}"
    yield _FAMILIES.get(family, "")
    rows = [(code(name), words("events").get(name, ""), _payload(name)) for name in types_of(family)]
    yield table(("type", "meaning", "an example of its payload"), rows)
    payload = members(f"{family.title()}Data")
    yield f"Its payload (`data`), beside the ids:\n\n{payload}" if payload else ""
    for name in _shown(family):
        example = json.dumps(example_webhook(name), indent=2)
        yield f"The body of a webhook `{plain(name)}`:\n\n{block(f'json {family.title()}Webhook', example)}"


def _payload(name: str) -> str:
    data = example_event(name)["data"]
    return code(json.dumps(data)) if data else ""


def _shown(family: str) -> list[str]:
    types = types_of(family)
    return [name for name in _TOLD if name in types] or list(types[:1])
