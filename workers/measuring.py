"""Counts, times and traces what a worker does: steps, calls to hosts, deliveries. Ids, names and codes only."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import structlog

from service.ledger.store.claims import Claim, StepOutcome, StepResult
from service.ledger.store.deliveries import DeliveryClaim, DeliveryResult
from service.observing.metrics import (
    JOB_QUEUE_SECONDS,
    LEASES_HELD,
    SLOTS,
    SLOTS_BUSY,
    STEP_SECONDS,
    STEP_WAIT_SECONDS,
    STEPS,
    WEBHOOK_ATTEMPTS,
    WEBHOOK_LAG_SECONDS,
    WEBHOOK_SECONDS,
)
from service.observing.tracing import Span, SpanKind, current, span
from workers.keeper import LeaseKeeper
from workers.process import Slots

_GIVEN_BACK = frozenset({StepOutcome.WAIT, StepOutcome.RELEASED})


def show_slots(slots: Slots, keeper: LeaseKeeper) -> None:
    """Let each scrape read what this process has in hand at that moment."""
    LEASES_HELD.set_function(lambda: len(keeper.held()))
    SLOTS.set_function(lambda: slots.total)
    SLOTS_BUSY.labels("steps").set_function(lambda: slots.steps)
    SLOTS_BUSY.labels("deliveries").set_function(lambda: slots.deliveries)


@contextmanager
def woken(traceparent: str) -> Iterator[None]:
    """Trace one turn of a slot below the request whose wake-up began it; a sweep's wake-up has no trace."""
    if not traceparent:
        yield
        return
    with span("wake-up", traceparent, kind=SpanKind.CONSUMER):
        yield


@contextmanager
def step_span(claim: Claim) -> Iterator[Span]:
    """Trace one claim of a step: below its job's request, whoever's wake-up led here, and after whatever worker."""
    action = action_of(claim)
    attributes: dict[str, str | int] = {
        "matryoshka.job_id": claim.job_id,
        "matryoshka.step_id": claim.step_id,
        "matryoshka.action": action,
        "matryoshka.kind": claim.kind,
        "matryoshka.phase": claim.phase,
        "matryoshka.host_id": claim.host_id,
        "matryoshka.worker": claim.worker,
        "matryoshka.fence": claim.fence,
        "matryoshka.attempt": claim.attempt,
    }
    # A step may begin hours after the request was answered: the link says so to tools that show spans by themselves.
    links = [one for one in (claim.traceparent, current()) if one]
    with (
        _named(request_id=claim.request_id, job_id=claim.job_id, step_id=claim.step_id),
        span(f"step {action}", claim.traceparent, links=links, state=claim.tracestate, attributes=attributes) as one,
    ):
        yield one


def action_of(claim: Claim) -> str:
    """Return the name of what the step does, which is the same for all steps of a sort."""
    return str(claim.step.get("action"))


def claimed(claim: Claim) -> None:
    """Count how long the step, and maybe its job, waited for this claim."""
    if claim.step_waited_seconds is not None:
        STEP_WAIT_SECONDS.labels(action_of(claim)).observe(max(0.0, claim.step_waited_seconds))
    if claim.job_waited_seconds is not None:
        JOB_QUEUE_SECONDS.labels(claim.kind).observe(max(0.0, claim.job_waited_seconds))


def left(claim: Claim, result: StepResult | None, seconds: float, one: Span) -> None:
    """Count how a claim ended after `seconds` in this process; no result means that its lease was lost."""
    outcome = "lost" if result is None else str(result.outcome)
    STEPS.labels(action_of(claim), outcome).inc()
    one.note(matryoshka__outcome=outcome)
    if result is None:
        one.fail("LEASE_LOST")
    elif result.outcome not in _GIVEN_BACK:
        earlier = max(0.0, claim.claimed_at - claim.step_started_at) if claim.step_started_at else 0.0
        STEP_SECONDS.labels(action_of(claim)).observe(earlier + seconds)
        if result.error:
            one.fail(str(result.error.get("code") or "failed"))


@contextmanager
def delivery_span(claim: DeliveryClaim) -> Iterator[Span]:
    """Trace one try of a delivery, below the request that made the event's job."""
    delivery = claim.delivery
    attributes: dict[str, str | int] = {
        "matryoshka.delivery_id": delivery.id,
        "matryoshka.endpoint_id": delivery.endpoint_id,
        "matryoshka.event_type": str(delivery.event.type),
        "matryoshka.job_id": delivery.event.job_id,
        "matryoshka.attempt": claim.attempt,
    }
    with (
        _named(request_id=claim.request_id, job_id=delivery.event.job_id, delivery_id=delivery.id),
        span(
            "deliver webhook", claim.traceparent, kind=SpanKind.CLIENT, state=claim.tracestate, attributes=attributes
        ) as one,
    ):
        yield one


def delivered(claim: DeliveryClaim, result: DeliveryResult, one: Span) -> str:
    """Count a try; return its outcome: succeeded, failed, gone, or released (no try at all)."""
    if result.released:
        return "released"
    outcome = "succeeded" if result.succeeded else "gone" if result.gone else "failed"
    receiver = "chat" if claim.chat or claim.way else "endpoint" if claim.delivery.endpoint_id else "callback"
    WEBHOOK_ATTEMPTS.labels(receiver, outcome).inc()
    WEBHOOK_SECONDS.labels(receiver).observe(result.milliseconds / 1000)
    one.note(matryoshka__outcome=outcome, http__response__status_code=result.status)
    if result.succeeded:
        WEBHOOK_LAG_SECONDS.labels(receiver).observe(max(0.0, time.time() - claim.delivery.event.at))
    else:
        one.fail(str(result.status or "no_answer"))
    return outcome


def _named(**ids: str) -> AbstractContextManager[None]:
    """Put ids into the log lines of a block; those that are not known stay out."""
    return structlog.contextvars.bound_contextvars(**{name: value for name, value in ids.items() if value})
