"""Who acts in a request, for the audit log; and the attempts that are refused by rights.

A change leaves its entry in the move that makes it (`service.ledger.acting`). A refusal changes nothing: it is written
beside the answer, and an answer does not wait for a ledger that is away.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import redis
import structlog
from flask import Flask, Response, g, request

from service.api.auth import Caller
from service.ledger.acting import Acting, Actor, set_acting
from service.ledger.store import AuditStore
from service.observing.traceparent import trace_id

_DENIALS = frozenset({401, 403})
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_FORBIDDEN = 403
_NOBODY = Actor("anonymous", "", "")
# What stands in a path is the caller's text until it looks like an id of ours.
_ID = re.compile(r"[a-z]{2,8}_[0-9a-f]{26}")

log = structlog.get_logger()


@dataclass
class Allowance:
    """How many refusals of callers that nobody knows are written one by one: a burst, then one a second.

    Whoever has no key could fill the log otherwise. What is left out is counted, and the next entry says how many.
    """

    burst: float = 60.0
    per_second: float = 1.0
    clock: Callable[[], float] = time.monotonic
    left_out: int = 0
    _room: float = -1.0
    _seen: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> int | None:
        """Return how many were left out before this one, None when this one is left out too."""
        with self._lock:
            now = self.clock()
            grown = self.burst if self._room < 0 else self._room + (now - self._seen) * self.per_second
            self._room, self._seen = min(self.burst, grown), now
            if self._room < 1:
                self.left_out += 1
                return None
            self._room -= 1
            before, self.left_out = self.left_out, 0
            return before


def begin_acting(caller: Caller) -> None:
    """Say who acts in this request, if it may change something; nobody does in one that only reads."""
    if request.method not in _READS:
        set_acting(_acting(_actor(caller)))


def end_acting(_error: BaseException | None) -> None:
    """Forget it: this thread will serve somebody else."""
    set_acting(None)


def register_denials(app: Flask, audit: AuditStore) -> None:
    """Write an entry about each change that is refused with 401 or 403, and about reads that a known caller may not."""
    allowance = Allowance()

    def write(response: Response) -> Response:
        if response.status_code in _DENIALS and request.endpoint:
            _write_denial(response, audit, allowance)
        return response

    app.after_request(write)


def _write_denial(response: Response, audit: AuditStore, allowance: Allowance) -> None:
    caller: Caller | None = g.get("caller")
    left_out: int | None = 0
    if caller is None:
        left_out = None if request.method in _READS else allowance.take()
    elif request.method in _READS and response.status_code != _FORBIDDEN:
        left_out = None
    if left_out is None:
        return
    code = (response.get_json(silent=True) or {}).get("code", "")
    detail = {"status": response.status_code, "code": code} | ({"left_out": left_out} if left_out else {})
    act = replace(_acting(_actor(caller) if caller else _NOBODY), outcome="denied", detail=detail)
    sort, target = _aim()
    try:
        audit.note(act, sort, target)
    except redis.RedisError as error:
        log.warning("denial_not_audited", operation=act.operation, error=type(error).__name__)


def _aim() -> tuple[str, str]:
    """Return the sort and the id in the path; '' twice when there is none, or something else."""
    for name, value in (request.view_args or {}).items():
        if _ID.fullmatch(str(value)):
            return name.removesuffix("_id"), str(value)
    return "", ""


def _actor(caller: Caller) -> Actor:
    return Actor(caller.kind, caller.key_id, caller.name, caller.tenant, caller.subject)


def _acting(actor: Actor) -> Acting:
    operation = (request.endpoint or "").rpartition(".")[2]
    return Acting(actor, operation, request.remote_addr or "", g.request_id, trace_id(g.traceparent))
