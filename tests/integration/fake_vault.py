"""A small stand-in for a Vault server, written from Vault's documented HTTP API; no real one was at hand.

It knows the routes that a reader of KV secrets uses: sys/internal/ui/mounts, KV version 1 and 2, and AppRole login.
"""

from __future__ import annotations

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Answer = tuple[int, dict[str, Any]]


class FakeVault:
    """Serves on a free loopback port. `secrets` are fields by mount and path; `tokens` those that are taken."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.secrets: dict[tuple[str, str], dict[str, Any]] = {}
        self.versions = {"secret": "2", "old": "1"}
        self.tokens = {"root-token"}
        self.role: tuple[str, str] | None = None
        self.logins = 0
        self.broken: Answer | None = None
        self.reads: list[str] = []
        self.namespaces: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._scheme = "https" if tls else "http"
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, name="vault", daemon=True)

    @property
    def url(self) -> str:
        """The value of VAULT_ADDR."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, token: str, body: dict[str, Any]) -> Answer:
        """Return status and body of one request."""
        if self.broken:
            return self.broken
        if (method, path) == ("POST", "auth/approle/login"):
            return self._login(body)
        if token not in self.tokens:
            return 403, {"errors": ["permission denied"]}
        if path.startswith("sys/internal/ui/mounts/"):
            return self._mount(path.rpartition("/")[2])
        return self._read(path)

    def _login(self, body: dict[str, Any]) -> Answer:
        if self.role is None or (body.get("role_id"), body.get("secret_id")) != self.role:
            return 400, {"errors": ["invalid role or secret ID"]}
        self.logins += 1
        token = f"approle-token-{self.logins}"
        self.tokens.add(token)
        return 200, {"auth": {"client_token": token, "lease_duration": 1200, "renewable": True}}

    def _mount(self, mount: str) -> Answer:
        if mount not in self.versions:
            return 403, {"errors": ["preflight capability check returned 403"]}
        options = {"version": "2"} if self.versions[mount] == "2" else None
        return 200, {"data": {"path": f"{mount}/", "type": "kv", "options": options}}

    def _read(self, path: str) -> Answer:
        mount, _, rest = path.partition("/")
        self.reads.append(path)
        if self.versions.get(mount) == "2":
            if not rest.startswith("data/"):
                return 404, {"errors": ["Invalid path for a versioned K/V secrets engine"]}
            rest = rest.removeprefix("data/")
        found = self.secrets.get((mount, rest))
        if found is None:
            return 404, {"errors": []}
        wrapped = {"data": found, "metadata": {"version": 1}} if self.versions[mount] == "2" else found
        return 200, {"data": wrapped, "lease_duration": 2764800}


def _handler(vault: FakeVault) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            vault.namespaces.append(self.headers.get("X-Vault-Namespace", ""))
            token = self.headers.get("X-Vault-Token", "")
            path = self.path.removeprefix("/v1/")
            status, content = vault.answer(self.command, path, token, json.loads(body or b"{}"))
            text = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = _serve  # noqa: N815 - the server's names

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler
