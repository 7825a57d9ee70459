"""W3C Trace Context: a request goes on with its caller's trace or begins one; its job carries it on."""

from __future__ import annotations

from service.ledger.trace import child_of, is_traceparent, new_traceparent


def trace_of(header: str) -> str:
    """Return this request's own `traceparent`: a new span in the caller's trace, else in a new one."""
    offered = header.strip()
    return child_of(offered) if is_traceparent(offered) else new_traceparent()
