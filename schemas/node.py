"""Nodes: the VMs on a host that run Hyper-V themselves. Sizes in MiB and GiB."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from schemas.base import Coded, Flag, StrictSchema, coded, text, whole
from schemas.names import COMPUTER_NAME_LENGTH, computer_name
from schemas.target import ImageRefSchema

SMALLEST_NODE_MIB = 4096
LARGEST_COUNT = 64  # nodes of a failover cluster
LARGEST_MEMORY_MIB = 12 * 1024 * 1024
_LARGEST_DISK_GIB = 65536  # VHDX: 64 TB
_SMALL = "A node that runs Hyper-V needs 4096 MiB or more; set allow_small_memory to try with less."


def small_memory(data: dict[str, Any], *path: str) -> None:
    """Refuse less than 4096 MiB unless it is asked for; `memory_mib` 0 means keep."""
    if 0 < data["memory_mib"] < SMALLEST_NODE_MIB and not data["allow_small_memory"]:
        raise coded(_SMALL, "memory_too_small", *path, "memory_mib")


class DataDiskSchema(StrictSchema):
    """One extra disk of a node: a dynamic VHDX."""

    size_gib = whole(1, _LARGEST_DISK_GIB, required=True)


class NodeShapeSchema(StrictSchema):
    """What one node is made of. `disk_gib` is what the reservation counts for the growth of its differencing disk."""

    image = fields.Nested(ImageRefSchema, required=True)
    processor_count = whole(1, 240, load_default=4)
    memory_mib = whole(512, LARGEST_MEMORY_MIB, load_default=8192)
    allow_small_memory = Flag(load_default=False)
    disk_gib = whole(1, _LARGEST_DISK_GIB, load_default=40)
    data_disks = fields.List(fields.Nested(DataDiskSchema), validate=validate.Length(max=32), load_default=list[Any])
    time_zone = text(1, 64, pattern=r"[A-Za-z0-9 .()+-]+", hint="Not a Windows time zone id.", load_default="UTC")

    @validates_schema
    def _memory(self, data: dict[str, Any], **_options: Any) -> None:
        small_memory(data)


class NodeSchema(NodeShapeSchema):
    """The one node of a nested host."""

    name = computer_name(load_default="nest-1")


class NodesSchema(NodeShapeSchema):
    """The nodes of a cluster: alike, and named `<name_prefix>-1` and on unless `names` are given."""

    count = whole(1, LARGEST_COUNT, required=True)
    name_prefix = computer_name(load_default="nest")
    names = fields.List(computer_name(), validate=validate.Length(1, LARGEST_COUNT))

    @validates_schema
    def _names(self, data: dict[str, Any], **_options: Any) -> None:
        if "names" not in data:
            _refuse_long_prefix(data)
            return
        if len(data["names"]) != data["count"]:
            raise coded(f"{data['count']} nodes need as many names.", "length", "names")
        _refuse_repeated(data["names"])


def node_names(nodes: dict[str, Any]) -> list[str]:
    """Return the names of loaded `nodes`, in order."""
    return nodes.get("names") or [f"{nodes['name_prefix']}-{number}" for number in range(1, nodes["count"] + 1)]


def repeated(values: list[str]) -> list[int]:
    """Return the positions of values that stand earlier in the list too, whatever their case."""
    lowered = [value.lower() for value in values]
    return [position for position, value in enumerate(lowered) if value in lowered[:position]]


def _refuse_long_prefix(data: dict[str, Any]) -> None:
    longest = f"{data['name_prefix']}-{data['count']}"
    if len(longest) > COMPUTER_NAME_LENGTH:
        raise coded(f"The name {longest} would be longer than 15 characters.", "length", "name_prefix")


def _refuse_repeated(names: list[str]) -> None:
    again = {position: [Coded("This name is given twice.", "duplicate")] for position in repeated(names)}
    if again:
        raise ValidationError({"names": again})
