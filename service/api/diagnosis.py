"""Why is a job not moving? Causes read from what the ledger knows: the job, its steps and the living workers. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from service.api.answers import rfc3339
from service.ledger.job import TERMINAL_STATES, Job, JobState, StepRecord, StepState
from service.ledger.store import Host, WorkerRecord


@dataclass(frozen=True)
class Cause:
    """One thing that a job waits for, or is busy with. `blocking`: nothing happens until it is gone.

    `since` is in seconds since 1970 UTC, None when nobody knows.
    """

    code: str
    detail: str
    remedy: str = ""
    blocking: bool = False
    step_id: str = ""
    node: str | None = None
    worker: str = ""
    since: float | None = None


@dataclass(frozen=True)
class Place:
    """What a job stands on: its host (None: it has none) and which of its names other jobs hold now, by name."""

    host: Host | None = None
    held: Mapping[str, str] = field(default_factory=dict)


_NOWHERE = Place()


def diagnose(
    job: Job, steps: Sequence[StepRecord], workers: Sequence[WorkerRecord], place: Place = _NOWHERE
) -> list[Cause]:
    """Return the causes, the most important first; a job always has at least one."""
    if job.state in TERMINAL_STATES:
        return [_ended(job), *_of_locks(place)]
    if job.state in _GATED:
        return [_GATED[job.state](job)]
    causes = [*_of_job(job), *_of_host(place.host), *_of_workers(workers)]
    living = {worker.name for worker in workers}
    for step in steps:
        causes += _of_step(step, living)
    return sorted(causes, key=lambda cause: not cause.blocking) or [_nothing(job)]


def is_moving(causes: Sequence[Cause]) -> bool:
    """Tell whether something happens now: a step runs under a living worker and nothing stands in the way of all."""
    running = any(cause.code == "step_running" for cause in causes)
    return running and not any(cause.code == "no_worker" for cause in causes)


def _ended(job: Job) -> Cause:
    can_retry = job.state is not JobState.SUCCEEDED
    remedy = "Retry it: what succeeded is not done again." if can_retry else ""
    return Cause("ended", f"The job is {job.state}.", remedy, since=job.ended_at)


def _asks(job: Job) -> Cause:
    approval = job.approval
    until = rfc3339(approval.expires_at) if approval else None
    by = "its host" if approval and approval.required_by == "host" else "its request"
    detail = f"Somebody has to agree, as {by} demands, until {until}; then it is expired."
    remedy = "POST .../:approve or :reject with a key that has the scope jobs:approve and did not ask for the job."
    return Cause("waiting_approval", detail, remedy, True, since=job.entered_at)


def _is_scheduled(job: Job) -> Cause:
    remedy = "Nothing: it begins by itself. PATCH not_before to move it; null begins it at once."
    return Cause("scheduled", f"It begins at {rfc3339(job.not_before)}.", remedy, True, since=job.entered_at)


def _is_paused(job: Job) -> Cause:
    detail = f"The job was paused while it was {job.paused_from or 'running'}."
    if job.start_by is not None and job.paused_from != "running":
        detail += f" It must start until {rfc3339(job.start_by)}."
    return Cause(
        "paused", detail, "Resume it; the time of the pause counts for no deadline.", True, since=job.paused_at
    )


_GATED = {JobState.WAITING_APPROVAL: _asks, JobState.SCHEDULED: _is_scheduled, JobState.PAUSED: _is_paused}


def _of_locks(place: Place) -> Iterator[Cause]:
    for target, holder in place.held.items():
        detail = f"{target} is held by {holder or 'a job that you cannot see'}."
        yield Cause("lock_held", detail, "A retry is refused until that job has ended.", True)


def _of_host(host: Host | None) -> Iterator[Cause]:
    if host is None or host.unreachable_since is None:
        return
    last = rfc3339(host.reached_at) or "never"
    detail = f"{host.name} does not answer: {host.unreachable_error}. It last answered a step: {last}."
    remedy = "Look at the host, its network and its credential; steps are tried again until their deadline."
    yield Cause("host_unreachable", detail, remedy, True, since=host.unreachable_since)


def _of_job(job: Job) -> Iterator[Cause]:
    if job.state is JobState.PAUSING:
        yield Cause("pausing", "Steps that run end first; no other begins.", "Resume it to go on at once.")
    if job.state is JobState.WAITING:
        remedy = "Tear a lab down, or ask for less; the job goes on by itself when there is room."
        yield Cause("waiting_for_room", job.waiting_for or "The host has no room.", remedy, True, since=job.created_at)
    elif job.waiting_for:
        remedy = "Raise the host's limits if it can bear more; the job goes on by itself."
        yield Cause("waiting_for_turn", job.waiting_for, remedy, True)
    if job.state is JobState.CANCELLING:
        yield Cause("cancelling", "Running steps are being stopped.")
    if job.state is JobState.ROLLING_BACK:
        yield Cause("rolling_back", "What was built is being removed.")


def _of_workers(workers: Sequence[WorkerRecord]) -> Iterator[Cause]:
    if not workers:
        yield Cause("no_worker", "No worker is alive.", "Start one; its log says why it does not come up.", True)


def _of_step(step: StepRecord, living: set[str]) -> Iterator[Cause]:
    what = f"{step.title}: {step.message}" if step.message else step.title
    if step.state is StepState.RUNNING and step.worker not in living:
        remedy = "Nothing: when its lease ends, another worker goes on with the step."
        yield _placed(Cause("worker_silent", f"{what} (its worker is silent)", remedy, True), step)
    elif step.state is StepState.RUNNING:
        yield _placed(Cause("step_running", what), step)
    elif step.state is StepState.READY and step.started_at is not None:
        # It was begun before and given back: it waits for a host, for room, or for its next try.
        yield _placed(Cause("step_waiting", what, "It is tried again by itself until its deadline.", True), step)
    elif step.state is StepState.READY:
        yield _placed(Cause("step_ready", what), step)


def _placed(cause: Cause, step: StepRecord) -> Cause:
    return replace(cause, step_id=step.id, node=step.node, worker=step.worker, since=step.started_at)


def _nothing(job: Job) -> Cause:
    return Cause("nothing_ready", f"The job is {job.state} and no step can run yet.", since=job.started_at)
