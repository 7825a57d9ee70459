"""How a host was chosen for a job: what was free where, which host was taken, and why not the others."""

from __future__ import annotations

from marshmallow import Schema, fields

from schemas.base import choice
from schemas.plan import DemandSchema

VERDICTS = (
    "chosen",
    "less_free",
    "no_memory",
    "no_disk",
    "others_wait",
    "forbidden",
    "cordoned",
    "full_meanwhile",
    "gone_meanwhile",
    "target_busy",
)


class CandidateSchema(Schema):
    """One host that the request allows, as it was when the choice was made."""

    host_id = fields.String(required=True)
    name = fields.String(required=True)
    free_memory_mib = fields.Integer(
        required=True, allow_none=True, metadata={"description": "null: neither a capacity nor an inspection tells"}
    )
    free_disk_gib = fields.Integer(required=True, allow_none=True)
    waiting_jobs = fields.Integer(
        required=True, metadata={"description": "jobs that wait for room there and would go first"}
    )
    verdict = choice(*VERDICTS, required=True)
    detail = fields.String(required=True)


class PlacementSchema(Schema):
    """The choice of a host. `has_room` is false when the job waits there for room. At most 50 candidates are listed."""

    host_id = fields.String(required=True)
    has_room = fields.Boolean(required=True)
    demand = fields.Nested(DemandSchema, required=True)
    candidates = fields.List(fields.Nested(CandidateSchema), required=True)
