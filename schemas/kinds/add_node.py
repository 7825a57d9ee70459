"""`add_node`: a cluster lab gets more nodes, built like its others and joined."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from schemas.address import IPv4
from schemas.base import Coded, Flag, choice, coded, whole
from schemas.kinds.lab_work import LabWorkSchema
from schemas.names import computer_name
from schemas.node import LARGEST_MEMORY_MIB, SMALLEST_NODE_MIB, repeated

_MOST = 16


class AddNodeRequestSchema(LabWorkSchema):
    """Add nodes to a lab's cluster.

    Give `names`, or a `count` of nodes whose names go on from the lab's. The rest is as in the lab's other nodes.
    """

    kind = choice("add_node", required=True)
    count = whole(1, _MOST, metadata={"description": "by default as many as there are names, or 1"})
    names = fields.List(computer_name(), validate=validate.Length(1, _MOST))
    memory_mib = whole(512, LARGEST_MEMORY_MIB, metadata={"description": "by default that of the other nodes"})
    allow_small_memory = Flag(load_default=False)
    addresses = fields.List(IPv4(), validate=validate.Length(1, _MOST))

    @validates_schema
    def _counts(self, data: dict[str, Any], **_options: Any) -> None:
        names = data.get("names")
        count = data.get("count", len(names or "1"))
        if names is not None and len(names) != count:
            raise coded(f"{count} nodes need as many names.", "length", "names")
        if "addresses" in data and len(data["addresses"]) != count:
            raise coded(f"{count} nodes need as many addresses.", "length", "addresses")

    @validates_schema
    def _repeated(self, data: dict[str, Any], **_options: Any) -> None:
        for member in ("names", "addresses"):
            again = {place: [Coded("This is given twice.", "duplicate")] for place in repeated(data.get(member, []))}
            if again:
                raise ValidationError({member: again})

    @validates_schema
    def _memory(self, data: dict[str, Any], **_options: Any) -> None:
        if data.get("memory_mib", SMALLEST_NODE_MIB) < SMALLEST_NODE_MIB and not data["allow_small_memory"]:
            text = "A node that runs Hyper-V needs 4096 MiB or more; set allow_small_memory to try with less."
            raise coded(text, "memory_too_small", "memory_mib")
