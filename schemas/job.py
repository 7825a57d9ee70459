"""Jobs: what is posted (one schema a kind, told apart by `kind`), and what is shown."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from marshmallow import Schema, fields

from schemas.base import Labels, StrictSchema, Timestamp, choice, coded, object_id, text
from schemas.kinds import REQUEST_SCHEMAS
from schemas.placement import PlacementSchema
from schemas.problem import ProblemSchema
from schemas.tenant import TenantFilterSchema

JOB_STATES = (
    "waiting_approval",
    "scheduled",
    "queued",
    "waiting",
    "running",
    "pausing",
    "paused",
    "cancelling",
    "rolling_back",
    "succeeded",
    "failed",
    "cancelled",
    "expired",
)


class JobRequestSchema(StrictSchema):
    """The body of `POST /v1/jobs`: loads with the schema of its `kind`, so errors point into that schema."""

    kind = choice(*REQUEST_SCHEMAS, required=True)

    def load(self, data: Any, **_options: Any) -> dict[str, Any]:
        """Return the request with its defaults filled in; raises ValidationError."""
        loaded: dict[str, Any] = request_schema(data).load(data)
        return loaded


def request_schema(data: Any) -> Schema:
    """Return the schema for this body; raises ValidationError when it has no kind that we know."""
    if not isinstance(data, Mapping):
        raise coded("Not a JSON object.", "type", "_schema")
    if "kind" not in data:
        raise coded("Missing data for required field.", "required", "kind")
    kind = data["kind"]
    if not isinstance(kind, str) or kind not in REQUEST_SCHEMAS:
        raise coded(f"Must be one of: {', '.join(REQUEST_SCHEMAS)}.", "choice", "kind")
    return _made(kind)


@cache
def _made(kind: str) -> Schema:
    # Making a schema costs more than loading with it, and loading changes nothing in it.
    return REQUEST_SCHEMAS[kind]()


class CauseSchema(Schema):
    """One thing that a job waits for or is busy with; `blocking`: nothing happens until it is gone."""

    code = fields.String(
        required=True,
        metadata={
            "description": "`ended`, `waiting_for_room`, `waiting_for_turn`, `no_worker`, `worker_silent`, "
            "`step_running`, `step_waiting`, `step_ready`, `cancelling`, `rolling_back`, `nothing_ready`, "
            "`waiting_approval`, `scheduled`, `pausing`, `paused`, `host_unreachable`, `lock_held`, ..."
        },
    )
    detail = fields.String(required=True)
    remedy = fields.String()
    blocking = fields.Boolean(required=True)
    step_id = fields.String()
    node = fields.String(allow_none=True)
    worker = fields.String()
    since = Timestamp(allow_none=True)


class DiagnosisSchema(Schema):
    """Why a job does or does not move: the causes, those that block first."""

    job_id = object_id("job", required=True)
    state = choice(*JOB_STATES, required=True)
    moving = fields.Boolean(required=True, metadata={"description": "A step runs now, under a living worker."})
    causes = fields.List(fields.Nested(CauseSchema), required=True)


class ApprovalSchema(Schema):
    """The question whether a job may begin, and its answer. Keys are named by id and name."""

    required_by = choice("request", "host", required=True)
    reason = fields.String()
    expires_at = Timestamp(allow_none=True)
    approved_by = fields.String()
    approved_name = fields.String()
    approved_at = Timestamp(allow_none=True)
    rejected_by = fields.String()
    rejected_name = fields.String()
    rejected_at = Timestamp(allow_none=True)


class JobSchema(Schema):
    """A job as callers see it. `error` is a problem object and `result` the lab's facts, each null until there is one.

    Treat a state that you do not know as "still running". The final ones are succeeded, failed, cancelled and expired.
    """

    id = object_id("job", required=True)
    tenant = fields.String()
    kind = choice(*REQUEST_SCHEMAS, required=True)
    state = choice(*JOB_STATES, required=True)
    request = fields.Dict(keys=fields.String(), metadata={"description": "as validated, without secrets"})
    version = fields.Integer(required=True)
    created_at = Timestamp(required=True)
    started_at = Timestamp(allow_none=True)
    ended_at = Timestamp(allow_none=True)
    host_id = fields.String()
    lab_id = fields.String()
    labels = Labels()
    approval = fields.Nested(ApprovalSchema, allow_none=True)
    not_before = Timestamp(allow_none=True)
    start_by = Timestamp(
        allow_none=True, metadata={"description": "a job that has not started by then is expired; null: any time"}
    )
    deadline_at = Timestamp(allow_none=True, metadata={"description": "null while the job is gated or paused"})
    paused_at = Timestamp(allow_none=True)
    progress_percent = fields.Integer()
    eta_seconds = fields.Float(allow_none=True)
    waiting_for = fields.String()
    steps_total = fields.Integer()
    steps_done = fields.Integer()
    error = fields.Nested(ProblemSchema, allow_none=True)
    result = fields.Dict(keys=fields.String(), allow_none=True)
    placement = fields.Nested(
        PlacementSchema, allow_none=True, metadata={"description": "how the host was chosen; null when it was named"}
    )
    cancel_unconfirmed = fields.Boolean()
    retries = fields.Integer()
    request_id = fields.String()
    trace_id = fields.String(
        metadata={"description": "The W3C trace that this job belongs to, 32 hex digits; '' when no request made it."}
    )


class JobCancelSchema(StrictSchema):
    """The body of a cancel. Without `on_cancel` the job's own choice counts."""

    on_cancel = choice("keep", "rollback", load_default=None, allow_none=True)


class JobQuerySchema(TenantFilterSchema):
    """Filters of the list of jobs; all of them must hold. `label` is name=value."""

    state = choice(*JOB_STATES)
    kind = choice(*REQUEST_SCHEMAS)
    host_id = object_id("host")
    lab_id = object_id("lab")
    label = text(3, 127, pattern=r"[^=]+=[^=]*", hint="A label is given as name=value.")
    created_after = Timestamp()
    created_before = Timestamp()
