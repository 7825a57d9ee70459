"""The job schemas as this API uses them, with the links that only the API knows."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from schemas.base import StrictSchema
from schemas.job import JobRequestSchema, JobSchema
from schemas.kinds import REQUEST_SCHEMAS
from schemas.lab import LabSchema
from schemas.placement import PlacementSchema
from schemas.plan import PlanSchema

LONGEST_WAIT_SECONDS = 30


JOB_REQUEST = "JobRequest"


class JobBody(JobRequestSchema):
    """The body of `POST /v1/jobs` with its description."""

    def openapi(self) -> dict[str, Any]:
        """Return the schema object: a reference, so that generated clients have a name for it."""
        return {"$ref": f"#/components/schemas/{JOB_REQUEST}"}


def job_request_union() -> dict[str, Any]:
    """Return the schema object of a request for a job: one of the kinds' schemas, told apart by `kind`."""
    references = {kind: f"#/components/schemas/{name}" for kind, name in job_request_names().items()}
    return {
        "oneOf": [{"$ref": reference} for reference in references.values()],
        "discriminator": {"propertyName": "kind", "mapping": references},
    }


def job_request_names() -> dict[str, str]:
    """Return the name of each kind's request schema in the document."""
    return {kind: schema.__name__.removesuffix("Schema") for kind, schema in REQUEST_SCHEMAS.items()}


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
    placement = fields.Nested(
        PlacementSchema, allow_none=True, metadata={"description": "how the host was chosen; null when it was named"}
    )
