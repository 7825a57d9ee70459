"""Intake: POST /v1/jobs against the floor handler and against a bare Flask POST, one connection, in turn."""

from __future__ import annotations

import http.client
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from deploy.local.stack import ROOT, Stack, StackSettings, free_ports
from deploy.local.supervisor import Program
from tests.bench.figures import Figure

_ROUNDS = 15
_REQUESTS = 40


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
    ours = _Client(int(stack.url.rpartition(":")[2]), "/v1/jobs", stack.api_key)
    floor, bare = _Client(port, "/floor"), _Client(port, "/bare")
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


class _Client:
    def __init__(self, port: int, path: str, key: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._path = path
        self._headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._number = 0

    def rate(self, body: dict[str, Any], count: int) -> float:
        """Send `count` requests, each for names of its own, and return requests a second."""
        texts = [self._numbered(body) for _ in range(count)]
        began = time.perf_counter()
        for text in texts:
            self._connection.request("POST", self._path, text, self._headers)
            answer = self._connection.getresponse()
            answer.read()
            if answer.status not in {202, 204}:
                raise RuntimeError(f"{self._path} answered {answer.status}")
        return count / (time.perf_counter() - began)

    def _numbered(self, body: dict[str, Any]) -> str:
        self._number += 1
        cluster = body["cluster"] | {"name": f"b{self._number}cl"}
        nodes = body["nodes"] | {"name_prefix": f"b{self._number}n"}
        return json.dumps(body | {"cluster": cluster, "nodes": nodes})
