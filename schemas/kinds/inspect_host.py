"""`inspect_host`: reports what a host is, what it could build and what forbids it."""

from __future__ import annotations

from marshmallow import fields

from schemas.base import choice
from schemas.request import RequestSchema
from schemas.target import HostRefSchema


class InspectHostRequestSchema(RequestSchema):
    """Read a host; nothing is changed."""

    kind = choice("inspect_host", required=True)
    host = fields.Nested(HostRefSchema, required=True)
