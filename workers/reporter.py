"""What a running step tells the ledger: at most two progress events a second, every warning, log lines in bunches."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import redis
import structlog

from service.ledger.event import EventType
from service.ledger.store import errors as ledger
from service.ledger.store.claims import Claim
from workers.errors import LeaseLost
from workers.psrp.streams import Record, Stream
from workers.secrets import Scrubber

log = structlog.get_logger(__name__)

_INTERVAL_SECONDS = 0.5
_BUNCH = 50  # lines in one log event
_WAITING = 500  # lines kept between two events; older ones are counted and dropped


class Appends(Protocol):
    """The one move of the ledger that the reporter needs."""

    def append(
        self,
        claim: Claim,
        type: EventType,  # noqa: A002 - the ledger's word
        data: Mapping[str, Any],
        percent: int | None = None,
        message: str | None = None,
    ) -> None:
        """Append an event of the claim's step."""


@dataclass
class Reporter:
    """Relays one claim's progress, warnings and log lines, scrubbed. Its owner thread is the step's.

    A ledger that cannot be reached costs events, not the step; a lost lease is raised as LeaseLost.
    """

    events: Appends
    claim: Claim
    scrubber: Scrubber
    monotonic: Callable[[], float] = time.monotonic
    percent: int = 0
    message: str = ""
    _due: bool = False
    _last: float = float("-inf")
    _lines: list[dict[str, str]] = field(default_factory=list)
    _dropped: int = 0

    def relay(self, records: list[Record]) -> None:
        """Take records of the remote streams in their order."""
        for record in records:
            if record.stream is Stream.PROGRESS:
                self._progress(record.percent, record.message or record.activity)
            elif record.stream is Stream.WARNING:
                self._warn({"message": record.message})
            elif record.stream is Stream.ERROR:
                self._warn(_error_data(record))
            else:
                self._line(record)
        self.flush()

    def report(self, percent: int | None, message: str) -> None:
        """Take a progress report of the step itself."""
        self._progress(percent, message)
        self.flush()

    def log(self, type_: str, data: Mapping[str, Any]) -> None:
        """Append an event of the step itself: a warning, or a log entry."""
        self._append(EventType(type_), dict(data))

    def flush(self, *, now: bool = False) -> None:
        """Send what waits, when the interval is over or `now`."""
        if not now and self.monotonic() - self._last < _INTERVAL_SECONDS:
            return
        self._last = self.monotonic()
        if self._due:
            self._due = False
            data = {"percent": self.percent, "message": self.message}
            self._append(EventType.STEP_PROGRESSED, data, self.percent, self.message)
        if self._lines:
            self._send_lines()
        while now and self._lines:  # nobody comes for the rest
            self._send_lines()

    def _progress(self, percent: int | None, message: str) -> None:
        text = self.scrubber.text(message)
        # A step may make several calls, each counting from zero: what callers see never goes back.
        best = max(self.percent, min(99, percent if percent is not None else 0))
        self._due = self._due or best != self.percent or text != self.message
        self.percent, self.message = best, text

    def _warn(self, data: dict[str, Any]) -> None:
        self._append(EventType.STEP_WARNED, data)

    def _line(self, record: Record) -> None:
        if len(self._lines) >= _WAITING:
            self._lines.pop(0)
            self._dropped += 1
        self._lines.append({"stream": record.stream.value, "text": record.message})

    def _send_lines(self) -> None:
        lines, self._lines = self._lines[:_BUNCH], self._lines[_BUNCH:]
        dropped, self._dropped = self._dropped, 0
        self._append(EventType.STEP_LOGGED, {"lines": lines, **({"dropped": dropped} if dropped else {})})

    def _append(
        self, kind: EventType, data: dict[str, Any], percent: int | None = None, message: str | None = None
    ) -> None:
        try:
            self.events.append(self.claim, kind, self.scrubber.value(data), percent, message)
        except ledger.LeaseLost as error:
            raise LeaseLost(str(error)) from error
        except redis.RedisError as error:
            log.warning("event_dropped", type=str(kind), error=type(error).__name__)


def _error_data(record: Record) -> dict[str, Any]:
    error = record.error
    if error is None:
        return {"message": record.message}
    return {"message": record.message, "error_id": error.error_id, "category": error.category}
