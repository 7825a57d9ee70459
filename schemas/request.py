"""What every request for a job may say, whatever its kind."""

from __future__ import annotations

from typing import Any

from marshmallow import validates_schema

from schemas.base import Labels, StrictSchema, choice, coded, whole
from schemas.host import http_url
from schemas.secret import SecretField, webhook_secret

LONGEST_DEADLINE_SECONDS = 7 * 86400
LONGEST_LEASE_SECONDS = 90 * 86400


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
    deadline_seconds = whole(60, LONGEST_DEADLINE_SECONDS, load_default=14400)
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
