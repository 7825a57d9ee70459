"""What unit tests of the worker share: a ledger that remembers, a line that answers from a script, a runner on both."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import redis

from service.ledger.store import errors as ledger
from service.ledger.store.claims import Claim, RenewResult, StepResult
from tests.fakes import FakeClock, make_claim
from workers.errors import RemoteError
from workers.keeper import Lease
from workers.psrp.invoke import Invocation, Outcome, Watch
from workers.psrp.line import Contact
from workers.psrp.session import CallIds
from workers.psrp.streams import Record
from workers.runner import Runner, Tools
from workers.secrets import Keyring
from workers.steps.base import Applied, Checked, NotYet, StepContext, Wait

IDS = CallIds("session", "shell", "command")


@dataclass
class FakeLedger:
    """Remembers events, intents and renewals. `lost` refuses every write; `away` counts those that find no server."""

    events: list[tuple[str, dict[str, Any], int | None, str | None]] = field(default_factory=list)
    intents: list[dict[str, Any]] = field(default_factory=list)
    renewed: list[list[tuple[str, str, str]]] = field(default_factory=list)
    answer: RenewResult = field(default_factory=lambda: RenewResult(frozenset(), frozenset()))
    lost: bool = False
    away: int = 0

    def append(
        self,
        claim: Claim,
        type: Any,  # noqa: A002 - the ledger's word
        data: Mapping[str, Any],
        percent: int | None = None,
        message: str | None = None,
    ) -> None:
        """Remember an event."""
        self._check()
        self.events.append((str(type), dict(data), percent, message))

    def record_intent(self, claim: Claim, intent: Mapping[str, Any]) -> None:
        """Remember an intent."""
        self._check()
        self.intents.append(dict(intent))

    def renew(self, tokens: Sequence[tuple[str, str, str]], lease_seconds: float) -> RenewResult:
        """Remember a renewal and give the scripted answer."""
        self._check()
        self.renewed.append(list(tokens))
        return self.answer

    def types(self) -> list[str]:
        """Return the types of the events."""
        return [event[0] for event in self.events]

    def _check(self) -> None:
        if self.away > 0:
            self.away -= 1
            raise redis.ConnectionError("away")
        if self.lost:
            raise ledger.LeaseLost("lost")


@dataclass
class FakeLine:
    """A line whose calls are answered by function name, as call records. An exception is raised."""

    answers: dict[str, Any]
    watch: Watch
    calls: list[Invocation]
    during: Callable[[Invocation, Watch], None] | None = None
    contact: Contact = field(default_factory=Contact)
    host_id: str = "host_1"

    def invoke(self, invocation: Invocation) -> Outcome:
        """Do what a real line does around a call: tick, record, relay; then answer."""
        self.calls.append(invocation)
        self.watch.tick()
        self.watch.starting(invocation, IDS)
        if self.during is not None:
            self.during(invocation, self.watch)
        answer = self.answers[invocation.function or invocation.name]
        if isinstance(answer, RemoteError) and invocation.call_id and not answer.is_id(*_WRAPPERS_OWN):
            return Outcome([_failure(invocation, answer)], [], failed=False)
        if isinstance(answer, BaseException):
            raise answer
        return Outcome([_record(invocation, answer)], [], failed=False)

    def relay_errors(self, errors: list[RemoteError]) -> None:
        """Nothing came."""


_WRAPPERS_OWN = ("Matryoshka.FenceTooOld", "Matryoshka.GuestNotReady", "Matryoshka.CallStillRunning")


def _failure(invocation: Invocation, error: RemoteError) -> dict[str, Any]:
    facts = {"ErrorId": error.error_id, "ErrorCategory": error.category, "ErrorMessage": error.message}
    return {"Name": invocation.function, "Status": "failed", "ResultJson": "", **facts}


def _record(invocation: Invocation, answer: Any) -> dict[str, Any]:
    if not invocation.function:
        return dict(answer)
    return {"Name": invocation.function, "Status": "completed", "ResultJson": answer}


@dataclass
class Bench:
    """A runner on fakes."""

    handlers: dict[str, Any]
    answers: dict[str, Any] = field(default_factory=dict)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    clock: FakeClock = field(default_factory=FakeClock)
    draining: threading.Event = field(default_factory=threading.Event)
    calls: list[Invocation] = field(default_factory=list)
    during: Callable[[Invocation, Watch], None] | None = None
    lease: Lease | None = None
    contact: Contact = field(default_factory=Contact)

    def run(self, claim: Claim | None = None) -> StepResult | None:
        """Run one claim."""
        claim = claim or make_claim("Act", secrets={"guest_administrator": {"sealed": "s3cret-value"}})
        self.lease = Lease(claim, self.clock.now + 60.0, 2.0, self.clock.monotonic)
        tools = Tools(
            self.ledger,
            lambda host_id, watch, scrubber: FakeLine(self.answers, watch, self.calls, self.during, self.contact),  # type: ignore[arg-type,return-value]
            Keyring(lambda box: box.encode()),
            self.draining,
            handlers=self.handlers,
            monotonic=self.clock.monotonic,
            wall=self.clock.time,
            sleep=self.clock.sleep,
        )
        return Runner(tools).run(claim, self.lease)


@dataclass
class Act:
    """A handler whose parts are given; by default it has work to do and succeeds."""

    action: ClassVar[str] = "Act"
    checks: Callable[[StepContext], Checked | NotYet] = lambda _: NotYet("to do")
    applies: Callable[[StepContext], Applied | Wait] = lambda _: Applied({"a": 1})
    verifies: Callable[[StepContext], Mapping[str, Any]] = lambda _: {"v": 2}
    undoes: Callable[[StepContext], None] = lambda _: None

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Run the given check."""
        return self.checks(ctx)

    def apply(self, ctx: StepContext) -> Applied | Wait:
        """Run the given change."""
        return self.applies(ctx)

    def verify(self, ctx: StepContext) -> Mapping[str, Any]:
        """Run the given read-back."""
        return self.verifies(ctx)

    def undo(self, ctx: StepContext) -> None:
        """Run the given way back."""
        self.undoes(ctx)


def progress(message: str, percent: int | None = None) -> Record:
    """Return a progress record."""
    from workers.psrp.streams import Stream

    return Record(Stream.PROGRESS, message, percent)
