"""Whether a caller wants a stream or a page, whatever his `Accept` looks like."""

from __future__ import annotations

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from service.api.event_reading import wants_stream


def _asked(accept: str | None) -> bool:
    headers = {} if accept is None else {"Accept": accept}
    return wants_stream(Request(EnvironBuilder(headers=headers).get_environ()))


@pytest.mark.parametrize(
    ("accept", "streams"),
    [
        (None, False),
        ("", False),
        ("*/*", False),
        ("text/event-stream", True),
        ("text/event-stream , application/json;q=0.5", True),
        ("text/event-stream;q=0.1, application/json", False),
        ("application/json, text/event-stream", False),
        ("nonsense", False),
    ],
)
def test_a_stream_is_for_who_prefers_it(accept: str | None, streams: bool) -> None:
    """JSON is what everybody gets who does not ask for events before it."""
    assert streams is _asked(accept)


def test_long_blanks_take_time_in_proportion() -> None:
    """A hundred thousand blanks are read through once, not once for each of them."""
    assert _asked(f"text/event-stream{' ' * 100_000}, a{' ' * 100_000}b")
