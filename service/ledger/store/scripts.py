"""Runs the ledger's Lua moves: one shared library, one file a move, called by hash, loaded again when forgotten.

Every key is built inside Lua from the namespace, so all of them live on one server (no cluster).
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from importlib import resources
from typing import Any

import redis
from prometheus_client import Histogram

from service.ledger.acting import acting_text
from service.ledger.audit import lua_fields
from service.ledger.job import TERMINAL_STATES, TRANSITIONS
from service.ledger.store.settings import StoreSettings
from service.observing.metrics import MOVE_ERRORS, MOVE_SECONDS

# json.dumps makes an encoder a call when it is given options; a submission writes some sixty texts.
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_LIBRARY = (
    "base",
    "chat",
    "event",
    "capacity",
    "index",
    "steps",
    "graph",
    "lab",
    "rotation",
    "shape",
    "job",
    "gate",
    "pause",
    "edit",
    "undo",
    "claim",
    "view",
    "tenant",
    "audit",
)
# What changes no record that callers know: never an entry of the audit log.
_NOT_AUDITED = frozenset(
    {"read_jobs", "read_steps", "list_jobs", "list_labs", "list_documents", "list_deliveries", "list_workers"}
    | {"chat_pend", "chat_decide", "chat_reply"}  # a deed that was agreed to has an entry of its own
    | {"vitals", "tallies", "claimable", "tenant_usage", "locks", "note_key_use", "note_audit", "seal_audit"}
    | {"snapshot", "restored"}  # the commands that run them write an entry of their own
)


def _lua(name: str) -> str:
    return resources.files("service.ledger").joinpath("lua", f"{name}.lua").read_text(encoding="utf-8")


def _transitions() -> str:
    """Write the transition table of `job.py` as Lua, so that there is one table only."""
    rows = [f"{old}={{{','.join(f'{new}=true' for new in sorted(news))}}}" for old, news in TRANSITIONS.items()]
    ends = ",".join(f"{state}=true" for state in sorted(TERMINAL_STATES))
    return f"local TRANSITIONS={{{','.join(rows)}}}\nlocal TERMINAL={{{ends}}}\n"


def source(name: str) -> str:
    """Return the whole text of one move, library included."""
    library = "\n".join(_lua(f"lib_{part}") for part in _LIBRARY)
    return f"{_transitions()}{lua_fields()}{library}\nreturn L.audited(function()\n{_lua(name)}\nend)\n"


def dumps(value: Any) -> str:
    """Write JSON as the ledger stores it."""
    return _ENCODER.encode(value)


class Scripts:
    """The moves of one namespace on one server. Needs a client with `decode_responses=True`."""

    def __init__(self, client: redis.Redis, settings: StoreSettings) -> None:
        if not client.get_connection_kwargs().get("decode_responses"):
            raise ValueError("the ledger needs a Redis client made with decode_responses=True")
        self.client: Any = client
        self.settings = settings
        self._namespace = settings.namespace
        self._options = dumps(
            {
                "test": settings.test_clock,
                "events": settings.job_events_max,
                "feed": settings.feed_events_max,
                "deliveries": settings.endpoint_deliveries_max,
                "backlog": settings.endpoint_backlog_max,
                "failing": settings.endpoint_failing_seconds,
                "breaker": settings.breaker_failures,
                "breaker_seconds": settings.breaker_seconds,
                "breaker_longest": settings.breaker_longest_seconds,
                "first_delay": settings.webhook_schedule[0] if settings.webhook_schedule else 0,
            }
        )
        self._loaded: dict[str, tuple[str, str, Histogram]] = {}

    def key(self, *parts: str) -> str:
        """Return a key of this namespace."""
        return ":".join((self._namespace, *parts))

    def run(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Run one move. Raise redis errors; a move is written so that repeating it after a lost reply is safe.

        Whoever acts now (`service.ledger.acting`) gets an entry in the audit log when the move changes its target.
        """
        sha, text, seconds = self._script(name)
        act = "" if name in _NOT_AUDITED else acting_text()
        values = (self._namespace, self._options, dumps(arguments), act, secrets.token_hex(8))
        started = time.perf_counter()
        try:
            return self._evaluated(sha, text, values)
        except redis.exceptions.RedisError as error:
            MOVE_ERRORS.labels(name, type(error).__name__).inc()
            raise
        finally:
            seconds.observe(time.perf_counter() - started)

    def _evaluated(self, sha: str, text: str, values: tuple[str, ...]) -> Any:
        try:
            return self.client.evalsha(sha, 0, *values)
        except redis.exceptions.NoScriptError:
            return self.client.eval(text, 0, *values)

    def run_raw(self, name: str, arguments: Mapping[str, Any], client: Any) -> Any:
        """Run a move that leaves no entry, over a client of the caller's that does not decode. Raise redis errors."""
        values = (self._namespace, self._options, dumps(arguments), "", secrets.token_hex(8))
        return client.eval(self._script(name)[1], 0, *values)

    def _script(self, name: str) -> tuple[str, str, Histogram]:
        """Return the move's hash, its text, and what its time is told."""
        if name not in self._loaded:
            text = source(name)
            sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
            self._loaded[name] = (sha, text, MOVE_SECONDS.labels(name))
        return self._loaded[name]
