"""What a caller does, in the words of the tests: submit, wait, look at the simulated host."""

from __future__ import annotations

import itertools
import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests

from deploy.local.stack import ROOT, Stack

FINAL = {"succeeded", "failed", "cancelled", "expired"}
_numbers = itertools.count(1)
_HOLD_SECONDS = 2.0
_SLOWER = 10.0


class Driver:
    """Calls one running stack."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.submitted: list[str] = []

    # The API

    def example(self, kind: str, **changes: Any) -> dict[str, Any]:
        """Return the ready request of `examples/<kind>.json` with members replaced."""
        body: dict[str, Any] = json.loads((ROOT / "examples" / f"{kind}.json").read_text())
        return body | changes

    def cluster(self, count: int = 2, **changes: Any) -> dict[str, Any]:
        """Return a request for a small cluster whose names and subnet no other test uses."""
        number = next(_numbers)
        body = self.example("nested_cluster")
        body["nodes"] |= {"count": count, "name_prefix": f"e{number}n"}
        body["cluster"] |= {"name": f"e{number}cl", "static_address": f"10.90.{number}.10"}
        body["network"]["switch"] |= {"name": f"e{number}-switch"}
        body["network"] |= {"subnet": f"10.90.{number}.0/24", "gateway": f"10.90.{number}.1"}
        body["network"].pop("addresses", None)
        body["host"] = {"id": self.stack.host_id}
        body["baseline_probe"] = False
        return body | changes

    def post(self, path: str, body: Any, expect: int, **headers: str) -> dict[str, Any]:
        """POST and insist on a status; returns the body."""
        headers.setdefault("Idempotency-Key", str(uuid.uuid4()))
        answer = self.stack.call("POST", path, json=body, headers=headers)
        assert expect == answer.status_code, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def submit(self, body: Mapping[str, Any]) -> str:
        """Submit a job and return its id."""
        job_id: str = self.post("/v1/jobs", body, 202)["id"]
        self.submitted.append(job_id)
        return job_id

    def get(self, path: str) -> dict[str, Any]:
        """GET and insist on 200."""
        answer = self.stack.call("GET", path)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def job(self, job_id: str) -> dict[str, Any]:
        """Return a job."""
        return self.get(f"/v1/jobs/{job_id}")

    def steps(self, job_id: str) -> dict[str, dict[str, Any]]:
        """Return a job's steps by id."""
        found: dict[str, dict[str, Any]] = {}
        path: str | None = f"/v1/jobs/{job_id}/steps"
        page = self.get(path)
        found |= {step["id"]: step for step in page["items"]}
        return found

    def events(self, job_id: str) -> list[dict[str, Any]]:
        """Return all events of a job in order."""
        items: list[dict[str, Any]] = []
        after = ""
        while True:
            page = self.get(f"/v1/jobs/{job_id}/events?limit=200&after={after}")
            items += page["items"]
            if len(page["items"]) < 200:
                return items
            after = page["items"][-1]["id"]

    def wait(self, job_id: str, seconds: float = 120.0, state: str = "") -> dict[str, Any]:
        """Wait until a job is final (or in `state`), and insist on `state` when it is given."""
        wanted = {state} if state and state not in FINAL else FINAL
        job = self.until(lambda: self._job_in(job_id, wanted | FINAL), seconds, f"{job_id} to end")
        if state:
            assert state == job["state"], json.dumps(job["error"], indent=1)
        return job

    def run(self, body: Mapping[str, Any], seconds: float = 120.0) -> dict[str, Any]:
        """Submit a job, wait, and insist that it succeeded."""
        return self.wait(self.submit(body), seconds, "succeeded")

    def wait_for_step(self, job_id: str, prefix: str, state: str = "running", seconds: float = 90.0) -> str:
        """Wait until a step whose id starts with `prefix` is in a state; returns the step's id."""
        return self.until(lambda: self._step_in(job_id, prefix, state), seconds, f"{prefix} to be {state}")

    @contextmanager
    def amid(self, job_id: str, prefix: str, function: str) -> Iterator[str]:
        """Give the id of a step whose function has begun on the host, and is slow to end for the length of a `with`.

        At the stack's clock a step lasts less than a second: on a busy machine it would be over before anybody looked.
        """
        before = self.applied_faults("slow")
        self.fault(kind="slow", function=function, seconds=_HOLD_SECONDS, count=1)
        self.until(lambda: self.applied_faults("slow") > before, 90, f"{function} to be called")
        step = self.wait_for_step(job_id, prefix)
        self.clock(self.stack.settings.clock / _SLOWER)
        try:
            time.sleep(_HOLD_SECONDS)  # however late this thread wakes up, the host's is over by then
            yield step
        finally:
            self.clock(self.stack.settings.clock)

    def until(self, look: Callable[[], Any], seconds: float, what: str) -> Any:
        """Look again until something is there; an AssertionError says what was waited for."""
        deadline = time.monotonic() + seconds
        while True:
            found = look()
            if found:
                return found
            assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
            time.sleep(0.05)

    def finish_everything(self) -> None:
        """Cancel what a failed test left running, so that it disturbs no other."""
        for job_id in self.submitted:
            if self.job(job_id)["state"] not in FINAL:
                self.stack.call("POST", f"/v1/jobs/{job_id}:cancel", json={})
                self.wait(job_id)

    def _job_in(self, job_id: str, states: set[str]) -> dict[str, Any] | None:
        job = self.job(job_id)
        return job if job["state"] in states else None

    def _step_in(self, job_id: str, prefix: str, state: str) -> str | None:
        job = self.job(job_id)
        found = [key for key, step in self.steps(job_id).items() if key.startswith(prefix) and step["state"] == state]
        assert found or job["state"] not in FINAL, f"{job_id} ended {job['state']}: {job['error']}"
        return found[0] if found else None

    # The simulated host

    def sandbox(self, method: str, path: str, body: Any = None) -> Any:
        """Call the sandbox's control API."""
        answer = requests.request(method, f"{self.stack.sandbox_url}{path}", json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def vms(self) -> list[dict[str, Any]]:
        """Return the VMs of the simulated host."""
        found: list[dict[str, Any]] = self.sandbox("GET", "/world")["hosts"][0]["vms"]
        return found

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how often each effect was applied to each target."""
        found: dict[str, dict[str, int]] = self.sandbox("GET", "/counts")
        return found

    def doubled(self, mark: str) -> dict[str, int]:
        """Return the effects that were applied more than once to a target whose name contains `mark`.

        Insists that there is such a target: with a mark that names nothing, "none doubled" would prove nothing.
        """
        applied = self.effects(mark)
        assert applied, f"nothing was counted for {mark!r}"
        return {name: times for name, times in applied.items() if times > 1}

    def effects(self, mark: str) -> dict[str, int]:
        """Return how often each effect, as `effect target`, was applied to targets whose name contains `mark`."""
        return {
            f"{effect} {target}": times
            for effect, targets in self.counts().items()
            for target, times in targets.items()
            if mark in target
        }

    def running_functions(self) -> list[str]:
        """Return the functions that run on the simulated host now."""
        shells = [shell for host in self.sandbox("GET", "/shells") for shell in host["shells"]]
        commands = [command for shell in shells for command in shell["commands"] if not command["done"]]
        return [name for command in commands for name in command["functions"]]

    def applied_faults(self, kind: str) -> int:
        """Return how often a kind of fault was applied since the simulated host began."""
        return int(self.sandbox("GET", "/faults")["applied"].get(kind, 0))

    def fault(self, **spec: Any) -> None:
        """Make the simulated host misbehave."""
        self.sandbox("POST", "/faults", spec)

    def clock(self, factor: float) -> None:
        """Set how much faster than life the simulated host runs."""
        self.sandbox("POST", "/clock", {"factor": factor})

    def clear_faults(self) -> None:
        """Make the simulated host behave again."""
        self.sandbox("DELETE", "/faults")
