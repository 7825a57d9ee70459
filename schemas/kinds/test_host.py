"""`test_host`: says in order what of the way to a host works, and how to cure the first thing that does not."""

from __future__ import annotations

from marshmallow import fields

from schemas.base import choice
from schemas.request import RequestSchema
from schemas.target import HostRefSchema


class TestHostRequestSchema(RequestSchema):
    """Test the way to a host: name, port, TLS, authentication, endpoint, rights, role. Nothing is changed."""

    __test__ = False  # the name of a kind of job, not a test of pytest's

    kind = choice("test_host", required=True)
    host = fields.Nested(HostRefSchema, required=True)
