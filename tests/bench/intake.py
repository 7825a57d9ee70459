"""Intake: POST /v1/jobs against the floor handler and against a bare Flask POST, one connection, in turn."""

from __future__ import annotations

import itertools
import json
import re
import socket
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from deploy.local.ports import free_ports
from deploy.local.stack import ROOT, Stack, StackSettings
from deploy.local.supervisor import Program
from tests.bench.figures import Figure

_ROUNDS = 15
_REQUESTS = 40
_numbers = itertools.count()  # names of the clients differ: two jobs must not share one on a host


def measure() -> list[Figure]:
    """Return two figures: ours against the floor, ours against a bare POST (rates, higher is better)."""
    with tempfile.TemporaryDirectory() as place:
        settings = StackSettings(directory=Path(place) / "run", environment={"MATRYOSHKA_WEB_PROCESSES": "1"})
        with Stack(settings, only=("REDIS", "SANDBOX", "API")) as stack:
            return _compare(stack, Path(place))


def _compare(stack: Stack, place: Path) -> list[Figure]:
    body = json.loads((ROOT / "examples" / "nested_cluster.json").read_text())
    body_file = place / "request.json"
    body_file.write_text(json.dumps(body))
    port = _start_floor(stack, place, body_file)
    ours = Client(int(stack.url.rpartition(":")[2]), "/v1/jobs", stack.api_key)
    floor, bare = Client(port, "/floor"), Client(port, "/bare")
    for client in (ours, floor, bare):
        client.rate(body, 20)
    rounds = [[client.rate(body, _REQUESTS) for client in (ours, floor, bare)] for _ in range(_ROUNDS)]
    seen = ", ".join(
        f"{name} {1000 / statistics.median(row[index] for row in rounds):.2f} ms"
        for index, name in enumerate(("ours", "floor", "bare"))
    )
    how = f"{_ROUNDS} rounds of {_REQUESTS} requests each in turn, one keep-alive connection, the 3-node request."
    return [
        Figure("intake against the floor handler", [row[0] / row[1] for row in rounds], seen, how, at_least=0.8),
        Figure("intake against a bare Flask POST", [row[0] / row[2] for row in rounds], seen, how),
    ]


def _start_floor(stack: Stack, place: Path, body_file: Path) -> int:
    port = free_ports(("floor",))["floor"]
    environment = {
        **stack.environment(),
        "BENCH_REQUEST": str(body_file),
        "MATRYOSHKA_WEB_PROCESSES": "1",
        "MATRYOSHKA_BIND": f"127.0.0.1:{port}",
    }
    config = str(ROOT / "deploy" / "gunicorn.conf.py")
    argv = (sys.executable, "-m", "gunicorn", "--config", config, "tests.bench.floor:create_floor()")
    stack.also_run(Program("floor", argv, environment, place / "floor.log"), port)
    return port


class Client:
    """One keep-alive connection, with as little work of its own as can be: it looks at status and length only."""

    def __init__(self, port: int, path: str, key: str = "") -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        authorization = (f"Authorization: Bearer {key}",) if key else ()
        lines = (
            f"POST {path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            *authorization,
            "Content-Type: application/json",
            "",
        )
        self._head = "\r\n".join(lines)

    def rate(self, body: dict[str, Any], count: int) -> float:
        """Send `count` requests, each for names of its own, and return requests a second."""
        texts = [_numbered(body).encode() for _ in range(count)]
        requests = [f"{self._head}Content-Length: {len(text)}\r\n\r\n".encode() + text for text in texts]
        began = time.perf_counter()
        for text in requests:
            self._socket.sendall(text)
            self._take_answer()
        return count / (time.perf_counter() - began)

    def _take_answer(self) -> None:
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._more()
        head, _, rest = answer.partition(b"\r\n\r\n")
        if head.split(maxsplit=2)[1] not in {b"202", b"204"}:
            raise RuntimeError(answer.decode(errors="replace"))
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
        missing = int(length[1]) - len(rest) if length else 0
        while missing > 0:
            missing -= len(self._more())

    def _more(self) -> bytes:
        got = self._socket.recv(65536)
        if not got:
            raise RuntimeError("the server closed the connection")
        return got


def _numbered(body: dict[str, Any]) -> str:
    number = next(_numbers)
    cluster = body["cluster"] | {"name": f"b{number}cl"}
    nodes = body["nodes"] | {"name_prefix": f"b{number}n"}
    return json.dumps(body | {"cluster": cluster, "nodes": nodes})
