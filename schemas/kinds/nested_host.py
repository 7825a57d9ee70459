"""`nested_host`: one node with Hyper-V inside, from a parent disk."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validates_schema

from schemas.base import Flag, choice, coded
from schemas.guest import GuestSchema
from schemas.identity import IdentitySchema
from schemas.nested_vm import SmokeTestSchema
from schemas.network import NetworkSchema, room_for
from schemas.node import NodeSchema
from schemas.request import LabRequestSchema
from schemas.target import ANY_HOST, HostRefSchema


class NestedHostRequestSchema(LabRequestSchema):
    """Build one nested Hyper-V host."""

    kind = choice("nested_host", required=True)
    host = fields.Nested(HostRefSchema, metadata={"description": ANY_HOST})
    node = fields.Nested(NodeSchema, required=True)
    network = fields.Nested(NetworkSchema, required=True)
    guest = fields.Nested(GuestSchema, load_default=lambda: GuestSchema().load({}))
    identity = fields.Nested(IdentitySchema, load_default=lambda: IdentitySchema().load({}))
    smoke_test = fields.Nested(SmokeTestSchema, load_default=lambda: SmokeTestSchema().load({}))
    baseline_probe = Flag(load_default=False)

    @validates_schema
    def _addresses(self, data: dict[str, Any], **_options: Any) -> None:
        given = data["network"].get("addresses")
        if given is not None and len(given) != 1:
            raise coded("One node needs one address.", "length", "network", "addresses")
        room_for(0 if given else 1, data["network"])
