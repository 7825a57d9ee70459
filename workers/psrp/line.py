"""A claim's line to its host: borrows a session, brings the module, outlives reboots and broken connections."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from workers.errors import (
    AccessDenied,
    DeadlinePassed,
    HostMisconfigured,
    HostUnreachable,
    OutcomeUnknown,
    ProtocolBroken,
    RemoteError,
    SessionLost,
    StepCancelled,
    WorkerError,
)
from workers.psrp.invoke import Invocation, Outcome, Watch, error_records, run
from workers.psrp.module import ModuleSource, ensure_module, shipped_source
from workers.psrp.pool import SessionPool
from workers.psrp.session import HostSession
from workers.psrp.transport import Endpoint

log = structlog.get_logger(__name__)

_LOST = (SessionLost, OutcomeUnknown, ProtocolBroken)
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 8.0


@dataclass
class Contact:
    """Whether the host answers, as one claim saw it: `error` is None before the first call, '' after an answer.

    Otherwise it is the code of the last error; `since` is the monotonic time of the first one in a row.
    """

    error: str | None = None
    since: float = 0.0

    def answered(self) -> None:
        """Note an answer of the host, a refusal by a function too."""
        self.error = ""

    def failed(self, code: str, now: float) -> None:
        """Note that no answer came, or no session."""
        self.since = self.since if self.error else now
        self.error = code


@dataclass
class HostLine:
    """Calls by name on one host during one claim.

    A call whose session is lost is asked again on a new one: reads change nothing, and changes carry a CallId, so the
    journal answers what became of it or joins it while it runs. This goes on for `patience_seconds` (a host that
    reboots comes back), then OutcomeUnknown says that it was started, HostUnreachable that it was not. `endpoint` is
    asked for each session: a step that calls nothing needs no host record and opens no secret. `place` is the same
    endpoint without its secret, for who only looks at the way.
    """

    pool: SessionPool
    endpoint: Callable[[], Endpoint]
    watch: Watch
    patience_seconds: float = 90.0
    source: Callable[[], ModuleSource] = shipped_source
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    contact: Contact = field(default_factory=Contact)
    host_id: str = ""
    place: Callable[[], Endpoint] | None = None
    _left: list[HostSession] = field(default_factory=list)

    def invoke(self, invocation: Invocation) -> Outcome:
        """Run one call to a known end; raises a WorkerError. Safe to repeat: see the class."""
        try:
            outcome = self._until_known(invocation)
        except (StepCancelled, DeadlinePassed):
            # A call that we joined on a new session still runs in the old one: stopping the joiner is not enough.
            self._discard_left()
            raise
        self._discard_left()
        return outcome

    def _until_known(self, invocation: Invocation) -> Outcome:
        until = self.monotonic() + self.patience_seconds
        pause = _FIRST_PAUSE
        unknown: WorkerError | None = None
        while True:
            try:
                outcome = self._once(invocation)
            except RemoteError:
                self.contact.answered()
                raise
            except (AccessDenied, HostMisconfigured) as error:
                self.contact.failed(error.code, self.monotonic())
                raise
            except _LOST as error:
                self.contact.failed(error.code, self.monotonic())
                unknown = error
                log.info("call_interrupted", call_id=invocation.call_id, function=invocation.function, code=error.code)
            except HostUnreachable as error:
                self.contact.failed(error.code, self.monotonic())
                unknown = unknown or error
            else:
                self.contact.answered()
                return outcome
            if self.monotonic() >= until:
                raise self._gave_up(unknown)
            self._pause(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def relay_errors(self, errors: list[RemoteError]) -> None:
        """Relay errors that a completed call wrote on its way."""
        if errors:
            self.watch.relay(error_records(errors))

    def _once(self, invocation: Invocation) -> Outcome:
        with self.pool.session(self.endpoint(), self.watch.tick) as session:
            quiet = _Quiet(self.watch)
            try:
                ensure_module(session, lambda item: run(session, item, quiet, self.sleep), self.source)
                return run(session, invocation, self.watch, self.sleep)
            finally:
                if session.is_left:
                    self._left.append(session)

    def _discard_left(self) -> None:
        # Once a call's end is known, the shells that were left for it only count against the host's quota.
        while self._left:
            self._left.pop().discard()

    def _gave_up(self, reason: WorkerError | None) -> WorkerError:
        if isinstance(reason, HostUnreachable) or reason is None:
            return HostUnreachable(f"the host could not be reached for {self.patience_seconds:g} s")
        return OutcomeUnknown(
            f"the call was started and its end is not known after {self.patience_seconds:g} s: {reason}"
        )

    def _pause(self, seconds: float) -> None:
        until = self.monotonic() + seconds * (0.75 + 0.5 * self.jitter())
        while self.monotonic() < until:
            self.watch.tick()
            self.sleep(min(0.5, max(0.01, until - self.monotonic())))


@dataclass(frozen=True)
class _Quiet:
    """The watch of the calls that bring the module: they may be cancelled, but they are not the step's own."""

    watch: Watch

    def tick(self) -> None:
        self.watch.tick()

    def starting(self, invocation: Invocation, ids: object) -> None:
        """Nothing to record: loading the module into our own session changes nothing on the host."""

    def relay(self, records: object) -> None:
        """Nothing to tell."""
