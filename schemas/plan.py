"""Plans as callers see them: the steps, what they take, what the rules found and how long it should last."""

from __future__ import annotations

from marshmallow import Schema, fields

from schemas.base import choice


class FindingSchema(Schema):
    """One thing a rule found. An error forbids the build; `source` says where the rule comes from."""

    code = fields.String(required=True)
    severity = choice("error", "warning", "info", required=True)
    reason = fields.String(required=True)
    remedy = fields.String(required=True)
    source = fields.String(required=True)
    pointer = fields.String(
        metadata={"description": "JSON Pointer fragment into the request, empty when about the host"}
    )


class PlanStepSchema(Schema):
    """One step before it runs."""

    id = fields.String(required=True)
    action = fields.String(required=True)
    title = fields.String(required=True)
    node = fields.String(allow_none=True)
    needs = fields.List(fields.String())
    params = fields.Dict(keys=fields.String())
    reads = fields.List(fields.String())
    weight_seconds = fields.Float()
    deadline_seconds = fields.Integer()
    max_attempts = fields.Integer()
    heavy = fields.Boolean()
    undoable = fields.Boolean()


class DemandSchema(Schema):
    """What the lab takes from its host for as long as it lives."""

    memory_mib = fields.Integer(required=True)
    disk_gib = fields.Integer(required=True)


class PlanSchema(Schema):
    """A plan. `eta_seconds` is under the host's bounds, `critical_path_seconds` with unlimited parallelism.

    The view hands a mapping that has the plan's members and these computed ones.
    """

    kind = fields.String(required=True)
    steps = fields.List(fields.Nested(PlanStepSchema), required=True)
    demand = fields.Nested(DemandSchema, required=True)
    findings = fields.List(fields.Nested(FindingSchema), required=True)
    refused = fields.Boolean(required=True)
    critical_path_seconds = fields.Float(required=True)
    eta_seconds = fields.Float(required=True)
    digest = fields.String(required=True)
