"""Several jobs in one request: each is taken or refused by itself, in the order given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request
from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError, fields, validate

from schemas.base import StrictSchema
from schemas.problem import ProblemSchema
from service.api.answers import answer, base_of
from service.api.context import Context, context
from service.api.idempotency import idempotency
from service.api.job_answers import sender
from service.api.job_schemas import JobBody, JobViewSchema
from service.api.job_shapes import job_body
from service.api.operation import Operation, route
from service.api.problems import Problem, problem_object
from service.api.reading import validation_problem
from service.api.sealer import take_secrets
from service.api.submitting import submit
from service.ledger.store import Outcome

blueprint = Blueprint("job-batches", __name__, description="Several jobs in one request")
MOST_JOBS = 100
_BODY = JobBody()


class BatchItemSchema(StrictSchema):
    """One job of a batch; `idempotency_key` is what the header is for a single one."""

    job = fields.Raw(required=True)  # the document says what: `refining`
    idempotency_key = fields.String(validate=validate.Length(1, 255))


class BatchSchema(StrictSchema):
    """The jobs, at most 100."""

    items = fields.List(fields.Nested(BatchItemSchema), required=True, validate=validate.Length(1, MOST_JOBS))


class BatchResultSchema(Schema):
    """What became of one item: its status as of `POST /v1/jobs`, and the job or the problem."""

    status = fields.Integer(required=True)
    replayed = fields.Boolean(metadata={"description": "An earlier request with the same key made this job."})
    job = fields.Nested(JobViewSchema)
    problem = fields.Nested(ProblemSchema)


class BatchResultsSchema(Schema):
    """One result an item, in the order of the request."""

    items = fields.List(fields.Nested(BatchResultSchema), required=True)
    accepted = fields.Integer(required=True)


@route(
    blueprint,
    Operation(
        "submitJobs",
        "POST",
        "/v1/jobs:batch",
        "jobs:write",
        {200: BatchResultsSchema},
        body=BatchSchema(),
        essential=True,
    ),
)
def submit_jobs(body: dict[str, Any]) -> Response:
    """Submit up to 100 jobs.

    Each item is answered as a request of its own would be: one that is refused keeps no other from being taken. Repeat
    the whole batch safely by giving each item an `idempotency_key`.
    """
    ctx, base = context(), base_of(request, context().settings.base_url)
    results = [_result(ctx, item, base) for item in body["items"]]
    return answer({"items": results, "accepted": sum("job" in result for result in results)})


def _result(ctx: Context, item: Mapping[str, Any], base: str) -> dict[str, Any]:
    try:
        clean, secrets = take_secrets(ctx.settings.public_key, _loaded(item["job"]))
        key = item.get("idempotency_key")
        given = idempotency(key, "POST", "/v1/jobs", clean) if key is not None else None
        result = submit(ctx, clean, secrets, sender(given))
    except Problem as problem:
        return {"status": problem.status, "problem": problem_object(problem)}
    if result.job is None:
        gone = Problem(503, "job-not-read", "The job was taken but could not be read back; ask again with its key.")
        return {"status": gone.status, "problem": problem_object(gone)}
    return {"status": 202, "replayed": result.outcome is Outcome.REPLAYED, "job": job_body(result.job, base)}


def _loaded(job: Any) -> dict[str, Any]:
    try:
        return _BODY.load(job)
    except ValidationError as error:
        raise validation_problem(error) from None
