"""The installation as its operator sees it: ledger, sweep, queues, workers. What a server does not tell is null."""

from __future__ import annotations

from marshmallow import Schema, fields

from schemas.base import Timestamp


class LedgerServerSchema(Schema):
    """What the Redis server says of itself. Sizes are bytes; `memory_max` 0: no bound."""

    product = fields.String(allow_none=True)
    version = fields.String(allow_none=True)
    role = fields.String(allow_none=True)
    replicas = fields.Integer(allow_none=True)
    uptime_seconds = fields.Integer(allow_none=True)
    latency_seconds = fields.Float(required=True)
    clients = fields.Integer(allow_none=True)
    clients_max = fields.Integer(allow_none=True)
    memory_used = fields.Integer(allow_none=True)
    memory_max = fields.Integer(allow_none=True)
    memory_system = fields.Integer(allow_none=True)
    evicted = fields.Integer(allow_none=True)
    aof_enabled = fields.Boolean(allow_none=True)
    aof_ok = fields.Boolean(allow_none=True)
    aof_size = fields.Integer(allow_none=True)
    aof_delayed_syncs = fields.Integer(allow_none=True)
    rdb_ok = fields.Boolean(allow_none=True)
    settings = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    faults = fields.List(
        fields.String(), required=True, metadata={"description": "settings that may lose acknowledged writes"}
    )


class SweepSchema(Schema):
    """The thread that takes back what was lost; every process of API and workers has one."""

    swept_at = Timestamp(allow_none=True, metadata={"description": "null: nobody has swept yet"})
    lag_seconds = fields.Float(allow_none=True)
    lease_late_seconds = fields.Float(required=True, metadata={"description": "of the oldest lost lease"})
    wait_late_seconds = fields.Float(required=True, metadata={"description": "of the step that is due longest"})


class QueueSchema(Schema):
    """One queue of wake-ups."""

    name = fields.String(required=True)
    waiting = fields.Integer(
        required=True, allow_none=True, metadata={"description": "null: the broker cannot be reached"}
    )


class BacklogSchema(Schema):
    """What waits to be done."""

    claimable_steps = fields.Integer(required=True, metadata={"description": "at most some hundreds"})
    running_steps = fields.Integer(required=True)
    oldest_queued_seconds = fields.Float(required=True, metadata={"description": "age of the oldest queued job"})
    deliveries_due = fields.Integer(required=True)
    delivery_late_seconds = fields.Float(required=True)
    audit_open = fields.Integer(required=True, metadata={"description": "entries that are not in the chain yet"})
    jobs = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class WorkerSchema(Schema):
    """One worker process, as its last heartbeat told. `sealing_keys` are ids of the keys that it can open with."""

    name = fields.String(required=True)
    started_at = Timestamp(required=True)
    seen_at = Timestamp(required=True)
    leases = fields.Integer(required=True)
    slots = fields.Integer(allow_none=True)
    busy = fields.Integer(allow_none=True)
    release = fields.String(allow_none=True)
    sealing_keys = fields.List(fields.String(), allow_none=True)


class InstallationSchema(Schema):
    """Everything at one moment; `time` is this process's clock and `ledger_time` the ledger's."""

    release = fields.String(required=True, metadata={"description": "of the web process that answers"})
    time = Timestamp(required=True)
    ledger_time = Timestamp(required=True)
    durability = fields.String(required=True)
    sealing_key = fields.String(required=True, metadata={"description": "id of the key that seals new secrets"})
    ledger = fields.Nested(LedgerServerSchema, required=True)
    sweep = fields.Nested(SweepSchema, required=True)
    queues = fields.List(fields.Nested(QueueSchema), required=True)
    backlog = fields.Nested(BacklogSchema, required=True)
    workers = fields.List(fields.Nested(WorkerSchema), required=True)
