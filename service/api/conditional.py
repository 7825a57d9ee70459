"""Conditional requests (RFC 9110 section 13): ETags, 304 for an unchanged copy, 412 and 428 against lost updates."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Request, Response
from werkzeug.http import parse_etags

from service.api.problems import Problem


def etag_of(identifier: str, version: int, beside: Any = None) -> str:
    """Return the quoted strong ETag of one version of a resource; `beside` is what it shows that has no version."""
    if beside is None:
        return f'"{identifier}.{version}"'
    return f'"{identifier}.{version}.{_digest(repr(beside).encode())}"'


def with_etag(request: Request, response: Response) -> Response:
    """Return the answer to a GET with an ETag (of its bytes when it has none), as 304 when the caller has this copy."""
    if response.status_code != 200 or response.is_streamed:  # noqa: PLR2004 - only a whole representation has one
        return response
    etag = response.headers.get("ETag") or f'"{_digest(response.get_data())}"'
    if is_unchanged(request, etag):
        return not_modified(etag)
    response.headers["ETag"] = etag
    return response


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:20]


def is_unchanged(request: Request, etag: str) -> bool:
    """Tell whether the caller's copy (`If-None-Match`) is the current one."""
    header = request.headers.get("If-None-Match", "")
    return bool(header) and parse_etags(header).contains_weak(etag.strip('"'))


def not_modified(etag: str) -> Response:
    """Return 304 with the ETag and no body."""
    return Response(status=304, headers={"ETag": etag})


def check_if_match(request: Request, etag: str) -> None:
    """Let a change pass only for the version that the caller has seen; what stands beside the version may differ.

    Raises:
        Problem: 428 without `If-Match`, 412 when the resource has changed since.
    """
    header = request.headers.get("If-Match", "")
    if not header:
        raise Problem(428, "precondition-required", "Send If-Match with the ETag of the copy that you changed, or *.")
    seen = parse_etags(header)
    # The parser makes None of an empty tag.
    if not seen.star_tag and _version(etag.strip('"')) not in {_version(tag) for tag in seen.as_set() if tag}:
        raise Problem(
            412, "precondition-failed", "The resource has changed since; get it again.", headers={"ETag": etag}
        )


def _version(tag: str) -> tuple[str, ...]:
    return tuple(tag.split(".")[:2])
