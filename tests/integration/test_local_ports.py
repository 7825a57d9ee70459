"""How a stack and the tests' servers get their ports."""

from __future__ import annotations

import socket

import pytest

from deploy.local.ports import free_ports


def test_a_port_that_was_given_is_given_to_nobody_else() -> None:
    """A server may start seconds after its port was chosen: meanwhile no other process can get the number."""
    port = free_ports(("server",))["server"]

    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))


def test_a_server_takes_the_port_that_it_was_given_again_and_again() -> None:
    """Holding a port is in nobody's way: nobody answers on it, a server listens there, and once more after its end."""
    port = free_ports(("server",))["server"]

    for _ in range(2):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        with socket.create_server(("127.0.0.1", port)) as server:
            caller = socket.create_connection(("127.0.0.1", port))
            called, _ = server.accept()
            called.close()
            caller.close()
