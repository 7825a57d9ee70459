"""What observing costs: POST /v1/jobs with metrics, traces and their export, against the same API without."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from deploy.local.ports import free_ports
from deploy.local.stack import ROOT, Stack, StackSettings
from deploy.local.supervisor import Program
from tests.bench.figures import Figure
from tests.bench.intake import Client

# Short rounds: both sides meet the same moments of a machine that is never quite quiet.
_ROUNDS = 100
_REQUESTS = 20


def measure() -> list[Figure]:
    """Return one figure: rates with all of it against rates without (higher is better)."""
    with tempfile.TemporaryDirectory() as place:
        settings = StackSettings(directory=Path(place) / "run", environment={"MATRYOSHKA_WEB_PROCESSES": "1"})
        with Stack(settings, only=("REDIS", "SANDBOX", "API")) as stack, _observed(stack, Path(place)) as (port, seen):
            return [_compare(stack, port, seen)]


@contextmanager
def _observed(stack: Stack, place: Path) -> Iterator[tuple[int, int]]:
    """Run a second API on the same ledger, with a scraper's port and a collector; yield its port and the scraper's."""
    ports = free_ports(("api", "metrics", "collector"))
    sink = (sys.executable, "-m", "tests.bench.sink", str(ports["collector"]))
    stack.also_run(Program("collector", sink, stack.environment(), place / "collector.log"), ports["collector"])
    environment = {
        **stack.environment(),
        "MATRYOSHKA_BIND": f"127.0.0.1:{ports['api']}",
        "MATRYOSHKA_METRICS_LISTEN": str(ports["metrics"]),
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{ports['collector']}",
    }
    argv = (str(ROOT / "deploy/bin/api"),)
    stack.also_run(Program("observed", argv, environment, place / "observed.log"), ports["api"])
    yield ports["api"], ports["metrics"]


def _compare(stack: Stack, port: int, scraped: int) -> Figure:
    body = json.loads((ROOT / "examples" / "nested_cluster.json").read_text())
    off, on = (Client(at, "/v1/jobs", stack.api_key) for at in (int(stack.url.rpartition(":")[2]), port))
    for client in (off, on):
        client.rate(body, 40)
    rounds: list[tuple[float, float]] = []
    for number in range(_ROUNDS):
        # Who goes first changes: the ledger grows, and the second of a pair meets a larger one.
        rates = {client: client.rate(body, _REQUESTS) for client in ((on, off) if number % 2 else (off, on))}
        rounds.append((rates[on], rates[off]))
        requests.get(f"http://127.0.0.1:{scraped}/metrics", timeout=10).raise_for_status()
    on_ms, off_ms = (1000 / statistics.median(row[at] for row in rounds) for at in (0, 1))
    return Figure(
        "intake with metrics and traces against without",
        [with_all / without for with_all, without in rounds],
        f"with {on_ms:.2f} ms, without {off_ms:.2f} ms",
        f"{_ROUNDS} rounds of {_REQUESTS} requests each in turn at two APIs on one ledger: one serves metrics (scraped "
        "once a round) and sends the span of every request to a collector, the other does neither; both log.",
        at_least=0.95,
    )
