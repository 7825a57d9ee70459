"""Locks: who holds what on a host since when, and who waits for it, in order."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from schemas.lock import HostLocksSchema, LockQuerySchema
from schemas.page import page_of
from service.api.answers import answer
from service.api.context import context
from service.api.listing import list_page
from service.api.lock_shapes import locks_body, locks_etag, named_in
from service.api.operation import Operation, route
from service.api.problems import not_found
from service.ledger.store import Host

blueprint = Blueprint("locks", __name__, description="Locks: who holds what, and who waits")


def _body(host: Host) -> dict[str, Any]:
    store = context().store
    locks = store.locks.of_host(host.id)
    return locks_body(host, locks, store.owners.hidden(named_in(locks)))


@route(
    blueprint,
    Operation(
        "listLocks",
        "GET",
        "/v1/locks",
        "hosts:read",
        {200: page_of(HostLocksSchema)},
        query=LockQuerySchema(),
        answer_headers={200: ("Link",)},
    ),
)
def list_locks(query: dict[str, Any]) -> Response:
    """List the locks of all hosts, one item a host, the newest host first."""
    ctx = context()
    response = list_page(ctx, query, ctx.store.hosts.list, _body)
    response.headers["ETag"] = locks_etag(response.get_json())
    return response


@route(
    blueprint,
    Operation("getHostLocks", "GET", "/v1/hosts/<identifier:host_id>/locks", "hosts:read", {200: HostLocksSchema}),
)
def get_host_locks(host_id: str) -> Response:
    """Show what is held on a host: targets, running steps with the age of their leases, reservations, and the line."""
    host = context().store.hosts.get(host_id)
    if host is None:
        raise not_found("host", host_id)
    body = _body(host)
    return answer(body, headers={"ETag": locks_etag(body)})
