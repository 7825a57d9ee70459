"""Conditional requests (RFC 9110 section 13): ETags, 304 for an unchanged copy, 412 and 428 against lost updates."""

from __future__ import annotations

from flask import Request, Response
from werkzeug.http import parse_etags

from service.api.problems import Problem


def etag_of(identifier: str, version: int) -> str:
    """Return the quoted strong ETag of one version of a resource."""
    return f'"{identifier}.{version}"'


def is_unchanged(request: Request, etag: str) -> bool:
    """Tell whether the caller's copy (`If-None-Match`) is the current one."""
    header = request.headers.get("If-None-Match", "")
    return bool(header) and parse_etags(header).contains_weak(etag.strip('"'))


def not_modified(etag: str) -> Response:
    """Return 304 with the ETag and no body."""
    return Response(status=304, headers={"ETag": etag})


def check_if_match(request: Request, etag: str) -> None:
    """Let a change pass only for the version that the caller has seen.

    Raises:
        Problem: 428 without `If-Match`, 412 when the resource has changed since.
    """
    header = request.headers.get("If-Match", "")
    if not header:
        raise Problem(428, "precondition-required", "Send If-Match with the ETag of the copy that you changed, or *.")
    if not parse_etags(header).contains(etag.strip('"')):
        raise Problem(
            412, "precondition-failed", "The resource has changed since; get it again.", headers={"ETag": etag}
        )
