"""Jobs: submit, read, list, cancel, retry. Each change is one Lua move."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from service.ledger.acting import with_detail
from service.ledger.audit import content_sha256
from service.ledger.ids import new_id
from service.ledger.job import Job, StepRecord
from service.ledger.plan import Plan, Step
from service.ledger.store.chat import CHAT_SECRETS
from service.ledger.store.errors import IllegalMove, NotFound, VersionConflict
from service.ledger.store.job_view import job_of, step_of
from service.ledger.store.owners import EVERYONE, NOBODY, Eyes, owned_indexes
from service.ledger.store.scripts import Scripts, dumps
from service.ledger.store.submission import JobFilter, Outcome, Policy, Retry, Submission, SubmitResult

_REMOVES_LAB = "ReleaseLab"
_ADDS_NODE = "CreateNode"
_OF_JOB_ONLY = ("callback_secret", *CHAT_SECRETS)
# What stays as it was submitted when a job is retried with edits: who it is, where it works, who has to agree.
_FIXED = frozenset(
    {"id", "kind", "host_id", "lab_id", "creates_lab", "removes_lab", "tenant", "request_id", "traceparent", "secrets"}
    | {"tracestate", "approval", "approval_seconds", "approval_reason", "host_gates", "asked_by", "chat"}
)
_AS_IT_WAS = Retry()


class JobStore:
    """The jobs of one ledger, or what one tenant sees of them. Safe to share between threads."""

    def __init__(self, scripts: Scripts, eyes: Eyes = EVERYONE) -> None:
        self._scripts = scripts
        self._eyes = eyes

    def submit(self, submission: Submission, job_id: str = "", letter: Mapping[str, str] | None = None) -> SubmitResult:
        """Create the job in one move: record, plan, reservation, idempotency record, lab and first event.

        With `queue.letter()` the move wakes workers too, unless some dozens of wake-ups wait already.
        Safe to repeat with the same `job_id`. Raise NotFound for an unknown host or lab (one of another tenant is
        unknown), IllegalMove when the lab is
        removed or being removed, ValueError for a secret that is neither sealed nor a reference.
        """
        _refuse_open_secrets(submission.secrets)
        job_id = job_id or new_id("job", self._scripts_now())
        code, found, detail, ready, *row = self._scripts.run(
            "submit", _arguments(submission, job_id) | {"wake": letter or {}}
        )
        if code == "no_host":
            raise NotFound(f"no host {submission.host_id}")
        if code == "no_lab":
            raise NotFound(f"no lab {submission.lab_id}")
        if code == "lab_state":
            raise IllegalMove(f"lab {submission.lab_id} is {found}", state=found)
        # The same move reads the job back: what the caller is told is what was written, in one round trip.
        return SubmitResult(Outcome(code), job_of(row[0]) if row else None, json.loads(detail), int(ready))

    def get(self, job_id: str) -> Job | None:
        """Return the job with its progress and, once it succeeded, its result; None when there is none."""
        rows = self._scripts.run("read_jobs", {"ids": [job_id], "result": True})
        return self._eyes.seen(job_of(rows[0])) if rows else None

    def steps(self, job_id: str) -> list[StepRecord]:
        """Return the steps in the plan's order; empty for an unknown job."""
        rows = self._scripts.run("read_steps", {"job": job_id})
        return [step_of(row) for row in rows]

    def plan(self, job_id: str) -> list[dict[str, Any]]:
        """Return the step specs in the plan's order; empty for an unknown job."""
        specs = self._scripts.client.hgetall(self._scripts.key("job", job_id, "spec"))
        order = self._scripts.client.get(self._scripts.key("job", job_id, "order")) or "[]"
        return [json.loads(specs[step_id]) for step_id in json.loads(order) if step_id in specs]

    def findings(self, job_id: str) -> list[dict[str, Any]]:
        """Return what the rules found when the job was planned."""
        found: list[dict[str, Any]] = json.loads(self._field(job_id, "findings") or "[]")
        return found

    def facts(self, job_id: str) -> dict[str, Any]:
        """Return the facts that the job's steps wrote so far."""
        raw = self._scripts.client.hgetall(self._scripts.key("job", job_id, "facts"))
        return {name: json.loads(value) for name, value in raw.items()}

    def list(self, filters: JobFilter, before: tuple[float, str] | None, limit: int) -> list[Job]:
        """Return up to `limit` jobs older than `before` (created_at, id), newest first, without their results."""
        found: list[Job] = []
        tenant, position = self._eyes.narrowed(filters.tenant), before
        while len(found) < limit and tenant is not NOBODY:
            arguments = _filter_arguments(filters, tenant, position, limit - len(found))
            rows, last_score, last_id = self._scripts.run("list_jobs", arguments)
            found.extend(job_of(row) for row in rows)
            if not last_id:
                break
            position = (float(last_score), last_id)
        return found

    def cancel(self, job_id: str, on_cancel: Policy | None = None) -> Job | None:
        """Ask a job to stop; None when unknown. Safe to repeat. Raise IllegalMove when the job has ended."""
        code, state = self._scripts.run("cancel", {"job": job_id, "policy": on_cancel or ""})
        if code == "unknown":
            return None
        if code == "illegal":
            raise IllegalMove(f"job {job_id} has ended: {state}", state=state)
        return self.get(job_id)

    def retry(self, job_id: str, retry: Retry = _AS_IT_WAS) -> Job:
        """Reopen a failed, cancelled or expired job from where it stopped, with another request when `retry` has one.

        Raise NotFound, VersionConflict, or IllegalMove when the job did not end so, its lab was removed, or another
        job works on one of its targets. The caller has checked that the other plan keeps what succeeded.
        """
        if retry.edited is not None:
            _refuse_open_secrets(retry.edited.secrets)
        with with_detail({"changes": retry.changes} if retry.edited is not None else {}):
            code, detail = self._scripts.run("retry", _retry_arguments(job_id, retry))
        if code == "unknown":
            raise NotFound(f"no job {job_id}")
        if code == "changed":
            raise VersionConflict(f"job {job_id} changed since it was read", int(detail))
        if code != "ok":
            raise IllegalMove(f"job {job_id} cannot be retried: {detail}", state=detail)
        job = self.get(job_id)
        if job is None:
            raise NotFound(f"no job {job_id}")
        return job

    def _field(self, job_id: str, field: str) -> str | None:
        value: str | None = self._scripts.client.hget(self._scripts.key("job", job_id), field)
        return value

    def _scripts_now(self) -> float:
        seconds, microseconds = self._scripts.client.time()
        return float(seconds) + float(microseconds) / 1e6


