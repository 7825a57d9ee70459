"""How a simulated host takes its port."""

from __future__ import annotations

import socket
import threading
from typing import Any

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


def test_a_number_that_another_process_has_bound_but_does_not_listen_on_yet_is_chosen_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two servers that both allow reuse could bind one number; the second one to listen would fail."""
    with socket.socket() as taken, socket.socket() as free:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for sock in (taken, free):
            sock.bind(("127.0.0.1", 0))
        numbers = iter((taken.getsockname()[1], free.getsockname()[1]))
        number = free.getsockname()[1]
        free.close()
        monkeypatch.setattr(listener, "_free_port", lambda _: next(numbers))
        made = _listener(0)
    try:
        assert number == made.server_address[1]
    finally:
        made.server_close()


def test_a_host_that_refused_listens_again_beside_connections_of_before() -> None:
    """A connection that is not over yet keeps nobody from listening on the same number."""
    made = _listener(0)
    address = ("127.0.0.1", int(made.server_address[1]))
    try:
        with socket.create_connection(address):
            accepted, _ = made.get_request()
            made.refuse()
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(address)
            made.accept_again()
            socket.create_connection(address).close()
            accepted.close()
    finally:
        made.server_close()


def test_a_connection_that_was_just_accepted_is_dropped_with_the_others() -> None:
    """A host that goes down serves nobody: neither whose thread had not begun yet, nor who is still shaking hands."""
    served: list[object] = []
    made = listener.Listener(("127.0.0.1", 0), lambda *_: served.append(_), Bugs(), None)
    address = ("127.0.0.1", int(made.server_address[1]))
    try:
        with socket.create_connection(address) as caller:
            accepted, known = made.get_request()
            made.refuse()
            with pytest.raises(ConnectionAbortedError):
                made.finish_request(accepted, known)
            assert [] == served
            assert b"" == caller.recv(1)
    finally:
        made.server_close()


def test_a_connection_that_gets_no_thread_does_not_end_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without room for one more thread loses that connection; the next one is served."""
    served = threading.Event()
    made = listener.Listener(("127.0.0.1", 0), lambda *_: served.set(), Bugs(), None)
    address = ("127.0.0.1", int(made.server_address[1]))
    begin, tries = made.process_request, iter((True, False))

    def process_request(*arguments: Any) -> None:
        if next(tries):
            raise RuntimeError("can't start new thread")
        begin(*arguments)

    monkeypatch.setattr(made, "process_request", process_request)
    serving = threading.Thread(target=made.serve, daemon=True)
    serving.start()
    try:
        with socket.create_connection(address) as lost:
            assert b"" == lost.recv(1)
        socket.create_connection(address).close()
        assert served.wait(60)
    finally:
        made.end()
        serving.join(60)


def test_a_number_that_was_asked_for_is_not_changed() -> None:
    """A port that was given and is taken is an error."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            _listener(taken.getsockname()[1])
