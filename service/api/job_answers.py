"""The answer to whatever makes a job: 202, the job, where to find it and when to ask again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, g, request

from service.api.answers import answer
from service.api.idempotency import idempotency_of
from service.api.job_shapes import job_body, job_etag, retry_after
from service.api.problems import Problem
from service.api.submitting import Sender
from service.ledger.store import Idempotency, Outcome, SubmitResult


def accepted(result: SubmitResult, base: str) -> Response:
    """Return 202 with the job. A replay shows the job as it is now, under the same Location."""
    job = result.job
    if job is None:
        raise Problem(503, "job-not-read", "The job was taken but could not be read back; ask again with the same key.")
    headers = {"Location": f"{base}/v1/jobs/{job.id}", "ETag": job_etag(job), **retry_after(job)}
    if result.outcome is Outcome.REPLAYED:
        headers["Idempotent-Replayed"] = "true"
    return answer(job_body(job, base), 202, headers)


def this_sender(body: Mapping[str, Any]) -> Sender:
    """Return who makes this request. `body` is the request without secrets, which the idempotency key stands for."""
    return sender(idempotency_of(request, body))


def sender(idempotency: Idempotency | None) -> Sender:
    """Return who makes this request, with a key of his own for one job of it."""
    caller = g.caller
    return Sender(
        caller.tenant,
        g.request_id,
        g.traceparent,
        idempotency,
        caller.key_id,
        may_use_cordoned=caller.may("hosts:write"),
        tracestate=g.tracestate,
    )
