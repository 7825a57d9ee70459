"""What tests of the ledger share: a ledger with a clock of its own, hosts, plans and a worker that plays along."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from service.ledger.event import Event
from service.ledger.ids import new_id
from service.ledger.job import Job
from service.ledger.plan import Demand, Plan, Step
from service.ledger.store import (
    Claim,
    Endpoint,
    Host,
    HostCapacity,
    HostLimits,
    StepResult,
    Store,
    StoreSettings,
    Submission,
    SubmitResult,
)

PROBLEM = {"type": "/problems/test", "title": "It broke", "code": "test"}


@dataclass
class Ledger:
    """A store whose time stands still until it is moved."""

    store: Store
    now: float = 1_800_000_000.0

    def advance(self, seconds: float) -> None:
        """Move the ledger's clock."""
        self.now += seconds
        self.store.client.set(f"{self.store.settings.namespace}:clock", repr(self.now))

    def host(self, name: str = "host", **limits: int) -> str:
        """Register a host; return its id."""
        memory, disk = limits.pop("memory_mib", 0), limits.pop("disk_gib", 1000)
        capacity = HostCapacity(memory, disk) if memory else None
        bounds = HostLimits(**{"memory_reserve_mib": 0, **limits})
        host = Host(id=new_id("host", self.now), name=name, address="192.0.2.1", limits=bounds, capacity=capacity)
        return self.store.hosts.put(host).id

    def submit(self, *steps: Step, demand: Demand | None = None, **fields: Any) -> SubmitResult:
        """Submit a job of these steps."""
        plan = Plan(fields.get("kind", "inspect_host"), steps, demand or Demand())
        defaults: dict[str, Any] = {"kind": plan.kind, "request": {"kind": plan.kind}, "plan": plan}
        return self.store.jobs.submit(Submission(**{**defaults, **fields}))

    def job(self, *steps: Step, **fields: Any) -> Job:
        """Submit and return the job, which must have been created."""
        job = self.submit(*steps, **fields).job
        assert job is not None
        return job

    def lab_job(self, *steps: Step, **fields: Any) -> Job:
        """Submit a job that creates a lab."""
        return self.job(*steps, **{"lab_id": new_id("lab", self.now), "creates_lab": True, **fields})

    def state(self, job_id: str) -> str:
        """Return the job's state."""
        job = self.store.jobs.get(job_id)
        return str(job.state) if job else ""

    def states(self, job_id: str) -> dict[str, str]:
        """Return the states of its steps."""
        return {step.id: str(step.state) for step in self.store.jobs.steps(job_id)}

    def claim(self, worker: str = "w1", lease: float = 60.0) -> Claim:
        """Claim a step that must be there."""
        claim = self.store.leases.claim(worker, lease)
        assert claim is not None
        return claim

    def end(self, claim: Claim, outcome: str = "succeeded", **fields: Any) -> bool:
        """Finish a claim."""
        return self.store.leases.finish(claim, StepResult(outcome, **fields))

    def work(self, choose: Callable[[Claim], StepResult] | None = None) -> list[Claim]:
        """Claim and finish until there is nothing to do; return the claims in order."""
        done: list[Claim] = []
        while claim := self.store.leases.claim("w1", 60):
            done.append(claim)
            assert self.store.leases.finish(claim, choose(claim) if choose else StepResult("succeeded"))
        return done

    def events(self, job_id: str | None) -> list[Event]:
        """Return all events of a job, or of the feed."""
        return self.store.events.page(job_id, "", 10_000)[0]

    def types(self, job_id: str | None) -> list[str]:
        """Return the types of all events of a job, or of the feed."""
        return [str(event.type) for event in self.events(job_id)]

    def endpoint(self, *types: str, **fields: Any) -> str:
        """Add a webhook endpoint; return its id."""
        secrets = {"current": {"ref": "env:MATRYOSHKA_SECRET_HOOK"}}
        endpoint = Endpoint(
            id=new_id("we", self.now), url="https://example.test/hook", types=types or ("*",), secrets=secrets, **fields
        )
        return self.store.endpoints.put(endpoint).id


@contextmanager
def open_ledger(redis_url: str, **settings: Any) -> Iterator[Ledger]:
    """Give a ledger in the test's own database, and close its connections."""
    store = Store.open(redis_url, StoreSettings(**{"namespace": "t", "test_clock": True, **settings}))
    ledger = Ledger(store)
    ledger.advance(0)
    try:
        yield ledger
    finally:
        store.client.close()


def step(step_id: str, *needs: str, **fields: Any) -> Step:
    """Make a step of a plan."""
    action = fields.pop("action", step_id.partition("-")[0].capitalize())
    return Step(id=step_id, action=action, title=step_id, needs=needs, **fields)


def failing(**where: bool) -> Callable[[Claim], StepResult]:
    """Make a worker that fails the named steps (True: retryable), forward only."""

    def choose(claim: Claim) -> StepResult:
        if claim.step_id in where and claim.phase == "forward":
            return StepResult("failed", error=PROBLEM, retryable=where[claim.step_id])
        return StepResult("succeeded")

    return choose


def wait_until(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Poll until the condition holds; return its value. For threads and processes only."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)
    return value


def without(mapping: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return the mapping without some names."""
    return {name: value for name, value in mapping.items() if name not in names}
