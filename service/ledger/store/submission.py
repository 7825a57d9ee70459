"""What a caller asks of the ledger: a submission with its idempotency record, and filters for lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from service.ledger.job import Job, JobState
from service.ledger.plan import Plan

Policy = Literal["keep", "rollback"]


class Outcome(StrEnum):
    """What became of a submission. Claim and creation are one move, so no submission is ever "in flight"."""

    CREATED = "created"
    REPLAYED = "replayed"
    CONFLICT = "conflict"
    REFUSED = "refused"
    TARGET_BUSY = "target_busy"
    QUOTA = "quota"


@dataclass(frozen=True)
class Idempotency:
    """The caller's key (unique within an API key, which is of one tenant), the body's SHA-256, how long it lasts."""

    key: str
    fingerprint: str
    ttl_seconds: int = 86_400


@dataclass(frozen=True)
class Gate:
    """What stands before the beginning of a job.

    `approval`: somebody else has to agree within `approval_seconds`. `host_gates`: a host that demands approvals may
    demand one of this job. `not_before` is seconds since 1970 UTC; `start_seconds` (0 = any) after it, or after the
    submission, the job must have started.
    """

    approval: bool = False
    approval_seconds: int = 0
    approval_reason: str = ""
    host_gates: bool = False
    not_before: float | None = None
    start_seconds: int = 0


@dataclass(frozen=True)
class Submission:
    """Everything that one atomic move writes.

    `priority` is 0 (high), 1 or 2 (low). `tenant` is a slug, `key_id` the API key. `lab_id` is '' (none), a new lab
    when `creates_lab`, else an existing one of the same tenant. `lease_seconds` is the lab's lease (0 = none) and
    begins when the lab is ready. `deadline_seconds` 0 means none. `callback` is {"url": ...} with optional "types".
    `chat` is a conversation that is told of the job (`chat.Conversation.stored`).
    `targets` are names of which only one unfinished job may hold each at a time per host; its lab always is one.
    `secrets` are sealed or references, never values. `placement` says how the host was chosen, None when the request
    named it. `elsewhere`: another host may have room, so this one refuses what would wait. `keeps_off_cordoned`: a host
    that is cordoned takes no new lab of this submission.
    """

    kind: str
    request: Mapping[str, Any]
    plan: Plan
    secrets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    host_id: str = ""
    lab_id: str = ""
    creates_lab: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    priority: int = 1
    tenant: str = ""
    key_id: str = ""
    admission: Literal["wait", "refuse"] = "wait"
    on_failure: Policy = "keep"
    on_cancel: Policy = "keep"
    deadline_seconds: int = 0
    lease_seconds: int = 0
    callback: Mapping[str, Any] | None = None
    chat: Mapping[str, Any] | None = None
    request_id: str = ""
    traceparent: str = ""
    tracestate: str = ""
    idempotency: Idempotency | None = None
    targets: tuple[str, ...] = ()
    lab_name: str = ""
    placement: Mapping[str, Any] | None = None
    elsewhere: bool = False
    keeps_off_cordoned: bool = False
    gate: Gate = Gate()


@dataclass(frozen=True)
class Retry:
    """How an ended job is reopened: by which API key, only at this version (0 = any), with which other request.

    `edited` None keeps request and plan; its `secrets` are only the new ones. `changes` says what differs, as shown in
    the event: pointer, before, after, or `secret` for what nobody may see. `again` are steps that were done and are
    done once more.
    """

    key_id: str = ""
    key_name: str = ""
    version: int = 0
    edited: Submission | None = None
    changes: Sequence[Mapping[str, Any]] = ()
    again: tuple[str, ...] = ()


@dataclass(frozen=True)
class SubmitResult:
    """The outcome, the job (None when there is none) and facts for the caller.

    `detail` of `refused`: reason (`capacity`, `never_fits` or `others_wait`, with wanted, free, capacity, holders;
    or `cordoned`); of
    `target_busy`: target, and holder when it is of the same tenant; of `quota`: quota (its name), limit, used, wanted.
    Mappings `wanted`, `free`, `capacity` have memory_mib and disk_gib (None = unknown). `ready_steps` is how many
    workers are worth waking.
    """

    outcome: Outcome
    job: Job | None
    detail: Mapping[str, Any] = field(default_factory=dict)
    ready_steps: int = 0


@dataclass(frozen=True)
class JobFilter:
    """Which jobs a list shows: all given conditions hold. Times are seconds since 1970 UTC, both ends inclusive."""

    state: JobState | str | None = None
    kind: str | None = None
    host_id: str | None = None
    lab_id: str | None = None
    label: tuple[str, str] | None = None
    created_after: float | None = None
    created_before: float | None = None
    tenant: str | None = None
