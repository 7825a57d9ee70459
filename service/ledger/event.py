"""Events: what happened, in dotted past-tense types. Every change of state appends one in the same atomic move.

Pure: no Redis, no Flask, no Celery.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from service.ledger.tenant import DEFAULT_TENANT


class EventType(StrEnum):
    """Every event type there is. Callers must ignore types they do not know."""

    JOB_WAITING_APPROVAL = "job.waiting_approval"
    JOB_APPROVED = "job.approved"
    JOB_REJECTED = "job.rejected"
    JOB_SCHEDULED = "job.scheduled"
    JOB_AMENDED = "job.amended"
    JOB_QUEUED = "job.queued"
    JOB_WAITING = "job.waiting"
    JOB_STARTED = "job.started"
    JOB_PAUSING = "job.pausing"
    JOB_PAUSED = "job.paused"
    JOB_RESUMED = "job.resumed"
    JOB_CANCELLING = "job.cancelling"
    JOB_ROLLING_BACK = "job.rolling_back"
    JOB_RETRIED = "job.retried"
    JOB_SUCCEEDED = "job.succeeded"
    JOB_FAILED = "job.failed"
    JOB_CANCELLED = "job.cancelled"
    JOB_EXPIRED = "job.expired"
    STEP_STARTED = "step.started"
    STEP_PROGRESSED = "step.progressed"
    STEP_WARNED = "step.warned"
    STEP_LOGGED = "step.logged"
    STEP_WAITED = "step.waited"
    STEP_SUCCEEDED = "step.succeeded"
    STEP_SKIPPED = "step.skipped"
    STEP_FAILED = "step.failed"
    STEP_RETRIED = "step.retried"
    STEP_LOST = "step.lost"
    STEP_RELEASED = "step.released"
    STEP_CANCELLED = "step.cancelled"
    STEP_UNDONE = "step.undone"
    LAB_CREATED = "lab.created"
    LAB_READY = "lab.ready"
    LAB_EXTENDED = "lab.extended"
    LAB_EXPIRED = "lab.expired"
    LAB_REMOVED = "lab.removed"
    HOST_REGISTERED = "host.registered"
    HOST_UPDATED = "host.updated"
    HOST_INSPECTED = "host.inspected"
    HOST_DELETED = "host.deleted"
    ENDPOINT_PINGED = "endpoint.pinged"
    ENDPOINT_DISABLED = "endpoint.disabled"
    CHAT_REPLIED = "chat.replied"  # to one conversation only: neither in the feed nor sent to endpoints


@dataclass(frozen=True)
class Event:
    """One event. `id` is a Redis stream id (`ms-seq`), rising in a job and in the feed; `at` is in seconds (UTC).

    `tenant` is whose it is: its job's or lab's; what no tenant has, such as a host, is of the default one.
    """

    id: str
    type: EventType
    at: float
    job_id: str = ""
    lab_id: str = ""
    step_id: str = ""
    node: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    tenant: str = DEFAULT_TENANT
