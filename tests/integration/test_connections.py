"""Connections to receivers: kept and used again, never for an address that is not judged now, never beyond the time."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from service.ledger.reach import AddressRules, networks_of
from tests.fakes import FakeClock
from tests.integration.webhook_tls import certificate_for
from workers.connections import Connections, Request
from workers.outbound import AddressRefused, Opening, connect

_RULES = AddressRules(networks_of("127.0.0.0/8"))
_SHORT = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Server:
    """Answers `answers` in turn, the last one for ever; b'' closes instead. Counts connections and requests."""

    answers: list[bytes] = field(default_factory=lambda: [_SHORT])
    connections: int = 0
    requests: int = 0
    leads_to: str = "127.0.0.1"
    port: int = 0
    resolving: Callable[[], None] = lambda: None
    secured: ssl.SSLContext | None = None
    closes: bool = False
    closed: threading.Event = field(default_factory=threading.Event)

    def resolve(self, host: str, port: int, **_: Any) -> list[Any]:
        """As socket.getaddrinfo: the name leads to where it is told."""
        self.resolving()
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (self.leads_to, port))]

    def serve(self, listening: socket.socket) -> None:
        """Take connections until the socket is closed."""
        while True:
            try:
                connected, _ = listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=[connected], daemon=True).start()

    def _talk(self, connected: socket.socket) -> None:
        if self.secured is not None:
            connected = self.secured.wrap_socket(connected, server_side=True)
        self._answer(connected)
        self.closed.set()

    def _answer(self, connected: socket.socket) -> None:
        with connected, connected.makefile("rb") as stream:
            try:
                while stream.readline():
                    while stream.readline().strip():
                        pass
                    stream.read(2)
                    self.requests += 1
                    answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                    if answer:
                        connected.sendall(answer)
                    if self.closes or not answer:
                        return
            except OSError:
                return


@pytest.fixture
def server() -> Iterator[Server]:
    """A receiver on loopback, known as `receiver.example`."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(port=listening.getsockname()[1])
        threading.Thread(target=server.serve, args=[listening], daemon=True).start()
        yield server
        listening.shutdown(socket.SHUT_RDWR)


def _request(server: Server, most: int = 100) -> Request:
    url = urlsplit(f"http://receiver.example:{server.port}/hook?a=1")
    return Request(url, b"{}", {"Content-Type": "application/json"}, most)


def _connections(server: Server, clock: FakeClock | None = None, **fields: Any) -> Connections:
    opening = Opening(_RULES, resolve=server.resolve, **fields)
    return Connections(opening, clock.monotonic) if clock else Connections(opening)


def test_one_connection_serves_many_deliveries(server: Server) -> None:
    """A burst to one receiver makes one handshake."""
    connections = _connections(server)

    answers = [connections.post(_request(server)) for _ in range(5)]

    assert [(200, b"ok")] * 5 == [(status, body) for status, _, body in answers]
    assert (1, 5) == (server.connections, server.requests)


def test_a_connection_that_was_closed_meanwhile_costs_nothing(server: Server) -> None:
    """The receiver may close what idles: the same request goes out once more, over a new connection."""
    connections = _connections(server)
    connections.post(_request(server))
    server.answers = [b"", _SHORT]

    assert 200 == connections.post(_request(server))[0]
    assert (2, 3) == (server.connections, server.requests)


def test_a_tls_connection_that_was_closed_without_a_word_costs_nothing_either(server: Server) -> None:
    """Few receivers say goodbye in TLS before they close: OpenSSL has an error of its own for that."""
    server.secured, client = certificate_for("receiver.example")
    server.closes = True
    connections = _connections(server, tls=lambda: client)
    request = replace(_request(server), url=urlsplit(f"https://receiver.example:{server.port}/hook"))

    for _ in range(2):
        assert 200 == connections.post(request)[0]
        assert server.closed.wait(10)
    assert (2, 2) == (server.connections, server.requests)


def test_a_new_connection_that_is_closed_is_a_failure(server: Server) -> None:
    """Only a kept connection is tried again: the ledger's schedule does the rest."""
    server.answers = [b""]

    with pytest.raises(ConnectionError):
        _connections(server).post(_request(server))
    assert 1 == server.requests


def test_a_kept_connection_does_not_outlive_its_name(server: Server) -> None:
    """When the name leads elsewhere it is not used; when it leads where none may go, the call is refused."""
    connections = _connections(server)
    connections.post(_request(server))

    server.leads_to = "127.0.0.2"
    with pytest.raises(OSError, match="refused"):
        connections.post(_request(server))
    server.leads_to = "169.254.169.254"
    with pytest.raises(AddressRefused):
        connections.post(_request(server))
    assert 1 == server.requests


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b"x" * 500,
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ],
)
def test_what_is_not_read_to_its_end_is_not_kept(server: Server, answer: bytes) -> None:
    """The rest of a long answer must not be taken for the next one, and a receiver's wish to close is honoured."""
    server.answers = [answer]
    connections = _connections(server)

    assert [200, 200] == [connections.post(_request(server))[0] for _ in range(2)]
    assert 2 == server.connections


def test_what_idled_is_not_used(server: Server) -> None:
    """A receiver is about to close it."""
    clock = FakeClock()
    connections = _connections(server, clock)
    connections.post(_request(server))
    clock.sleep(4)
    connections.post(_request(server))

    assert 2 == server.connections


def test_a_cut_exchange_is_over(server: Server) -> None:
    """An answer that never ends is cut at the limit, over a kept connection too, and is not asked for again."""
    connections = _connections(server, total_seconds=4)
    connections.post(_request(server))
    server.answers = [b"HTTP/1.1 2"]

    with pytest.raises(TimeoutError):
        connections.post(_request(server))
    assert 2 == server.requests


def test_nothing_is_sent_when_the_time_is_over(server: Server) -> None:
    """A name server that took all of it leaves none: whoever cuts has had his turn, and would not come again."""
    clock = FakeClock()
    connections = _connections(server, clock)
    server.resolving = lambda: clock.sleep(21)

    with pytest.raises(TimeoutError):
        connections.post(_request(server))
    server.resolving = lambda: None
    connections.post(_request(server))
    server.resolving = lambda: clock.advance(21) if server.requests else None
    with pytest.raises(TimeoutError):
        connections.post(_request(server))

    assert 1 == server.requests


def test_silent_addresses_share_one_time(server: Server) -> None:
    """A name may lead to any number of addresses where nobody answers: they are tried while time is left only."""
    left = iter([2.0, 1.0, 0.0])
    candidates: list[Any] = [ipaddress.ip_address(f"127.0.0.{last}") for last in range(2, 200)]

    with pytest.raises(TimeoutError):
        connect(candidates, server.port, Opening(), lambda: next(left))

    assert [] == list(left)
