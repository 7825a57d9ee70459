"""Tenants: who shares the service, and what each may have at once."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from schemas.base import StrictSchema, Timestamp, text, whole
from schemas.page import PageQuerySchema

SLUG = r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?"
_MOST = 1_000_000_000


def slug(**options: Any) -> fields.String:
    """Return a field for the name of a tenant."""
    hint = "A tenant is 1 to 40 of a-z, 0-9 and '-', with a letter or digit at its ends."
    return text(1, 40, pattern=SLUG, hint=hint, **options)


class QuotasUpdateSchema(StrictSchema):
    """What a tenant may have at once; null for any number. Only the members that are given change."""

    jobs = whole(0, _MOST, allow_none=True, metadata={"description": "Unfinished jobs."})
    nodes = whole(0, _MOST, allow_none=True, metadata={"description": "Nodes of unfinished jobs and of living labs."})
    memory_mib = whole(0, _MOST, allow_none=True, metadata={"description": "Their memory."})


class QuotasSchema(QuotasUpdateSchema):
    """What a tenant may have at once; null for any number."""

    jobs = whole(0, _MOST, allow_none=True, load_default=None)
    nodes = whole(0, _MOST, allow_none=True, load_default=None)
    memory_mib = whole(0, _MOST, allow_none=True, load_default=None)


class TenantUpdateSchema(StrictSchema):
    """The members of a tenant that may change."""

    name = text(0, 80)
    quotas = fields.Nested(QuotasUpdateSchema)


class TenantCreateSchema(StrictSchema):
    """A tenant to add. Its id is chosen here and never changes: keys, jobs and labs name it."""

    id = slug(required=True)
    name = text(0, 80, load_default="")
    quotas = fields.Nested(QuotasSchema, load_default=lambda: QuotasSchema().load({}))


class UsageSchema(Schema):
    """What a tenant has now, counted as its quotas are."""

    jobs = fields.Integer(required=True)
    nodes = fields.Integer(required=True)
    memory_mib = fields.Integer(required=True)


class TenantSchema(Schema):
    """A tenant as callers see it. Times are null for the `default` tenant until somebody changes it."""

    id = slug(required=True)
    name = fields.String()
    quotas = fields.Nested(QuotasSchema, required=True)
    usage = fields.Nested(UsageSchema, metadata={"description": "In the tenant itself only, not in lists."})
    created_at = Timestamp(allow_none=True)
    updated_at = Timestamp(allow_none=True)
    version = fields.Integer()


class TenantFilterSchema(PageQuerySchema):
    """A list that operators may narrow to one tenant; for others it shows their own tenant's in any case."""

    tenant = slug()
