"""What a job works on: a host, an image, or a VM that exists already. Also where its guest credential comes from."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate, validates_schema

from schemas.base import Labels, StrictSchema, coded, object_id, text
from schemas.names import computer_name, guid, object_name

ANY_HOST = "Left out: of all hosts with room the one with the most free memory."


class HostRefSchema(StrictSchema):
    """One host, by id or by name, or any host that has a label (`purpose=lab`) or all of several labels."""

    id = object_id("host")
    name = text(1, 80)
    label = text(
        3,
        127,
        pattern=r"[a-z0-9]([a-z0-9._/-]{0,61}[a-z0-9])?=([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)",
        hint="A label is given as name=value.",
    )
    labels = Labels(
        validate=validate.Length(1),
        metadata={"description": "all of them must hold; of the hosts with room the one with the most free memory"},
    )

    @validates_schema
    def _one_of(self, data: dict[str, Any], **_options: Any) -> None:
        if len(data) != 1:
            raise coded("Give one of id, name, label and labels.", "exclusive")


class ImageRefSchema(StrictSchema):
    """One image of the catalogue, by id or by name."""

    id = object_id("img")
    name = text(1, 80)

    @validates_schema
    def _one_of(self, data: dict[str, Any], **_options: Any) -> None:
        if len(data) != 1:
            raise coded("Give either id or name.", "exclusive")


class TargetSchema(StrictSchema):
    """A VM that exists: a node of a lab of ours, or any VM of the host by its id or by its name.

    A name must be the name of one VM only, since Hyper-V allows several of the same name; an id is safe.
    """

    lab_id = object_id("lab")
    node = computer_name()
    vm_id = guid()
    vm_name = object_name()

    @validates_schema
    def _one_of(self, data: dict[str, Any], **_options: Any) -> None:
        ways = [way for way in ("lab_id", "vm_id", "vm_name") if way in data]
        if len(ways) != 1:
            raise coded("Give one of lab_id (with node), vm_id and vm_name.", "exclusive")
        if ("node" in data) != ("lab_id" in data):
            raise coded("node and lab_id belong together.", "required", "node")


class TargetedSchema(StrictSchema):
    """The two places of every request that works on an existing VM. A lab knows its host."""

    host = fields.Nested(HostRefSchema)
    target = fields.Nested(TargetSchema, required=True)

    @validates_schema
    def _host_of_target(self, data: dict[str, Any], **_options: Any) -> None:
        if "host" in data and "lab_id" in data["target"]:
            raise coded("A lab knows its host; leave host out.", "exclusive", "host")
        if "host" not in data and "lab_id" not in data["target"]:
            raise coded("A VM is looked for on a host; say which one.", "required", "host")


def guest_password_known(data: dict[str, Any]) -> None:
    """Refuse a VM that is not of a lab without a guest password; a lab keeps its own."""
    if "lab_id" not in data["target"] and not data["guest"].get("password"):
        raise coded("The password of a VM that is not of a lab must be given.", "required", "guest", "password")
