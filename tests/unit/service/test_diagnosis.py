"""Why a job does not move, from what the ledger knows."""

from __future__ import annotations

from typing import Any

import pytest

from service.api.diagnosis import Place, diagnose, is_moving
from service.ledger.job import Approval, Job, JobState, StepRecord, StepState
from service.ledger.store import Host, WorkerRecord

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
        (
            _job(JobState.WAITING_APPROVAL, approval=Approval("host", expires_at=9.0)),
            [],
            [],
            ["waiting_approval"],
            False,
        ),
        (_job(JobState.SCHEDULED, not_before=9.0), [_step(StepState.READY)], [], ["scheduled"], False),
        (_job(JobState.PAUSED, paused_from="queued", start_by=9.0), [], [], ["paused"], False),
        (_job(JobState.PAUSING), [RUNS], [WORKER], ["pausing", "step_running"], True),
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


def test_an_unreachable_host_is_told_with_error_and_time() -> None:
    """A host that does not answer is a cause that blocks: since when, by which error, and when it last answered."""
    host = Host("host_1", "hv1", "a", reached_at=50.0, unreachable_since=70.0, unreachable_error="HOST_UNREACHABLE")
    cause = diagnose(_job(), [], [WORKER], Place(host))[0]

    assert ("host_unreachable", True, 70.0) == (cause.code, cause.blocking, cause.since)
    assert "HOST_UNREACHABLE" in cause.detail
    assert "1970-01-01T00:00:50" in cause.detail
    assert ["nothing_ready"] == [one.code for one in diagnose(_job(), [], [WORKER], Place(Host("h", "h", "a")))]


def test_an_ended_job_names_what_a_retry_would_wait_for() -> None:
    """Each name that another job holds is told with its holder; a holder that is not seen is not named."""
    causes = diagnose(_job(JobState.FAILED), [], [], Place(held={"vm:n1": "job_2", "lab_1": ""}))

    assert ["ended", "lock_held", "lock_held"] == [cause.code for cause in causes]
    assert ["vm:n1 is held by job_2.", "lab_1 is held by a job that you cannot see."] == [
        cause.detail for cause in causes[1:]
    ]
