"""Is the process alive, and can it do its work."""

from __future__ import annotations

from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema, fields
from redis.exceptions import RedisError

from service.api.answers import answer
from service.api.auth import PUBLIC
from service.api.context import context
from service.api.operation import Operation, route
from service.api.problems import Problem

blueprint = Blueprint("health", __name__, description="Liveness and readiness, open to anyone")


class HealthSchema(Schema):
    """What a probe is told."""

    status = fields.String(required=True, metadata={"enum": ["ok"]})


@route(blueprint, Operation("getHealth", "GET", "/healthz", PUBLIC, {200: HealthSchema}, conditional=False))
def get_health() -> Response:
    """The process answers."""
    return answer({"status": "ok"})


@route(blueprint, Operation("getReadiness", "GET", "/readyz", PUBLIC, {200: HealthSchema}, conditional=False))
def get_readiness() -> Response:
    """The ledger answers and keeps what it is told: new work can be taken."""
    headers = {"Retry-After": "2"}
    try:
        context().store.ping()
        faults = context().durability_faults()
    except RedisError as error:
        raise Problem(503, "not-ready", "The ledger cannot be reached.", headers=headers) from error
    if faults:
        raise Problem(503, "not-ready", "The ledger may lose what it is told.", headers=headers, reasons=faults)
    return answer({"status": "ok"})
