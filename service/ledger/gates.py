"""What stands before the beginning of a job, read from its request. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from service.ledger.store import Gate

LATEST_SECONDS = 90 * 86400
# These kinds only look: a host that demands approvals demands none for them.
READ_ONLY_KINDS = frozenset({"inspect_host", "test_host", "verify_lab"})


def gate_of(request: Mapping[str, Any]) -> Gate:
    """Return the gate of a loaded request."""
    approval: Mapping[str, Any] = request.get("approval") or {}
    return Gate(
        approval=bool(approval.get("required")),
        approval_seconds=int(approval.get("expires_in_seconds") or 0),
        approval_reason=str(approval.get("reason") or ""),
        host_gates=request["kind"] not in READ_ONLY_KINDS,
        not_before=seconds_of(request.get("not_before")),
        start_seconds=int(request.get("start_deadline_seconds") or 0),
    )


def seconds_of(moment: str | None) -> float | None:
    """Return an RFC 3339 time, as a request keeps it, in seconds since 1970 UTC; None for none."""
    return datetime.fromisoformat(moment).timestamp() if moment else None
