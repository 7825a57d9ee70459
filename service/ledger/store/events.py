"""Events: a stream a job and one feed of all, both bounded, with the same ids in both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from service.ledger.event import Event, EventType
from service.ledger.store.scripts import Scripts
from service.ledger.tenant import owner_of

_KNOWN = frozenset(str(one) for one in EventType)
_ID_NUMBER_MAX = 2**63 - 1  # the server's bound is 2^64 - 1, and a range cannot begin behind its last id


class EventStore:
    """Reads events. Writing is part of the moves."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def page(self, job_id: str | None, after: str = "", limit: int = 200) -> tuple[list[Event], str | None]:
        """Return up to `limit` events later than id `after` ('' = from the start) and the oldest id still kept.

        `job_id` None reads the feed. The oldest id is None when there are no events; when it is later than `after`,
        events in between were trimmed. Raise ValueError for an `after` that is no stream id.
        """
        stream = self.stream_key(job_id)
        start = f"({checked_id(after)}" if after else "-"
        pipe = self._scripts.client.pipeline(transaction=False)
        pipe.xrange(stream, start, "+", count=limit)
        pipe.xrange(stream, "-", "+", count=1)
        rows, oldest = pipe.execute()
        return [event_of(row_id, fields) for row_id, fields in rows], oldest[0][0] if oldest else None

    def last_id(self, job_id: str | None) -> str:
        """Return the id of the newest event, '' when there is none."""
        rows = self._scripts.client.xrevrange(self.stream_key(job_id), "+", "-", count=1)
        return str(rows[0][0]) if rows else ""

    def stream_key(self, job_id: str | None) -> str:
        """Return the key of a job's stream, or of the feed for None."""
        return self._scripts.key("job", job_id, "ev") if job_id else self._scripts.key("feed")


def checked_id(event_id: str) -> str:
    """Return a complete stream id `ms-seq`, two numbers of 63 bits. Raise ValueError when it is none."""
    milliseconds, _, sequence = event_id.partition("-")
    if not milliseconds.isdecimal() or (sequence and not sequence.isdecimal()):
        raise ValueError("not an event id")
    if max(int(milliseconds), int(sequence or 0)) > _ID_NUMBER_MAX:
        raise ValueError("an event id's number is too large")
    return f"{milliseconds}-{sequence or 0}"


def id_order(event_id: str) -> tuple[int, int]:
    """Return what event ids sort by."""
    milliseconds, _, sequence = checked_id(event_id).partition("-")
    return int(milliseconds), int(sequence)


def event_type(name: str) -> EventType:
    """Return the type; one that a newer release wrote stays plain text, for readers to ignore."""
    return EventType(name) if name in _KNOWN else cast("EventType", name)


def event_of(event_id: str, fields: Mapping[str, str]) -> Event:
    """Read one stream entry."""
    return Event(
        id=event_id,
        type=event_type(fields["type"]),
        at=float(fields["at"]),
        job_id=fields.get("job", ""),
        lab_id=fields.get("lab", ""),
        step_id=fields.get("step", ""),
        node=fields.get("node", ""),
        data=json.loads(fields.get("data") or "{}"),
        tenant=owner_of(fields.get("tenant", "")),
    )
