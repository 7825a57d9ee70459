"""Hosts: register, look at, change, forget, inspect, test. The credential goes in and never comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Response, request
from flask_smorest import Blueprint
from marshmallow import fields

from schemas.base import EmptySchema
from schemas.host import HostCreateSchema, HostQuerySchema, HostSchema, HostUpdateSchema, ReservationSchema
from schemas.page import page_of
from service.api.answers import answer, base_of, no_content
from service.api.conditional import check_if_match, etag_of
from service.api.context import Context, context
from service.api.holders import seen_report, seen_reservations
from service.api.job_answers import accepted, this_sender
from service.api.job_schemas import JobBody, JobViewSchema
from service.api.listing import filtered, label_pair, list_page
from service.api.moves import ledger_refusals
from service.api.operation import Operation, route
from service.api.problems import invalid_field, not_found
from service.api.sealer import sealed
from service.api.submitting import submit
from service.ledger.ids import new_id
from service.ledger.known import capacity_of
from service.ledger.store import Host, HostCapacity, HostLimits

blueprint = Blueprint("hosts", __name__, description="Hosts: the physical Hyper-V hosts")
_HOST = "/v1/hosts/<identifier:host_id>"
_PORTS: Mapping[str, int] = {"https": 5986, "http": 5985}
_LOOPBACK = frozenset({"localhost", "127.0.0.1"})
_WHERE = ("address", "port", "scheme")
_REQUEST = JobBody()


class HostViewSchema(HostSchema):
    """A host as callers see it. `capacity` is what was set, else what the last inspection told; null when unknown."""

    reservations = fields.List(fields.Nested(ReservationSchema), metadata={"description": "Who holds memory and disk."})


_SHAPE = HostViewSchema()
_RESERVATION = ReservationSchema()


def _host(host_id: str) -> Host:
    host = context().store.hosts.get(host_id)
    if host is None:
        raise not_found("host", host_id)
    return host


def _body(host: Host) -> dict[str, Any]:
    body: dict[str, Any] = _SHAPE.dump(host)
    return body | {"capacity": capacity_of(host), "report": seen_report(context(), host.report)}


def _answer(host: Host, status: int = 200, **headers: str) -> Response:
    held = [_RESERVATION.dump(one) for one in seen_reservations(context(), context().store.hosts.reservations(host.id))]
    etag = etag_of(host.id, host.version, [held, host.reached_at, host.unreachable_since])
    return answer(_body(host) | {"reservations": held}, status, {"ETag": etag, **headers})


def _changed(ctx: Context, host: Host, body: Mapping[str, Any]) -> Host:
    """Return the host with the given members changed; a password is sealed.

    Raises:
        Problem: 422 when the password would then travel unencrypted.
    """
    changes = dict(body)
    if "password" in changes:
        changes["secrets"] = {"password": sealed(ctx.settings.public_key, changes.pop("password"))}
    if "limits" in changes:
        changes["limits"] = HostLimits(**changes["limits"])
    if changes.get("capacity"):
        changes["capacity"] = HostCapacity(**changes["capacity"])
    changed = replace(host, **changes)
    if changed.auth == "basic" and changed.scheme == "http" and changed.address not in _LOOPBACK:
        raise invalid_field("#/auth", "conflict", "Basic over http sends the password unencrypted; use https.")
    return changed


def _refuse_led_away(host: Host, body: Mapping[str, Any]) -> None:
    """Refuse to send the kept password somewhere else: whoever may change a host need not know it, nor may he learn it.

    Raises:
        Problem: 422 for another address, port or scheme without the password.
    """
    if "password" not in body and any(body.get(name, getattr(host, name)) != getattr(host, name) for name in _WHERE):
        raise invalid_field("#/password", "required", "It would be sent to another place; give it again.")


@route(
    blueprint,
    Operation(
        "registerHost",
        "POST",
        "/v1/hosts",
        "hosts:write",
        {201: HostViewSchema},
        body=HostCreateSchema(),
        problems=(409,),
        answer_headers={201: ("Location", "ETag")},
    ),
)
def register_host(body: dict[str, Any]) -> Response:
    """Register a host. Its password is sealed at once: only workers can read it."""
    ctx = context()
    body["port"] = body["port"] or _PORTS[body["scheme"]]
    new = Host(id=new_id("host", ctx.clock()), name=body["name"], address=body["address"])
    with ledger_refusals("host"):
        host = ctx.store.hosts.put(_changed(ctx, new, body))
    ctx.catalogue.forget()
    return _answer(host, 201, Location=f"{base_of(request, ctx.settings.base_url)}/v1/hosts/{host.id}")


@route(
    blueprint,
    Operation(
        "listHosts",
        "GET",
        "/v1/hosts",
        "hosts:read",
        {200: page_of(HostViewSchema)},
        query=HostQuerySchema(),
        answer_headers={200: ("Link",)},
    ),
)
def list_hosts(query: dict[str, Any]) -> Response:
    """List hosts, newest first."""
    ctx, label, name = context(), label_pair(query), query.get("name")

    def wanted(host: Host) -> bool:
        return name in (None, host.name) and (label is None or host.labels.get(label[0]) == label[1])

    return list_page(ctx, query, filtered(ctx.store.hosts.list, wanted), _body)


@route(
    blueprint,
    Operation(
        "getHost",
        "GET",
        _HOST,
        "hosts:read",
        {200: HostViewSchema},
        answer_headers={200: ("ETag",)},
    ),
)
def get_host(host_id: str) -> Response:
    """Get a host with its last report, and who holds its memory and disk now."""
    return _answer(_host(host_id))


@route(
    blueprint,
    Operation(
        "updateHost",
        "PATCH",
        _HOST,
        "hosts:write",
        {200: HostViewSchema},
        body=HostUpdateSchema(),
        problems=(409, 412, 428),
        headers=("IfMatch",),
        answer_headers={200: ("ETag",)},
    ),
)
def update_host(host_id: str, body: dict[str, Any]) -> Response:
    """Change a host; only the members that are given change. Waiting jobs that fit then are queued.

    Another address, port or scheme takes the password with it: the one that is kept is for where it was given for.
    """
    ctx, host = context(), _host(host_id)
    check_if_match(request, etag_of(host.id, host.version))
    _refuse_led_away(host, body)
    with ledger_refusals("host"):
        changed = ctx.store.hosts.update(_changed(ctx, host, body))
    ctx.catalogue.forget()
    ctx.wakes.steps()
    return _answer(changed)


@route(
    blueprint,
    Operation(
        "deleteHost", "DELETE", _HOST, "hosts:write", {204: None}, problems=(409, 412, 428), headers=("IfMatch",)
    ),
)
def delete_host(host_id: str) -> Response:
    """Forget a host; refused while labs or unfinished jobs use it."""
    host = _host(host_id)
    check_if_match(request, etag_of(host.id, host.version))
    with ledger_refusals("host"):
        context().store.hosts.delete(host.id, host.version)
    context().catalogue.forget()
    return no_content()


def _begins_job(operation_id: str, verb: str) -> Operation:
    """Return the operation that begins a job on a host, with nothing to say but which host."""
    return Operation(
        operation_id,
        "POST",
        f"{_HOST}:{verb}",
        "hosts:write",
        {202: JobViewSchema},
        body=EmptySchema(),
        body_required=False,
        problems=(409,),
        headers=("IdempotencyKey",),
        answer_headers={202: ("Location", "Retry-After", "ETag", "Idempotent-Replayed")},
    )


@route(blueprint, _begins_job("inspectHost", "inspect"))
def inspect_host(host_id: str, body: dict[str, Any]) -> Response:  # noqa: ARG001 - an empty body is checked, not used
    """Inspect a host: a job that reports what it is, what it could build and what forbids it."""
    return _job_on(host_id, "inspect_host")


@route(blueprint, _begins_job("testHost", "test"))
def test_host(host_id: str, body: dict[str, Any]) -> Response:  # noqa: ARG001 - an empty body is checked, not used
    """Test the way to a host: name, port, TLS, authentication, endpoint, rights and role, each a step of a job.

    The first check that fails ends the job. `result.checks` has all of them in order, also then: what was seen, why it
    fails, and the commands that cure it on the host.
    """
    return _job_on(host_id, "test_host")


def _job_on(host_id: str, kind: str) -> Response:
    ctx, host = context(), _host(host_id)
    job = _REQUEST.load({"kind": kind, "host": {"id": host.id}})
    return accepted(submit(ctx, job, {}, this_sender(job)), base_of(request, ctx.settings.base_url))
