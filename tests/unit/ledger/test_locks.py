"""When is it my turn: expected times of locks and of the line for room."""

from __future__ import annotations

from typing import Any

from service.ledger.job import Job, JobState
from service.ledger.locks import Room, expected_end, expected_release, expected_starts
from service.ledger.store import HoldingLab, HostLocks, Reservation, Waiter


def _job(name: str, eta: float | None, state: JobState = JobState.RUNNING, **fields: Any) -> Job:
    request = fields.pop("request", {})
    return Job(name, "k", state, request, 1, 0.0, eta_seconds=eta, **fields)


def _locks(jobs: list[Job], held: dict[str, int], waiting: list[Waiter], **labs: float | None) -> HostLocks:
    return HostLocks(
        now=1000.0,
        targets={},
        reservations=[Reservation(holder, memory, 0, 0.0) for holder, memory in held.items()],
        labs={name: HoldingLab(name, expires, "", "ready") for name, expires in labs.items()},
        running=[],
        waiting=waiting,
        jobs={job.id: job for job in jobs},
    )


def test_end_of_a_job() -> None:
    """A running job ends after its estimate, a scheduled one counts from its time, a paused one does not move."""
    assert 1050.0 == expected_end(_job("a", 50.0), 1000.0)
    assert 2050.0 == expected_end(_job("a", 50.0, JobState.SCHEDULED, not_before=2000.0), 1000.0)
    assert [None] * 4 == [
        expected_end(one, 1000.0)
        for one in (
            _job("a", 50.0, JobState.PAUSED),
            _job("a", 50.0, JobState.WAITING),
            _job("a", None),
            None,
        )
    ]


def test_release_of_room() -> None:
    """A lab gives back at its lease's end; a job that builds one adds the lease; one without a lease never does."""
    jobs = [
        _job("job_1", 50.0, lab_id="lab_9", request={"lease_seconds": 100}),
        _job("job_2", 50.0, lab_id="lab_8", request={}),
        _job("job_3", 50.0),
    ]
    locks = _locks(jobs, {}, [], lab_1=1500.0, lab_2=None)

    names = ("lab_1", "lab_2", "job_1", "job_2", "job_3", "job_4")
    assert [1500.0, None, 1150.0, None, 1050.0, None] == [expected_release(locks, name) for name in names]


def test_line_for_room_is_let_in_in_its_order() -> None:
    """Each waits until enough is given back for all ahead and itself; after one that never fits, nobody can say."""
    held = {"lab_1": 60, "lab_2": 30}
    waiting = [Waiter("a", "room", 50), Waiter("b", "step"), Waiter("c", "room", 40), Waiter("d", "room", 50)]
    locks = _locks([], held, waiting, lab_1=1500.0, lab_2=1200.0)

    assert {"a": 1500.0, "c": 1500.0, "d": None} == expected_starts(locks, Room(100, None))
    assert {"a": 1000.0, "c": 1000.0, "d": 1000.0} == expected_starts(locks, Room(None, None))
    assert {"a": 1000.0, "c": 1500.0, "d": 1500.0} == expected_starts(locks, Room(140, None))
