"""The audit log: a list with filters, and the whole chain for whoever keeps and verifies it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response, g, request
from flask_smorest import Blueprint

from schemas.audit import AuditEntrySchema, AuditQuerySchema
from schemas.page import page_of
from service.api.answers import page_answer
from service.api.conditional import is_unchanged, not_modified
from service.api.context import context
from service.api.operation import Operation, route
from service.api.pages import page_filters
from service.ledger.store import AuditFilter

MEDIA_TYPE = "application/x-ndjson"
blueprint = Blueprint("audit", __name__, description="The audit log: append-only, hash-chained")
_LINES: dict[str, Any] = {MEDIA_TYPE: {"schema": {"type": "string", "description": "One AuditEntry a line."}}}


@route(
    blueprint,
    Operation(
        "listAudit",
        "GET",
        "/v1/audit",
        "audit:read",
        {200: page_of(AuditEntrySchema)},
        query=AuditQuerySchema(),
        answer_headers={200: ("Link",)},
    ),
)
def list_audit(query: dict[str, Any]) -> Response:
    """List the audit log, newest first; all filters must hold.

    A key sees the entries of its tenant: what its callers did, and what was done to what it owns. `admin` sees all. A
    page of a filtered list may be short, or empty, before the list ends: go on with `next_cursor`.
    """
    ctx = context()
    tenant = None if g.caller.is_operator else g.caller.tenant
    filters = page_filters(query)
    bound = filters | {"tenant": tenant}
    before = int(ctx.cursors.read(query["cursor"], bound)[0]) if query.get("cursor") else None
    ctx.store.audit.seal()  # a caller finds what he just did
    items, following = ctx.store.audit.page(AuditFilter(**filters, tenant=tenant), before, query["limit"])
    cursor = None if following is None else ctx.cursors.write([following], bound)
    return page_answer([dict(entry) for entry in items], cursor, request, ctx.settings.base_url)


@route(
    blueprint,
    Operation("exportAudit", "GET", "/v1/audit:export", "admin", {200: _LINES}),
)
def export_audit() -> Response:
    """Export the whole chain, oldest first, as JSON lines. `matryoshka audit verify FILE` verifies it."""
    audit = context().store.audit
    audit.seal()
    head = audit.head()
    etag = f'"audit.{head.first}.{head.seq}.{head.hash[:20]}"'
    if is_unchanged(request, etag):
        return not_modified(etag)
    return Response(_lines(audit.lines()), content_type=MEDIA_TYPE, headers={"Cache-Control": "no-store", "ETag": etag})


def _lines(entries: Iterator[str]) -> Iterator[str]:
    for entry in entries:
        yield entry + "\n"
