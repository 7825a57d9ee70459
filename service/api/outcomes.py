"""What a submission that made no job is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.api.idempotency import key_reused
from service.api.problems import Problem
from service.ledger.store import Outcome, SubmitResult


def refuse_outcome(result: SubmitResult) -> None:
    """Let a job that was created or found pass.

    Raises:
        Problem: 422 for a reused key, 409 for a busy target or a host without room, 403 beyond a quota.
    """
    if result.outcome is Outcome.CONFLICT:
        raise key_reused()
    if result.outcome is Outcome.REFUSED and result.detail.get("reason") == "cordoned":
        raise Problem(409, "host-cordoned", "The host is cordoned: only keys with hosts:write may build on it.")
    if result.outcome is Outcome.REFUSED:
        raise Problem(409, "no-room", "The host has no room for this now.", **result.detail)
    if result.outcome is Outcome.TARGET_BUSY:
        raise Problem(409, "target-busy", "An unfinished job works on the same target.", **result.detail)
    if result.outcome is Outcome.QUOTA:
        raise _beyond_quota(result.detail)


def _beyond_quota(detail: Mapping[str, Any]) -> Problem:
    what = "{quota}: {used} of {limit} are used, and this wants {wanted} more".format(**detail)
    return Problem(403, "quota-exceeded", f"The tenant has a quota of {what}.", **detail)
