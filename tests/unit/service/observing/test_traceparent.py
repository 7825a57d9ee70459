"""`traceparent`, by the examples and rules of W3C Trace Context 1."""

from __future__ import annotations

import pytest

from service.observing.traceparent import child_of, is_traceparent, new_traceparent, trace_id

EXAMPLE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize("text", [EXAMPLE, f"cc{EXAMPLE[2:]}-what-the-future-holds"])
def test_good_ones(text: str) -> None:
    """The specification's example, and a later version with more fields, are gone on with; so is our own."""
    assert is_traceparent(text)
    assert is_traceparent(new_traceparent())


@pytest.mark.parametrize(
    "text",
    [
        "",
        EXAMPLE.upper(),
        f"ff{EXAMPLE[2:]}",
        f"{EXAMPLE}-more",
        EXAMPLE.replace("0af7651916cd43dd8448eb211c80319c", "0" * 32),
        EXAMPLE.replace("b7ad6b7169203331", "0" * 16),
        EXAMPLE[:-1],
        f"{EXAMPLE}\n",
    ],
)
def test_bad_ones(text: str) -> None:
    """Version ff, version 00 with more, zero ids, capitals and cut texts are not."""
    assert not is_traceparent(text)


def test_child() -> None:
    """A child keeps trace and flags and has a span of its own, in version 00."""
    child = child_of(f"cc{EXAMPLE[2:]}-more")

    assert ("0af7651916cd43dd8448eb211c80319c", "01") == (trace_id(child), child[-2:])
    assert is_traceparent(child)
    assert "b7ad6b7169203331" not in child
    assert "" == trace_id("")
