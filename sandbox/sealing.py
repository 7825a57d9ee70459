"""Message encryption of WinRM over HTTP: the multipart/encrypted form around a SOAP message (docs/sources.md P4)."""

from __future__ import annotations

import re
import struct
from typing import Any, Final

from spnego.exceptions import SpnegoError

CONTENT_TYPE: Final = (
    'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"'
)
_BOUNDARY: Final = b"--Encrypted Boundary"
_PARTS: Final = re.compile(
    rb"^--Encrypted Boundary\r\n\s*Content-Type:[^\r]*\r\n\s*OriginalContent:[^\r]*Length=(\d+)\r\n"
    rb"--Encrypted Boundary\r\n\s*Content-Type: application/octet-stream\r\n(.*)--Encrypted Boundary(?:--)?\r\n",
    re.DOTALL,
)
_LENGTH_BYTES: Final = 4


class SealError(Exception):
    """The body cannot be opened: HTTP 400 with an empty body, as Windows answers (pypsrp#21)."""


def is_sealed(content_type: str) -> bool:
    """Whether a request says that its body is encrypted."""
    return content_type.lower().startswith("multipart/encrypted")


def unseal(context: Any, body: bytes) -> bytes:
    """Open a body with the connection's security context.

    Raises:
        SealError: not the expected form, or not sealed by this context.
    """
    match = _PARTS.match(body)
    if match is None:
        raise SealError
    sealed = match.group(2)
    try:
        size = struct.unpack("<i", sealed[:_LENGTH_BYTES])[0]
        start = _LENGTH_BYTES + size
        plain: bytes = context.unwrap_winrm(sealed[_LENGTH_BYTES:start], sealed[start:])
    except (SpnegoError, struct.error, ValueError) as error:
        raise SealError from error
    return plain


def seal(context: Any, plain: bytes) -> bytes:
    """Encrypt an answer for the client of this connection."""
    wrapped = context.wrap_winrm(plain)
    length = len(plain) + wrapped.padding_length
    return b"".join(
        (
            _BOUNDARY + b"\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n",
            f"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={length}\r\n".encode(),
            _BOUNDARY + b"\r\n\tContent-Type: application/octet-stream\r\n",
            struct.pack("<i", len(wrapped.header)) + wrapped.header + wrapped.data,
            _BOUNDARY + b"--\r\n",
        )
    )
