"""Labs: what a job built, with its proof, the CPU ledger."""

from __future__ import annotations

from marshmallow import Schema, fields

from schemas.base import Labels, StrictSchema, Timestamp, choice, object_id, text, whole
from schemas.kinds import REQUEST_SCHEMAS
from schemas.plan import DemandSchema
from schemas.request import LONGEST_LEASE_SECONDS
from schemas.tenant import TenantFilterSchema

LAB_STATES = ("building", "ready", "failed", "removing", "removed")
LAB_POWERS = ("running", "stopping", "stopped", "starting")
PHASES = ("before_role", "before_script", "after_script", "after_role", "running")
VERDICTS = ("proven", "as_expected", "unexpected", "not_observed")


class CpuRowSchema(Schema):
    """One row of the CPU ledger: what a probe at one level read, or why it was not read."""

    level = choice("L0", "L1", "L2", required=True)
    node = fields.String(allow_none=True)
    phase = choice(*PHASES, required=True)
    observed = fields.Boolean(required=True)
    reason = fields.String(allow_none=True)
    reading = fields.Dict(keys=fields.String(), allow_none=True)
    expected = fields.String()
    verdict = choice(*VERDICTS, required=True)


class LabSchema(Schema):
    """A lab as callers see it. It is removed by itself at `expires_at`, null when it has no lease."""

    id = object_id("lab", required=True)
    name = fields.String()
    kind = choice(*REQUEST_SCHEMAS, required=True)
    state = choice(*LAB_STATES, required=True)
    tenant = fields.String()
    power = choice(
        *LAB_POWERS,
        allow_none=True,
        metadata={"description": "beside the state; null before the lab is ready; a stop that broke off is stopping"},
    )
    host_id = fields.String()
    job_id = fields.String()
    labels = Labels()
    demand = fields.Nested(DemandSchema)
    facts = fields.Dict(keys=fields.String())
    probes = fields.List(fields.Nested(CpuRowSchema))
    created_at = Timestamp(required=True)
    expires_at = Timestamp(allow_none=True)
    version = fields.Integer()


class LabExtendSchema(StrictSchema):
    """How many seconds from now the lab shall live; 0 takes its lease away."""

    lease_seconds = whole(0, LONGEST_LEASE_SECONDS, required=True)


class LabQuerySchema(TenantFilterSchema):
    """Filters of the list of labs. `label` is name=value."""

    state = choice(*LAB_STATES)
    kind = choice(*REQUEST_SCHEMAS)
    host_id = object_id("host")
    label = text(3, 127, pattern=r"[^=]+=[^=]*", hint="A label is given as name=value.")
