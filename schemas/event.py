"""Events as callers see them: in lists, as server-sent events and as webhook bodies. One payload schema a family."""

from __future__ import annotations

from collections.abc import Mapping

from marshmallow import INCLUDE, Schema, fields

from schemas.base import StrictSchema, Timestamp, choice, object_id, text
from schemas.page import PageQuerySchema
from schemas.problem import ProblemSchema

# The same names as service.ledger.event.EventType; a test holds the two together.
EVENT_TYPES = (
    "job.waiting_approval",
    "job.approved",
    "job.rejected",
    "job.scheduled",
    "job.amended",
    "job.queued",
    "job.waiting",
    "job.started",
    "job.pausing",
    "job.paused",
    "job.resumed",
    "job.cancelling",
    "job.rolling_back",
    "job.retried",
    "job.succeeded",
    "job.failed",
    "job.cancelled",
    "job.expired",
    "step.started",
    "step.progressed",
    "step.warned",
    "step.logged",
    "step.waited",
    "step.succeeded",
    "step.skipped",
    "step.failed",
    "step.retried",
    "step.lost",
    "step.released",
    "step.cancelled",
    "step.undone",
    "lab.created",
    "lab.ready",
    "lab.extended",
    "lab.expired",
    "lab.removed",
    "host.registered",
    "host.updated",
    "host.inspected",
    "host.deleted",
    "endpoint.pinged",
    "endpoint.disabled",
    "chat.replied",
)


class DataSchema(Schema):
    """Payloads may gain members; receivers ignore what they do not know."""

    class Meta:
        """Members that are not declared pass."""

        unknown = INCLUDE


class AmountSchema(DataSchema):
    """Memory and disk; null where nobody set a bound."""

    memory_mib = fields.Integer(allow_none=True)
    disk_gib = fields.Integer(allow_none=True)


class JobDataSchema(DataSchema):
    """Of `job.*`. The payload is thin: the job itself says the rest."""

    reason = fields.String(metadata={"description": "Why it waits, was let in or is being cancelled."})
    error = fields.Nested(ProblemSchema(unknown=INCLUDE), metadata={"description": "Of a job that did not succeed."})
    by = fields.String(metadata={"description": "The API key that approved, rejected, paused, resumed or retried."})
    name = fields.String(metadata={"description": "The name of that key."})
    changes = fields.List(
        fields.Dict(), metadata={"description": "Of a retry with edits, or an amended job: pointer, before, after."}
    )
    retries = fields.Integer(metadata={"description": "Of `job.retried`: how often it was retried."})
    steps = fields.Integer(metadata={"description": "Of `job.rolling_back`: how many steps are undone."})
    wanted = fields.Nested(AmountSchema, metadata={"description": "Of `job.waiting`: what it needs."})
    free = fields.Nested(AmountSchema, metadata={"description": "Of `job.waiting`: what its host has left."})
    capacity = fields.Nested(AmountSchema, metadata={"description": "Of `job.waiting`: what its host has."})


class LogLineSchema(DataSchema):
    """One line that a remote call wrote to one of its streams."""

    stream = fields.String()
    text = fields.String()


class StepDataSchema(DataSchema):
    """Of `step.*`."""

    attempt = fields.Integer(metadata={"description": "Which try, from 1."})
    generation = fields.Integer()
    fence = fields.Integer()
    phase = fields.String(metadata={"description": "`forward`, or `undo` while a job is rolled back."})
    worker = fields.String()
    percent = fields.Integer(metadata={"description": "Of `step.progressed`."})
    message = fields.String()
    error_id = fields.String(metadata={"description": "Of `step.warned`: PowerShell's id of an error on the way."})
    category = fields.String()
    lines = fields.List(fields.Nested(LogLineSchema), metadata={"description": "Of `step.logged`."})
    dropped = fields.Integer(metadata={"description": "Of `step.logged`: lines that are not shown."})
    wait_seconds = fields.Float(metadata={"description": "Of `step.waited`: how long, at least."})
    retry_after_seconds = fields.Float(metadata={"description": "Of `step.retried`: when it is tried again."})
    reason = fields.String()
    undoable = fields.Boolean(metadata={"description": "Of `step.undone`: whether there was something to undo."})
    error = fields.Nested(ProblemSchema(unknown=INCLUDE))


class LabDataSchema(DataSchema):
    """Of `lab.*`."""

    reason = fields.String(metadata={"description": "Of `lab.removed`."})
    expires_at = fields.Float(
        allow_none=True, metadata={"description": "Of `lab.extended`: seconds since 1970 UTC; null: never."}
    )


class HostDataSchema(DataSchema):
    """Of `host.*`."""

    host_id = fields.String()
    name = fields.String()


class EndpointDataSchema(DataSchema):
    """Of `endpoint.*`."""

    endpoint_id = fields.String()
    reason = fields.String(metadata={"description": "Of `endpoint.disabled`."})


class ChatDataSchema(DataSchema):
    """Of `chat.replied`: the message as it is sent. It goes to one conversation only."""

    text = fields.String()


DATA_SCHEMAS: Mapping[str, type[DataSchema]] = {
    "job": JobDataSchema,
    "step": StepDataSchema,
    "lab": LabDataSchema,
    "host": HostDataSchema,
    "endpoint": EndpointDataSchema,
    "chat": ChatDataSchema,
}


class EventSchema(Schema):
    """One event. `id` rises within a job; give the last one seen to get what followed."""

    id = fields.String(required=True)
    type = choice(*EVENT_TYPES, required=True)
    timestamp = Timestamp(attribute="at", required=True)
    job_id = fields.String()
    lab_id = fields.String()
    step_id = fields.String()
    node = fields.String()
    tenant = fields.String(metadata={"description": "Whose it is; what no tenant has, such as a host: `default`."})
    data = fields.Dict(keys=fields.String())


class WebhookDataSchema(DataSchema):
    """What a webhook's `data` always has, beside the payload of its family."""

    event_id = fields.String(required=True)
    url = fields.String(metadata={"description": "Of an event of a job: the job."})
    job_id = fields.String()
    lab_id = fields.String()
    step_id = fields.String()
    node = fields.String()
    tenant = fields.String()


class WebhookBodySchema(Schema):
    """The body of a delivery (Standard Webhooks)."""

    type = choice(*EVENT_TYPES, required=True)
    timestamp = Timestamp(required=True)
    data = fields.Nested(WebhookDataSchema, required=True)


class EventQuerySchema(PageQuerySchema):
    """Filters of a list of events; `after` is an event id."""

    after = text(1, 37, pattern=r"[0-9]{1,18}(-[0-9]{1,18})?", hint="Not an event id.")
    type = choice(*EVENT_TYPES)
    job_id = object_id("job")


class StreamQuerySchema(StrictSchema):
    """Where a stream of server-sent events begins, for clients that cannot send `Last-Event-ID`."""

    after = text(1, 37, pattern=r"[0-9]{1,18}(-[0-9]{1,18})?", hint="Not an event id.")
