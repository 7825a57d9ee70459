"""When the certificate of an HTTPS service ends, as the service itself shows it."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from urllib.parse import urlsplit

_SECONDS = 5.0
_HTTPS = 443


def ends_at(url: str, ca_file: str = "") -> datetime | None:
    """Return when the certificate behind an https address ends; None when none can be read, or it is not trusted."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
        with (
            socket.create_connection((host, parts.port or _HTTPS), _SECONDS) as line,
            context.wrap_socket(line, server_hostname=host) as secured,
        ):
            ends = str((secured.getpeercert() or {}).get("notAfter", ""))
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC)
    except (OSError, ValueError):
        return None
