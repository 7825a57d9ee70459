"""What every request for a job may say, whatever its kind."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validates_schema

from schemas.base import Flag, Labels, Moment, StrictSchema, choice, coded, text, whole
from schemas.host import http_url
from schemas.secret import SecretField, webhook_secret

LONGEST_DEADLINE_SECONDS = 7 * 86400
LONGEST_LEASE_SECONDS = 90 * 86400
LONGEST_APPROVAL_SECONDS = 30 * 86400
LONGEST_START_SECONDS = 90 * 86400


class ApprovalRequestSchema(StrictSchema):
    """Somebody else has to agree before the job begins. `reason` is shown to whoever is asked."""

    required = Flag(load_default=True)
    expires_in_seconds = whole(
        60,
        LONGEST_APPROVAL_SECONDS,
        load_default=86400,
        metadata={"description": "without an approval by then the job is expired"},
    )
    reason = text(0, 500, load_default="")


class RequestSchema(StrictSchema):
    """Order, ending and callback of a job."""

    labels = Labels(load_default=dict[str, str])
    priority = choice("low", "normal", "high", load_default="normal")
    admission = choice(
        "wait",
        "refuse",
        load_default="wait",
        metadata={"description": "when the host has no room: wait for it, or answer 409"},
    )
    on_failure = choice("keep", "rollback", load_default="keep")
    on_cancel = choice("keep", "rollback", load_default="rollback")
    deadline_seconds = whole(
        60,
        LONGEST_DEADLINE_SECONDS,
        load_default=14400,
        metadata={"description": "counted from when the job is let in; the time of a pause does not count"},
    )
    approval = fields.Nested(ApprovalRequestSchema)
    not_before = Moment(metadata={"description": "begin then, at most 90 days ahead; RFC 3339"})
    start_deadline_seconds = whole(
        60,
        LONGEST_START_SECONDS,
        metadata={
            "description": "a job that has not started so long after `not_before`, or after its submission, is expired"
        },
    )
    callback_url = http_url()
    callback_secret = SecretField(validate=webhook_secret)

    @validates_schema
    def _callback(self, data: dict[str, Any], **_options: Any) -> None:
        if "callback_url" in data and "callback_secret" not in data:
            raise coded("Callbacks are signed; give the secret.", "required", "callback_secret")
        if "callback_secret" in data and "callback_url" not in data:
            raise coded("A secret without callback_url signs nothing.", "required", "callback_url")


class LabRequestSchema(RequestSchema):
    """Jobs that build a lab. `lease_seconds` after it is ready a lab is torn down by itself; 0 means never."""

    lease_seconds = whole(0, LONGEST_LEASE_SECONDS, load_default=0)


def without_blanks(request: Any) -> Any:
    """Return a loaded request without its empty texts: each is the default of a member that was not given."""
    if isinstance(request, list):
        return [without_blanks(value) for value in request]
    if not isinstance(request, dict):
        return request
    # The value of a label may be empty.
    return {
        name: value if name == "labels" else without_blanks(value) for name, value in request.items() if value != ""
    }