def _refuse_open_secrets(secrets: Mapping[str, Mapping[str, Any]]) -> None:
    for name, secret in secrets.items():
        if set(secret) - {"sealed", "ref"} or not secret:
            raise ValueError(f"secret {name} is neither sealed nor a reference")


def _step_spec(step: Step) -> dict[str, Any]:
    return {
        "id": step.id,
        "action": step.action,
        "title": step.title,
        "needs": step.needs,
        "params": step.params,
        "reads": step.reads,
        "node": step.node,
        "weight_seconds": step.weight_seconds,
        "deadline_seconds": step.deadline_seconds,
        "max_attempts": step.max_attempts,
        "heavy": step.heavy,
        "undoable": step.undoable,
    }


def _step_row(step: Step) -> list[Any]:
    """Give Lua what moves need (a row) beside what only workers need (the spec, as text it never parses)."""
    return [
        step.id,
        step.action,
        ",".join(step.needs),
        step.weight_seconds,
        max(1, step.max_attempts),
        int(step.heavy),
        int(step.undoable),
        dumps(_step_spec(step)),
        step.node or "",
    ]


def _arguments(submission: Submission, job_id: str) -> dict[str, Any]:
    plan, idempotency = submission.plan, submission.idempotency
    lab_secrets = {name: secret for name, secret in submission.secrets.items() if name not in _OF_JOB_ONLY}
    return {
        "job": job_id,
        "fields": _fields(submission, job_id),
        "order": dumps([step.id for step in plan.steps]),
        "steps": [_step_row(step) for step in plan.steps],
        "lab_secrets": dumps(lab_secrets),
        "lab_name": submission.lab_name or submission.lab_id,
        "labels": [[name, value] for name, value in submission.labels.items()],
        # The id of a key says its tenant too; it is what earlier releases wrote here.
        "idem_key": f"{submission.key_id or submission.tenant}:{idempotency.key}" if idempotency else "",
        "fingerprint": idempotency.fingerprint if idempotency else "",
        "elsewhere": int(submission.elsewhere),
        "keeps_off_cordoned": int(submission.keeps_off_cordoned),
        "idem_ttl": idempotency.ttl_seconds if idempotency else 0,
    }


