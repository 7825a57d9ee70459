"""How stored fields become the records that callers see."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from service.ledger.job import TERMINAL_STATES, Approval, Job, JobState, StepRecord, StepState
from service.ledger.tenant import owner_of


def pairs(flat: Sequence[str] | Mapping[str, str]) -> dict[str, str]:
    """Turn a flat reply [name, value, name, value, ...] into a mapping."""
    if isinstance(flat, Mapping):
        return dict(flat)
    return dict(zip(flat[::2], flat[1::2], strict=True))


def optional_time(value: str) -> float | None:
    """Read a time; '' means that it has not come."""
    return float(value) if value else None


def job_of(flat: Sequence[str]) -> Job:
    """Read one job."""
    row = pairs(flat)
    state = JobState(row["state"])
    return Job(
        id=row["id"],
        kind=row["kind"],
        state=state,
        request=json.loads(row["request"]),
        version=int(row["version"]),
        created_at=float(row["created_at"]),
        host_id=row["host_id"],
        lab_id=row["lab_id"],
        labels=json.loads(row["labels"]),
        started_at=optional_time(row.get("started_at", "")),
        ended_at=optional_time(row.get("ended_at", "")),
        progress_percent=_percent(row, state),
        eta_seconds=None if state in TERMINAL_STATES else optional_time(row.get("x_eta", "")),
        waiting_for=row.get("x_waiting_for", ""),
        error=_error(row),
        result=_result(row),
        cancel_unconfirmed=row.get("cancel_unconfirmed") == "1",
        retries=int(row.get("retries", "0")),
        request_id=row["request_id"],
        traceparent=row.get("traceparent", ""),
        steps_total=int(row["steps_total"]),
        steps_done=int(row["steps_done"]),
        priority=int(row["priority"]),
        tenant=owner_of(row["tenant"]),
        on_failure=row["on_failure"],
        on_cancel=row["on_cancel"],
        deadline_at=optional_time(row.get("deadline_at", "")),
        targets=tuple(json.loads(row["targets"])),
        callback_url=row["callback_url"],
        not_before=optional_time(row.get("not_before", "")),
        start_by=optional_time(row.get("start_by", "")),
        paused_at=optional_time(row.get("paused_at", "")),
        paused_from=row.get("paused_from", ""),
        entered_at=optional_time(row.get("entered_at", "")),
        approval=_approval(row),
        placement=json.loads(row.get("placement", "null")),
    )


def _approval(row: Mapping[str, str]) -> Approval | None:
    if not row.get("approval_by"):
        return None
    return Approval(
        required_by=row["approval_by"],
        reason=row.get("approval_reason", ""),
        expires_at=optional_time(row.get("approval_until", "")),
        approved_by=row.get("approved_by", ""),
        approved_name=row.get("approved_name", ""),
        approved_at=optional_time(row.get("approved_at", "")),
        rejected_by=row.get("rejected_by", ""),
        rejected_name=row.get("rejected_name", ""),
        rejected_at=optional_time(row.get("rejected_at", "")),
    )


def _percent(row: Mapping[str, str], state: JobState) -> int:
    if state is JobState.SUCCEEDED:
        return 100
    total = float(row["w_total"])
    done = float(row["w_done"]) + float(row.get("x_partial", "0"))
    return min(99, int(100 * done / total)) if total > 0 else 0


def _error(row: Mapping[str, str]) -> Mapping[str, Any] | None:
    if not row.get("error"):
        return None
    error: dict[str, Any] = json.loads(row["error"])
    if row.get("error_step"):
        error.setdefault("step_id", row["error_step"])
    if row.get("rollback_error"):
        error["rollback_error"] = json.loads(row["rollback_error"])
    return error


def _result(row: Mapping[str, str]) -> Mapping[str, Any] | None:
    if not row.get("x_result"):
        return None
    facts: dict[str, str] = pairs(json.loads(row["x_result"]))
    return {name: json.loads(value) for name, value in facts.items()}


def step_of(flat: Sequence[str]) -> StepRecord:
    """Read one step."""
    row = pairs(flat)
    spec = json.loads(row["spec"])
    return StepRecord(
        id=spec["id"],
        action=spec["action"],
        title=spec["title"],
        state=StepState(row["state"]),
        node=spec["node"],
        needs=tuple(spec["needs"]),
        attempt=int(row["attempt"]),
        percent=int(row["percent"]),
        message=row["message"],
        started_at=optional_time(row["started_at"]),
        ended_at=optional_time(row["ended_at"]),
        weight_seconds=float(spec["weight_seconds"]),
        error=json.loads(row["error"]) if row["error"] else None,
        worker=row["worker"],
        generation=int(row["generation"]),
        fence=int(row["fence"]),
        intent=json.loads(row["intent"]) if row["intent"] else None,
    )
