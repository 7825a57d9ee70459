"""Building: wall time of a cluster job against the shortest that its steps allow."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from deploy.local.stack import ROOT, Stack, StackSettings
from tests.bench.figures import Figure

# The slower the simulated host's clock, the closer to life: three nodes take a quarter of an hour there, 64 an hour.
_THREE = (3, 6.0)
_MANY = (64, 8.0)
# Bounds that the critical path does not know: this host allows whatever 64 nodes want at once.
_WIDE = {"max_sessions": 100, "max_parallel_steps": 64, "max_heavy_steps": 64}
_HOW = (
    "one run, the simulated host's clock x{clock:g}, {bounds}: created to ended, in the host's seconds, against the "
    "plan's critical path, its longest chain of nominal step durations (those of docs/functions.md, which the "
    "simulated host takes too)."
)


def measure() -> list[Figure]:
    """Return two figures: 3 and 64 nodes (lower is better)."""
    return [
        _build(*_THREE, Figure("3-node build against its critical path", [], "", "", at_most=1.03)),
        _build(*_MANY, Figure("64-node build against its critical path", [], "", "", at_most=1.10)),
    ]


def _build(count: int, clock: float, wanted: Figure) -> Figure:
    with tempfile.TemporaryDirectory() as place:
        settings = StackSettings(
            directory=Path(place) / "run",
            clock=clock,
            worker_threads=96,
            limits=_WIDE,
            sandbox_arguments=("--memory-gib", "1024", "--disk-gib", "65536", "--shells-per-user", "400"),
        )
        with Stack(settings) as stack:
            body = _request(count)
            plan = stack.call("POST", "/v1/jobs:plan", json=body).json()
            job = _run(stack, body)
    bound = plan["critical_path_seconds"]
    took = (_at(job["ended_at"]) - _at(job["created_at"])).total_seconds()
    seen = f"{took * clock:.0f} of {bound:.0f} nominal s ({took:.0f} s, {len(plan['steps'])} steps)"
    bounds = "64 steps and 100 sessions at once allowed"
    return replace(wanted, ratios=[took * clock / bound], seen=seen, how=_HOW.format(clock=clock, bounds=bounds))


def _at(moment: str) -> dt.datetime:
    return dt.datetime.fromisoformat(moment)


def _request(count: int) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((ROOT / "examples" / "nested_cluster.json").read_text())
    body["nodes"]["count"] = count
    body["network"] |= {"subnet": "172.30.0.0/16", "gateway": "172.30.0.1"}
    body["network"].pop("addresses", None)
    return body


def _run(stack: Stack, body: dict[str, Any]) -> dict[str, Any]:
    job = stack.call("POST", "/v1/jobs", json=body).json()
    while job["state"] not in {"succeeded", "failed"}:
        time.sleep(0.5)
        job = stack.call("GET", f"/v1/jobs/{job['id']}").json()
    if job["state"] != "succeeded":
        raise RuntimeError(json.dumps(job["error"]))
    return dict(job)
