"""Steering jobs: approve, reject, pause, resume, amend, retry. Each is one move of the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from flask import Response, g, request
from flask_smorest import Blueprint

from schemas.steering import JobAmendSchema, JobRetrySchema, ReasonSchema
from service.api.answers import answer, base_of
from service.api.auth import Caller
from service.api.context import Context, context
from service.api.examples import RETRY_EXAMPLES
from service.api.job_answers import accepted, this_sender
from service.api.job_schemas import JobViewSchema
from service.api.job_shapes import job_body, job_etag
from service.api.job_versions import changed, wanted_version
from service.api.job_views import found_job
from service.api.operation import Operation, route
from service.api.placing import PRIORITIES
from service.api.problems import Problem, not_found
from service.api.retrying import edited_retry
from service.api.submitting import refuse_too_late
from service.ledger.editing import changes_between, shown_changes
from service.ledger.gates import gate_of
from service.ledger.job import TERMINAL_STATES, Job, JobState
from service.ledger.store import (
    Amendment,
    Doer,
    IllegalMove,
    NotFound,
    Outcome,
    OwnRequest,
    Retry,
    SubmitResult,
    VersionConflict,
)

blueprint = Blueprint("job-steering", __name__, description="Approve, pause and change jobs")
_JOB = "/v1/jobs/<identifier:job_id>"
_ACCEPTED = ("Location", "Retry-After", "ETag")
Move = Callable[[str, Doer, int], None]


def doer(reason: str = "") -> Doer:
    """Return who makes this request."""
    caller: Caller = g.caller
    return Doer(caller.key_id, caller.name, caller.may("admin"), reason)


def _steering(name: str, verb: str, scope: str, problems: tuple[int, ...]) -> Operation:
    return Operation(
        name,
        "POST",
        f"{_JOB}:{verb}",
        scope,
        {202: JobViewSchema},
        body=ReasonSchema(),
        body_required=False,
        problems=problems,
        headers=("IfMatch",),
        answer_headers={202: _ACCEPTED},
    )


@contextmanager
def steering_refusals(job: Job) -> Iterator[None]:
    """Turn what the ledger refuses about a job into problems.

    Raises:
        Problem: 403 for one's own request, 409 in another state, 412 when the job has changed.
    """
    try:
        yield
    except OwnRequest as error:
        detail = "Whoever asked for a job cannot approve or reject it; cancel it, or let somebody else look."
        raise Problem(403, "own-request", detail) from error
    except VersionConflict as error:
        raise changed(job) from error
    except IllegalMove as error:
        raise Problem(409, "wrong-state", f"The job is {error.state}.", state=error.state) from error


def _steer(job_id: str, move: Callable[[Context], Move], reason: str) -> Response:
    ctx = context()
    job = found_job(ctx, job_id)
    with steering_refusals(job):
        move(ctx)(job.id, doer(reason), wanted_version(request, job))
    ctx.wakes.steps(job.steps_total)
    return accepted(SubmitResult(Outcome.CREATED, found_job(ctx, job_id)), base_of(request, ctx.settings.base_url))


@route(blueprint, _steering("approveJob", "approve", "jobs:approve", (409, 412)))
def approve_job(job_id: str, body: dict[str, Any]) -> Response:
    """Agree to a job that waits for an approval.

    It is then scheduled, queued or waits for room. A key that submitted or retried the job cannot agree to it, unless
    it is an admin's. Repeating it changes nothing.
    """
    return _steer(job_id, lambda ctx: ctx.store.steering.approve, body["reason"])


@route(blueprint, _steering("rejectJob", "reject", "jobs:approve", (409, 412)))
def reject_job(job_id: str, body: dict[str, Any]) -> Response:
    """Refuse a job that waits for an approval: it is cancelled with `approval_rejected`, and nothing is rolled back."""
    return _steer(job_id, lambda ctx: ctx.store.steering.reject, body["reason"])


@route(blueprint, _steering("pauseJob", "pause", "jobs:write", (409, 412)))
def pause_job(job_id: str, body: dict[str, Any]) -> Response:
    """Pause a job at the boundary of its steps.

    Steps that run end as always; until then the job is `pausing`, then `paused`. The time of the pause counts for no
    deadline. A job that pauses already stays as it is.
    """
    return _steer(job_id, lambda ctx: ctx.store.steering.pause, body["reason"])


@route(blueprint, _steering("resumeJob", "resume", "jobs:write", (409, 412)))
def resume_job(job_id: str, body: dict[str, Any]) -> Response:
    """Go on with a paused job; one that waits for room has its former place in the line."""
    return _steer(job_id, lambda ctx: ctx.store.steering.resume, body["reason"])


@route(
    blueprint,
    Operation(
        "amendJob",
        "PATCH",
        _JOB,
        "jobs:write",
        {200: JobViewSchema},
        body=JobAmendSchema(),
        problems=(409, 412, 428),
        headers=("IfMatch",),
        answer_headers={200: ("ETag",)},
    ),
)
def amend_job(job_id: str, body: dict[str, Any]) -> Response:
    """Change priority, labels or `not_before` of a job that has not started; `not_before: null` begins it at once.

    `not_before` can be changed while the job is scheduled or waits for its approval. An approval is for a time: whoever
    gave it is asked again when the time changes.
    """
    ctx = context()
    job = found_job(ctx, job_id)
    version = wanted_version(request, job, required=True) or job.version
    with steering_refusals(job):
        ctx.store.steering.amend(job.id, doer(), version, _amendment(ctx, job, body))
    ctx.wakes.steps()
    job = found_job(ctx, job_id)
    return answer(job_body(job, base_of(request, ctx.settings.base_url)), headers={"ETag": job_etag(job)})


def _amendment(ctx: Context, job: Job, body: dict[str, Any]) -> Amendment:
    edited = {name: value for name, value in (dict(job.request) | body).items() if value is not None}
    gate = gate_of(edited)
    refuse_too_late(gate, ctx.clock())
    return Amendment(
        request=edited,
        priority=PRIORITIES[body["priority"]] if "priority" in body else None,
        labels=body.get("labels"),
        moves=edited.get("not_before") != job.request.get("not_before"),
        not_before=gate.not_before,
        changes=shown_changes(list(changes_between(job.request, edited))),
    )


@route(
    blueprint,
    Operation(
        "retryJob",
        "POST",
        f"{_JOB}:retry",
        "jobs:write",
        {202: JobViewSchema},
        body=JobRetrySchema(),
        body_required=False,
        problems=(409, 412),
        headers=("IfMatch",),
        answer_headers={202: ("Location", "Retry-After", "ETag")},
        examples=RETRY_EXAMPLES,
    ),
)
def retry_job(job_id: str, body: dict[str, Any]) -> Response:
    """Go on with a failed, cancelled or expired job from where it ended; what succeeded is not done again.

    With `changes` the steps that are not done yet are planned anew. Steps that succeeded must be the same in the new
    plan, and steps that were begun must still be in it; else the answer is 409 with the steps and their fields. What
    changed is in the event `job.retried`; an approval that the old request had is asked for again.
    """
    ctx = context()
    job = found_job(ctx, job_id)
    try:
        job = ctx.store.jobs.retry(job_id, _retry(ctx, job, body.get("changes")))
    except NotFound as error:
        raise not_found("job", job_id) from error
    except VersionConflict as error:
        raise changed(job) from error
    except IllegalMove as error:
        raise Problem(
            409, "cannot-be-retried", f"The job cannot be retried: {error.state}.", state=error.state
        ) from error
    ctx.wakes.steps(job.steps_total)
    return accepted(SubmitResult(Outcome.CREATED, job), base_of(request, ctx.settings.base_url))


def _retry(ctx: Context, job: Job, changes: dict[str, Any] | None) -> Retry:
    version, who = wanted_version(request, job), this_sender({})
    if not changes:
        return Retry(who.key_id, g.caller.name, version)
    if job.state not in TERMINAL_STATES or job.state is JobState.SUCCEEDED:
        raise IllegalMove(f"job {job.id} is {job.state}", state=job.state)
    return replace(edited_retry(ctx, job, changes, who), key_name=g.caller.name)
