"""A retry with edits: the request is patched, checked and planned anew, and must keep what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from marshmallow import ValidationError

from schemas.request import without_blanks
from schemas.secret import new_secrets, settled_secrets, with_references
from service.api.context import Context
from service.api.job_schemas import JobBody
from service.api.problems import Problem, invalid_field
from service.api.reading import validation_problem
from service.api.receivers import refuse_receiver
from service.api.resolving import resolve
from service.api.sealer import take_secrets
from service.api.submitting import Planned, Sender, refuse_forbidden, refuse_too_late, submission_of
from service.ledger.editing import (
    Clash,
    changes_between,
    clashes,
    merge_patch,
    seeded,
    shown_changes,
    to_repeat,
    with_done,
)
from service.ledger.gates import gate_of
from service.ledger.job import Job, StepRecord
from service.ledger.known import plan_context
from service.ledger.plans import build_plan
from service.ledger.store import Retry

_BODY = JobBody()
_ADMINISTRATOR = "guest_administrator"
# What a job is, where it works and who must agree stays; another one of these is another job.
FIXED = ("kind", "host", "lab_id", "target", "approval")


def edited_retry(context: Context, job: Job, changes: Mapping[str, Any], sender: Sender) -> Retry:
    """Return the retry of a job with these changes. Nothing is written.

    Raises:
        Problem: 422 for what is wrong with the changes or cannot be built, 409 when a step that was done would differ.
    """
    try:
        clean, secrets = _edited(context, job, changes)
        planned = _replanned(context, job, clean)
        refuse_forbidden(planned.plan)
        old, records = context.store.jobs.plan(job.id), context.store.jobs.steps(job.id)
    except Problem as problem:
        problem.errors = [_below_changes(error) for error in problem.errors]
        raise
    plan = with_done(old, records, planned.plan)
    _refuse_clashes([*clashes(old, records, plan), *_password_clashes(secrets, records)])
    edited = replace(submission_of(planned, sender), plan=plan, secrets=secrets, placement=job.placement)
    differences = [*changes_between(job.request, clean), *_secret_changes(secrets)]
    return Retry(
        sender.key_id,
        version=job.version,
        edited=edited,
        changes=shown_changes(differences),
        again=to_repeat(old, records, plan),
    )


def _edited(
    context: Context, job: Job, changes: Mapping[str, Any]
) -> tuple[dict[str, Any], Mapping[str, Mapping[str, Any]]]:
    original = with_references(without_blanks(dict(job.request)))
    posted = merge_patch(original, changes)
    for name in FIXED:
        if posted.get(name) != original.get(name):
            raise invalid_field(f"#/{name}", "fixed", f"The {name} of a job cannot change; submit another job.")
    try:
        loaded = _BODY.load(settled_secrets(posted, original))
    except ValidationError as error:
        raise validation_problem(error) from None
    if loaded.get("callback_url"):
        refuse_receiver(context.settings, loaded["callback_url"], "#/callback_url")
    refuse_too_late(gate_of(loaded), context.clock())
    clean, secrets = take_secrets(context.settings.public_key, loaded)
    return clean, new_secrets(secrets)


def _replanned(context: Context, job: Job, request: Mapping[str, Any]) -> Planned:
    # A label, or no host at all, may lead to another host by now; the job stays where it was.
    wanted = {**request, "host": {"id": job.host_id}} if job.host_id else request
    resolved = resolve(context.store, context.catalogue, wanted)
    known = plan_context(job.lab_id, resolved.host, resolved.image, resolved.lab)
    return Planned(request, resolved, build_plan(request, known), job.lab_id, creates_lab=True)


def _refuse_clashes(found: Sequence[Clash]) -> None:
    if not found:
        return
    errors = [
        {
            "pointer": "#/changes",
            "code": "step_differs",
            "detail": f"Step {clash.step_id} {clash.reason}: {', '.join(clash.fields)}".rstrip(": ") + ".",
        }
        for clash in found[:50]
    ]
    steps = [{"step_id": clash.step_id, "fields": list(clash.fields)} for clash in found[:50]]
    detail = (
        f"The changes touch what was done already, first {found[0].step_id}. Tear the lab down to build it otherwise."
    )
    raise Problem(409, "done-steps-differ", detail, errors=errors, steps=steps)


def _password_clashes(secrets: Mapping[str, Any], records: Sequence[StepRecord]) -> list[Clash]:
    # A node that is made has its password: another one would lock every later step out of it.
    done = seeded(records) if _ADMINISTRATOR in secrets else ()
    return [Clash(step_id, ("/guest/password",), "was done with the password that it has") for step_id in done]


def _below_changes(error: Mapping[str, Any]) -> dict[str, Any]:
    pointer = str(error.get("pointer") or "#")
    return {**error, "pointer": f"#/changes{pointer.removeprefix('#')}"}


def _secret_changes(secrets: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"pointer": "#", "secret": name, "changed": True} for name in secrets]
