"""What an event says in words on a job's page."""

from __future__ import annotations

from typing import Any

import pytest

from service.ui.dashboard import event_text

LINES = [{"stream": "verbose", "text": "one"}, {"stream": "information", "text": "two"}]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"lines": LINES}, "verbose: one\ninformation: two"),
        ({"lines": LINES[:1], "dropped": 7}, "verbose: one\n7 lines are left out"),
        ({"message": "creating", "percent": 5}, "creating 5 %"),
        ({"error": {"detail": "no room"}}, "no room"),
        ({"reason": "asked"}, "asked"),
        ({}, ""),
    ],
)
def test_an_event_is_told_with_what_streams_wrote(data: dict[str, Any], words: str) -> None:
    """Message, error, reason, progress, and of `step.logged` each line with the stream that it came from."""
    assert words == event_text({"data": data})
