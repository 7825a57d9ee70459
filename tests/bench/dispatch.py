"""Dispatch: from the ledger's record of a job to the start of its first step, against a bare Celery task's."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import redis
from celery import Celery

from deploy.local.stack import Stack, StackSettings
from deploy.local.supervisor import Program
from tests.bench.figures import Figure
from workers.broker import celery_settings

_ROUNDS = 12
_EACH = 10
_PAUSE_SECONDS = 0.05


def measure() -> list[Figure]:
    """Return one figure: our latency over that of a bare task (lower is better)."""
    with tempfile.TemporaryDirectory() as place:
        settings = StackSettings(directory=Path(place) / "run", clock=1000.0, worker_threads=8)
        with Stack(settings, only=("REDIS", "SANDBOX", "API", "WORKER_1")) as stack:
            return [_compare(stack, _Bare(stack, Path(place)))]


def _compare(stack: Stack, bare: _Bare) -> Figure:
    _ours(stack, 3)
    bare.latencies(3)
    rounds = [(_ours(stack, _EACH), bare.latencies(_EACH)) for _ in range(_ROUNDS)]
    ours = statistics.median(value for row in rounds for value in row[0])
    theirs = statistics.median(value for row in rounds for value in row[1])
    return Figure(
        "dispatch latency against bare Celery",
        [statistics.median(row[0]) / statistics.median(row[1]) for row in rounds],
        f"ours {1000 * ours:.1f} ms, bare {1000 * theirs:.1f} ms",
        f"{_ROUNDS} rounds of {_EACH} in turn, idle workers of one process each: `job.queued` to `step.started` by the "
        "server's clock, against send to start of a task with the same Celery settings.",
        at_most=1.5,
    )


def _ours(stack: Stack, count: int) -> list[float]:
    return [_one_job(stack) for _ in range(count)]


def _one_job(stack: Stack) -> float:
    time.sleep(_PAUSE_SECONDS)
    job = stack.call("POST", "/v1/jobs", json={"kind": "inspect_host", "host": {"id": stack.host_id}}).json()
    while job["state"] not in {"succeeded", "failed"}:
        time.sleep(_PAUSE_SECONDS)
        job = stack.call("GET", f"/v1/jobs/{job['id']}").json()
    return _between(stack.call("GET", f"/v1/jobs/{job['id']}/events?limit=20").json()["items"])


def _between(events: list[dict[str, Any]]) -> float:
    """Stream ids begin with the server's milliseconds; `at` is finer where it is given."""
    at = {event["type"]: event["id"] for event in reversed(events)}
    return (int(at["step.started"].split("-")[0]) - int(at["job.queued"].split("-")[0])) / 1000


class _Bare:
    def __init__(self, stack: Stack, place: Path) -> None:
        broker = stack.redis_url.removesuffix("/0") + "/1"
        self._app = Celery("bare", broker=broker)
        self._app.conf.update(celery_settings())
        self._client = redis.Redis.from_url(broker)
        argv = (sys.executable, "-m", "celery", "-A", "tests.bench.bare_worker", "worker", "--pool", "threads")
        flags = (
            "--concurrency",
            "8",
            "--queues",
            "bare",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        )
        environment = {**stack.environment(), "BENCH_BROKER": broker}
        stack.also_run(Program("bare", argv + flags, environment, place / "bare.log"), 0)

    def latencies(self, count: int) -> list[float]:
        return [self._one() for _ in range(count)]

    def _one(self) -> float:
        time.sleep(_PAUSE_SECONDS)
        sent = time.time()
        self._app.send_task("bare.note", queue="bare")
        started = self._client.blpop(["bare:started"], timeout=60)
        if started is None:
            raise RuntimeError("the bare worker did not run its task")
        return float(started[1]) - sent
