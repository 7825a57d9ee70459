"""What a button does. Whoever presses is judged anew; the message with the button is replaced by what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from schemas.kinds.teardown import TeardownRequestSchema
from service.api.chat import answers, approvals
from service.api.chat.commands import loaded_request, origin
from service.api.chat.reading import Press
from service.api.chat.speaker import NotAllowed, Speaker
from service.api.context import Context
from service.api.problems import Problem
from service.api.ratelimit import refuse_beyond
from service.api.sealer import take_secrets
from service.api.submitting import submit, write_teardown
from service.chat.blocks import code, escaped
from service.chat.telling import APPROVE, REJECT
from service.ledger.store import Decided, IllegalMove

_TEARDOWN = TeardownRequestSchema()
_TOO_LATE = "This question is not open any more; ask again."
_NOT_YOURS = "Another user was asked this."
Message = dict[str, Any]


def press(ctx: Context, pressed: Press) -> None:
    """Do what the button says, once; answer by the press's response_url, unless a new job answers there itself."""
    speaker = pressed.speaker
    try:
        refuse_beyond(ctx.limiter, speaker.id)
        message = _act(ctx, pressed)
    except NotAllowed as error:
        message = _beside(answers.said(f"❌ {escaped(str(error))}"))
    except Problem as problem:
        message = _beside(answers.refused(problem))
    if message is not None:
        ctx.store.chat.reply(speaker.conversation(), speaker.address(ctx.settings.public_key), message)
    ctx.wakes.deliveries()


def _act(ctx: Context, pressed: Press) -> Message | None:
    if pressed.action in (answers.YES, answers.NO):
        return _decide(ctx, pressed)
    if pressed.action in (APPROVE, REJECT):
        pressed.speaker.demand("jobs:approve")
        told = approvals.decide(ctx, pressed.speaker, pressed.value, approves=pressed.action == APPROVE)
        return {**answers.said(told), "response_type": "in_channel", "replace_original": True}
    return _beside(answers.said("This button is not known any more."))


def _decide(ctx: Context, pressed: Press) -> Message | None:
    speaker = pressed.speaker
    if pressed.action == answers.YES:
        speaker.demand("jobs:write")
    decision = ctx.store.chat.decide(pressed.value, speaker.id, pressed.action)
    if decision.outcome is Decided.GONE:
        return _instead(answers.said(_TOO_LATE))
    if decision.outcome is Decided.FOREIGN:
        return _beside(answers.said(_NOT_YOURS))
    if decision.decision == answers.NO:
        return _instead(answers.said("Nothing was done."))
    try:
        return _DEEDS[decision.body["do"]](ctx, speaker, pressed.value, decision.body)
    except Problem as problem:
        return _instead(answers.refused(problem))


def _build(ctx: Context, speaker: Speaker, pending_id: str, found: Mapping[str, Any]) -> Message | None:
    clean, secrets = take_secrets(ctx.settings.public_key, loaded_request(found["body"]))
    submit(ctx, clean, secrets, speaker.sender(ctx.settings.public_key, origin(), pending_id, clean))
    return None  # the job's first event takes the place of the question


def _teardown(ctx: Context, speaker: Speaker, pending_id: str, found: Mapping[str, Any]) -> Message | None:
    lab = ctx.store.labs.get(found["lab_id"])
    if lab is None:
        raise Problem(404, "not-found", f"There is no lab {found['lab_id']}.")
    body = _TEARDOWN.load({"kind": "teardown", "lab_id": lab.id, "labels": speaker.labels()})
    write_teardown(ctx, lab, body, speaker.sender(ctx.settings.public_key, origin(), pending_id, body))
    return None


def _cancel(ctx: Context, _speaker: Speaker, _pending_id: str, found: Mapping[str, Any]) -> Message | None:
    job_id = found["job_id"]
    try:
        job = ctx.store.jobs.cancel(job_id)
    except IllegalMove as error:
        raise Problem(409, "job-ended", f"The job has ended: {error.state}.") from error
    if job is None:
        raise Problem(404, "not-found", f"There is no job {job_id}.")
    ctx.wakes.steps()
    return _instead(answers.said(f"The job {code(job_id)} is {job.state}."))


_DEEDS: Mapping[str, Callable[[Context, Speaker, str, Mapping[str, Any]], Message | None]] = {
    "build": _build,
    "teardown": _teardown,
    "cancel": _cancel,
}


def _instead(message: Message) -> Message:
    return {**message, "replace_original": True}


def _beside(message: Message) -> Message:
    return {**message, "replace_original": False}
