"""Where metrics are served. Imports no metrics: gunicorn's first process binds here, and holds none before it forks."""

from __future__ import annotations

import socket

VARIABLE = "MATRYOSHKA_METRICS_LISTEN"
_LOOPBACK = "127.0.0.1"
_HIGHEST_PORT = 65_535


def place_of(text: str) -> tuple[str, int] | None:
    """Return host and port of MATRYOSHKA_METRICS_LISTEN: `9464` (loopback), `0.0.0.0:9464`, `[::]:9464`; None for ''.

    Raises:
        ValueError: it is none of these.
    """
    if not text.strip():
        return None
    host, _, port = text.strip().rpartition(":")
    if not port.isascii() or not port.isdigit() or int(port) > _HIGHEST_PORT:
        raise ValueError(f"must be PORT or HOST:PORT, not {text!r}")
    return host.strip("[]") or _LOOPBACK, int(port)


def bind(place: tuple[str, int]) -> socket.socket:
    """Return a listening socket; processes that are forked afterwards may all serve on it. Raises OSError."""
    family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
    listening = socket.create_server(place, family=family, backlog=64)
    # Several processes wait on it: whoever comes second must find nothing instead of waiting for the next one.
    listening.setblocking(False)
    return listening
