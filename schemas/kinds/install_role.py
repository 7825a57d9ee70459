"""`install_role`: installs Hyper-V, and Failover-Clustering when asked for, inside a VM that exists."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate, validates_schema

from schemas.base import choice
from schemas.guest import GuestSchema
from schemas.request import RequestSchema
from schemas.target import TargetedSchema, guest_password_known

ROLES = ("hyper_v", "failover_clustering")


class InstallRoleRequestSchema(RequestSchema, TargetedSchema):
    """Install roles in a guest, restart it and prove that its hypervisor runs."""

    kind = choice("install_role", required=True)
    guest = fields.Nested(GuestSchema, load_default=lambda: GuestSchema().load({}))
    roles = fields.List(
        choice(*ROLES),
        validate=validate.Length(1, len(ROLES)),
        load_default=lambda: ["hyper_v"],
    )

    @validates_schema
    def _credential(self, data: dict[str, Any], **_options: Any) -> None:
        guest_password_known(data)
