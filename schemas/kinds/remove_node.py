"""`remove_node`: one node leaves its cluster and is removed from the host."""

from __future__ import annotations

from schemas.base import choice
from schemas.kinds.lab_work import OneWaySchema
from schemas.names import computer_name


class RemoveNodeRequestSchema(OneWaySchema):
    """Drain a node, evict it and remove its VM and disks. What runs inside goes, unless the cluster moves it."""

    kind = choice("remove_node", required=True)
    name = computer_name(required=True)
