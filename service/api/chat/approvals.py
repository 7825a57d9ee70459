"""Approve and Reject, pressed in a channel. The ledger judges: the state of the job, and who asked for it."""

from __future__ import annotations

from service.api.chat.speaker import Speaker
from service.api.context import Context
from service.api.problems import Problem
from service.chat.blocks import code
from service.ledger.store import Doer, IllegalMove, NotFound, OwnRequest


def decide(ctx: Context, speaker: Speaker, job_id: str, *, approves: bool) -> str:
    """Approve or reject the job and return what is told of it, in mrkdwn. Safe to repeat by the same user.

    Raises:
        Problem: 404 for a job that is not there for this workspace, 409 when it waits for no approval, 403 for one's
        own request.
    """
    job = ctx.store.jobs.get(job_id)
    if job is None:
        raise Problem(404, "not-found", f"There is no job {job_id}.")
    caller = speaker.caller()
    doer = Doer(caller.key_id, caller.name, caller.is_operator, "in Slack")
    move = ctx.store.steering.approve if approves else ctx.store.steering.reject
    try:
        move(job_id, doer)
    except NotFound as error:
        raise Problem(404, "not-found", f"There is no job {job_id}.") from error
    except IllegalMove as error:
        raise Problem(409, "wrong-state", f"The job is {error.state}: it waits for no approval.") from error
    except OwnRequest as error:
        raise Problem(403, "own-request", "Whoever asked for a job cannot approve or reject it.") from error
    ctx.wakes.steps(job.steps_total)
    return f"The job {code(job_id)} is {'approved' if approves else 'rejected'} by <@{speaker.user}>."
