"""Jobs: submit, plan, list, get, cancel, diagnosis, steps."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_smorest import Blueprint

from schemas.job import DiagnosisSchema, JobCancelSchema, JobQuerySchema
from schemas.page import page_of
from schemas.step import StepSchema
from service.api.answers import answer, base_of, page_answer
from service.api.conditional import is_unchanged
from service.api.context import Context, context
from service.api.diagnosis import Place, diagnose, is_moving
from service.api.document import webhook_operation
from service.api.examples import request_examples
from service.api.job_answers import accepted, this_sender
from service.api.job_schemas import JobBody, JobGetQuerySchema, JobViewSchema, PlanViewSchema
from service.api.job_shapes import is_final, job_body, job_etag, plan_body, retry_after, step_body
from service.api.listing import label_pair, list_page
from service.api.operation import Operation, route
from service.api.problems import Problem, not_found
from service.api.sealer import take_secrets
from service.api.submitting import plan_request, submit
from service.api.waiting import wait_for_job, wanted_wait
from service.ledger.job import TERMINAL_STATES, Job, JobState
from service.ledger.store import IllegalMove, JobFilter, Outcome, SubmitResult

blueprint = Blueprint("jobs", __name__, description="Jobs: what you asked for")
_BODY = JobBody()
_DIAGNOSIS = DiagnosisSchema()
_JOB = "/v1/jobs/<identifier:job_id>"
_ACCEPTED = ("Location", "Retry-After", "ETag", "Idempotent-Replayed")
_CALLBACK = {
    "jobEvent": {
        "{$request.body#/callback_url}": {"post": webhook_operation("receiveJobEvent", "An event of this job")}
    }
}


def found_job(ctx: Context, job_id: str) -> Job:
    """Return the job.

    Raises:
        Problem: 404.
    """
    job = ctx.store.jobs.get(job_id)
    if job is None:
        raise not_found("job", job_id)
    return job


@route(
    blueprint,
    Operation(
        "submitJob",
        "POST",
        "/v1/jobs",
        "jobs:write",
        {202: JobViewSchema},
        body=_BODY,
        problems=(409,),
        headers=("IdempotencyKey",),
        answer_headers={202: _ACCEPTED},
        doc={"callbacks": _CALLBACK},
        examples=request_examples(),
    ),
)
def submit_job(body: dict[str, Any]) -> Response:
    """Submit a job.

    The job is accepted when it, its plan and its reservation are written; follow it at `Location`.
    With `admission: wait` a job that does not fit on its host now waits for room; with `refuse` it is answered 409.
    A replay of the same Idempotency-Key answers 202 with the same Location and the job as it is now.
    """
    ctx = context()
    clean, secrets = take_secrets(ctx.settings.public_key, body)
    result = submit(ctx, clean, secrets, this_sender(clean))
    return accepted(result, base_of(request, ctx.settings.base_url))


@route(
    blueprint,
    Operation(
        "planJob",
        "POST",
        "/v1/jobs:plan",
        "jobs:read",
        {200: PlanViewSchema},
        body=_BODY,
        problems=(409,),
        examples=request_examples(),
        essential=True,
    ),
)
def plan_job(body: dict[str, Any]) -> Response:
    """Show what a request would do: the steps, what they need, how long they last and what the rules found.

    Nothing is written and no host is asked. A plan with a finding of severity `error` has `refused: true`.
    """
    ctx = context()
    clean, _ = take_secrets(ctx.settings.public_key, body)
    return answer(plan_body(plan_request(ctx, clean)))


@route(
    blueprint,
    Operation(
        "listJobs",
        "GET",
        "/v1/jobs",
        "jobs:read",
        {200: page_of(JobViewSchema)},
        query=JobQuerySchema(),
        answer_headers={200: ("Link",)},
    ),
)
def list_jobs(query: dict[str, Any]) -> Response:
    """List jobs, newest first; all filters must hold. Results are shown by the job itself only."""
    ctx = context()
    base = base_of(request, ctx.settings.base_url)
    filters = JobFilter(
        state=query.get("state"),
        kind=query.get("kind"),
        host_id=query.get("host_id"),
        lab_id=query.get("lab_id"),
        label=label_pair(query),
        created_after=query.get("created_after"),
        created_before=query.get("created_before"),
        tenant=query.get("tenant"),
    )
    return list_page(
        ctx,
        query,
        lambda position, limit: ctx.store.jobs.list(filters, position, limit),
        lambda job: job_body(job, base),
    )


@route(
    blueprint,
    Operation(
        "getJob",
        "GET",
        _JOB,
        "jobs:read",
        {200: JobViewSchema},
        query=JobGetQuerySchema(),
        headers=("Prefer",),
        answer_headers={200: ("ETag", "Retry-After", "Preference-Applied")},
    ),
)
def get_job(job_id: str, query: dict[str, Any]) -> Response:
    """Get a job; a failed job is a 200 with its `error`.

    With `?wait=20` or `Prefer: wait=20` the answer comes when the job is final (with If-None-Match: when it differs
    from your copy), or after so many seconds.
    """
    ctx = context()
    job, headers = found_job(ctx, job_id), {}
    seconds = wanted_wait(request, query)
    if seconds:
        job, applied = wait_for_job(ctx, job, seconds, _is_news)
        headers = {"Preference-Applied": f"wait={seconds}"} if applied else {}
    headers |= {"ETag": job_etag(job), **retry_after(job)}
    return answer(job_body(job, base_of(request, ctx.settings.base_url)), headers=headers)


def _is_news(job: Job) -> bool:
    return is_final(job) or ("If-None-Match" in request.headers and not is_unchanged(request, job_etag(job)))


@route(
    blueprint,
    Operation(
        "cancelJob",
        "POST",
        f"{_JOB}:cancel",
        "jobs:write",
        {202: JobViewSchema},
        body=JobCancelSchema(),
        body_required=False,
        problems=(409,),
        answer_headers={202: ("Location", "Retry-After", "ETag")},
    ),
)
def cancel_job(job_id: str, body: dict[str, Any]) -> Response:
    """Cancel a job: running remote calls are stopped, then what was built is kept or rolled back.

    Safe to repeat. Watch the job: it is `cancelled` when its running steps have ended, and `cancel_unconfirmed` says
    that a remote call could not be shown to have stopped. `on_cancel` takes the place of the request's own and decides
    for a job that ends as `cancelled`: one that failed or whose deadline passed before goes by its `on_failure`, and a
    rollback that has begun is not stopped.
    """
    ctx = context()
    try:
        job = ctx.store.jobs.cancel(job_id, body["on_cancel"])
    except IllegalMove as error:
        raise Problem(409, "job-ended", f"The job has ended: {error.state}.", state=error.state) from error
    if job is None:
        raise not_found("job", job_id)
    ctx.wakes.steps()
    return accepted(SubmitResult(Outcome.CREATED, job), base_of(request, ctx.settings.base_url))


@route(
    blueprint,
    Operation("diagnoseJob", "GET", f"{_JOB}:diagnosis", "jobs:read", {200: DiagnosisSchema}),
)
def diagnose_job(job_id: str) -> Response:
    """Say why a job moves or does not: what it waits for, who holds that, which step runs where and since when."""
    ctx = context()
    job = found_job(ctx, job_id)
    causes = diagnose(job, ctx.store.jobs.steps(job_id), ctx.store.workers.list(), _place(ctx, job))
    body = {"job_id": job.id, "state": job.state, "moving": is_moving(causes), "causes": causes}
    return answer(_DIAGNOSIS.dump(body))


def _place(ctx: Context, job: Job) -> Place:
    if not job.host_id:
        return Place()
    names = (*job.targets, job.lab_id) if job.state in TERMINAL_STATES - {JobState.SUCCEEDED} else ()
    holders = ctx.store.hosts.holders(job.host_id, [name for name in names if name])
    hidden = ctx.store.owners.hidden(list(holders.values()))
    held = {name: "" if holder in hidden else holder for name, holder in holders.items() if holder != job.id}
    return Place(ctx.store.hosts.get(job.host_id), held)


@route(blueprint, Operation("listSteps", "GET", f"{_JOB}/steps", "jobs:read", {200: page_of(StepSchema)}))
def list_steps(job_id: str) -> Response:
    """List the steps of a job in the order of its plan, all in one page."""
    ctx = context()
    steps = ctx.store.jobs.steps(job_id)
    if not steps:
        found_job(ctx, job_id)
    return page_answer([step_body(step) for step in steps], None, request, ctx.settings.base_url)
