"""HTTP exchanges with receivers over connections that are kept open for a moment and used again.

A burst of events goes to few receivers: a handshake for each would cost more than the deliveries. Before each exchange
the receiver's name is resolved and judged anew; a kept connection serves only while the address that it goes to is
still among the name's. Nothing is redirected, and no proxy of the environment is used.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult

from service.ledger.reach import Address
from workers.cutting import Cutter
from workers.outbound import Opening, addresses, connect

_IDLE_SECONDS = 3.0  # servers close what idles for 5 s and more
_MOST_IDLE = 64
_DEFAULT_PORTS = {"http": 80, "https": 443}
# How a connection says that its receiver closed it; over TLS there is an error of its own for a close without a word.
_CLOSED = (ConnectionError, ssl.SSLEOFError, http.client.BadStatusLine, http.client.CannotSendRequest)

Answer = tuple[int, Mapping[str, str], bytes]


@dataclass(frozen=True)
class Request:
    """What is sent. `most` bytes of the answer's body are read."""

    url: SplitResult
    body: bytes
    headers: Mapping[str, str]
    most: int


@dataclass
class _Kept:
    key: tuple[str, str, int]
    address: Address
    http: http.client.HTTPConnection
    since: float = 0.0


class Connections:
    """Makes exchanges. Safe for many threads: a connection is used by one at a time."""

    def __init__(self, opening: Opening, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._opening = opening
        self._monotonic = monotonic
        self._cutter = Cutter()
        self._lock = threading.Lock()
        self._idle: list[_Kept] = []
        weakref.finalize(self, _close_all, self._idle)

    def post(self, request: Request) -> Answer:
        """Send a request and return status, headers and the beginning of the body; all of it within `total_seconds`.

        Raises AddressRefused, OSError and HTTPException. A receiver that closed a kept connection meanwhile is asked
        once more over a new one.
        """
        deadline = self._monotonic() + self._opening.total_seconds
        try:
            with self._cutter.within(self._opening.total_seconds) as live:
                return self._post(request, live, deadline)
        except (OSError, http.client.HTTPException) as error:
            if self._monotonic() < deadline:
                raise
            raise TimeoutError("cut off") from error

    def _post(self, request: Request, live: list[socket.socket], deadline: float) -> Answer:
        host, port = request.url.hostname or "", _port(request.url)
        allowed = addresses(host, port, self._opening.rules, self._opening.resolve)
        kept = self._take((request.url.scheme, host, port), allowed)
        if kept is not None:
            try:
                self._lend(live, kept.http.sock, deadline)
                return self._exchange(kept, request)
            except _CLOSED:
                if self._monotonic() >= deadline:
                    raise
                live.clear()
            except TimeoutError:
                kept.http.close()
                raise
        return self._exchange(self._opened(request, allowed, live, deadline), request)

    def _lend(self, live: list[socket.socket], sock: socket.socket, deadline: float) -> None:
        """Let the cutter end what goes over this socket; raises TimeoutError when it has had its turn already."""
        live.append(sock)
        if self._monotonic() >= deadline:
            raise TimeoutError("the time was over before anything was sent")

    def _opened(self, request: Request, allowed: list[Address], live: list[socket.socket], deadline: float) -> _Kept:
        host, port = request.url.hostname or "", _port(request.url)
        address, sock = connect(allowed, port, self._opening, lambda: deadline - self._monotonic())
        sock.settimeout(self._opening.total_seconds)
        try:
            self._lend(live, sock, deadline)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if request.url.scheme == "https":
                sock = self._opening.tls().wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
                self._lend(live, sock, deadline)  # the plain socket is only a shell from here on
                sock.do_handshake()
        except BaseException:
            sock.close()
            raise
        connection = http.client.HTTPConnection(host, port)
        connection.sock = sock  # connected and, for https, wrapped: http.client resolves nothing
        connection.auto_open = 0  # and must never connect by itself, to an address that nobody judged
        return _Kept((request.url.scheme, host, port), address, connection)

    def _exchange(self, kept: _Kept, request: Request) -> Answer:
        url = request.url
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        try:
            kept.http.request("POST", target, body=request.body, headers={**request.headers, "Host": _host(url)})
            response = kept.http.getresponse()
            body = response.read(request.most)
            headers = dict(response.headers.items())
            ended = response.isclosed() or (response.length == 0 and not response.chunked)
            response.close()
        except BaseException:
            kept.http.close()
            raise
        if ended and not response.will_close:
            self._keep(kept)
        else:
            kept.http.close()
        return response.status, headers, body

    def _take(self, key: tuple[str, str, int], allowed: list[Address]) -> _Kept | None:
        """Return the connection of this receiver that was used last, None when there is none to a judged address."""
        oldest = self._monotonic() - _IDLE_SECONDS
        with self._lock:
            old = [one for one in self._idle if one.since < oldest or (one.key == key and one.address not in allowed)]
            self._idle[:] = [one for one in self._idle if one not in old]
            found = next((one for one in reversed(self._idle) if one.key == key), None)
            if found is not None:
                self._idle.remove(found)
        _close_all(old)
        return found

    def _keep(self, kept: _Kept) -> None:
        kept.since = self._monotonic()
        with self._lock:
            self._idle.append(kept)
            over = self._idle[:-_MOST_IDLE]
            del self._idle[:-_MOST_IDLE]
        _close_all(over)


def _close_all(kept: list[_Kept]) -> None:
    for one in kept:
        one.http.close()


def _port(url: SplitResult) -> int:
    return url.port or _DEFAULT_PORTS.get(url.scheme, 80)


def _host(url: SplitResult) -> str:
    host = f"[{url.hostname}]" if ":" in (url.hostname or "") else str(url.hostname)
    return f"{host}:{url.port}" if url.port else host
