"""`traceparent`, by the examples and rules of W3C Trace Context 1."""

from __future__ import annotations

import pytest

from service.observing.traceparent import child_of, is_traceparent, new_traceparent, state_beside, trace_id

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


@pytest.mark.parametrize(
    "state", ["rojo=00f067aa0ba902b7", "a=1,b/c@d=x y", "", ",".join(f"k{n}=v" for n in range(32))]
)
def test_a_good_state_is_passed_on(state: str) -> None:
    """What a tracing system wrote beside its traceparent goes on as it was, without the spaces around its members."""
    assert state == state_beside(EXAMPLE, state.replace(",", " , "))


@pytest.mark.parametrize(
    "state", ["A=1", "a", "a=", "a=1=2", "a=\n", "a=ü", "a=" + "x" * 512, ",".join(f"k{n}=v" for n in range(33))]
)
def test_a_bad_state_is_dropped(state: str) -> None:
    """Members without form, too many or too long ones are not kept; nor is a state without a trace."""
    assert "" == state_beside(EXAMPLE, state)
    assert "" == state_beside("", "a=1")
