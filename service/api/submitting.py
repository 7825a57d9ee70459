"""From a request to a job: secrets are taken, names resolved, the plan made, and everything written in one move."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from service.api.context import Context
from service.api.measuring import submitted
from service.api.outcomes import refuse_outcome
from service.api.placing import PRIORITIES, Choice, choose, nobody, settle
from service.api.problems import Problem, invalid_field
from service.api.receivers import refuse_receiver
from service.api.request_id import note_submission
from service.api.resolving import Resolved, resolve
from service.ledger.expiry import teardown_submission
from service.ledger.gates import LATEST_SECONDS, gate_of
from service.ledger.ids import new_id
from service.ledger.known import plan_context
from service.ledger.plan import Plan, Severity
from service.ledger.plans import build_plan
from service.ledger.queue import letter
from service.ledger.store import (
    Conversation,
    Gate,
    Host,
    Idempotency,
    IllegalMove,
    Lab,
    NotFound,
    Outcome,
    Submission,
    SubmitResult,
)
from service.ledger.targets import targets_of

Secrets = Mapping[str, Mapping[str, Any]]
_BUILDS_LAB = frozenset({"nested_cluster", "nested_host"})


@dataclass(frozen=True)
class Planned:
    """A request with what the ledger knows of it and what would be done."""

    request: Mapping[str, Any]
    resolved: Resolved
    plan: Plan
    lab_id: str
    creates_lab: bool
    choice: Choice | None = None

    @property
    def placement(self) -> Mapping[str, Any] | None:
        """How the host was chosen; None when the request names it."""
        host = self.resolved.host
        return self.choice.shown(host) if self.choice and host else None

    def on(self, host: Host, choice: Choice) -> Planned:
        """Return the same job on this host, with the plan that it has there."""
        resolved = replace(self.resolved, host=host)
        plan = build_plan(self.request, plan_context(self.lab_id, host, resolved.image, resolved.lab))
        return replace(self, resolved=resolved, plan=plan, choice=choice)


@dataclass(frozen=True)
class Sender:
    """Who submits: a tenant, by one of its API keys; and with which idempotency key of his own.

    `conversation` is told of the job, by way of its secrets.
    """

    tenant: str
    request_id: str
    traceparent: str = ""
    idempotency: Idempotency | None = None
    key_id: str = ""
    conversation: Conversation | None = None
    chat_secrets: Secrets = field(default_factory=dict, repr=False)
    may_use_cordoned: bool = False
    tracestate: str = ""


def plan_request(context: Context, request: Mapping[str, Any]) -> Planned:
    """Return what a request (without secrets) would do. Nothing is written; the same request gives the same steps.

    Raises:
        Problem: 422 for a name that leads nowhere or a callback that may not be called, 409 for a lab that is gone.
    """
    if request.get("callback_url"):
        refuse_receiver(context.settings, request["callback_url"], "#/callback_url")
    refuse_too_late(gate_of(request), context.clock())
    resolved = resolve(context.store, context.catalogue, request)
    creates_lab = request["kind"] in _BUILDS_LAB or (request["kind"] == "nested_vm" and resolved.lab is None)
    lab_id = new_id("lab", context.clock()) if creates_lab else (resolved.lab.id if resolved.lab else "")
    if resolved.hosts:
        choice = choose(context, request, resolved.hosts, resolved.image)
        return Planned(request, resolved, Plan(request["kind"], ()), lab_id, creates_lab).on(choice.best, choice)
    known = plan_context(lab_id, resolved.host, resolved.image, resolved.lab)
    return Planned(request, resolved, build_plan(request, known), lab_id, creates_lab)


def submit(context: Context, request: Mapping[str, Any], secrets: Secrets, sender: Sender) -> SubmitResult:
    """Create the job of a request whose secrets were taken, or find the one that the same key created before.

    Raises:
        Problem: 422 for what cannot be built or a reused key, 409 for a busy target or a host without room,
            403 beyond a quota of the tenant.
    """
    try:
        planned = plan_request(context, request)
        refuse_forbidden(planned.plan)
        if planned.choice is not None:
            taken = {**secrets, **sender.chat_secrets}
            return _settled(
                context, planned, planned.choice, lambda one: replace(submission_of(one, sender), secrets=taken)
            )
    except Problem:
        # What was accepted once is answered again, even when a host or an image has gone since.
        replay = _replay(context, request["kind"], sender)
        if replay is None:
            raise
        return replay
    submission = replace(
        submission_of(planned, sender), secrets={**_lab_secrets(context, planned), **secrets, **sender.chat_secrets}
    )
    return write(context, submission)


def _settled(
    context: Context, planned: Planned, choice: Choice, submission_on: Callable[[Planned], Submission]
) -> SubmitResult:
    """Write the job on the first host that takes it."""

    def attempt(host: Host, shown: Mapping[str, Any], elsewhere: bool) -> SubmitResult:
        here = submission_on(planned if host is planned.resolved.host else planned.on(host, choice))
        try:
            return _written(context, replace(here, placement=shown, elsewhere=elsewhere, keeps_off_cordoned=True))
        except NotFound:
            return SubmitResult(Outcome.REFUSED, None, {"reason": "gone"})

    def again() -> Choice:
        return choose(context, planned.request, planned.resolved.hosts, planned.resolved.image)

    gate = gate_of(planned.request)
    # A job that begins later is not refused for want of room now.
    wait = planned.request["admission"] == "wait" or gate.approval or gate.not_before is not None
    search = settle(choice, again, attempt, wait=wait)
    if search.result is None:
        raise nobody(context, search)
    refuse_outcome(search.result)
    return search.result


def _replay(context: Context, kind: str, sender: Sender) -> SubmitResult | None:
    """Return what an earlier request with this key created; None when there was none. Writes nothing.

    Raises:
        Problem: 422 for a key that came with another body.
    """
    if sender.idempotency is None:
        return None
    # The move looks at the key first; on a host that cannot exist it goes no further.
    probe = Submission(kind, {}, Plan(kind, ()), host_id="-", idempotency=sender.idempotency)
    probe = replace(probe, tenant=sender.tenant, key_id=sender.key_id)
    try:
        result = context.store.jobs.submit(probe, new_id("job", context.clock()))
    except NotFound:
        return None
    refuse_outcome(result)
    return result


def write_teardown(context: Context, lab: Lab, request: Mapping[str, Any], sender: Sender) -> SubmitResult:
    """Create the job that removes a lab; `request` is a loaded teardown request.

    Raises:
        Problem: as `submit`.
    """
    submission = teardown_submission(context.store, lab, request)
    owned = replace(
        submission,
        key_id=sender.key_id,
        request_id=sender.request_id,
        traceparent=sender.traceparent,
        tracestate=sender.tracestate,
        idempotency=sender.idempotency,
        chat=_chat(sender),
        secrets={**submission.secrets, **sender.chat_secrets},
    )
    return write(context, owned)


def write(context: Context, submission: Submission) -> SubmitResult:
    """Write a submission in one move, which wakes workers.

    Raises:
        Problem: as `submit`.
    """
    try:
        result = _written(context, submission)
    except NotFound as error:
        raise Problem(409, "gone-meanwhile", "The host or the lab was removed meanwhile.") from error
    except IllegalMove as error:
        raise Problem(409, "lab-not-there", f"The lab is {error.state}.", state=error.state) from error
    refuse_outcome(result)
    return result


def _written(context: Context, submission: Submission) -> SubmitResult:
    kind, job_id, began = submission.kind, new_id("job", context.clock()), time.monotonic()
    if context.settings.servers.broker_url:
        # A broker beside the ledger hears of it a moment later; what is lost in between, the sweep makes good.
        result = context.store.jobs.submit(submission, job_id)
        context.wakes.steps(result.ready_steps)
    else:
        result = context.store.jobs.submit(submission, job_id, letter(submission.traceparent))
    outcome, made = str(result.outcome), result.job.id if result.job else ""
    submitted(kind, outcome)
    note_submission(kind, submission.host_id, outcome, made, time.monotonic() - began)
    return result


def refuse_forbidden(plan: Plan) -> None:
    """Refuse a plan that a rule forbids.

    Raises:
        Problem: 422 with one entry a finding, each with its reason and remedy.
    """
    if not plan.refused:
        return
    forbidden = [finding for finding in plan.findings if finding.severity is Severity.ERROR]
    errors = [
        {
            "pointer": finding.pointer or "#",
            "code": finding.code,
            "detail": f"{finding.reason} {finding.remedy}".strip(),
        }
        for finding in forbidden
    ]
    raise Problem(422, "cannot-be-built", forbidden[0].reason, errors=errors, remedy=forbidden[0].remedy)


def submission_of(planned: Planned, sender: Sender) -> Submission:
    """Return the submission of a planned request, without its secrets."""
    request, host = planned.request, planned.resolved.host
    url = request.get("callback_url")
    return Submission(
        kind=request["kind"],
        request=request,
        plan=planned.plan,
        host_id=host.id if host else "",
        lab_id=planned.lab_id,
        creates_lab=planned.creates_lab,
        labels=request.get("labels") or {},
        priority=PRIORITIES[request["priority"]],
        # What an operator does to a lab is its tenant's, who shall see why his lab changed.
        tenant=planned.resolved.lab.tenant if planned.resolved.lab else sender.tenant,
        key_id=sender.key_id,
        admission=request["admission"],
        on_failure=request["on_failure"],
        on_cancel=request["on_cancel"],
        deadline_seconds=request["deadline_seconds"],
        lease_seconds=request.get("lease_seconds", 0),
        callback={"url": url} if url else None,
        chat=_chat(sender),
        request_id=sender.request_id,
        traceparent=sender.traceparent,
        tracestate=sender.tracestate,
        idempotency=sender.idempotency,
        targets=targets_of(request, vars(planned.resolved.lab) if planned.resolved.lab else None, planned.plan.reshape),
        keeps_off_cordoned=not sender.may_use_cordoned,
        lab_name=_lab_name(request) if planned.creates_lab else "",
        gate=gate_of(request),
    )


def _chat(sender: Sender) -> dict[str, Any] | None:
    return sender.conversation.stored() if sender.conversation else None


def refuse_too_late(gate: Gate, now: float) -> None:
    """Refuse a beginning that is too far away.

    Raises:
        Problem: 422 that names `not_before`.
    """
    if gate.not_before is not None and gate.not_before > now + LATEST_SECONDS:
        days = LATEST_SECONDS // 86400
        raise invalid_field("#/not_before", "range", f"A job begins at most {days} days ahead.")


def _lab_name(request: Mapping[str, Any]) -> str:
    names = (request.get("cluster"), request.get("node"), request.get("nested_vm"))
    return str(next((named["name"] for named in names if named and named.get("name")), ""))


def _lab_secrets(context: Context, planned: Planned) -> dict[str, dict[str, Any]]:
    return context.store.labs.secrets(planned.resolved.lab.id) if planned.resolved.lab else {}
