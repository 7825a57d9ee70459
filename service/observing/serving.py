"""The metrics of this process, or of all web processes together, on a listener of their own: `GET /metrics`.

It is no part of the API: it asks no key, so it listens on loopback unless told otherwise, and knows no job.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from service.observing.metrics import REGISTRY

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_LONGEST_SECONDS = 20


def registry(also: Sequence[Collector] = ()) -> CollectorRegistry:
    """Return what a scrape reads: of all processes that share a folder, else of this one; and `also`."""
    found = CollectorRegistry()
    if os.environ.get(SHARED_FOLDER):
        MultiProcessCollector(found)  # type: ignore[no-untyped-call]  # it has no types
    else:
        found.register(_Ours())
        ProcessCollector(registry=found)
        GCCollector(registry=found)
    for collector in also:
        found.register(collector)
    return found


class _Ours(Collector):
    def collect(self) -> Any:
        return REGISTRY.collect()


class MetricsServer:
    """Serves a registry on a bound socket, by a thread of its own. Start it after a fork, never before."""

    def __init__(self, listening: socket.socket, found: CollectorRegistry) -> None:
        self._server = _Server(listening, found)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to answer."""
        threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True).start()

    def stop(self) -> None:
        """Stop answering and close this process's hold of the socket."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, listening: socket.socket, found: CollectorRegistry) -> None:
        super().__init__(listening.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.server_address = listening.getsockname()
        self.found = found

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a scraper that left is no news."""


class _Handler(BaseHTTPRequestHandler):
    timeout = _LONGEST_SECONDS
    server: _Server
    server_version, sys_version = "matryoshka-metrics", ""

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != "/metrics":
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        encode, content_type = choose_encoder(self.headers.get("Accept", ""))
        body = encode(self.server.found)
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing: a scrape each few seconds is no news."""
