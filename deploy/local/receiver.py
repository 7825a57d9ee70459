"""A small webhook receiver: it verifies signatures as any user's program would (Standard Webhooks 1.0.0)."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from service.commands.verifying import NotVerified, verify


@dataclass(frozen=True)
class Received:
    """One request that arrived: is the signature that of our secret, and what it said."""

    id: str
    verified: bool
    type: str
    body: dict[str, Any]


class Receiver:
    """Listens on a free loopback port; `received` grows as webhooks arrive. `status` is what it answers."""

    def __init__(self, secret: str, status: int = 204) -> None:
        self.secret = secret
        self.status = status
        self.received: list[Received] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, name="receiver", daemon=True)

    @property
    def url(self) -> str:
        """Where to send webhooks."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, event_type: str, seconds: float) -> bool:
        """Wait until an event of this type arrived; False when it did not in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if any(item.type == event_type for item in list(self.received)):
                return True
            time.sleep(0.05)
        return False

    def take(self, headers: dict[str, str], body: bytes) -> None:
        """Record one request."""
        try:
            verify([self.secret], headers, body, time.time())
            verified = True
        except NotVerified:
            verified = False
        content = json.loads(body)
        self.received.append(Received(headers.get("webhook-id", ""), verified, content.get("type", ""), content))


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            receiver.take({key.lower(): value for key, value in self.headers.items()}, body)
            self.send_response(receiver.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing: what arrived is in `received`."""

    return Handler
