"""What the ledger promises, as a plain Python program without Redis, to compare with after each move."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

TERMINAL = {"succeeded", "failed", "cancelled", "expired"}
GOOD = {"succeeded", "skipped"}
CAPACITY_MIB = 10
MAX_PARALLEL = 3
MAX_HEAVY = 1


@dataclass
class ModelStep:
    """One step: what the plan says, and where it is."""

    id: str
    needs: tuple[str, ...]
    undoable: bool
    heavy: bool
    max_attempts: int
    releases: bool = False
    state: str = "pending"
    attempts: int = 0
    generation: int = 1
    fence: int = 0
    token: str = ""
    accepted: str = ""
    lease_until: float = 0.0
    ready: bool = False
    due: float = 0.0
    goes_on: bool = False
    undo: str = ""
    undo_attempts: int = 0
    left: bool = False  # by an earlier run


@dataclass
class ModelJob:
    """One job with its steps in the plan's order."""

    id: str
    steps: dict[str, ModelStep]
    priority: int
    memory: int
    lab: str
    creates: bool
    removes: bool
    on_failure: str
    on_cancel: str
    deadline_seconds: int
    state: str = ""
    ending: str = ""
    undoing: bool = False
    rollback_failed: bool = False
    deadline: float = 0.0
    place: int = 0
    asks: bool = False
    opens: float = 0.0
    start_seconds: int = 0
    start_by: float = 0.0
    asks_until: float = 0.0
    approved: bool = False
    shut: bool = False
    paused_from: str = ""
    left: float = 0.0

    def running(self) -> list[ModelStep]:
        """Return the steps under a lease."""
        return [step for step in self.steps.values() if step.token]


@dataclass
class ModelLab:
    """One lab."""

    state: str = "building"
    before: str = ""
    broken: bool = False
    rolled_back: bool = False


