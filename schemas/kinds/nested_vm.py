"""`nested_vm`: a VM inside a node, started and probed."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validates_schema

from schemas.base import choice
from schemas.guest import GuestSchema
from schemas.nested_vm import NestedVMSchema
from schemas.request import LabRequestSchema
from schemas.target import TargetedSchema, guest_password_known


class NestedVMRequestSchema(LabRequestSchema, TargetedSchema):
    """Make a nested VM. In a VM that is not of a lab it becomes a lab of its own, so that it can be torn down."""

    kind = choice("nested_vm", required=True)
    guest = fields.Nested(GuestSchema, load_default=lambda: GuestSchema().load({}))
    nested_vm = fields.Nested(NestedVMSchema, required=True)

    @validates_schema
    def _credential(self, data: dict[str, Any], **_options: Any) -> None:
        guest_password_known(data)
