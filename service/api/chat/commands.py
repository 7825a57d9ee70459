"""What each command does. What changes something is asked back first; the press of the button does it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from flask import g
from marshmallow import ValidationError

from schemas.job import JobRequestSchema
from service.api.chat import answers
from service.api.chat.speaker import NotAllowed, Speaker, new_pending_id
from service.api.context import Context
from service.api.problems import Problem
from service.api.ratelimit import refuse_beyond
from service.api.reading import validation_problem
from service.api.sealer import take_secrets
from service.api.submitting import plan_request, submit
from service.chat.blocks import code, escaped
from service.chat.building import Build
from service.chat.filling import fill, template_for
from service.chat.grammar import Ask, parse
from service.chat.words import NotUnderstood
from service.ledger.job import TERMINAL_STATES, Job
from service.ledger.store import JobFilter, Lab, LabState

_REQUEST = JobRequestSchema()
_MOST_ROWS = 15
_MOST_LABS = 500
# What is typed is looked up only when it is an id: with a colon in it, it would be another key of the ledger.
_ID = re.compile(r"(job|lab)_[0-9a-f]{26}")
_GONE = frozenset({LabState.REMOVING, LabState.REMOVED})


def answer_to(ctx: Context, speaker: Speaker, text: str, trigger: str) -> dict[str, Any]:
    """Return the message that answers a command; every refusal is one. `trigger` is the same for a repeated request."""
    try:
        refuse_beyond(ctx.limiter, speaker.id)
        command = parse(text)
        if isinstance(command, Build):
            return _build(ctx, speaker, command)
        return _ANSWERS[command.verb](ctx, speaker, command, trigger)
    except NotUnderstood as error:
        return answers.not_understood(error)
    except NotAllowed as error:
        return answers.said(f"❌ {escaped(str(error))}")
    except Problem as problem:
        return answers.refused(problem)


def origin() -> dict[str, str]:
    """Return what ties a job to this request."""
    return {"request_id": g.request_id, "traceparent": g.traceparent}


def loaded_request(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body as the schema loads it; raises Problem (422)."""
    try:
        found: dict[str, Any] = _REQUEST.load(body)
    except ValidationError as error:
        raise validation_problem(error) from None
    return found


def _build(ctx: Context, speaker: Speaker, build: Build) -> dict[str, Any]:
    speaker.demand("jobs:write")
    body = fill(template_for(build, speaker.team.templates), build, speaker.labels())
    clean, _ = take_secrets(ctx.settings.public_key, loaded_request(body))
    planned = plan_request(ctx, clean)
    pending_id = new_pending_id()
    if not planned.plan.refused:
        ctx.store.chat.pend(pending_id, speaker.id, {"do": "build", "body": body})
    return answers.confirmation(planned, pending_id)


def _help(_ctx: Context, speaker: Speaker, _ask: Ask, _trigger: str) -> dict[str, Any]:
    return answers.help_message(list(speaker.team.templates))


def _status(ctx: Context, speaker: Speaker, ask: Ask, _trigger: str) -> dict[str, Any]:
    speaker.demand("jobs:read")
    if ask.target.startswith("job_"):
        return answers.job_message(_job(ctx, ask.target))
    lab = _lab(ctx, ask.target)
    job = ctx.store.jobs.get(lab.job_id)
    if job is not None and job.state not in TERMINAL_STATES:
        return answers.job_message(job)
    return answers.lab_message(lab)


def _jobs(ctx: Context, speaker: Speaker, _ask: Ask, _trigger: str) -> dict[str, Any]:
    speaker.demand("jobs:read")
    found = ctx.store.jobs.list(JobFilter(), None, _MOST_ROWS)
    return answers.lines("Jobs, the newest first", [answers.job_row(job) for job in found], "There are no jobs.")


def _labs(ctx: Context, speaker: Speaker, _ask: Ask, _trigger: str) -> dict[str, Any]:
    speaker.demand("jobs:read")
    living = [lab for lab in ctx.store.labs.list(limit=_MOST_LABS) if lab.state is not LabState.REMOVED]
    rows = [answers.lab_row(lab) for lab in living[:_MOST_ROWS]]
    return answers.lines("Labs, the newest first", rows, "There are no labs.")


def _cancel(ctx: Context, speaker: Speaker, ask: Ask, _trigger: str) -> dict[str, Any]:
    speaker.demand("jobs:write")
    job = _job(ctx, ask.target)
    if job.state in TERMINAL_STATES:
        raise Problem(409, "job-ended", f"The job has ended: {job.state}.")
    pending_id = new_pending_id()
    ctx.store.chat.pend(pending_id, speaker.id, {"do": "cancel", "job_id": job.id})
    after = "what was built is kept" if job.on_cancel == "keep" else "what was built is rolled back"
    text = f"Cancel the job {code(job.id)} ({escaped(job.kind.replace('_', ' '))}, {job.state})? Then {after}."
    return answers.asked(text, "Cancel the job", pending_id)


def _teardown(ctx: Context, speaker: Speaker, ask: Ask, _trigger: str) -> dict[str, Any]:
    speaker.demand("jobs:write")
    lab = _lab(ctx, ask.target)
    pending_id = new_pending_id()
    ctx.store.chat.pend(pending_id, speaker.id, {"do": "teardown", "lab_id": lab.id})
    text = f"Tear down the lab *{escaped(lab.name)}* {code(lab.id)}? Its VMs and disks are removed."
    return answers.asked(text, "Tear down", pending_id)


def _verify(ctx: Context, speaker: Speaker, ask: Ask, trigger: str) -> dict[str, Any]:
    speaker.demand("jobs:write")
    lab = _lab(ctx, ask.target)
    body = loaded_request({"kind": "verify_lab", "lab_id": lab.id, "labels": speaker.labels()})
    result = submit(ctx, body, {}, speaker.sender(ctx.settings.public_key, origin(), trigger, body))
    ctx.wakes.deliveries()
    job = result.job.id if result.job else ""
    return answers.said(f"The lab *{escaped(lab.name)}* is verified by the job {code(job)}; its end is told here.")


_ANSWERS: Mapping[str, Callable[[Context, Speaker, Ask, str], dict[str, Any]]] = {
    "help": _help,
    "status": _status,
    "jobs": _jobs,
    "labs": _labs,
    "cancel": _cancel,
    "teardown": _teardown,
    "verify": _verify,
}


def _job(ctx: Context, job_id: str) -> Job:
    job = ctx.store.jobs.get(job_id) if _ID.fullmatch(job_id) else None
    if job is None:
        raise Problem(404, "not-found", f"There is no job {job_id}.")
    return job


def _lab(ctx: Context, target: str) -> Lab:
    """Return the living lab of this id or name; raises Problem for none, and for several of the name."""
    if target.startswith("lab_"):
        lab_of_id = ctx.store.labs.get(target) if _ID.fullmatch(target) else None
        found = [lab_of_id] if lab_of_id else []
    else:
        named = [lab for lab in ctx.store.labs.list(limit=_MOST_LABS) if lab.name.lower() == target.lower()]
        found = [lab for lab in named if lab.state not in _GONE] or named[:1]
    if not found:
        raise Problem(404, "not-found", f"There is no lab {target}.")
    if len(found) > 1:
        ids = ", ".join(lab.id for lab in found)
        raise Problem(409, "ambiguous", f"{len(found)} labs are called {target}: {ids}. Say which one by its id.")
    return found[0]
