"""Labs: what jobs built, with the proof; their lease; and their removal, which is a job."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_smorest import Blueprint

from schemas.kinds.teardown import TeardownRequestSchema
from schemas.lab import LabExtendSchema, LabQuerySchema
from schemas.page import page_of
from service.api.answers import answer, base_of
from service.api.conditional import check_if_match, etag_of
from service.api.context import context
from service.api.holders import seen_facts
from service.api.job_answers import accepted, this_sender
from service.api.job_schemas import JobViewSchema, LabViewSchema
from service.api.listing import label_pair, list_page
from service.api.moves import ledger_refusals
from service.api.operation import Operation, route
from service.api.problems import not_found
from service.api.submitting import write_teardown
from service.ledger.store import Lab, LabFilter

blueprint = Blueprint("labs", __name__, description="Labs: what jobs built, and the proof of it")
_LAB = "/v1/labs/<identifier:lab_id>"
_SHAPE = LabViewSchema()
_TEARDOWN = TeardownRequestSchema()


def _lab(lab_id: str) -> Lab:
    lab = context().store.labs.get(lab_id)
    if lab is None:
        raise not_found("lab", lab_id)
    return lab


def _body(lab: Lab, base: str) -> dict[str, Any]:
    body: dict[str, Any] = _SHAPE.dump(lab)
    links = {"self": f"{base}/v1/labs/{lab.id}", "job": f"{base}/v1/jobs/{lab.job_id}"}
    facts = seen_facts(context(), lab.facts)
    return body | {"facts": facts, "summary": facts.get("lab.summary"), "links": links}


def _answer(lab: Lab) -> Response:
    base = base_of(request, context().settings.base_url)
    return answer(_body(lab, base), headers={"ETag": etag_of(lab.id, lab.version)})


@route(
    blueprint,
    Operation(
        "listLabs",
        "GET",
        "/v1/labs",
        "jobs:read",
        {200: page_of(LabViewSchema)},
        query=LabQuerySchema(),
        answer_headers={200: ("Link",)},
    ),
)
def list_labs(query: dict[str, Any]) -> Response:
    """List labs, newest first; all filters must hold. Facts and probes are shown by the lab itself only."""
    ctx = context()
    base = base_of(request, ctx.settings.base_url)
    filters = LabFilter(
        query.get("state"), query.get("host_id"), query.get("kind"), label_pair(query), query.get("tenant")
    )
    return list_page(
        ctx, query, lambda position, limit: ctx.store.labs.list(filters, position, limit), lambda lab: _body(lab, base)
    )


@route(
    blueprint,
    Operation(
        "getLab",
        "GET",
        _LAB,
        "jobs:read",
        {200: LabViewSchema},
    ),
)
def get_lab(lab_id: str) -> Response:
    """Get a lab with its CPU ledger: what each level of virtualization showed. A removed lab is shown for a while."""
    lab = _lab(lab_id)
    return _answer(lab)


@route(
    blueprint,
    Operation(
        "extendLab",
        "PATCH",
        _LAB,
        "jobs:write",
        {200: LabViewSchema},
        body=LabExtendSchema(),
        problems=(409, 412, 428),
        headers=("IfMatch",),
        answer_headers={200: ("ETag",)},
    ),
)
def extend_lab(lab_id: str, body: dict[str, Any]) -> Response:
    """Set the end of a lab's lease, from now; 0 takes the lease away. At its end the lab is torn down by itself."""
    lab = _lab(lab_id)
    check_if_match(request, etag_of(lab.id, lab.version))
    with ledger_refusals("lab"):
        return _answer(context().store.labs.extend(lab.id, body["lease_seconds"], lab.version))


@route(
    blueprint,
    Operation(
        "deleteLab",
        "DELETE",
        _LAB,
        "jobs:write",
        {202: JobViewSchema},
        problems=(409, 422),
        headers=("IdempotencyKey",),
        answer_headers={202: ("Location", "Retry-After", "ETag", "Idempotent-Replayed")},
    ),
)
def delete_lab(lab_id: str) -> Response:
    """Tear a lab down: by VM id and owner note, never by name alone. The answer is the teardown job."""
    ctx, lab = context(), _lab(lab_id)
    # A lab that is gone already is the move's to refuse: it looks at the idempotency key first.
    body = _TEARDOWN.load({"kind": "teardown", "lab_id": lab.id})
    return accepted(write_teardown(ctx, lab, body, this_sender(body)), base_of(request, ctx.settings.base_url))
