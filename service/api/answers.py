"""Answers: JSON bodies, absolute links, pages and times, in the one form in which callers see them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Request, Response

from service.api.pages import link_header


def answer(body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON answer. Nothing may reuse a copy without asking again (`no-cache`), for jobs change."""
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    response = Response(text, status, content_type="application/json")
    response.headers["Cache-Control"] = "no-cache"
    response.headers.update(headers or {})
    return response


def no_content() -> Response:
    """Return 204."""
    return Response(status=204)


def base_of(request: Request, base_url: str) -> str:
    """Return what absolute links begin with; `base_url` '' takes the scheme and host that the caller used."""
    return base_url or request.host_url.rstrip("/")


def page_answer(items: list[dict[str, Any]], next_cursor: str | None, request: Request, base_url: str) -> Response:
    """Return one page of a list with its `Link` header. The last page has no `next`; a short page may have one."""
    url = base_of(request, base_url) + request.path
    headers = {"Link": link_header(url, request.args.to_dict(), next_cursor)}
    return answer({"items": items, "next_cursor": next_cursor}, headers=headers)


def rfc3339(seconds: float | None) -> str | None:
    """Return a time in RFC 3339, UTC, with milliseconds; None for none."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
