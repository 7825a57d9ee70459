"""Pages of a list: opaque cursors, signed and bound to their filters, and `Link` headers (RFC 8288)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from service.api.problems import Problem

_TAG_BYTES = 16


@dataclass(frozen=True)
class Cursors:
    """Writes and reads cursors. A cursor gives no authority: it holds a position only."""

    key: bytes

    def write(self, position: list[Any], filters: Mapping[str, Any]) -> str:
        """Return the cursor of a position in the list that `filters` select."""
        body = json.dumps([position, _digest(filters)], separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._tag(body) + body).decode().rstrip("=")

    def read(self, cursor: str, filters: Mapping[str, Any]) -> list[Any]:
        """Return the position.

        Raises:
            Problem: 400 when the cursor is not one of ours or was made for other filters.
        """
        body = self._opened(cursor)
        position, digest = json.loads(body)
        if digest != _digest(filters):
            raise _refusal("The cursor was made for other filters; start again without it.")
        return list(position)

    def _opened(self, cursor: str) -> bytes:
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise _refusal("The cursor is not one of ours.") from error
        tag, body = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
        if not hmac.compare_digest(tag, self._tag(body)):
            raise _refusal("The cursor is not one of ours.")
        return body

    def _tag(self, body: bytes) -> bytes:
        return hmac.digest(self.key, body, "sha256")[:_TAG_BYTES]


def _refusal(detail: str) -> Problem:
    return Problem(400, "invalid-cursor", detail, parameters=[{"name": "cursor", "code": "invalid", "detail": detail}])


def _digest(filters: Mapping[str, Any]) -> str:
    text = json.dumps(filters, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def page_filters(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return what selects the list: the query without the page's own parameters."""
    return {
        name: value for name, value in query.items() if name not in ("cursor", "limit", "wait") and value is not None
    }


def link_header(url: str, args: Mapping[str, str], next_cursor: str | None) -> str:
    """Return the `Link` header of a page: first, and next unless it is the last."""
    kept = {name: value for name, value in args.items() if name != "cursor"}
    links = [f'<{_with_query(url, kept)}>; rel="first"']
    if next_cursor:
        links.append(f'<{_with_query(url, {**kept, "cursor": next_cursor})}>; rel="next"')
    return ", ".join(links)


def _with_query(url: str, args: Mapping[str, str]) -> str:
    return f"{url}?{urlencode(args)}" if args else url