@dataclass
class Ledger:
    """The whole ledger of one host, without the gates and pauses of jobs (see `ledger_model_steering`)."""

    now: float
    jobs: dict[str, ModelJob] = field(default_factory=dict)
    labs: dict[str, ModelLab] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    places: int = 0

    def short_of(self, memory: int, priority: int) -> str:
        """Say why a demand cannot be met now; '' when it can."""
        if not memory:
            return ""
        if memory > CAPACITY_MIB:
            return "never_fits"
        if sum(self.held.values()) + memory > CAPACITY_MIB:
            return "capacity"
        ahead = [job for job in self.jobs.values() if job.state == "waiting" and job.priority <= priority]
        return "others_wait" if ahead else ""

    def submit(self, job: ModelJob) -> None:
        """Add a job that is not refused."""
        self.jobs[job.id] = job
        for step in job.steps.values():
            step.ready = not step.needs
            step.state = "ready" if step.ready else "pending"
        if job.creates:
            self.labs[job.lab] = ModelLab()
        self.enter(job)

    def enter(self, job: ModelJob) -> None:
        """Let a job in that was submitted or is retried."""
        raise NotImplementedError

    def expire_starts(self) -> None:
        """End the jobs that should have started."""
        raise NotImplementedError

    def rest(self, job: ModelJob) -> None:
        """Note that a lease has ended."""
        raise NotImplementedError

    def sweep_gates(self) -> None:
        """Do what is due."""
        raise NotImplementedError

    def begin(self, job: ModelJob) -> None:
        """Let a job whose gate is open begin."""
        lab = self.labs.get(job.lab)
        job.shut = False
        self._deadline(job)
        if lab and job.creates:
            lab.state, lab.rolled_back = "building", False
        elif lab and job.removes:
            lab.before, lab.state = lab.state, "removing"
        if job.lab in self.held:
            self._queued(job)
        else:
            self._admit(job, self.short_of(job.memory, job.priority))

    def claimable(self) -> list[tuple[ModelJob, ModelStep]]:
        """Return what a claim may answer now: the best priority among all that the host's bounds allow."""
        if sum(len(job.running()) for job in self.jobs.values()) >= MAX_PARALLEL:
            return []
        heavies = sum(step.heavy for job in self.jobs.values() for step in job.running())
        free = [
            (job, step)
            for job in self.jobs.values()
            if job.state in {"queued", "running", "rolling_back"}
            for step in job.steps.values()
            if step.ready and not step.token and step.due <= self.now and (not step.heavy or heavies < MAX_HEAVY)
        ]
        best = min((job.priority for job, _ in free), default=0)
        return [(job, step) for job, step in free if job.priority == best]

    def claim(self, job: ModelJob, step: ModelStep, token: str, lease: float) -> None:
        """Give a step to a worker."""
        if job.undoing:
            step.undo_attempts += not (step.goes_on and step.undo_attempts)
            step.undo = "running"
        else:
            step.attempts += not (step.goes_on and step.attempts)
            step.state = "running"
        step.ready, step.token, step.lease_until = False, token, self.now + lease
        step.fence += 1
        if job.state == "queued":
            job.state, job.start_by = "running", 0.0

    def finish(self, job: ModelJob, step: ModelStep, outcome: str, *, retryable: bool, delay: float) -> None:
        """End a live claim."""
        step.accepted, step.token = step.token, ""
        stopping = not job.undoing and job.ending != ""
        attempts = step.undo_attempts if job.undoing else step.attempts
        if outcome == "cancelled" and not stopping:
            outcome = "failed"
        if outcome == "failed" and retryable and attempts < step.max_attempts and not stopping:
            self._next_generation(step)
            self._ready(job, step, delay)
        elif outcome in {"wait", "released"} and not stopping:
            step.goes_on = True
            self._ready(job, step, delay if outcome == "wait" else 0)
        elif outcome in {"wait", "released", "cancelled"}:
            step.state = "cancelled"
            self._settle(job)
        elif outcome == "failed":
            self._fail(job, step)
        else:
            self._succeed(job, step, outcome)
        self.rest(job)

    def sweep(self) -> None:
        """Take back lost leases, then end late jobs."""
        for job, step in self._all_steps():
            if step.token and step.lease_until <= self.now:
                self._lose(job, step)
                self.rest(job)
        self.sweep_gates()
        for job in list(self.jobs.values()):
            late = job.deadline and job.deadline <= self.now and job.state not in TERMINAL
            if late:
                job.deadline = 0
                if not job.ending:
                    self._stop(job, "expired")

    def cancel(self, job: ModelJob, policy: str) -> bool:
        """Ask a job to stop; False when it has ended."""
        if job.state in TERMINAL:
            return False
        if job.state == "rolling_back":
            return True
        job.on_cancel = policy or job.on_cancel
        if job.ending == "failed":
            job.state = "cancelling"
        else:
            self._stop(job, "cancelled")
        return True

    def retry(self, job: ModelJob) -> bool:
        """Reopen an ended job; False when that is refused."""
        lab = self.labs.get(job.lab)
        if job.state not in TERMINAL - {"succeeded"} or (lab and lab.state == "removing"):
            return False
        if lab and lab.state == "removed" and not (job.creates and lab.rolled_back):
            return False
        if lab and job.creates and lab.broken:
            return False
        if lab and any(other.lab == job.lab and other.state not in TERMINAL for other in self.jobs.values()):
            return False
        job.ending, job.undoing, job.rollback_failed = "", False, False
        if lab and lab.state == "removed":
            lab.state, lab.rolled_back = "building", False
        self._reset_steps(job)
        self.enter(job)
        return True

    def _all_steps(self) -> Iterable[tuple[ModelJob, ModelStep]]:
        return [(job, step) for job in self.jobs.values() for step in job.steps.values()]

    def _deadline(self, job: ModelJob) -> None:
        job.deadline = self.now + job.deadline_seconds if job.deadline_seconds else 0

    def _admit(self, job: ModelJob, short: str) -> None:
        if short:
            self.places += 1
            job.state, job.place = "waiting", self.places
            return
        if job.memory:
            self.held[job.id] = job.memory
        self._queued(job)

    def _queued(self, job: ModelJob) -> None:
        job.state = "queued"
        if all(step.state in GOOD for step in job.steps.values()):
            self._finalize(job, "succeeded", touched=True)

    def _ready(self, job: ModelJob, step: ModelStep, delay: float) -> None:
        step.ready, step.due = True, self.now + delay if delay > 0 else 0
        if job.undoing:
            step.undo = "ready"
        else:
            step.state = "ready"

    def _next_generation(self, step: ModelStep) -> None:
        step.generation += 1
        step.goes_on = False

    def _reset_steps(self, job: ModelJob) -> None:
        good: set[str] = set()
        for step in job.steps.values():
            open_needs = [need for need in step.needs if need not in good]
            if step.state in GOOD and step.undo != "failed" and not open_needs:
                good.add(step.id)
            else:
                if step.state != "pending":
                    self._next_generation(step)
                step.left = step.state != "undone" and (step.left or step.attempts > 0)
                step.attempts, step.goes_on, step.due = 0, False, 0
                step.ready = not open_needs
                step.state = "ready" if step.ready else "pending"
            step.undo, step.undo_attempts = "", 0

    def _succeed(self, job: ModelJob, step: ModelStep, outcome: str) -> None:
        if job.undoing:
            step.undo, step.state, step.left = "done", "undone", False
            self._undo_next(job)
            return
        step.state, step.goes_on = outcome, False
        if step.releases:
            self._remove_lab(job.lab, rolled_back=False)
        if not job.ending:
            for other in job.steps.values():
                if other.state == "pending" and all(job.steps[need].state in GOOD for need in other.needs):
                    self._ready(job, other, 0)
            if all(other.state in GOOD for other in job.steps.values()):
                self._finalize(job, "succeeded", touched=True)
                return
        self._settle(job)

    def _fail(self, job: ModelJob, step: ModelStep) -> None:
        if job.undoing:
            step.undo, job.rollback_failed = "failed", True
            self._undo_next(job)
            return
        step.state = "failed"
        self._stop(job, "failed")

    def _lose(self, job: ModelJob, step: ModelStep) -> None:
        step.token, step.goes_on = "", False
        if not job.undoing and job.ending:
            step.state = "cancelled"
            self._settle(job)
        elif (step.undo_attempts if job.undoing else step.attempts) < step.max_attempts:
            self._ready(job, step, 0)
        else:
            self._fail(job, step)

    def _stop(self, job: ModelJob, ending: str, policy: str = "") -> None:
        if not job.ending:
            job.ending = ending
            for step in job.steps.values():
                step.ready, step.due = False, 0
            if ending != "failed" and job.running():
                job.state = "cancelling"
        self._settle(job, policy)

    def _settle(self, job: ModelJob, policy: str = "") -> None:
        if not job.ending or job.undoing or job.running():
            return
        for step in job.steps.values():
            if step.state in {"ready", "pending"}:
                step.state = "cancelled" if step.attempts or step.left or job.ending != "failed" else "pending"
        started = [step for step in job.steps.values() if step.attempts or step.left]
        policy = policy or (job.on_cancel if job.ending == "cancelled" else job.on_failure)
        if policy != "rollback" or not started:
            self._finalize(job, job.ending, touched=bool(started))
            return
        job.undoing, job.shut, job.state = True, False, "rolling_back"
        for step in started:
            step.undo, step.undo_attempts, step.goes_on = "pending", 0, False
            step.generation += 1
        self._undo_next(job)

    def _undo_next(self, job: ModelJob) -> None:
        over = {"", "done", "failed"}
        moved = True
        while moved:
            moved = False
            for step in job.steps.values():
                behind = [other for other in job.steps.values() if step.id in other.needs]
                if step.undo != "pending" or any(other.undo not in over for other in behind):
                    continue
                if step.undoable:
                    self._ready(job, step, 0)
                else:
                    step.undo, step.state, step.left, moved = "done", "undone", False, True
        if all(step.undo in over for step in job.steps.values()):
            self._finalize(job, job.ending, touched=job.rollback_failed)

    def _finalize(self, job: ModelJob, ending: str, *, touched: bool) -> None:
        job.state, job.start_by = ending, 0.0
        for step in job.steps.values():
            step.ready = False
        lab = self.labs.get(job.lab)
        if lab and job.shut and not (job.creates and lab.state == "building"):
            pass  # it never began: the lab is as it was
        elif lab and job.creates and ending != "succeeded" and not touched:
            self._remove_lab(job.lab, rolled_back=True)
            self.held.pop(job.id, None)
        elif lab and job.creates:
            lab.state = "ready" if ending == "succeeded" else "failed"
            if job.id in self.held:
                self.held[job.lab] = self.held.get(job.lab, 0) + self.held.pop(job.id)
        elif lab and job.removes and lab.state == "removing":
            lab.state = "failed" if touched else lab.before
            lab.broken = lab.broken or touched
        else:
            self.held.pop(job.id, None)
        self._let_in()

    def _remove_lab(self, lab_id: str, *, rolled_back: bool) -> None:
        lab = self.labs[lab_id]
        if lab.state != "removed":
            lab.state, lab.rolled_back = "removed", rolled_back
            self.held.pop(lab_id, None)
            self._let_in()

    def _let_in(self) -> None:
        line = [job for job in self.jobs.values() if job.state == "waiting"]
        for job in sorted(line, key=lambda one: (one.priority, one.place)):
            if sum(self.held.values()) + job.memory > CAPACITY_MIB:
                return
            if job.state == "waiting":  # one before it may have ended at once and let it in
                self.held[job.id] = job.memory
                self._queued(job)
