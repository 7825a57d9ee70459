"""`start_lab`: a stopped lab comes up in order, with the nested VMs that ran before."""

from __future__ import annotations

from schemas.base import choice
from schemas.kinds.lab_work import OneWaySchema


class StartLabRequestSchema(OneWaySchema):
    """Start a stopped lab: its nodes, its cluster, then the nested VMs that `stop_lab` found running."""

    kind = choice("start_lab", required=True)
