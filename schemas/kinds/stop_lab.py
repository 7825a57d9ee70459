"""`stop_lab`: everything of a lab is shut down in order, and its record says so."""

from __future__ import annotations

from schemas.base import choice
from schemas.kinds.lab_work import OneWaySchema


class StopLabRequestSchema(OneWaySchema):
    """Stop a lab in order: nested VMs, cluster, nodes. It keeps its reservation, so it can be started again."""

    kind = choice("stop_lab", required=True)
    nested_vms = choice(
        "save",
        "shut_down",
        load_default="save",
        metadata={"description": "save: they go on where they were; shut_down: guests are asked, then turned off"},
    )
