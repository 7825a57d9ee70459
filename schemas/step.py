"""Steps of a job as callers see them."""

from __future__ import annotations

from marshmallow import Schema, fields

from schemas.base import Timestamp, choice
from schemas.problem import ProblemSchema

STEP_STATES = ("pending", "ready", "running", "succeeded", "skipped", "failed", "cancelled", "undone")


class StepSchema(Schema):
    """One step: `skipped` means that its check passed on the host, so nothing had to be done."""

    id = fields.String(required=True)
    action = fields.String(required=True)
    title = fields.String(required=True)
    state = choice(*STEP_STATES, required=True)
    node = fields.String(allow_none=True)
    needs = fields.List(fields.String())
    attempt = fields.Integer()
    percent = fields.Integer()
    message = fields.String()
    started_at = Timestamp(allow_none=True)
    ended_at = Timestamp(allow_none=True)
    weight_seconds = fields.Float()
    error = fields.Nested(ProblemSchema, allow_none=True)
    worker = fields.String()
