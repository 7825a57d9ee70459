"""Leases: claim a step, keep it, write under its token, end it; and the sweep that takes back what was lost."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from service.ledger.event import EventType
from service.ledger.store.claims import Claim, RenewResult, StepOutcome, StepResult, SweepResult
from service.ledger.store.errors import LeaseLost
from service.ledger.store.job_view import optional_time, pairs
from service.ledger.store.scripts import Scripts, dumps
from service.observing.metrics import FENCES_REFUSED

_EVENT_DATA_MAX = 16_384
_REFUSED = FENCES_REFUSED.labels("ledger")


class LeaseStore:
    """The leases of one ledger. Safe to share between threads."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def claim(self, worker: str, lease_seconds: float) -> Claim | None:
        """Take the step that is due next, or None when nothing may start now.

        Order: priority, then the tenant and its job served least recently, then the longest chain of work behind the
        step. Hosts at their bound are passed over. Safe against a lost reply: the client's retry gets the same claim.
        """
        arguments = {"worker": worker, "lease": lease_seconds, "nonce": secrets.token_hex(8)}
        row = self._scripts.run("claim", arguments)
        return _claim_of(pairs(row)) if row else None

    def claimable(self) -> int:
        """Return about how many steps could be claimed now (at most some hundreds): how many workers to wake."""
        return int(self._scripts.run("claimable", {}))

    def renew(self, tokens: Sequence[tuple[str, str, str]], lease_seconds: float) -> RenewResult:
        """Extend all leases (job_id, step_id, token) of a process in one call. Safe to repeat."""
        if not tokens:
            return RenewResult(frozenset(), frozenset())
        arguments = {"tokens": [list(token) for token in tokens], "lease": lease_seconds}
        lost, cancelling = self._scripts.run("renew", arguments)
        if lost:
            _REFUSED.inc(len(lost))
        return RenewResult(frozenset(lost), frozenset(cancelling))

    def record_intent(self, claim: Claim, intent: Mapping[str, Any]) -> None:
        """Write down what the step is about to do, before it does it. Safe to repeat. Raise LeaseLost.

        An intent with a `call_id` (and `guest`, where it runs in one) is kept as the step's open call until a result
        says that it is over.
        """
        call_id = str(intent.get("call_id") or "")
        call = dumps({name: intent[name] for name in ("call_id", "guest") if name in intent}) if call_id else ""
        arguments = {**_owner(claim), "intent": dumps(intent), "call_id": call_id, "call": call}
        if not self._scripts.run("intent", arguments):
            raise _lost(claim)

    def append(
        self,
        claim: Claim,
        type: EventType | str,  # noqa: A002 - the event's own word
        data: Mapping[str, Any],
        percent: int | None = None,
        message: str | None = None,
    ) -> None:
        """Append an event of the step and remember its percent and message. Raise LeaseLost.

        Data above 16 KiB is cut to its beginning and marked `truncated`.
        """
        arguments = {
            **_owner(claim),
            "type": str(type),
            "data": _bounded(data),
            "percent": "" if percent is None else max(0, min(100, int(percent))),
            "message": "" if message is None else message[:500],
        }
        if not self._scripts.run("append", arguments):
            raise _lost(claim)

    def finish(self, claim: Claim, result: StepResult) -> bool:
        """Record the result: True when accepted, also if the same token is repeated; False when it is stale."""
        report = "" if result.host_report is None else dumps(result.host_report)
        arguments = {
            **_owner(claim),
            "outcome": str(StepOutcome(result.outcome)),
            "facts": [[name, dumps(value)] for name, value in result.facts.items()],
            "host_report": report,
            "host_memory_mib": _number(result.host_report, "memory_total_mib"),
            "error": "" if result.error is None else dumps(result.error),
            "retryable": result.retryable,
            "retry_after": result.retry_after_seconds,
            "wait": result.wait_seconds,
            "memo": dumps(result.memo),
            "unconfirmed": result.cancel_unconfirmed,
            "requeue": result.requeue_capacity,
            "call_open": result.call_open,
            "message": result.message[:500],
        }
        if result.host_error is not None:
            arguments |= {"host_error": result.host_error, "host_away": result.host_away_seconds}
        accepted = bool(self._scripts.run("finish", arguments))
        if not accepted:
            _REFUSED.inc()
        return accepted

    def release_worker(self, worker: str) -> int:
        """Take back the leases of a worker that is known to be dead (its own former life). Return how many."""
        return int(self._scripts.run("release_worker", {"worker": worker}))

    def sweep(self) -> SweepResult:
        """Take back what was lost, start what is due, end what is too late, remove what is old. Any number may run."""
        arguments = {
            "retention": self._scripts.settings.retention_seconds,
            "delivery_retention": self._scripts.settings.delivery_retention_seconds,
        }
        row = pairs(self._scripts.run("sweep", arguments))
        return SweepResult(
            lost=int(row["lost"]),
            expired_jobs=int(row["expired_jobs"]),
            due_waits=int(row["due_waits"]),
            expired_labs=tuple(part for part in row["expired_labs"].split(",") if part),
            wake_steps=int(row["wake_steps"]),
            wake_deliveries=int(row["wake_deliveries"]),
            removed=int(row["removed"]),
            audit_open=int(row["audit_open"]),
        )


def _lost(claim: Claim) -> LeaseLost:
    _REFUSED.inc()
    return LeaseLost(f"{claim.job_id}/{claim.step_id}")


def _owner(claim: Claim) -> dict[str, Any]:
    return {"job": claim.job_id, "step": claim.step_id, "token": claim.token}


def _number(report: Mapping[str, Any] | None, name: str) -> int:
    value = (report or {}).get(name)
    return int(value) if isinstance(value, int | float) else 0


def _bounded(data: Mapping[str, Any]) -> str:
    text = dumps(data)
    if len(text) <= _EVENT_DATA_MAX:
        return text
    return dumps({"truncated": True, "text": text[: _EVENT_DATA_MAX // 4]})


def _claim_of(row: Mapping[str, str]) -> Claim:
    of_lab, of_job = json.loads(row["lab_secrets"]), json.loads(row["secrets"])
    # A job keeps the secrets that it was submitted with; a rotation since then has made those of its lab the true ones.
    secret_names: dict[str, Mapping[str, Any]] = of_job | of_lab if row["lab_first"] else of_lab | of_job
    facts: dict[str, str] = pairs(json.loads(row["facts"]))
    return Claim(
        job_id=row["job_id"],
        kind=row["kind"],
        step=json.loads(row["spec"]),
        phase="undo" if row["phase"] == "undo" else "forward",
        fence=int(row["fence"]),
        token=row["token"],
        attempt=int(row["attempt"]),
        generation=int(row["generation"]),
        host_id=row["host_id"],
        lab_id=row["lab_id"],
        facts={name: json.loads(value) for name, value in facts.items()},
        secrets=secret_names,
        request=json.loads(row["request"]),
        lease_deadline=float(row["lease_deadline"]),
        step_started_at=float(row["step_started_at"]),
        memo=json.loads(row["memo"]),
        open_call=json.loads(row["open_call"]),
        more=bool(row["more"]),
        request_id=row["request_id"],
        traceparent=row["traceparent"],
        tracestate=row["tracestate"],
        step_waited_seconds=optional_time(row["step_waited"]),
        job_waited_seconds=optional_time(row["job_waited"]),
        worker=row["worker"],
        claimed_at=float(row["claimed_at"]),
    )
