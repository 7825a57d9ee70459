"""`Prefer` (RFC 7240): `wait=N` and `return=minimal`. A preference that is not understood or not kept is no error."""

from __future__ import annotations

import re

from flask import Request, Response

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_VALUE = rf'"([^"]*)"|({_WORD})'
_PREFERENCE = re.compile(rf"\s*({_WORD})\s*(?:=\s*(?:{_VALUE}))?\s*(?:;[^,]*)?(?:,|$)")


def preferences(request: Request) -> dict[str, str]:
    """Return the caller's preferences by lower-case name; of one that stands twice, the first ('' has no value)."""
    found: dict[str, str] = {}
    for match in _PREFERENCE.finditer(", ".join(request.headers.getlist("Prefer"))):
        found.setdefault(match[1].lower(), match[2] or match[3] or "")
    return found


def minimal(request: Request, response: Response) -> Response:
    """Return the answer to a change without its body when the caller prefers so: `Location` and `ETag` say enough.

    A 200 becomes 204; an answer that is an error or has no body is left as it is.
    """
    if "Prefer" not in request.headers or response.status_code not in (200, 201, 202):
        return response
    if preferences(request).get("return", "").lower() != "minimal":
        return response
    applied = ", ".join([*response.headers.getlist("Preference-Applied"), "return=minimal"])
    response.headers["Preference-Applied"] = applied
    response.set_data(b"")
    response.headers.pop("Content-Type", None)
    if response.status_code == 200:  # noqa: PLR2004 - the answer has no content now
        response.status_code = 204
    return response
