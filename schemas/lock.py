"""Locks: who holds what on a host, and who waits for it."""

from __future__ import annotations

from marshmallow import Schema, fields

from schemas.base import Timestamp, object_id
from schemas.page import PageQuerySchema

_EXPECTED = {"description": "from the estimates; null when nobody can say"}


class LockedTargetSchema(Schema):
    """A name (`vm:...`, `cluster:...`, `vm-id:...`) or a lab that only one unfinished job may work on."""

    target = fields.String(required=True)
    job_id = fields.String(metadata={"description": "empty when it is not yours to see"})
    state = fields.String(metadata={"description": "of the job"})
    since = Timestamp(allow_none=True)
    expected_free_at = Timestamp(allow_none=True, metadata=_EXPECTED)


class LockedStepSchema(Schema):
    """A step that runs on the host under a lease."""

    job_id = fields.String()
    step_id = fields.String()
    worker = fields.String()
    heavy = fields.Boolean()
    started_at = Timestamp(allow_none=True)
    claimed_at = Timestamp(allow_none=True)
    lease_age_seconds = fields.Float(allow_none=True)
    lease_left_seconds = fields.Float(
        allow_none=True, metadata={"description": "below 0: its worker is lost, another goes on"}
    )


class HeldRoomSchema(Schema):
    """Memory and disk that a job or a lab holds."""

    holder = fields.String(metadata={"description": "empty when it is not yours to see"})
    memory_mib = fields.Integer()
    disk_gib = fields.Integer()
    since = Timestamp()
    expected_free_at = Timestamp(
        allow_none=True, metadata={"description": "the end of the lab's lease, or from the estimates; null: no end"}
    )


class WaiterSchema(Schema):
    """A job in the line, the next one first. `wants`: `room`, `step` or `heavy_step` (a turn within the bounds)."""

    place = fields.Integer(required=True)
    job_id = fields.String(metadata={"description": "empty when it is not yours to see"})
    wants = fields.String(required=True)
    memory_mib = fields.Integer()
    disk_gib = fields.Integer()
    since = Timestamp(allow_none=True)
    expected_at = Timestamp(allow_none=True, metadata=_EXPECTED)


class HostLocksSchema(Schema):
    """Everything that is held on one host, as of one moment."""

    host_id = object_id("host", required=True)
    host_name = fields.String(required=True)
    at = Timestamp(required=True)
    targets = fields.List(fields.Nested(LockedTargetSchema), required=True)
    steps = fields.List(fields.Nested(LockedStepSchema), required=True)
    reservations = fields.List(fields.Nested(HeldRoomSchema), required=True)
    waiting = fields.List(fields.Nested(WaiterSchema), required=True)
    left_off = fields.Integer(metadata={"description": "jobs without times here, because there are too many"})


class LockQuerySchema(PageQuerySchema):
    """A page of hosts."""
