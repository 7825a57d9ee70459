"""Runs one pipeline on a session its thread owns: start it once, poll, relay, obey, and say how it ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog
from pypsrp.complex_objects import PSInvocationState

from workers.errors import DeadlinePassed, OutcomeUnknown, ProtocolBroken, RemoteError, StepCancelled, WorkerError
from workers.psrp.classify import wire_errors
from workers.psrp.port import GuestTarget
from workers.psrp.session import CallIds, HostSession
from workers.psrp.streams import Record, Stream, drain, error_of
from workers.psrp.values import needs_session_key, wire_parameters

log = structlog.get_logger(__name__)

# Between two polls that brought records: lets them gather, a Receive answers with the first one it has.
_GATHER_SECONDS = 0.25
_STARTS = 2  # tries to start one pipeline, when the host is known not to have it


@dataclass(frozen=True)
class Invocation:
    """One function call by name, or one of our own static scripts with parameters. Never text with values in it.

    `call_id` is set when the call changes something; `function` is what a wrapper like Invoke-NestedCall will run, in
    `guest` if there is one.
    """

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    script: str = ""
    call_id: str = ""
    function: str = ""
    guest: GuestTarget | None = None


class Watch(Protocol):
    """What the caller of a pipeline looks after while it runs. All run in the owner's thread, between polls."""

    def tick(self) -> None:
        """Raise StepCancelled, DeadlinePassed, StepReleased or LeaseLost when the call must not go on."""

    def starting(self, invocation: Invocation, ids: CallIds) -> None:
        """Record what is about to start. A failure here means that it is not started."""

    def relay(self, records: list[Record]) -> None:
        """Take the records that came since the last poll."""


@dataclass
class Outcome:
    """What came back: the output objects as pypsrp gave them, and the errors, terminating or not, in order."""

    output: list[Any]
    errors: list[RemoteError]
    failed: bool


def run(
    session: HostSession, invocation: Invocation, watch: Watch, sleep: Callable[[float], None] = time.sleep
) -> Outcome:
    """Run one invocation to its end. Raises a WorkerError when the end is not known or the watch forbids going on.

    A failed function is not raised here: it is in the outcome. After StepCancelled or DeadlinePassed the pipeline was
    told to stop; after every other error it may still run, and the session is marked: broken, and left for what runs
    in it.
    """
    powershell = _prepare(session, invocation)
    watch.tick()
    watch.starting(invocation, session.ids(powershell))
    try:
        _start_once(session, powershell)
        _follow(session, powershell, watch, sleep)
    except (StepCancelled, DeadlinePassed):
        _stop(session, powershell)
        raise
    except BaseException:
        # Whatever it was, also a bug in what relays the records: the pipeline may run, so the session is nobody else's.
        session.is_broken = session.is_left = True
        raise
    _terminate(session, powershell)
    return _outcome(powershell)


def _prepare(session: HostSession, invocation: Invocation) -> Any:
    powershell = session.powershell()
    try:
        if needs_session_key(invocation.parameters):
            session.exchange_keys()
    except WorkerError:
        session.is_broken = True
        raise
    with wire_errors():
        if invocation.script:
            powershell.add_script(invocation.script)
        else:
            powershell.add_cmdlet(invocation.name)
        for name, value in wire_parameters(invocation.parameters).items():
            powershell.add_parameter(name, value)
    return powershell


def _start_once(session: HostSession, powershell: Any) -> None:
    for _ in range(_STARTS):
        try:
            with wire_errors():
                # No invocation info: it would carry bound parameters back to us.
                powershell.begin_invoke(remote_stream_options=0)
        except OutcomeUnknown:
            if _was_started(session, powershell):
                return
        else:
            return
    raise OutcomeUnknown(f"the host does not take the call after {_STARTS} tries")


def _was_started(session: HostSession, powershell: Any) -> bool:
    """Ask the host, which was told our CommandId, whether it has it; then go on as if the answer had come."""
    if powershell.state == PSInvocationState.RUNNING:
        # Command was answered, a later fragment was lost: nobody can tell whether the host has the whole call.
        raise OutcomeUnknown("a part of the call was lost on the way")
    session.reset_transport()
    if not session.knows_command(str(powershell.id)):
        return False
    powershell.state = PSInvocationState.RUNNING
    powershell._command_id = powershell.id  # noqa: SLF001 - pypsrp sets it from the answer that was lost
    session.pool.pipelines[powershell.id] = powershell
    return True


def _follow(session: HostSession, powershell: Any, watch: Watch, sleep: Callable[[float], None]) -> None:
    while powershell.state == PSInvocationState.RUNNING:
        watch.tick()
        _poll(session, powershell)
        records = drain(powershell)
        if records:
            watch.relay(records)
        if records and powershell.state == PSInvocationState.RUNNING:
            sleep(_GATHER_SECONDS)


def _poll(session: HostSession, powershell: Any) -> None:
    # pypsrp's own poll_invoke(timeout=t) gives the answer only t + 2 s to arrive. Setting the operation time-out
    # instead keeps the connection's read time-out, which is far longer.
    connection = session.connection
    connection.operation_timeout = session.timeouts.poll  # type: ignore[assignment]  # fractions are fine in PTnS
    try:
        with wire_errors():
            powershell.poll_invoke()
    finally:
        connection.operation_timeout = session.timeouts.operation


def _terminate(session: HostSession, powershell: Any) -> None:
    # Frees the command on the host: they pile up there otherwise. The result is already here, so a failure to do so
    # only costs the session.
    try:
        with wire_errors():
            powershell.close()
    except WorkerError as error:
        session.is_broken = True
        log.info("pipeline_terminate_failed", host_id=session.endpoint.host_id, code=error.code)


def _stop(session: HostSession, powershell: Any) -> None:
    session.is_broken = True
    try:
        with wire_errors():
            if powershell.state == PSInvocationState.RUNNING:
                powershell.stop()
    except WorkerError as error:
        log.warning("pipeline_stop_failed", host_id=session.endpoint.host_id, code=error.code)


def _outcome(powershell: Any) -> Outcome:
    state = powershell.state
    if state not in (PSInvocationState.COMPLETED, PSInvocationState.FAILED):
        raise ProtocolBroken(f"the pipeline ended in state {state}")
    errors = [error_of(record) for record in powershell.streams.error]
    # Non-terminating errors leave had_errors False and the state completed: the stream itself is looked at.
    return Outcome(list(powershell.output), errors, state == PSInvocationState.FAILED)


def error_records(errors: list[RemoteError]) -> list[Record]:
    """Return errors that did not end their function as records to relay."""
    return [Record(Stream.ERROR, error.message, error=error) for error in errors]