def _retry_arguments(job_id: str, retry: Retry) -> dict[str, Any]:
    told: dict[str, Any] = {"by": retry.key_id, "name": retry.key_name} if retry.key_id else {}
    if retry.edited is not None:
        told["changes"] = retry.changes
    arguments = {
        "job": job_id,
        "version": retry.version,
        "by": retry.key_id,
        "of_job_only": _OF_JOB_ONLY,
        "data": f",{dumps(told)[1:-1]}" if told else "",
    }
    if retry.edited is None:
        return arguments
    made = _arguments(retry.edited, job_id)
    kept = {name: made[name] for name in ("order", "steps", "labels", "lab_name")}
    edit = kept | {
        "fields": {name: value for name, value in made["fields"].items() if name not in _FIXED},
        "again": dict.fromkeys(retry.again, True),
        "secrets": retry.edited.secrets,
        "lab_secrets": json.loads(made["lab_secrets"]),
    }
    return arguments | {"edit": edit}


def _fields(submission: Submission, job_id: str) -> dict[str, Any]:
    """Return the job record's fields as they are stored; moves add the rest."""
    plan, callback, gate = submission.plan, submission.callback or {}, submission.gate
    request, secrets = dumps(submission.request), dumps(submission.secrets)
    return {
        "id": job_id,
        "kind": submission.kind,
        "request": request,
        "secrets": secrets,
        "content_sha256": content_sha256(request, secrets),
        "findings": dumps([_finding(finding) for finding in plan.findings]),
        "labels": dumps(submission.labels),
        "host_id": submission.host_id,
        "lab_id": submission.lab_id,
        "creates_lab": int(submission.creates_lab),
        "removes_lab": int(any(step.action == _REMOVES_LAB for step in plan.steps)),
        "nodes": sum(step.action == _ADDS_NODE for step in plan.steps),
        "priority": submission.priority,
        "tenant": submission.tenant,
        "admission": submission.admission,
        "on_failure": submission.on_failure,
        "on_cancel": submission.on_cancel,
        "deadline_seconds": submission.deadline_seconds,
        "lease_seconds": submission.lease_seconds,
        "callback_url": callback.get("url", ""),
        "callback_types": ",".join(callback.get("types", ())),
        "chat": dumps(submission.chat) if submission.chat else "",
        "request_id": submission.request_id,
        "traceparent": submission.traceparent,
        "tracestate": submission.tracestate,
        "targets": dumps(submission.targets),
        "placement": dumps(submission.placement),
        "mem": plan.demand.memory_mib,
        "disk": plan.demand.disk_gib,
        "approval": int(gate.approval),
        "approval_seconds": gate.approval_seconds,
        "approval_reason": gate.approval_reason,
        "host_gates": int(gate.host_gates),
        "not_before": "" if gate.not_before is None else repr(gate.not_before),
        "start_seconds": gate.start_seconds,
        "asked_by": submission.key_id,
        **_shape(plan),
    }


def _shape(plan: Plan) -> dict[str, Any]:
    if plan.reshape is None:
        return {}
    shape = plan.reshape
    return {
        "shape_request": dumps(shape.request),
        "shape_mem": shape.demand.memory_mib,
        "shape_disk": shape.demand.disk_gib,
        "shape_nodes": shape.request.get("nodes", {}).get("count", 1),
        "shape_gone": ",".join(shape.gone),
    }


def _finding(finding: Any) -> dict[str, Any]:
    return {name: getattr(finding, name) for name in ("code", "severity", "reason", "remedy", "source", "pointer")}


def _filter_arguments(
    filters: JobFilter, tenant: str | None, before: tuple[float, str] | None, limit: int
) -> dict[str, Any]:
    indexes = [
        f"state:{filters.state}" if filters.state else "",
        f"kind:{filters.kind}" if filters.kind else "",
        f"host:{filters.host_id}" if filters.host_id else "",
        f"lab:{filters.lab_id}" if filters.lab_id else "",
        f"label:{filters.label[0]}={filters.label[1]}" if filters.label else "",
    ]
    return {
        **owned_indexes(tenant, indexes),
        "before": repr(before[0]) if before else "",
        "before_id": before[1] if before else "",
        "after": repr(filters.created_after) if filters.created_after is not None else "-inf",
        "until": repr(filters.created_before) if filters.created_before is not None else "+inf",
        "limit": limit,
    }
