"""Nested VMs: those that run inside a node. Sizes in MiB."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validates_schema

from schemas.base import Flag, StrictSchema, coded, whole
from schemas.names import object_name, windows_path
from schemas.secret import CredentialSchema


class NestedShapeSchema(StrictSchema):
    """A VM with a differencing disk of `parent_disk_path` (a path in the node), or without a disk: a start is proof."""

    memory_mib = whole(32, 1024 * 1024, load_default=64)
    parent_disk_path = windows_path(".vhdx", load_default="")
    guest = fields.Nested(CredentialSchema, metadata={"description": "to probe the inside; needs a parent disk"})

    @validates_schema
    def _guest(self, data: dict[str, Any], **_options: Any) -> None:
        if "guest" in data and not data["parent_disk_path"]:
            raise coded("A nested VM without a disk has no inside to probe.", "conflict", "guest")


class SmokeTestSchema(NestedShapeSchema):
    """The end-to-end proof: a nested VM is made, started, probed and removed in each node."""

    enabled = Flag(load_default=True)


class NestedVMSchema(NestedShapeSchema):
    """A nested VM that stays. `switch` is one inside the node, made when it is not there."""

    name = object_name(required=True)
    switch = object_name(load_default="")
