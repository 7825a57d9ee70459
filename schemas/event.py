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


class JobDataSchema(DataSchema):
    """Of `job.*`."""

    kind = fields.String()
    state = fields.String()
    labels = fields.Dict(keys=fields.String(), values=fields.String())
    progress_percent = fields.Integer()
    waiting_for = fields.String()
    by = fields.String(metadata={"description": "the API key that approved, rejected, paused, resumed or retried"})
    name = fields.String(metadata={"description": "the name of that key"})
    changes = fields.List(
        fields.Dict(), metadata={"description": "of a retry with edits, or an amended job: pointer, before, after"}
    )
    error = fields.Nested(ProblemSchema(unknown=INCLUDE), allow_none=True)
    cancel_unconfirmed = fields.Boolean()


class StepDataSchema(DataSchema):
    """Of `step.*`."""

    action = fields.String()
    title = fields.String()
    attempt = fields.Integer()
    percent = fields.Integer()
    message = fields.String()
    worker = fields.String()
    wait_seconds = fields.Float()
    error = fields.Nested(ProblemSchema(unknown=INCLUDE), allow_none=True)


class LabDataSchema(DataSchema):
    """Of `lab.*`."""

    kind = fields.String()
    state = fields.String()
    expires_at = fields.Raw(allow_none=True)


class HostDataSchema(DataSchema):
    """Of `host.*`."""

    host_id = fields.String()
    name = fields.String()
    version = fields.Integer()


class EndpointDataSchema(DataSchema):
    """Of `endpoint.*`."""

    endpoint_id = fields.String()
    url = fields.String()
    reason = fields.String()


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
