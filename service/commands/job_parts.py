"""A job, its steps and its diagnosis as the command shows them. Pure: the service's answer in, parts out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from service.commands.showing import Part, Record, Table
from service.commands.tables import Column, Row
from service.commands.text import duration, moment


def percent(value: Any) -> str | None:
    """Return `45%`, None for nothing."""
    return None if value is None else f"{value}%"


def took(one: Row) -> str | None:
    """Return how long a job or a step ran, None for one that has not ended."""
    began, ended = moment(one.get("started_at")), moment(one.get("ended_at"))
    return duration((ended - began).total_seconds()) if began and ended else None


def event_text(event: Row) -> str | None:
    """Return what an event says in words, None when its type says it all."""
    data = event.get("data") or {}
    error = data.get("error") or {}
    said = data.get("message") or data.get("reason") or error.get("detail")
    if said:
        return str(said)
    lines = [f"{line.get('stream', '')}: {line.get('text', '')}" for line in data.get("lines") or ()]
    return "; ".join(lines) or None


def _done(job: Row) -> str | None:
    if job.get("progress_percent") is None:
        return None
    return f"{job['progress_percent']}%, {job.get('steps_done', 0)} of {job.get('steps_total', 0)} steps"


def _left(job: Row) -> str | None:
    return None if job.get("eta_seconds") is None else f"about {duration(job['eta_seconds'])}"


JOB_COLUMNS = (
    Column("id", kind="id"),
    Column("kind", rank=1),
    Column("state", kind="state"),
    Column("done", lambda job: percent(job.get("progress_percent"))),
    Column("age", "created_at", "age"),
    Column("lab", "lab_id", "id", rank=4),
    Column("host", "host_id", "id", rank=5),
    Column("labels", rank=6),
)
STEP_COLUMNS = (
    Column("id", kind="id"),
    Column("state", kind="state"),
    Column("node", rank=3),
    Column("done", lambda step: percent(step.get("percent")), rank=4),
    Column("attempt", rank=5),
    Column("took", took, rank=1),
    Column("message", rank=2),
    Column("title", rank=6),
)
CAUSE_COLUMNS = (
    Column("code", kind="id"),
    Column("blocking", rank=2),
    Column("since", kind="age", rank=1),
    Column("detail"),
    Column("remedy"),
    Column("step", "step_id", rank=3),
    Column("node", rank=4),
    Column("worker", rank=5),
)
EVENT_COLUMNS = (
    Column("timestamp", kind="time"),
    Column("type", kind="id"),
    Column("step", "step_id", rank=1),
    Column("node", rank=3),
    Column("text", event_text, rank=2),
    Column("job", "job_id", "id", rank=4),
    Column("id", kind="id", rank=5),
)
_JOB_LINES = (
    Column("id", kind="id"),
    Column("kind"),
    Column("state", kind="state"),
    Column("done", _done),
    Column("left", _left),
    Column("waiting_for"),
    Column("lab", "lab_id", "id"),
    Column("host", "host_id", "id"),
    Column("why_this_host", lambda job: (job.get("placement") or {}).get("reason")),
    Column("created", "created_at", "age"),
    Column("started", "started_at", "age"),
    Column("ended", "ended_at", "age"),
    Column("took", took),
    Column("not_before", kind="age"),
    Column("start_by", kind="age"),
    Column("deadline", "deadline_at", "age"),
    Column("labels"),
    Column("retries", lambda job: job.get("retries") or None),
    Column("cancel_unconfirmed", lambda job: job.get("cancel_unconfirmed") or None),
    Column("request", "request_id", "id"),
)
_ERROR_LINES = (
    Column("code", kind="id"),
    Column("title"),
    Column("detail"),
    Column("step", "step_id", "id"),
    Column("node"),
    Column("remedy"),
    Column("docs", "docs_url", "id"),
)
_APPROVAL_LINES = (
    Column("required_by"),
    Column("reason"),
    Column("expires", "expires_at", "age"),
    Column("approved_by", "approved_name"),
    Column("rejected_by", "rejected_name"),
)
_NODE_COLUMNS = (
    Column("name", kind="id"),
    Column("address"),
    Column("vm_id", kind="id", rank=1),
    Column("mac", rank=2),
)
_NESTED_COLUMNS = (Column("name", kind="id"), Column("node"), Column("vm_id", kind="id", rank=1))


def job_parts(job: dict[str, Any]) -> Iterator[Part]:
    """Yield what a person wants to know of a job: where it is, why it failed, what it built."""
    yield Record("", _JOB_LINES, job)
    if job.get("error"):
        yield Record("error", _ERROR_LINES, job["error"])
    if job.get("approval"):
        yield Record("approval", _APPROVAL_LINES, job["approval"])
    yield from built_parts((job.get("result") or {}).get("summary") or {})


def built_parts(summary: dict[str, Any]) -> Iterator[Part]:
    """Yield the tables of what is built: nodes, nested VMs, cluster; nothing of an empty summary."""
    yield Table("nodes", _NODE_COLUMNS, summary.get("nodes") or ())
    yield Table("nested VMs", _NESTED_COLUMNS, summary.get("nested_vms") or ())
    if summary.get("cluster"):
        yield Record("cluster", [Column(name) for name in summary["cluster"]], summary["cluster"])


def diagnosis_parts(found: dict[str, Any]) -> Iterator[Part]:
    """Yield why a job moves or does not."""
    head = (Column("job", "job_id", "id"), Column("state", kind="state"), Column("moving"))
    yield Record("", head, found)
    yield Table("causes", CAUSE_COLUMNS, found["causes"])
