"""Any order of submits, claims, losses, finishes, cancels and retries: the real server and a plain model agree."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from service.ledger.ids import new_id
from service.ledger.job import TERMINAL_STATES, TRANSITIONS, JobState
from service.ledger.plan import Demand, Step
from service.ledger.store import Claim, Gate, Host, HostCapacity, HostLimits, IllegalMove
from service.ledger.store.events import id_order
from tests.integration.ledger_kit import PROBLEM, Ledger, open_ledger, step
from tests.integration.ledger_machine_steering import SteeringRules
from tests.integration.ledger_model import CAPACITY_MIB, MAX_HEAVY, MAX_PARALLEL, ModelJob, ModelStep
from tests.integration.ledger_model_steering import ASK_SECONDS, Model

LEASE_SECONDS = 10.0
JOBS_MAX = 5
SHAPES: tuple[tuple[Step, ...], ...] = (
    (step("a", undoable=True, heavy=True, max_attempts=2),),
    (step("a", undoable=True), step("b", "a", max_attempts=1), step("c", "b", undoable=True, heavy=True)),
    (
        step("a"),
        step("b", "a", undoable=True, heavy=True),
        step("c", "a", heavy=True),
        step("d", "b", "c", undoable=True),
    ),
    (step("a", undoable=True), step("b", undoable=True, heavy=True, max_attempts=2), step("c", heavy=True)),
)
TEARDOWN = (step("remove-node", max_attempts=2), step("release-lab", "remove-node", action="ReleaseLab"))
POLICIES = st.sampled_from(["keep", "rollback"])
# Approval, seconds until it may begin, seconds to start.
GATES = st.sampled_from(
    [(False, 0, 0)] * 5 + [(True, 0, 0), (True, 15, 0), (False, 15, 0), (False, 0, 25), (True, 5, 20)]
)
EVENT_STATES = {f"job.{state}": state for state in JobState} | {"job.started": JobState.RUNNING}


@dataclass
class Held:
    """A claim that some worker still believes in, live or not."""

    claim: Claim
    job: ModelJob
    step: ModelStep


class LedgerMachine(SteeringRules):
    """Runs both sides. `ledger` is set by the test, once for all runs; each run begins with an empty database."""

    ledger: Ledger

    def __init__(self) -> None:
        super().__init__()
        self.held: list[Held] = []
        self.host = ""
        self.model = Model(0)

    @initialize()
    def begin(self) -> None:
        """Empty the server and register one small host and an endpoint that wants everything."""
        self.ledger.store.client.flushdb()
        self.ledger.now = 1_800_000_000.0
        self.ledger.advance(0)
        self.model = Model(self.ledger.now)
        limits = HostLimits(max_parallel_steps=MAX_PARALLEL, max_heavy_steps=MAX_HEAVY, memory_reserve_mib=0)
        host = Host(id=new_id("host", self.ledger.now), name="h", address="a", limits=limits)
        self.host = host.id
        self.ledger.endpoint("*")
        self.ledger.store.hosts.put(Host(**{**vars(host), "capacity": HostCapacity(CAPACITY_MIB, 1000)}))

    @precondition(lambda self: len(self.model.jobs) < JOBS_MAX)
    @rule(
        shape=st.sampled_from(SHAPES),
        memory=st.sampled_from([0, 4, 6, 11]),
        creates=st.booleans(),
        refuse=st.booleans(),
        priority=st.integers(0, 2),
        tenant=st.sampled_from(["key_a", "key_b"]),
        deadline=st.sampled_from([0, 0, 40]),
        gate=GATES,
        on_failure=POLICIES,
        on_cancel=POLICIES,
    )
    def submit(self, shape: tuple[Step, ...], memory: int, creates: bool, refuse: bool, **fields: Any) -> None:
        """Submit a job; it is refused only for want of capacity, as the model says."""
        deadline, (asks, delay, start) = fields.pop("deadline"), fields.pop("gate")
        opens = self.model.now + delay if delay else 0.0
        gate = Gate(asks, ASK_SECONDS, not_before=opens or None, start_seconds=start)
        lab = new_id("lab", self.ledger.now) if creates else ""
        short = self.model.short_of(memory, fields["priority"])
        result = self.ledger.submit(
            *shape,
            host_id=self.host,
            demand=Demand(memory, 0),
            lab_id=lab,
            creates_lab=creates,
            admission="refuse" if refuse else "wait",
            deadline_seconds=deadline,
            gate=gate,
            **fields,
        )
        if short == "never_fits" or (short and refuse and not asks and not delay):
            assert ("refused", short) == (result.outcome, result.detail["reason"])
            return
        assert result.job is not None
        fields |= {"asks": asks, "opens": opens, "start_seconds": start, "deadline_seconds": deadline}
        self._add(result.job.id, shape, memory=memory, lab=lab, creates=creates, **fields)

    @precondition(lambda self: any(lab.state in {"ready", "failed"} for lab in self.model.labs.values()))
    @rule(data=st.data())
    def tear_down(self, data: st.DataObject) -> None:
        """Submit the teardown of a lab."""
        lab = data.draw(
            st.sampled_from([name for name, lab in self.model.labs.items() if lab.state in {"ready", "failed"}])
        )
        job = self.ledger.job(*TEARDOWN, host_id=self.host, lab_id=lab)
        self._add(job.id, TEARDOWN, memory=0, lab=lab, removes=True)

    @rule()
    def claim(self) -> None:
        """Claim: exactly when the model has something to give, and something that it may give now."""
        self.model.expire_starts()
        may = {(job.id, one.id): (job, one) for job, one in self.model.claimable()}
        claim = self.ledger.store.leases.claim("w1", LEASE_SECONDS)
        if claim is None and may:  # parked jobs come back with the next sweep at the latest
            self.sweep()
            may = {(job.id, one.id): (job, one) for job, one in self.model.claimable()}
            claim = self.ledger.store.leases.claim("w1", LEASE_SECONDS)
        assert (claim is not None) == bool(may)
        if claim is None:
            return
        job, one = may[claim.job_id, claim.step_id]
        assert claim.fence == one.fence + 1
        self.model.claim(job, one, claim.token, LEASE_SECONDS)
        assert claim.attempt == (one.undo_attempts if job.undoing else one.attempts)
        assert (claim.generation, claim.phase == "undo") == (one.generation, job.undoing)
        self.held.append(Held(claim, job, one))

    @precondition(lambda self: self.held)
    @rule(
        data=st.data(),
        outcome=st.sampled_from(
            ["succeeded", "succeeded", "succeeded", "skipped", "failed", "wait", "released", "cancelled"]
        ),
        retryable=st.booleans(),
        delay=st.sampled_from([0.0, 5.0]),
    )
    def finish(self, data: st.DataObject, outcome: str, retryable: bool, delay: float) -> None:
        """Finish any claim ever given: live, ended or lost. Only a live one changes anything."""
        held = data.draw(st.sampled_from(self.held))
        live = held.step.token == held.claim.token
        accepted = self.ledger.end(
            held.claim,
            outcome,
            error=PROBLEM,
            retryable=retryable,
            retry_after_seconds=delay,
            wait_seconds=delay,
        )
        assert accepted == (live or held.step.accepted == held.claim.token)
        if live:
            self.model.finish(held.job, held.step, outcome, retryable=retryable, delay=delay)

    @rule(breaks_at=st.integers(1, 4), times=st.integers(1, 6))
    def work(self, breaks_at: int, times: int) -> None:
        """Work as a good worker does for a while, and fail for good at one step, so that runs come far."""
        for number in range(1, times + 1):
            before = len(self.held)
            self.claim()
            if len(self.held) == before:
                return
            held = self.held[-1]
            outcome = "failed" if number == breaks_at and number < times else "succeeded"
            assert self.ledger.end(held.claim, outcome, error=PROBLEM)
            self.model.finish(held.job, held.step, outcome, retryable=False, delay=0)

    @rule()
    def lose_all(self) -> None:
        """Every worker dies."""
        self.pass_time(LEASE_SECONDS + 1)
        self.sweep()

    @precondition(lambda self: self.held)
    @rule()
    def renew(self) -> None:
        """Renew every claim ever given: the lost ones are named, and the jobs that shall stop."""
        tokens = [(one.claim.job_id, one.claim.step_id, one.claim.token) for one in self.held]
        result = self.ledger.store.leases.renew(tokens, LEASE_SECONDS)
        live = {one.claim.token for one in self.held if one.step.token == one.claim.token}
        assert {token for _, _, token in tokens} - live == result.lost
        assert {one.job.id for one in self.held if one.job.state == "cancelling"} == result.cancelling
        for one in self.held:
            if one.claim.token in live:
                one.step.lease_until = self.model.now + LEASE_SECONDS

    @rule(seconds=st.sampled_from([1.0, 6.0, 20.0]))
    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self.ledger.advance(seconds)
        self.model.now = self.ledger.now

    @rule()
    def sweep(self) -> None:
        """Sweep."""
        self.ledger.store.leases.sweep()
        self.model.sweep()

    @precondition(lambda self: self.model.jobs)
    @rule(data=st.data(), policy=st.sampled_from(["", "keep", "rollback"]))
    def cancel(self, data: st.DataObject, policy: Any) -> None:
        """Cancel any job: refused exactly when it has ended."""
        job = self.model.jobs[data.draw(st.sampled_from(sorted(self.model.jobs)))]
        try:
            self.ledger.store.jobs.cancel(job.id, policy or None)
            done = True
        except IllegalMove:
            done = False
        assert self.model.cancel(job, policy) == done

    @precondition(lambda self: any(job.state in TERMINAL_STATES for job in self.model.jobs.values()))
    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        """Retry an ended job, where that is allowed."""
        ended = sorted(job.id for job in self.model.jobs.values() if job.state in TERMINAL_STATES)
        job = self.model.jobs[data.draw(st.sampled_from(ended))]
        try:
            self.ledger.store.jobs.retry(job.id)
            done = True
        except IllegalMove:
            done = False
        assert self.model.retry(job) == done

    @invariant()
    def jobs_agree(self) -> None:
        """States of jobs and steps, attempts and generations are what the model says."""
        for job in self.model.jobs.values():
            assert job.state == self.ledger.state(job.id)
            for record in self.ledger.store.jobs.steps(job.id):
                one = job.steps[record.id]
                shown = "running" if one.undo == "running" else one.state
                tried = one.attempts or int(one.left and one.state == "cancelled")
                assert (shown, tried, one.generation, one.fence) == (
                    record.state,
                    record.attempt,
                    record.generation,
                    record.fence,
                )

    @invariant()
    def host_agrees(self) -> None:
        """Reservations and the sets behind the bounds are what the model says, never above capacity or bound."""
        if not self.host:
            return
        held = {one.holder: one.memory_mib for one in self.ledger.store.hosts.reservations(self.host)}
        assert self.model.held == held
        assert sum(held.values()) <= CAPACITY_MIB
        running = {(job.id, one.id): one.heavy for job in self.model.jobs.values() for one in job.running()}
        client: Any = self.ledger.store.client
        assert {f"{job}|{name}" for job, name in running} == client.smembers(f"t:host:{self.host}:run")
        assert len(running) <= MAX_PARALLEL
        assert sum(running.values()) == client.scard(f"t:host:{self.host}:run_heavy") <= MAX_HEAVY
        for name, lab in self.model.labs.items():
            found = self.ledger.store.labs.get(name)
            assert found is not None
            assert lab.state == found.state

    def teardown(self) -> None:
        """Every job's events tell a legal story, and every event is in the outbox exactly once."""
        for job in self.model.jobs.values():
            told = [EVENT_STATES.get(one.type) or one.data.get("state") for one in self.ledger.events(job.id)]
            states = [JobState(state) for state in told if state]
            assert states[-1] == job.state
            for old, new in itertools.pairwise(states):
                assert old == new or new in TRANSITIONS[old]
        if self.host:
            feed = [one.id for one in self.ledger.events(None)]
            outbox = [one.event.id for one in self.ledger.store.deliveries.list(limit=10_000)]
            assert feed == sorted(outbox, key=id_order)

    def _add(self, job_id: str, shape: tuple[Step, ...], **fields: Any) -> None:
        defaults: dict[str, Any] = {"priority": 1, "on_failure": "keep", "on_cancel": "keep", "deadline_seconds": 0}
        fields = {**defaults, "creates": False, "removes": False, **fields}
        fields.pop("tenant", None)
        steps = {
            one.id: ModelStep(
                one.id, one.needs, one.undoable, one.heavy, one.max_attempts, releases=one.action == "ReleaseLab"
            )
            for one in shape
        }
        self.model.submit(ModelJob(id=job_id, steps=steps, **fields))


def test_ledger_agrees_with_its_model(redis_url: str) -> None:
    """No order of moves makes the real ledger differ from the plain model of its promises."""
    with open_ledger(redis_url) as ledger:
        LedgerMachine.ledger = ledger
        run_state_machine_as_test(
            LedgerMachine,
            settings=settings(
                max_examples=120,
                stateful_step_count=50,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                database=None,
            ),
        )
