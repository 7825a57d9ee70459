"""What the search for marked secrets is made of: their encodings, a receiver that keeps everything, and all outputs.

The encodings are written here again, not taken from the scrubber: a form that it forgot would be forgotten twice.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

import redis
import requests

from deploy.local.ports import free_ports
from deploy.local.stack import Stack


def canary(name: str) -> str:
    """Return a marked secret: random, and with characters that each escaping changes."""
    return f"Zx9{secrets.token_hex(4)}\"<&'\\{name}+/%€ {secrets.token_hex(6)}"


def signing_canary() -> str:
    """Return a marked signing secret of Standard Webhooks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def quotings(value: str) -> list[str]:
    """Return what an error, a log line or a trace could quote of a value."""
    wide = value.encode("utf-16-le")
    return [
        value,
        json.dumps(value)[1:-1],
        escape(value, {'"': "&quot;", "'": "&apos;"}),
        quote(value, safe=""),
        base64.b64encode(value.encode()).decode(),
        base64.b64encode(wide).decode(),
        base64.b64encode(b"x" + wide + b"AdministratorPassword").decode(),
        value.encode().hex(),
        wide.hex("-").upper(),
    ]


def traces(value: str) -> set[bytes]:
    """Return byte strings of which none may be in any output."""
    texts = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], escape(value)}
    texts |= {escape(value, {'"': "&quot;", "'": "&apos;"}), quote(value, safe=""), quote(value), quote_plus(value)}
    texts |= {json.dumps(text)[1:-1] for text in list(texts)} | {escape(text) for text in list(texts)}
    raws = {text.encode(name) for text in texts for name in ("utf-8", "utf-16-le", "utf-16-be")}
    found = raws | {core for raw in raws for core in _base64_cores(raw)}
    for raw in (value.encode(), value.encode("utf-16-le")):
        hexed = {raw.hex(), raw.hex("-"), raw.hex(" ")}
        found |= {text.encode() for form in hexed for text in (form, form.upper())}
    # The two random parts alone, too: a form that is not in this list keeps letters and digits as they are.
    return found | {part.encode() for part in (value[3:11], value[-12:])}


def _base64_cores(raw: bytes) -> Iterator[bytes]:
    for lead in range(3):
        encoded = base64.b64encode(b"\0" * lead + raw).rstrip(b"=")
        yield encoded[(0, 2, 3)[lead] : len(encoded) - 1]


class Recorder:
    """A receiver of webhooks that keeps each request as it came; `answers` are by path, empty for others."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.answers: dict[str, bytes] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, name="recorder", daemon=True).start()

    @property
    def url(self) -> str:
        """Where to send webhooks."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def _handler(recorder: Recorder) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            recorder.received.append(self.requestline.encode() + b"\n" + bytes(self.headers) + body)
            answer = recorder.answers.get(self.path, b"")
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler


class CanaryStack(Stack):
    """A stack whose workers alone get the variables that references name; every answer of its API is kept."""

    worker_environ: Mapping[str, str] = {}

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.answers: list[bytes] = []
        self.metrics_ports = free_ports(("API", "WORKER_1"))

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Call the API and keep what it answered."""
        answer = super().call(method, path, **options)
        shown = f"{method} {path} {answer.status_code} {dict(answer.headers)}\n".encode()
        self.answers.append(shown + answer.content)
        return answer

    def _secrets_of(self, name: str) -> dict[str, str]:
        found = super()._secrets_of(name)
        if name in self.metrics_ports:
            found["MATRYOSHKA_METRICS_LISTEN"] = str(self.metrics_ports[name])
        return found | dict(self.worker_environ) if name.startswith("WORKER") else found

    def scrapes(self) -> dict[str, bytes]:
        """Return what the programs that serve metrics answer now."""
        urls = {name: f"http://127.0.0.1:{port}/metrics" for name, port in self.metrics_ports.items()}
        return {f"metrics {name}": requests.get(url, timeout=10).content for name, url in urls.items()}


def ledger_bytes(url: str) -> dict[str, bytes]:
    """Return every key with its value, in the clear, and as DUMP gives it."""
    client: Any = redis.Redis.from_url(url)
    readers: dict[bytes, Any] = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"set": client.smembers,
        b"zset": lambda key: client.zrange(key, 0, -1),
        b"stream": client.xrange,
    }
    found = {}
    for key in client.scan_iter(count=1000):
        parts = _flat(readers[client.type(key)](key))
        found[f"redis {key.decode()}"] = b"\0".join((key, *parts, client.dump(key) or b""))
    client.close()
    return found


def _flat(value: Any) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, dict):
        for pair in value.items():
            yield from _flat(pair)
    elif isinstance(value, list | tuple | set):
        for item in value:
            yield from _flat(item)


def files_below(directory: Path, without: tuple[str, ...]) -> dict[str, bytes]:
    """Return all files of the stack: logs, journals, the server's append-only files, the simulated host's state."""
    paths = [path for path in directory.rglob("*") if path.is_file()]
    names = {str(path.relative_to(directory)): path for path in paths}
    return {f"file {name}": path.read_bytes() for name, path in names.items() if not name.startswith(without)}


def processes(mark: str) -> dict[str, bytes]:
    """Return command line and environment of every process whose environment has `mark`, by place and pid."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            environ, line = (place / "environ").read_bytes(), (place / "cmdline").read_bytes()
        except OSError:
            continue
        if mark.encode() in environ:
            found[f"cmdline {place.name}"] = line
            found[f"environ {place.name} {line.decode(errors='replace')}"] = environ
    return found
