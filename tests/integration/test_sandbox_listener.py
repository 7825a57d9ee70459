"""How a simulated host takes its port."""

from __future__ import annotations

import socket

import pytest

from sandbox import listener
from sandbox.bugs import Bugs


def _listener(port: int) -> listener.Listener:
    return listener.Listener(("127.0.0.1", port), lambda *_: None, Bugs(), None)


def test_a_number_that_another_process_took_is_chosen_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between choosing and binding another process may be quicker: then another number is chosen."""
    with socket.socket() as taken, socket.socket() as free:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
        free.close()
        numbers = iter((taken.getsockname()[1], number))
        monkeypatch.setattr(listener, "_free_port", lambda _: next(numbers))
        made = _listener(0)
    try:
        assert number == made.server_address[1]
    finally:
        made.server_close()


def test_a_number_that_was_asked_for_is_not_changed() -> None:
    """A port that was given and is taken is an error."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            _listener(taken.getsockname()[1])
