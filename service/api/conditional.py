"""Conditional requests (RFC 9110 section 13): ETags, 304 for an unchanged copy, 412 and 428 against lost updates."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from flask import Request, Response

from service.api.problems import Problem

# RFC 9110 section 8.8.3; a tag without its quotes is taken too, for people who type them.
_TAG = re.compile(r'(W/)?"([^"]*)"|([^\s,"]+)')


@dataclass(frozen=True)
class EntityTags:
    """The tags of `If-Match` or `If-None-Match`: `*`, strong ones and weak ones, without quotes."""

    star: bool
    strong: frozenset[str]
    weak: frozenset[str]


def entity_tags(header: str) -> EntityTags:
    """Return the tags of a header; what is none is passed over. Takes time in proportion to its length."""
    if header.strip() == "*":
        return EntityTags(True, frozenset(), frozenset())
    found = [(bool(match[1]), match[2] if match[3] is None else match[3]) for match in _TAG.finditer(header)]
    strong, weak = (frozenset(tag for is_weak, tag in found if is_weak is wanted) for wanted in (False, True))
    return EntityTags(False, strong, weak)


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
    seen = entity_tags(header)
    return seen.star or etag.strip('"') in seen.strong | seen.weak


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
    seen = entity_tags(header)
    if not seen.star and _version(etag.strip('"')) not in {_version(tag) for tag in seen.strong}:
        raise Problem(
            412, "precondition-failed", "The resource has changed since; get it again.", headers={"ETag": etag}
        )


def _version(tag: str) -> tuple[str, ...]:
    return tuple(tag.split(".")[:2])
