"""What is posted to steer a job."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validates_schema

from schemas.base import Labels, Moment, StrictSchema, choice, coded, text


class ReasonSchema(StrictSchema):
    """The body of approve, reject, pause and resume. `reason` is kept with the job's events."""

    reason = text(0, 500, load_default="")


class JobAmendSchema(StrictSchema):
    """What may change of a job that has not started; at least one member."""

    priority = choice("low", "normal", "high")
    labels = Labels()
    not_before = Moment(allow_none=True, metadata={"description": "null: begin at once"})

    class Meta(StrictSchema.Meta):
        """What the document cannot tell from the fields."""

        minProperties = 1  # noqa: N815 - the document's word

    @validates_schema
    def _not_empty(self, data: dict[str, Any], **_options: Any) -> None:
        if not data:
            raise coded("Nothing is to be changed.", "required", "_schema")


class JobRetrySchema(StrictSchema):
    """The body of a retry. `changes` is a JSON merge patch (RFC 7396) of the job's request: null removes a member.

    What succeeded must stay as it is; kind, host, lab, target and approval cannot change. Secrets are given as in a
    submission.
    """

    changes = fields.Dict(
        keys=fields.String(),
        metadata={
            "description": "a JSON merge patch of the request",
            "minProperties": 1,
            "example": {"nodes": {"memory_mib": 8192}},
        },
    )
