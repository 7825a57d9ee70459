"""What every job on a living lab says, whatever it does there."""

from __future__ import annotations

from schemas.base import choice, object_id
from schemas.request import RequestSchema


class LabWorkSchema(RequestSchema):
    """A job on a lab that runs. It stops where it fails and goes on from there when it is retried."""

    lab_id = object_id("lab", required=True)


class OneWaySchema(LabWorkSchema):
    """The same for work that has no way back: what is done stays done."""

    on_failure = choice("keep", load_default="keep")
    on_cancel = choice("keep", load_default="keep")
