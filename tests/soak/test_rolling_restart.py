"""Every process is restarted, one after another, while a job runs and a caller submits, asks and follows."""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.local.ports import free_ports
from tests.e2e.driver import Driver
from tests.soak.ops_kit import OpsStack, begun, endpoint, told

RETRIED = (502, 503)  # what the documentation says to repeat, beside a connection that fails


class Caller:
    """A caller behind a load balancer: each request goes to the next address; what fails is repeated with its key."""

    def __init__(self, stack: OpsStack, urls: list[str]) -> None:
        self.stack = stack
        self.turns: Iterator[str] = itertools.cycle(urls)
        self.stop = threading.Event()
        self.unexpected: list[str] = []
        self.jobs: dict[str, str] = {}
        self.ids: list[str] = []

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Call until it is answered by something else than a documented reason to repeat."""
        headers = {"Authorization": f"Bearer {self.stack.api_key}", **options.pop("headers", {})}
        until = time.monotonic() + 60
        while True:
            try:
                answer = requests.request(method, next(self.turns) + path, headers=headers, timeout=20, **options)
            except requests.ConnectionError:
                assert time.monotonic() < until
                continue
            if answer.status_code not in RETRIED:
                return answer

    def submit_and_ask(self) -> None:
        """Submit small jobs, each twice with one key, and read them back, until told to stop."""
        body = Driver(self.stack).example("inspect_host", host={"id": self.stack.host_id})
        while not self.stop.is_set():
            key = str(uuid.uuid4())
            answers = [self.call("POST", "/v1/jobs", json=body, headers={"Idempotency-Key": key}) for _ in range(2)]
            found = {answer.json().get("id") for answer in answers}
            if len(found) != 1 or {202} != {answer.status_code for answer in answers}:
                self.unexpected += [answer.text for answer in answers]
                return
            self.jobs[key] = found.pop()
            if self.call("GET", f"/v1/jobs/{self.jobs[key]}").status_code != 200:
                self.unexpected.append(f"{key} is gone")
            self.stop.wait(0.2)

    def follow(self, job_id: str) -> None:
        """Follow a job's events to its end, from the last id after every break."""
        after = ""
        while not self.stop.is_set():
            headers = {"Accept": "text/event-stream", **({"Last-Event-ID": after} if after else {})}
            try:
                answer = self.call("GET", f"/v1/jobs/{job_id}/events", headers=headers, stream=True)
                for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
                    if line.startswith("id:"):
                        after = line[3:].strip()
                        self.ids.append(after)
                    if line == "event: end":
                        return
            except requests.RequestException:
                continue


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[OpsStack]:
    """Two API processes, two workers."""
    with OpsStack(tmp_path / "run") as running:
        port = free_ports(("second",))["second"]
        running.also("API", "API_2", MATRYOSHKA_BIND=f"127.0.0.1:{port}")
        driver = Driver(running)
        driver.until(lambda: _ready(f"http://127.0.0.1:{port}"), 60, "the second API")
        running.second_url = f"http://127.0.0.1:{port}"
        yield running


def test_all_processes_are_restarted_in_mid_job(stack: OpsStack) -> None:
    """No request is lost, the job succeeds with each step applied once, each event comes once, each webhook arrives."""
    driver, caller = Driver(stack), Caller(stack, [stack.url, stack.second_url])
    with endpoint(driver, "job.succeeded", "step.succeeded", "step.skipped") as receiver:
        body = driver.cluster(count=2)
        job_id = driver.submit(body)
        threads = [
            threading.Thread(target=caller.submit_and_ask),
            threading.Thread(target=caller.follow, args=[job_id]),
        ]
        for thread in threads:
            thread.start()
        try:
            driver.until(lambda: begun(driver, job_id, "seed-disk-"), 60, "the job to be in its middle")
            for name in ("WORKER_1", "API", "WORKER_2", "API_2"):
                _restart(stack, driver, name)
            threads[1].join(180)
        finally:
            caller.stop.set()
            threads[0].join(60)

        assert [] == caller.unexpected
        assert not threads[1].is_alive()
        driver.wait(job_id, state="succeeded")
        assert driver.doubled(body["nodes"]["name_prefix"]) == {}
        assert driver.doubled(body["cluster"]["name"]) == {}
        assert [event["id"] for event in driver.events(job_id)] == caller.ids
        assert not any(event["type"] == "step.lost" for event in driver.events(job_id))
        for other in caller.jobs.values():
            driver.wait(other, state="succeeded")
        wanted = _wanted(driver, [job_id, *caller.jobs.values()])
        driver.until(lambda: wanted <= set(_told(receiver)), 60, "every webhook")
        assert {1} == set(Counter(_told(receiver).values()))
        assert told(receiver)


def _told(receiver: Any) -> dict[tuple[str, str, str], int]:
    """Return how many different messages there were about each job, step and kind of event."""
    messages = {item.id: item for item in receiver.received}
    return Counter(
        (item.body["data"]["job_id"], str(item.body["data"].get("step_id") or ""), item.type)
        for item in messages.values()
    )


def _wanted(driver: Driver, jobs: list[str]) -> set[tuple[str, str, str]]:
    found = {(job, "", "job.succeeded") for job in jobs}
    for job in jobs:
        found |= {(job, name, f"step.{step['state']}") for name, step in driver.steps(job).items()}
    return found


def _restart(stack: OpsStack, driver: Driver, name: str) -> None:
    """Restart one program as a rolling update does: end it gently, begin it, wait until it is ready."""
    before = stack.times_ready(name)
    stack.end(name)
    stack.begin(name)
    if name.startswith("WORKER"):
        driver.until(lambda: stack.times_ready(name) > before, 60, f"{name} to be at work again")
        return
    url = stack.second_url if name == "API_2" else stack.url
    driver.until(lambda: _ready(url), 60, f"{name} to answer again")


def _ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/readyz", timeout=5).ok
    except requests.RequestException:
        return False
