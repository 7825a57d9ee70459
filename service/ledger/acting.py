"""Who acts now, for the audit log. The doors (API, command line, sweep) say it, and the moves of the ledger take it.

A change made while nobody is named leaves no entry: what workers do for a job is in the job's events.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, Literal

DETAIL_MAX = 4096
_ALWAYS = frozenset({"kind", "id", "name"})
ActorKind = Literal["api_key", "oidc", "chat", "cli", "system", "anonymous"]


@dataclass(frozen=True)
class Actor:
    """Who: `id` is an API key's, a pseudonym of a token's subject, a user of the machine, or a part of this service.

    `tenant` is '' for this service and for operators of the machine. `subject` is what a token calls its user.
    """

    kind: ActorKind
    id: str
    name: str
    tenant: str = ""
    subject: str = ""


@dataclass(frozen=True)
class Acting:
    """One act: by whom, which operation, from where. `outcome` is `done`, or `denied` for what was refused by rights.

    `detail` is small and JSON, and has no secret in it.
    """

    actor: Actor
    operation: str
    remote: str = ""
    request_id: str = ""
    trace_id: str = ""
    outcome: Literal["done", "denied"] = "done"
    detail: Mapping[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        """Return it as the JSON that moves keep."""
        return _TEXT(
            {
                "actor": {name: value for name, value in vars(self.actor).items() if value or name in _ALWAYS},
                "operation": self.operation,
                "remote": self.remote,
                "request_id": self.request_id,
                "trace_id": self.trace_id,
                "outcome": self.outcome,
                "detail": _bounded(self.detail) if self.detail else {},
            }
        )


_TEXT = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
_now: ContextVar[Acting | None] = ContextVar("acting", default=None)


def acting_text() -> str:
    """Return the JSON of who acts now, '' for nobody."""
    found = _now.get()
    return found.text() if found else ""


def set_acting(who: Acting | None) -> None:
    """Say who acts from now on in this thread. For a door that is entered again and again, such as a request's."""
    _now.set(who)


@contextmanager
def acting(who: Acting) -> Iterator[None]:
    """Let `who` act inside; afterwards it is whoever it was before."""
    token = _now.set(who)
    try:
        yield
    finally:
        _now.reset(token)


@contextmanager
def with_detail(detail: Mapping[str, Any]) -> Iterator[None]:
    """Give the entries of changes made inside a detail, such as a difference. Nothing happens while nobody acts.

    Above 4 KiB of JSON only its SHA-256 is kept.
    """
    found = _now.get()
    if found is None:
        yield
        return
    with acting(replace(found, detail={**found.detail, **detail})):
        yield


def _bounded(detail: Mapping[str, Any]) -> Mapping[str, Any]:
    text = _TEXT(dict(detail))
    if len(text) <= DETAIL_MAX:
        return detail
    return {"truncated": True, "sha256": hashlib.sha256(text.encode()).hexdigest()}
