"""Images: parent disks of nodes, by their path on the hosts and their SHA-256."""

from __future__ import annotations

from marshmallow import Schema, fields, pre_load

from schemas.base import Labels, StrictSchema, Timestamp, choice, object_id, text, whole
from schemas.names import windows_path

EDITIONS = ("unknown", "standard", "datacenter", "datacenter_azure", "essentials", "pro", "enterprise", "education")


class ImageUpdateSchema(StrictSchema):
    """The members of an image that may change. Another file is another image."""

    name = text(1, 80)
    os_build = whole(0, 99999, metadata={"description": "0 means unknown"})
    os_name = text(0, 120, metadata={"description": "such as `Windows Server 2022`, for people"})
    edition = choice(*EDITIONS, metadata={"description": "rules read it: Storage Spaces Direct needs Datacenter"})
    generation = whole(1, 2, metadata={"description": "of the VMs that boot it; nodes are generation 2"})
    description = text(0, 500)
    labels = Labels()


class ImageCreateSchema(ImageUpdateSchema):
    """A generalized VHDX. The hash is checked on the host before any disk is made of it."""

    name = text(1, 80, required=True)
    path = windows_path(".vhdx", required=True)
    sha256 = text(64, 64, pattern=r"[0-9a-f]{64}", hint="Not 64 hexadecimal digits.", required=True)
    os_build = whole(0, 99999, load_default=0)
    os_name = text(0, 120, load_default="")
    edition = choice(*EDITIONS, load_default="unknown")
    generation = whole(1, 2, load_default=2)
    size_mib = whole(0, 64 * 1024 * 1024, load_default=0)
    description = text(0, 500, load_default="")
    labels = Labels(load_default=dict[str, str])

    @pre_load
    def _lower_hash(self, data: object, **_options: object) -> object:
        # Get-FileHash prints capitals
        if isinstance(data, dict) and isinstance(data.get("sha256"), str):
            return data | {"sha256": data["sha256"].lower()}
        return data


class ImageSchema(Schema):
    """An image as callers see it."""

    id = object_id("img", dump_only=True)
    name = fields.String()
    path = fields.String()
    sha256 = fields.String()
    os_build = fields.Integer()
    os_name = fields.String()
    edition = fields.String()
    generation = fields.Integer()
    size_mib = fields.Integer()
    description = fields.String()
    labels = Labels()
    created_at = Timestamp()
    updated_at = Timestamp()
    version = fields.Integer()
