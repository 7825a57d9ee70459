"""Building: wall time of a cluster job against the shortest that its steps allow."""

from __future__ import annotations

import json
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from deploy.local.stack import ROOT, Stack, StackSettings
from tests.bench.figures import Figure

# The fewer steps a second, the closer to life: a real 3-node build takes a quarter of an hour, this one two minutes.
_THREE = (3, 8.0)
_MANY = (64, 40.0)


def measure() -> list[Figure]:
    """Return two figures: 3 and 64 nodes (lower is better)."""
    return [
        _build(*_THREE, "3-node build against its critical path", 1.03),
        _build(*_MANY, "64-node build against its critical path", 1.10),
    ]


def _build(count: int, clock: float, name: str, aim: float) -> Figure:
    with tempfile.TemporaryDirectory() as place:
        settings = StackSettings(
            directory=Path(place) / "run",
            clock=clock,
            sandbox_arguments=("--memory-gib", "1024", "--disk-gib", "65536"),
        )
        with Stack(settings) as stack:
            job = _run(stack, _request(count))
            return _figure(stack, job, (name, aim, clock))


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


def _figure(stack: Stack, job: dict[str, Any], about: tuple[str, float, float]) -> Figure:
    raise NotImplementedError
