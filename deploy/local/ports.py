"""Loopback ports for servers that are started a little later."""

from __future__ import annotations

import atexit
import socket

_HELD: list[socket.socket] = []


def free_ports(names: tuple[str, ...]) -> dict[str, int]:
    """Find loopback ports that no other process is given while this one lives.

    Each stays bound here without listening: the kernel gives it to nobody who asks for a free port, and a server that
    is told its number and sets SO_REUSEADDR, as servers do, takes it. Released, it might be another's by then.
    """
    held = {name: socket.socket() for name in names}
    for sock in held.values():
        sock.bind(("127.0.0.1", 0))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _HELD.extend(held.values())
    return {name: sock.getsockname()[1] for name, sock in held.items()}


@atexit.register
def _release() -> None:
    for sock in _HELD:
        sock.close()
