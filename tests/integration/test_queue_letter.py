"""The wake-up that a submission's own move puts into the queue, as Celery's broker library reads it."""

from __future__ import annotations

from kombu import Connection

from service.ledger.plan import Plan
from service.ledger.queue import STEPS_QUEUE, WORK_TASK, letter
from service.ledger.store import Submission
from tests.integration.ledger_kit import open_ledger, step


def test_a_submission_wakes_workers_in_its_own_move(redis_url: str) -> None:
    """A job with three ready steps leaves three messages that kombu takes: our task, empty, each with its own id."""
    with open_ledger(redis_url) as ledger:
        plan = Plan("inspect_host", (step("a"), step("b"), step("c")))
        ledger.store.jobs.submit(Submission(kind="inspect_host", request={}, plan=plan), "", letter())
    with Connection(redis_url, transport_options={"ack_emulation": False}) as connection:
        taken = [connection.default_channel.basic_get(STEPS_QUEUE, no_ack=True) for _ in range(4)]

    assert taken[3] is None
    assert {WORK_TASK} == {message.headers["task"] for message in taken[:3]}
    assert [[[], {}]] * 3 == [message.decode()[:2] for message in taken[:3]]
    assert 3 == len({message.headers["id"] for message in taken[:3]})
    assert 3 == len({message.delivery_tag for message in taken[:3]})


def test_a_full_queue_gets_no_more(redis_url: str) -> None:
    """Where dozens of wake-ups wait already, a submission adds none: whoever takes one goes on to the next step."""
    with open_ledger(redis_url) as ledger:
        for _ in range(80):
            submission = Submission(kind="inspect_host", request={}, plan=Plan("inspect_host", (step("a"),)))
            ledger.store.jobs.submit(submission, "", letter())

        assert 64 == ledger.store.client.llen(STEPS_QUEUE)
