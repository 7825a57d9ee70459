"""The installation: what only the server knows of itself, for whoever runs it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Response
from flask_smorest import Blueprint

from schemas.installation import InstallationSchema
from service.api.answers import answer
from service.api.context import Context, context
from service.api.operation import Operation, route
from service.ledger.queue import DELIVERIES_QUEUE, STEPS_QUEUE
from service.ledger.release import installed_release
from service.ledger.sealing import key_id
from service.ledger.store import Vitals, WorkerRecord

blueprint = Blueprint("installation", __name__, description="The installation: ledger, queues, workers")
_SHAPE = InstallationSchema()


@route(blueprint, Operation("getInstallation", "GET", "/v1/installation", "admin", {200: InstallationSchema}))
def get_installation() -> Response:
    """Get the state of the installation: ledger and its server, sweep, queues, backlog and living workers.

    `matryoshka doctor` judges it. It is read anew with each request: do not poll it as a metric.
    """
    return answer(_SHAPE.dump(_found(context())))


def _found(ctx: Context) -> dict[str, Any]:
    latency, vitals = ctx.store.ping(), ctx.store.vitals.read()
    return {
        "release": installed_release(),
        "time": ctx.clock(),
        "ledger_time": vitals.now,
        "durability": ctx.settings.durability,
        "sealing_key": key_id(ctx.settings.public_key),
        "ledger": asdict(ctx.store.vitals.server()) | {"latency_seconds": round(latency, 6)},
        "sweep": {
            "swept_at": vitals.swept_at,
            "lag_seconds": vitals.sweep_lag_seconds,
            "lease_late_seconds": vitals.lease_late_seconds,
            "wait_late_seconds": vitals.wait_late_seconds,
        },
        "queues": [{"name": name, "waiting": ctx.wakes.waiting(name)} for name in (STEPS_QUEUE, DELIVERIES_QUEUE)],
        "backlog": _backlog(vitals),
        "workers": [_worker(record) for record in ctx.store.workers.list()],
    }


def _backlog(vitals: Vitals) -> dict[str, Any]:
    return {
        "claimable_steps": vitals.claimable,
        "running_steps": vitals.leases,
        "oldest_queued_seconds": vitals.oldest_queued_seconds,
        "deliveries_due": vitals.deliveries_due,
        "delivery_late_seconds": vitals.delivery_late_seconds,
        "audit_open": vitals.audit_open,
        "jobs": dict(vitals.jobs),
    }


def _worker(record: WorkerRecord) -> dict[str, Any]:
    told = {name: record.info.get(name) for name in ("slots", "busy", "release", "sealing_keys")}
    return {
        "name": record.name,
        "started_at": record.started_at,
        "seen_at": record.seen_at,
        "leases": record.leases,
        **told,
    }
