"""A TCP server with one thread a connection that can refuse, reset and drop: what a reboot or a bad network does."""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from sandbox.bugs import Bugs

_HANDSHAKE_SECONDS: Final = 30.0
_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 seconds: close() sends RST
_GONE: Final = select.POLLRDHUP | select.POLLHUP | select.POLLERR

_TRIES: Final = 50
_PAUSE_SECONDS: Final = 0.5
_BREATH_SECONDS: Final = 0.01

Handle = Callable[[Any, Any, "Listener"], object]


def is_open(connection: socket.socket) -> bool:
    """Whether the other side has not closed. Uses poll: select fails beyond 1024 descriptors."""
    try:
        poll = select.poll()
        poll.register(connection.fileno(), _GONE)
        return not poll.poll(0)
    except (OSError, ValueError):
        return False


class Listener(ThreadingHTTPServer):
    """HTTP over TCP or TLS on 127.0.0.1. Safe to use from several threads."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    disable_nagle_algorithm = True

    def __init__(self, address: tuple[str, int], handle: Handle, bugs: Bugs, context: ssl.SSLContext | None) -> None:
        self._bugs = bugs
        self._context = context
        self._connections: set[socket.socket] = set()
        self._resets: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listening = threading.Event()
        self._is_ended = False
        self._is_broken = False
        self._handle = handle
        super().__init__(address, BaseHTTPRequestHandler)
        self._listening.set()

    def server_bind(self) -> None:
        """Bind; of port 0 the number is chosen first, and again when another process was quicker to take it."""
        host, port = str(self.server_address[0]), int(self.server_address[1])
        # A chosen number is ours alone: with SO_REUSEADDR two processes could bind it, and the second to listen failed.
        self.allow_reuse_address = bool(port)
        for tries_left in reversed(range(_TRIES)):
            self.server_address = (host, port or _free_port(host))
            try:
                super().server_bind()
            except OSError as error:
                if port or not tries_left or error.errno != errno.EADDRINUSE:
                    raise
            else:
                # Now it is wanted: `accept_again` listens while connections of before are not over.
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                return

    @property
    def is_listening(self) -> bool:
        """False while it refuses."""
        return self._listening.is_set()

    def serve(self) -> None:
        """Accept connections until `end`; runs in a thread of its own."""
        while not self._is_ended:
            try:
                request, client = self.get_request()
            except OSError:
                # Refusing; or out of descriptors, which a pause mends and haste does not.
                if self._listening.wait(_PAUSE_SECONDS):
                    time.sleep(_BREATH_SECONDS)
                continue
            try:
                self.process_request(request, client)
            except Exception:  # noqa: BLE001 - the door: without this thread nobody would be answered any more
                self.handle_error(request, client)
                self.shutdown_request(request)

    def end(self) -> None:
        """Stop for good."""
        self._is_ended = True
        self.refuse()
        self._listening.set()
        self.server_close()

    def present(self, context: ssl.SSLContext | None, *, broken: bool = False) -> None:
        """Shake hands with another certificate from now on; None is no TLS, `broken` cuts each connection at once."""
        self._context, self._is_broken = context, broken

    def refuse(self) -> None:
        """Drop all connections and refuse new ones (ECONNREFUSED) until `accept_again`; the port stays ours."""
        self._listening.clear()
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.drop_all()

    def accept_again(self) -> None:
        """Listen again. Safe to repeat."""
        if not self._listening.is_set() and not self._is_ended:
            self.socket.listen(self.request_queue_size)
            self._listening.set()

    def drop_all(self) -> None:
        """Close every connection under its thread's feet."""
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def reset(self, connection: socket.socket) -> None:
        """Let this connection end with RST instead of FIN once its thread lets go of it."""
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        with self._lock:
            self._resets.add(connection)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve one connection to its end, in its own thread."""
        connection = self._secured(request)
        with self._lock:
            self._connections.add(connection)
        try:
            if not self._listening.is_set():
                raise ConnectionAbortedError  # accepted before `refuse`, which could not know of it
            self._handle(connection, client_address, self)
        finally:
            self._close(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - socketserver's signature
        """Broken connections are business as usual; everything else is a bug."""
        error = _current()
        if error is not None and not isinstance(error, OSError):
            self._bugs.report("connection", error)

    def _secured(self, request: socket.socket) -> socket.socket:
        if self._is_broken:
            request.close()
            raise ConnectionAbortedError
        if self._context is None:
            return request
        request.settimeout(_HANDSHAKE_SECONDS)
        connection = self._context.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
        try:
            connection.do_handshake()
        except BaseException:
            connection.close()
            raise
        return connection

    def _close(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.discard(connection)
            is_reset = connection in self._resets
            self._resets.discard(connection)
        if not is_reset:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_WR)
        connection.close()


def _free_port(host: str) -> int:
    """Choose a number: Linux keeps a port over shutdown() only when it was bound by number."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _current() -> BaseException | None:
    return sys.exception()
