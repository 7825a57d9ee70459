"""Steering a job between its submission and its end: agree to it, pause it, change what may still change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.ledger.acting import with_detail
from service.ledger.audit import content_sha256
from service.ledger.store.errors import IllegalMove, LedgerError, NotFound, VersionConflict
from service.ledger.store.scripts import Scripts, dumps


class OwnRequest(LedgerError):
    """Whoever asked for a job cannot be the one who agrees to it."""


@dataclass(frozen=True)
class Doer:
    """Who steers: the API key, its name, whether it may do everything, and why he does it (shown to all)."""

    key_id: str
    name: str = ""
    is_admin: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Amendment:
    """What to change of a job that has not started. None leaves a thing as it is.

    `request` is the whole request with the changes; `moves` says that `not_before` (None = at once) is to be written.
    """

    request: Mapping[str, Any]
    priority: int | None = None
    labels: Mapping[str, str] | None = None
    moves: bool = False
    not_before: float | None = None
    changes: Sequence[Mapping[str, Any]] = ()


class SteeringStore:
    """The moves that steer jobs of one ledger. `version` 0 means: whatever version the job has."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def approve(self, job_id: str, doer: Doer, version: int = 0) -> None:
        """Agree to a job: it is scheduled, queued or waits for room. Safe to repeat by the same doer.

        Raise NotFound, VersionConflict, OwnRequest when the doer asked for it, IllegalMove when nobody is asked.
        """
        self._move("approve", job_id, doer, version)

    def reject(self, job_id: str, doer: Doer, version: int = 0) -> None:
        """Refuse a job: it is cancelled with the reason. Safe to repeat by the same doer. Raise as `approve`."""
        self._move("reject", job_id, doer, version)

    def pause(self, job_id: str, doer: Doer, version: int = 0) -> None:
        """Hand out no more steps; those that run end as always. Safe to repeat.

        Raise NotFound, VersionConflict, IllegalMove when the job is neither queued, waiting nor running, or is ending.
        """
        self._move("pause", job_id, doer, version)

    def resume(self, job_id: str, doer: Doer, version: int = 0) -> None:
        """Go on with a paused job. Safe to repeat. Raise NotFound, VersionConflict, IllegalMove when it is not one."""
        self._move("resume", job_id, doer, version)

    def amend(self, job_id: str, doer: Doer, version: int, amendment: Amendment) -> None:
        """Change priority, labels or beginning of a job that has not started and is at this version.

        Raise NotFound, VersionConflict, IllegalMove when it has started, or `not_before` is over for it.
        """
        key, text = self._scripts.key("job", job_id), dumps(amendment.request)
        arguments: dict[str, Any] = {
            "job": job_id,
            "version": version,
            "by": doer.key_id,
            "request": text,
            "content_sha256": content_sha256(text, self._scripts.client.hget(key, "secrets") or ""),
            "moves": amendment.moves,
            "not_before": "" if amendment.not_before is None else repr(amendment.not_before),
            "data": dumps({"by": doer.key_id, "name": doer.name, "changes": amendment.changes}),
        }
        if amendment.priority is not None:
            arguments["priority"] = amendment.priority
        if amendment.labels is not None:
            arguments["labels"] = [[name, value] for name, value in amendment.labels.items()]
            arguments["labels_text"] = dumps(amendment.labels)
        with with_detail({"changes": amendment.changes}):
            self._check(job_id, *self._scripts.run("amend", arguments))

    def _move(self, name: str, job_id: str, doer: Doer, version: int) -> None:
        arguments = {
            "job": job_id,
            "by": doer.key_id,
            "name": doer.name,
            "admin": doer.is_admin,
            "reason": doer.reason,
            "version": version,
        }
        self._check(job_id, *self._scripts.run(name, arguments))

    def _check(self, job_id: str, code: str, detail: str) -> None:
        if code == "unknown":
            raise NotFound(f"no job {job_id}")
        if code == "changed":
            raise VersionConflict(f"job {job_id} changed since it was read", int(detail))
        if code == "own":
            raise OwnRequest(f"job {job_id} was asked for by the same key")
        if code == "illegal":
            raise IllegalMove(f"job {job_id} is {detail}", state=detail)
