"""W3C Trace Context 1. `traceparent`: version 00, trace id, parent id and flags in lower-case hex. Pure."""

from __future__ import annotations

import re
import secrets

_FORM = re.compile(
    r"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?P<more>-.*)?"
)
_NOT_SAMPLED = "00"
_MEMBER = re.compile(r"[a-z0-9][a-z0-9_*/@-]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]")
_MOST_MEMBERS, _LONGEST_STATE = 32, 512


def is_traceparent(text: str) -> bool:
    """Tell whether this can be gone on with. All-zero ids and version ff cannot; later versions may have more."""
    found = _FORM.fullmatch(text)
    if found is None or found["version"] == "ff" or (found["version"] == "00" and found["more"]):
        return False
    return found["trace"] != "0" * 32 and found["span"] != "0" * 16


def state_beside(traceparent: str, tracestate: str) -> str:
    """Return the `tracestate` that is passed on beside this `traceparent`; '' without a trace, or when it has no form.

    At most 32 members and 512 characters are: the specification's bounds.
    """
    members = [one.strip() for one in tracestate.split(",") if one.strip()]
    text = ",".join(members)
    if not is_traceparent(traceparent) or len(members) > _MOST_MEMBERS or len(text) > _LONGEST_STATE:
        return ""
    return text if all(_MEMBER.fullmatch(one) for one in members) else ""


def new_traceparent() -> str:
    """Begin a trace. Nobody asked for samples, so its flags say not sampled."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-{_NOT_SAMPLED}"


def child_of(traceparent: str) -> str:
    """Return a new span of the same trace with the same flags, as version 00."""
    _, trace, _, flags = traceparent.split("-")[:4]
    return f"00-{trace}-{secrets.token_hex(8)}-{flags}"


def trace_id(traceparent: str) -> str:
    """Return the 32 hex digits of the trace; '' for none."""
    return traceparent.split("-")[1] if traceparent else ""
