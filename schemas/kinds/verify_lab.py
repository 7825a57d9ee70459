"""`verify_lab`: runs every check of a living lab again."""

from __future__ import annotations

from schemas.base import choice, object_id
from schemas.request import RequestSchema


class VerifyLabRequestSchema(RequestSchema):
    """Check a living lab again and report drift; nothing is changed."""

    kind = choice("verify_lab", required=True)
    lab_id = object_id("lab", required=True)
