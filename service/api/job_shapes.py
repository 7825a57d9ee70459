"""How jobs, steps, plans and events look to callers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from service.api.answers import rfc3339
from service.api.conditional import etag_of
from service.api.context import context
from service.api.holders import seen_facts
from service.api.submitting import Planned
from service.ledger.checks import checks_of
from service.ledger.estimate import bounded_seconds
from service.ledger.event import Event
from service.ledger.job import TERMINAL_STATES, Job, JobState, StepRecord
from service.ledger.plan import Plan
from service.observing.traceparent import trace_id

_SOON_SECONDS = 2
_LATER_SECONDS = 10


def is_final(job: Job) -> bool:
    """Tell whether the job has ended."""
    return job.state in TERMINAL_STATES


def job_etag(job: Job) -> str:
    """Return the job's ETag: its version and its progress, which rises between versions."""
    return etag_of(f"{job.id}.{job.progress_percent}", job.version)


def retry_after(job: Job) -> dict[str, str]:
    """Return how long to wait before asking again; nothing once the job is final."""
    if is_final(job):
        return {}
    soon = job.eta_seconds is not None and job.eta_seconds < _LATER_SECONDS
    return {"Retry-After": str(_SOON_SECONDS if soon or job.started_at is None else _LATER_SECONDS)}


def job_body(job: Job, base: str) -> dict[str, Any]:
    """Return a job. `base` is the scheme and host of its links."""
    return {
        "id": job.id,
        "tenant": job.tenant,
        "kind": job.kind,
        "state": job.state,
        "request": job.request,
        "labels": job.labels,
        "host_id": job.host_id,
        "lab_id": job.lab_id,
        "version": job.version,
        "created_at": rfc3339(job.created_at),
        "started_at": rfc3339(job.started_at),
        "ended_at": rfc3339(job.ended_at),
        "approval": _approval_body(job),
        "not_before": rfc3339(job.not_before),
        "start_by": rfc3339(job.start_by),
        "deadline_at": rfc3339(job.deadline_at),
        "paused_at": rfc3339(job.paused_at),
        "progress_percent": job.progress_percent,
        "eta_seconds": job.eta_seconds,
        "waiting_for": job.waiting_for,
        "steps_total": job.steps_total,
        "steps_done": job.steps_done,
        "error": job.error,
        "result": None if job.result is None else result_body(seen_facts(context(), job.result)),
        "placement": job.placement,
        "cancel_unconfirmed": job.cancel_unconfirmed,
        "retries": job.retries,
        "request_id": job.request_id,
        "trace_id": trace_id(job.traceparent),
        "links": _links(job, base),
    }


def _approval_body(job: Job) -> dict[str, Any] | None:
    if job.approval is None:
        return None
    times = {name: rfc3339(getattr(job.approval, name)) for name in ("expires_at", "approved_at", "rejected_at")}
    return asdict(job.approval) | times


def _links(job: Job, base: str) -> dict[str, str]:
    itself = f"{base}/v1/jobs/{job.id}"
    links = {"self": itself, "steps": f"{itself}/steps", "events": f"{itself}/events"}
    if job.lab_id:
        links["lab"] = f"{base}/v1/labs/{job.lab_id}"
    if not is_final(job):
        links["cancel"] = f"{itself}:cancel"
    if job.state is JobState.WAITING_APPROVAL:
        links["approve"] = f"{itself}:approve"
    return links


def result_body(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a job found or built: CPU ledger and summary of a lab, drift, settings, checks; and all facts."""
    named = {
        "probes": "lab.probes",
        "summary": "lab.summary",
        "drift": "lab.drift",
        "report": "host.report",
        "findings": "host.findings",
    }
    result: dict[str, Any] = {name: facts[fact] for name, fact in named.items() if fact in facts}
    checks = checks_of(facts)
    if checks:
        result["checks"] = checks
    settings = [facts[fact] for fact in sorted(facts) if fact.startswith("node.") and fact.endswith(".settings")]
    if settings:
        result["settings"] = [row for rows in settings for row in (rows if isinstance(rows, list) else [rows])]
    return result | {"facts": dict(facts)}


def step_body(step: StepRecord) -> dict[str, Any]:
    """Return one step."""
    return {
        "id": step.id,
        "action": step.action,
        "title": step.title,
        "state": step.state,
        "node": step.node,
        "needs": list(step.needs),
        "attempt": step.attempt,
        "percent": step.percent,
        "message": step.message,
        "started_at": rfc3339(step.started_at),
        "ended_at": rfc3339(step.ended_at),
        "weight_seconds": step.weight_seconds,
        "error": step.error,
        "worker": step.worker,
    }


def event_body(event: Event) -> dict[str, Any]:
    """Return one event, the same in lists and streams."""
    return {
        "id": event.id,
        "type": event.type,
        "timestamp": rfc3339(event.at),
        "job_id": event.job_id,
        "lab_id": event.lab_id,
        "step_id": event.step_id,
        "node": event.node,
        "tenant": event.tenant,
        "data": event.data,
    }


def plan_body(planned: Planned) -> dict[str, Any]:
    """Return a plan with its estimates: with unlimited parallelism, and under the host's bounds."""
    plan, host = planned.plan, planned.resolved.host
    return {
        "kind": plan.kind,
        "host_id": host.id if host else "",
        "placement": planned.placement,
        "steps": [step._asdict() for step in plan.steps],
        "demand": asdict(plan.demand),
        "findings": [asdict(finding) for finding in plan.findings],
        "refused": plan.refused,
        "critical_path_seconds": plan.critical_path_seconds(),
        "eta_seconds": _bounded(plan, planned),
        "digest": plan.digest(),
    }


def _bounded(plan: Plan, planned: Planned) -> float:
    host = planned.resolved.host
    if host is None:
        return plan.critical_path_seconds()
    # A bound of 0 means maintenance: nothing starts now, so the estimate is for the time after it.
    return bounded_seconds(plan.steps, max(1, host.limits.max_parallel_steps), max(1, host.limits.max_heavy_steps))
