"""Why a job does not move, from what the ledger knows."""

from __future__ import annotations

from typing import Any

import pytest

from service.api.diagnosis import diagnose, is_moving
from service.ledger.job import Job, JobState, StepRecord, StepState
from service.ledger.store import WorkerRecord

WORKER = WorkerRecord("w1", 100.0, 50.0)


def _job(state: JobState = JobState.RUNNING, **fields: Any) -> Job:
    return Job("job_1", "nested_cluster", state, {}, 1, 10.0, **fields)


def _step(state: StepState, **fields: Any) -> StepRecord:
    return StepRecord("boot-n1", "StartNode", "Start n1", state, **fields)


RUNS = _step(StepState.RUNNING, worker="w1", started_at=20.0, message="waiting for the guest", node="n1")


@pytest.mark.parametrize(
    ("job", "steps", "workers", "codes", "moving"),
    [
        (_job(JobState.FAILED), [RUNS], [WORKER], ["ended"], False),
        (_job(JobState.WAITING, waiting_for="memory: lab_1"), [], [WORKER], ["waiting_for_room"], False),
        (_job(waiting_for="max_parallel_steps of h1"), [], [WORKER], ["waiting_for_turn"], False),
        (_job(JobState.QUEUED), [_step(StepState.READY)], [], ["no_worker", "step_ready"], False),
        (_job(), [RUNS], [WORKER], ["step_running"], True),
        (_job(), [RUNS], [WorkerRecord("w2", 1.0, 1.0)], ["worker_silent"], False),
        (_job(), [_step(StepState.READY, started_at=5.0, message="hv1 is away")], [WORKER], ["step_waiting"], False),
        (_job(JobState.CANCELLING), [RUNS], [WORKER], ["cancelling", "step_running"], True),
        (_job(), [_step(StepState.PENDING)], [WORKER], ["nothing_ready"], False),
        (_job(), [RUNS, _step(StepState.READY, started_at=5.0)], [WORKER], ["step_waiting", "step_running"], True),
    ],
)
def test_causes(job: Job, steps: list[StepRecord], workers: list[WorkerRecord], codes: list[str], moving: bool) -> None:
    """Each situation has its cause, those that block come first, and a job always has one."""
    causes = diagnose(job, steps, workers)

    assert codes == [cause.code for cause in causes]
    assert moving is is_moving(causes)


def test_a_running_step_says_where_and_since_when() -> None:
    """A cause of a step names step, node, worker, time and what the step said last."""
    (cause,) = diagnose(_job(), [RUNS], [WORKER])

    assert ("boot-n1", "n1", "w1", 20.0) == (cause.step_id, cause.node, cause.worker, cause.since)
    assert "waiting for the guest" in cause.detail
