"""`Prefer` (RFC 7240): `wait=N` and `return=minimal`. A preference that is not understood or not kept is no error."""

from __future__ import annotations

import re

from flask import Request, Response

_WORD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PART = re.compile(r'(?:[^",]|"[^"]*")+')  # up to a comma that no quotes are around


def preferences(request: Request) -> dict[str, str]:
    """Return the caller's preferences by lower-case name; of one that stands twice, the first ('' has no value).

    Takes time in proportion to the header's length, whatever is in it.
    """
    found: dict[str, str] = {}
    for part in _PART.findall(", ".join(request.headers.getlist("Prefer"))):
        name, value = _preference(part)
        if _WORD.fullmatch(name):
            found.setdefault(name.lower(), value)
    return found


def _preference(part: str) -> tuple[str, str]:
    """Return name and value of one preference without its parameters; a name of '' when the value is none."""
    before, _, after = part.partition("=")
    name, parameters, _ = before.partition(";")
    if parameters or not after.strip():
        return name.strip(), ""
    value = after.strip()
    if value.startswith('"'):
        return name.strip(), value[1:].partition('"')[0]
    word = value.partition(";")[0].strip()
    return (name.strip(), word) if _WORD.fullmatch(word) else ("", "")


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
