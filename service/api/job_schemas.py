"""The job schemas as this API uses them, with the links that only the API knows."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from schemas.base import StrictSchema
from schemas.job import JobRequestSchema, JobSchema
from schemas.kinds import REQUEST_SCHEMAS
from schemas.lab import LabSchema
from schemas.plan import PlanSchema

LONGEST_WAIT_SECONDS = 30


class JobBody(JobRequestSchema):
    """The body of `POST /v1/jobs` with its description."""

    def openapi(self) -> dict[str, Any]:
        """Return the schema object: one of the kinds' schemas, told apart by `kind`."""
        return {
            "oneOf": list(REQUEST_SCHEMAS.values()),
            "discriminator": {"propertyName": "kind", "mapping": _references()},
        }


def job_request_metadata() -> dict[str, Any]:
    """Return the same for a member of another body."""
    references = _references()
    return {
        "oneOf": [{"$ref": reference} for reference in references.values()],
        "discriminator": {"propertyName": "kind", "mapping": references},
    }


def _references() -> dict[str, str]:
    names = {kind: schema.__name__.removesuffix("Schema") for kind, schema in REQUEST_SCHEMAS.items()}
    return {kind: f"#/components/schemas/{name}" for kind, name in names.items()}


class JobLinksSchema(Schema):
    """Where to go from a job. `lab` is there for jobs of a lab, `cancel` while the job is not final."""

    self = fields.String(required=True)
    steps = fields.String(required=True)
    events = fields.String(required=True)
    lab = fields.String()
    cancel = fields.String()
    approve = fields.String(metadata={"description": "while the job waits for an approval"})


class JobViewSchema(JobSchema):
    """A job as callers see it."""

    links = fields.Nested(JobLinksSchema, required=True)


class JobGetQuerySchema(StrictSchema):
    """`wait`: answer when the job is final, or differs from `If-None-Match`, or after so many seconds."""

    wait = fields.Integer(
        validate=validate.Range(0),
        metadata={
            "description": "Seconds to wait for the end of the job, or for a change since If-None-Match; at most 30."
        },
    )


class LabViewSchema(LabSchema):
    """A lab as callers see it, with the summary of what was proven and where to go from it."""

    summary = fields.Dict(keys=fields.String(), allow_none=True)
    links = fields.Dict(keys=fields.String(), values=fields.String())


class PlanViewSchema(PlanSchema):
    """A plan, with the host on which it would run."""

    host_id = fields.String()
