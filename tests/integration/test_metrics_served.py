"""Metrics of real processes: several web processes answer as one, a worker for itself."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.ports import free_ports
from service.ledger.plan import Plan, Step
from service.ledger.store import Store, StoreSettings, Submission
from tests.integration.api_kit import Served, served_api
from tests.integration.ledger_kit import wait_until
from tests.integration.test_worker_process import worker
from tests.integration.worker_kit import worker_environ

_LIST = {"method": "GET", "route": "/v1/jobs", "status": "200"}
_REFUSED = {"method": "GET", "route": "/v1/jobs", "status": "401"}


@pytest.fixture
def port() -> int:
    """A port that is free."""
    return free_ports(("metrics",))["metrics"]


@pytest.fixture
def api(redis_url: str, tmp_path: Path, port: int) -> Iterator[Served]:
    """Two web processes that serve metrics."""
    settings = {"MATRYOSHKA_WEB_PROCESSES": "2", "MATRYOSHKA_METRICS_LISTEN": str(port), "TMPDIR": str(tmp_path)}
    with served_api(redis_url, tmp_path, **settings) as served:
        yield served


def scraped(port: int) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return every sample of one scrape."""
    answer = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10)
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def value(port: int, name: str, **labels: str) -> float:
    """Return one sample; 0 when it is not there."""
    return scraped(port).get((f"matryoshka_{name}", frozenset(labels.items())), 0.0)


def _pids(api: Served) -> list[int]:
    children = Path(f"/proc/{api.process.pid}/task/{api.process.pid}/children").read_text()
    return [int(pid) for pid in children.split()]


def _handled_by_both(api: Served, port: int) -> int:
    """Ask until both processes have answered; return how often the list was asked for."""
    counts = dict.fromkeys(_pids(api), 0)
    folder = next(api.log.parent.glob("matryoshka-metrics-*"))
    asked = 0
    while not all((folder / f"histogram_{pid}.db").exists() for pid in counts) or asked < 20:
        assert api.call("GET", "/v1/jobs").ok
        asked += 1
        assert asked < 500, "one process answers everything"
    return asked


def test_all_web_processes_answer_a_scrape_as_one(api: Served, port: int) -> None:
    """Counts are sums whichever process answers and outlive those that die; open streams are those of the living."""
    asked = _handled_by_both(api, port)
    seen = {value(port, "http_requests_total", **_LIST) for _ in range(10)}
    assert {float(asked)} == seen
    assert 1.0 == value(port, "ledger_up")

    api.call("GET", "/v1/jobs", headers={"Authorization": "Bearer nobody"})
    requests.request("BREW", f"{api.url}/v1/jobs", timeout=10)
    assert 1.0 == value(port, "http_requests_total", **_REFUSED)
    assert not any("BREW" in dict(labels).values() for _, labels in scraped(port))

    with api.stream("/v1/events"):
        wait_until(lambda: value(port, "sse_clients") == 1.0)
        killed = _pids(api)
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: _answer(port, "sse_clients") == 0.0)
    wait_until(lambda: len(set(_pids(api)) - set(killed)) == 2)
    assert 1.0 == value(port, "sse_streams_total")
    assert float(asked) == value(port, "http_requests_total", **_LIST)
    _metrics_are_no_part_of_the_api(api, port)


def _answer(port: int, name: str) -> float | None:
    try:
        return value(port, name)
    except (requests.ConnectionError, requests.Timeout, AssertionError):
        return None


def _metrics_are_no_part_of_the_api(api: Served, port: int) -> None:
    """The API's own port has no metrics, the metrics' port nothing else; it is loopback's, and ends with the API."""
    assert 404 == api.call("GET", "/metrics").status_code
    assert 404 == requests.get(f"http://127.0.0.1:{port}/v1/jobs", timeout=10).status_code
    listening = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if " 0A " in line]
    assert f"0100007F:{port:04X}" in listening
    folder = next(api.log.parent.glob("matryoshka-metrics-*"))

    api.process.terminate()
    api.process.wait(60)
    assert not folder.exists()


def test_a_port_that_is_taken_stops_no_work(redis_url: str, tmp_path: Path, port: int) -> None:
    """The API starts without metrics and says so in its log, which is JSON from the first line to the last."""
    settings = {"MATRYOSHKA_METRICS_LISTEN": str(port)}
    with socket.create_server(("127.0.0.1", port)), served_api(redis_url, tmp_path, **settings) as api:
        assert api.call("GET", "/v1/jobs").ok
    lines = [json.loads(line) for line in api.log.read_text().splitlines()]

    assert any("metrics are not served" in line["event"] and line["level"] == "error" for line in lines)
    assert any("Listening at" in line["event"] and line["logger"] == "gunicorn.error" for line in lines)
    finished = [line for line in lines if line["event"] == "request_finished" and line["route"] == "/v1/jobs"]
    assert {"request_id", "trace_id", "span_id", "timestamp", "level"} <= set(finished[0])


def test_a_worker_serves_its_own(redis_url: str, tmp_path: Path, port: int) -> None:
    """Steps by action and outcome, their times and waits, and its slots; its log is JSON and has the step's ids."""
    store = Store.open(redis_url, StoreSettings(namespace="t"))
    plan = Plan("inspect_host", (Step(id="publish", action="PublishDrift", title="Publish"),))
    with worker({**worker_environ(redis_url, tmp_path), "MATRYOSHKA_METRICS_LISTEN": str(port)}, tmp_path / "log"):
        wait_until(lambda: _answer(port, "worker_slots") == 4.0)
        job = store.jobs.submit(Submission("inspect_host", {"kind": "inspect_host"}, plan)).job
        wait_until(lambda: value(port, "steps_total", action="PublishDrift", outcome="succeeded") == 1.0)
        assert 1.0 == value(port, "step_duration_seconds_count", action="PublishDrift")
        assert 1.0 == value(port, "step_wait_seconds_count", action="PublishDrift")
        assert 1.0 == value(port, "job_queue_seconds_count", kind="inspect_host")
        assert ("process_resident_memory_bytes", frozenset()) in scraped(port)
        assert job is not None
        assert not any(job.id in dict(labels).values() for _, labels in scraped(port))
        wait_until(lambda: "step_left" in (tmp_path / "log").read_text())
    store.client.close()
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines() if line.startswith("{")]
    left = next(line for line in lines if line["event"] == "step_left")

    assert (job.id, "publish", 32, 16) == (left["job_id"], left["step_id"], len(left["trace_id"]), len(left["span_id"]))
    assert any(line.get("logger", "").startswith("celery") for line in lines)
