"""The HostPort of one claim: every verb becomes one call by name, journaled when it changes something.

A call id is `<job>.<step>.<generation>[.undo]#<n>`, n counting the change calls of the step in order: whoever runs the
step again asks for the same ids, and the journal on the machine answers what became of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import structlog

from service.observing.metrics import FENCES_REFUSED
from service.observing.tracing import Span
from workers.errors import LeaseLost, OutcomeUnknown, ProtocolBroken, RemoteError
from workers.psrp.host_way import HostWay
from workers.psrp.invoke import Invocation, Outcome
from workers.psrp.line import HostLine
from workers.psrp.measuring import measured_call, named_call
from workers.psrp.port import GuestTarget
from workers.psrp.values import parse_result, pascal_case, single_object, snake_keys
from workers.secrets import SecretBox

log = structlog.get_logger(__name__)

_CALL = "Invoke-NestedCall"
_GUEST_CALL = "Invoke-NestedGuestCall"
_OTHERS = 20  # recorded calls of another name that are skipped before we call it a bug


@dataclass(frozen=True)
class OpenCall:
    """A call that was begun and whose end is not known; `target` is the guest that it runs in, None: the host."""

    call_id: str
    target: GuestTarget | None = None

    @property
    def scope(self) -> str:
        """What the id begins with: the step, its generation and phase."""
        return self.call_id.rpartition("#")[0]

    @property
    def number(self) -> int:
        """Which call of its scope it is; 0 when the id has no number."""
        number = self.call_id.rpartition("#")[2]
        return int(number) if number.isdecimal() else 0


def open_call_of(stored: Mapping[str, Any]) -> OpenCall | None:
    """Return the call that an earlier claim left open, as the ledger keeps it; None when there is none."""
    if not stored.get("call_id"):
        return None
    guest = stored.get("guest")
    return OpenCall(str(stored["call_id"]), GuestTarget(**guest) if guest else None)


@dataclass
class CallScope:
    """The call ids of one claim.

    `recorded_failure`: the journal holds a failure of one of them and would answer it again. `open` is the latest call
    whose end is not known: one that an earlier claim left, then this claim's own.
    """

    prefix: str
    fence: int
    remaining_seconds: Callable[[], float]
    count: int = 0
    recorded_failure: bool = False
    open: OpenCall | None = None

    def next_id(self) -> str:
        """Return the id of the next change call."""
        self.count += 1
        return f"{self.prefix}#{self.count}"

    def begun(self, call: OpenCall) -> None:
        """Note that a call is about to be started: what never found a session cannot run anywhere."""
        # Asking for an earlier call again says nothing about the later one that another claim left.
        if self.open is None or self.open.scope != call.scope or self.open.number <= call.number:
            self.open = call

    def over(self, call_id: str) -> None:
        """Note that the call of this id has ended."""
        if self.open is not None and self.open.call_id == call_id:
            self.open = None


@dataclass
class ClaimHost:
    """Implements HostPort for one claim on one host, or (with a target) on one of its guests."""

    line: HostLine
    scope: CallScope
    secrets: SecretBox
    target: GuestTarget | None = None
    _guests: dict[GuestTarget, ClaimHost] = field(default_factory=dict)

    def read(self, name: str, /, **parameters: Any) -> dict[str, Any]:
        """Call a function that changes nothing; see HostPort."""
        with self._measured(name):
            return self._result(name, self._record(name, parameters, {}))

    def change(self, name: str, /, **parameters: Any) -> dict[str, Any]:
        """Call a function that changes something, under the journal; see HostPort."""
        for _ in range(_OTHERS):
            result = self._change_once(name, parameters)
            if result is not None:
                return result
        raise ProtocolBroken(f"the journal has other functions under the next {_OTHERS} call ids")

    def call(self, name: str, /, **parameters: Any) -> dict[str, Any]:
        """Call a function of the host directly; see HostPort. A non-terminating error is a failure here too."""
        with self._measured(name):
            outcome = self.line.invoke(Invocation(name, parameters))
            if outcome.errors:
                raise outcome.errors[0]
            return dict(snake_keys(single_object(outcome.output, name)))

    def guest(self, target: GuestTarget) -> ClaimHost:
        """Return the same verbs for a guest."""
        if target not in self._guests:
            self._guests[target] = ClaimHost(self.line, self.scope, self.secrets, target)
        return self._guests[target]

    def way(self) -> HostWay:
        """Return the way to the host; see HostPort."""
        return HostWay(self.line)

    def _change_once(self, name: str, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return what came of the call with the next id; None when the journal has another function's under it."""
        call_id = self.scope.next_id()
        with self._measured(name) as one, named_call(one, call_id, self.scope.fence):
            record = self._journaled(call_id, name, parameters)
            if record.get("Name") == name:
                self.scope.recorded_failure |= record.get("Status") != "completed"
                return self._result(name, record)
        # An earlier run of this step took another path: this number is that call's, and it is over.
        log.info("call_id_taken", call_id=call_id, by=record.get("Name"))
        return None

    def _journaled(self, call_id: str, name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        seconds = max(1, int(self.scope.remaining_seconds()))
        journal = {"call_id": call_id, "fence": self.scope.fence, "wait_seconds": seconds}
        try:
            record = self._record(name, parameters, journal)
        except RemoteError as error:
            raise _journal_error(error) from error
        self.scope.over(call_id)
        return record

    def _measured(self, name: str) -> AbstractContextManager[Span]:
        return measured_call(self.line.host_id, name, in_guest=self.target is not None)

    def _record(self, name: str, parameters: Mapping[str, Any], journal: Mapping[str, Any]) -> dict[str, Any]:
        """Return the call record of one wrapped call; raises RemoteError when the wrapper itself failed."""
        inner = {pascal_case(key): value for key, value in parameters.items() if value is not None}
        outcome = self.line.invoke(
            Invocation(
                _GUEST_CALL if self.target else _CALL,
                {"name": name, "parameters": inner, **journal, **self._route()},
                call_id=str(journal.get("call_id", "")),
                function=name,
                guest=self.target,
            )
        )
        if outcome.failed or not outcome.output:
            raise _first_error(outcome, name)
        self.line.relay_errors(outcome.errors)
        return single_object(outcome.output, name)

    def _route(self) -> dict[str, Any]:
        target = self.target
        if target is None:
            return {}
        where = {"computer_name": target.computer_name} if target.computer_name else {"vm_id": target.vm_id}
        return {**where, "credential": self.secrets.credential(target.credential, target.username)}

    def _result(self, name: str, record: Mapping[str, Any]) -> dict[str, Any]:
        if record.get("Status") == "completed":
            return parse_result(str(record.get("ResultJson") or ""), name)
        raise RemoteError(
            str(record.get("ErrorMessage") or "the host gave no message"),
            error_id=str(record.get("ErrorId") or ""),
            category=str(record.get("ErrorCategory") or ""),
            hresult=int(record.get("ErrorHResult") or 0),
            target=str(record.get("ErrorTarget") or ""),
            type_name=str(record.get("ErrorType") or ""),
        )


def _first_error(outcome: Outcome, name: str) -> Exception:
    if outcome.errors:
        return outcome.errors[-1]  # the terminating one comes last
    return ProtocolBroken(f"{name} answered nothing and no error")


def _journal_error(error: RemoteError) -> Exception:
    if error.is_id("Matryoshka.FenceTooOld"):
        FENCES_REFUSED.labels("host").inc()
        return LeaseLost("the journal has seen a newer claim of this step")
    if error.is_id("Matryoshka.CallStillRunning"):
        return OutcomeUnknown.still_running("the call")
    return error
