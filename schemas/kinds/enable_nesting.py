"""`enable_nesting`: exposes the virtualization extensions to a VM that exists."""

from __future__ import annotations

from typing import Any

from marshmallow import validates_schema

from schemas.base import Flag, choice, whole
from schemas.node import small_memory
from schemas.request import RequestSchema
from schemas.target import TargetedSchema


class EnableNestingRequestSchema(RequestSchema, TargetedSchema):
    """Run the host-side settings on a VM. It must be off: say so, or let it be shut down."""

    kind = choice("enable_nesting", required=True)
    memory_mib = whole(0, 12 * 1024 * 1024, load_default=0, metadata={"description": "startup memory; 0 keeps it"})
    allow_small_memory = Flag(load_default=False)
    stop_if_running = Flag(load_default=False)
    start_after = Flag(load_default=True)

    @validates_schema
    def _memory(self, data: dict[str, Any], **_options: Any) -> None:
        small_memory(data)
