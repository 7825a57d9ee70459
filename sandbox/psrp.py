# ruff: noqa: SLF001 - the repairs reach into psrpcore on purpose, here and nowhere else
"""psrpcore's server side behind a small face, with the repairs that Windows' clients need. Nothing here knows WSMan.

Repairs of psrpcore 0.3.1 (each has a test in tests/unit/sandbox/test_psrp.py that fails when upstream changes):
 1. no PIPELINE_STATE Running message: Windows does not send one;
 2. a pipeline can fail: state 5 with its error record;
 3. Connect answers SESSION_CAPABILITY too, and goes on counting object ids (a client keeps its fragments by them);
 4. the call id of SET_MAX/MIN_RUNSPACES is `CI`, as Windows and pypsrp send it;
 5. `$null` in the output stream is <Nil/>, not an empty body;
 6. one queue for all targets, fragmented in quadratic time: `drain` empties it in linear time, one packet a fragment.
The caller holds a lock: nothing here is safe to use from two threads at once.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import psrpcore
from psrpcore import types as ps
from psrpcore._payload import PSRPMessage, create_fragment, create_message

from sandbox.machine import Command, PsError
from sandbox.records import error_record
from sandbox.values import from_ps, to_ps

FRAGMENT_BYTES: Final = 32768
_PROGRESS_ID: Final = 1
_UNREADABLE: Final = (
    psrpcore.PSRPCoreError,
    ValueError,
    LookupError,
    AttributeError,
    TypeError,
    SyntaxError,  # ElementTree.ParseError is one
    struct.error,
)


class UnreadableError(Exception):
    """A message that psrpcore cannot read. The text is the cause's type only: its own text may hold a value."""


class Ended(IntEnum):
    """How a pipeline can end: PSInvocationState of MS-PSRP 2.2.3.5."""

    STOPPED = 3
    COMPLETED = 4
    FAILED = 5


@dataclass(frozen=True)
class Packet:
    """One fragment for one target; `pipeline_id` '' is the pool itself."""

    pipeline_id: str
    data: bytes


@dataclass(frozen=True)
class PipelineCreated:
    """A whole CREATE_PIPELINE arrived: statements of commands, and whether input follows."""

    pipeline_id: str
    statements: tuple[tuple[Command, ...], ...]
    has_input: bool


@dataclass(frozen=True)
class InputArrived:
    """One object of pipeline input."""

    pipeline_id: str
    value: Any


@dataclass(frozen=True)
class InputEnded:
    """The client has no more input."""

    pipeline_id: str


Event = PipelineCreated | InputArrived | InputEnded


class _Pool(psrpcore.ServerRunspacePool):
    """ServerRunspacePool that reads the call id as `CI` (repair 4)."""

    def _process_SetMaxRunspaces(self, event: Any) -> None:  # noqa: N802 - psrpcore finds it by this name
        message = event._ps_object
        self._max_runspaces = int(message.MaxRunspaces)
        self.prepare_message(ps.RunspaceAvailability(SetMinMaxRunspacesResponse=True, ci=_call_id(message)))

    def _process_SetMinRunspaces(self, event: Any) -> None:  # noqa: N802 - likewise
        message = event._ps_object
        self._min_runspaces = int(message.MinRunspaces)
        self.prepare_message(ps.RunspaceAvailability(SetMinMaxRunspacesResponse=True, ci=_call_id(message)))


class PsrpPool:
    """One runspace pool: feed it what arrives, write records, drain what must leave."""

    def __init__(self, private_data: dict[str, Any] | None = None) -> None:
        self._pool = _Pool(application_private_data=private_data)

    @property
    def is_open(self) -> bool:
        """Whether the opening messages have arrived completely."""
        return bool(self._pool.state == ps.RunspacePoolState.Opened)

    @property
    def max_runspaces(self) -> int:
        """How many pipelines the client wants to run at once."""
        return max(1, int(self._pool.max_runspaces))

    def add_pipeline(self, pipeline_id: str) -> None:
        """Must come before its CREATE_PIPELINE is fed."""
        psrpcore.ServerPipeline(self._pool, uuid.UUID(pipeline_id))

    def remove_pipeline(self, pipeline_id: str) -> None:
        """Forget a pipeline in whatever state; nothing happens when it is unknown."""
        self._pool.pipeline_table.pop(uuid.UUID(pipeline_id), None)

    def feed(self, data: bytes) -> list[Event]:
        """Take fragments in. Pool messages (keys, availability) are answered at once into the queue.

        Raises:
            UnreadableError: not valid PSRP; what was fed is thrown away.
        """
        try:
            self._pool.receive_data(psrpcore.PSRPPayload(data, psrpcore.StreamType.default, None))
            return [made for made in map(self._translate, self._incoming()) if made is not None]
        except _UNREADABLE as error:
            self._pool._receive_buffer = bytearray()
            raise UnreadableError(type(error).__name__) from error

    def _incoming(self) -> Iterator[Any]:
        while (event := self._pool.next_event()) is not None:
            yield event

    def disconnect(self) -> None:
        """Mark the pool disconnected; nothing is sent."""
        self._pool.state = ps.RunspacePoolState.Disconnected

    def reconnect(self) -> None:
        """Mark the pool opened again for the same client; nothing is sent."""
        self._pool.state = ps.RunspacePoolState.Opened

    def connect(self, data: bytes) -> None:
        """Take the SESSION_CAPABILITY and CONNECT_RUNSPACEPOOL of another client in (repair 3)."""
        count = self._pool._fragment_count
        self._pool.state = ps.RunspacePoolState.Disconnected
        self._pool.connect()
        self._pool._fragment_count = count
        self._pool._incoming_fragments.clear()
        self._pool._receive_buffer = bytearray()
        self._pool.prepare_message(self._pool.our_capability)
        self.feed(data)

    def output(self, pipeline_id: str, value: Any) -> None:
        """One object of the success stream."""
        if value is None:
            self._queue_nil(pipeline_id)  # repair 5
            return
        self._pipeline(pipeline_id).write_output(to_ps(value))

    def progress(self, pipeline_id: str, activity: str, status: str, percent: int) -> None:
        """A progress record; percent -1 = unknown."""
        self._pipeline(pipeline_id).write_progress(
            activity, _PROGRESS_ID, status or " ", percent_complete=percent, seconds_remaining=-1
        )

    def warning(self, pipeline_id: str, text: str) -> None:
        """A warning record."""
        self._pipeline(pipeline_id).write_warning(text)

    def verbose(self, pipeline_id: str, text: str) -> None:
        """A verbose record."""
        self._pipeline(pipeline_id).write_verbose(text)

    def information(self, pipeline_id: str, text: str, computer: str) -> None:
        """An information record, as Write-Information makes it."""
        self._pipeline(pipeline_id).write_information(
            ps.PSString(text), source="Write-Information", computer=computer, user="", process_id=4
        )

    def error(self, pipeline_id: str, error: PsError, activity: str) -> None:
        """A non-terminating error record."""
        record = error_record(error, activity)
        self._pipeline(pipeline_id).prepare_message(record, message_type=ps.PSRPMessageType.ErrorRecord)

    def end(self, pipeline_id: str, ended: Ended, error: PsError | None = None, activity: str = "") -> None:
        """The last message of a pipeline: Completed, Stopped or Failed (repair 2)."""
        pipeline = self._pipeline(pipeline_id)
        message = ps.PipelineState(PipelineState=int(ended))
        if error is not None:
            message.ExceptionAsErrorRecord = error_record(error, activity)
        pipeline.state = ps.PSInvocationState(int(ended))
        pipeline.prepare_message(message)

    def drain(self) -> Iterator[Packet]:
        """Take out everything that waits to be sent, in order (repair 6)."""
        messages, self._pool._send_buffer = self._pool._send_buffer, []
        for message in messages:
            yield from _packets(message)

    def _pipeline(self, pipeline_id: str) -> Any:
        return self._pool.pipeline_table[uuid.UUID(pipeline_id)]

    def _queue_nil(self, pipeline_id: str) -> None:
        kind, pid = ps.PSRPMessageType.PipelineOutput, uuid.UUID(pipeline_id)
        pool_id = self._pool.runspace_pool_id
        data = create_message(False, kind, b"<Nil />", pool_id, pid)
        number = self._pool._fragment_counter
        self._pool._send_buffer.append(PSRPMessage(kind, bytearray(data), pool_id, pid, number))

    def _translate(self, event: Any) -> Event | None:
        if isinstance(event, psrpcore.GetAvailableRunspacesEvent):
            busy = sum(item.state == ps.PSInvocationState.Running for item in self._pool.pipeline_table.values())
            free = ps.PSInt64(max(0, self.max_runspaces - busy))
            self._pool.runspace_availability_response(event.ci, free)
        elif isinstance(event, psrpcore.ResetRunspaceStateEvent):
            self._pool.runspace_availability_response(event.ci, True)
        elif isinstance(event, psrpcore.CreatePipelineEvent):
            return self._created(event)
        elif isinstance(event, psrpcore.PipelineInputEvent):
            return InputArrived(_identifier(event), from_ps(event.data))
        elif isinstance(event, psrpcore.EndOfPipelineInputEvent):
            return InputEnded(_identifier(event))
        elif isinstance(event, psrpcore.GetCommandMetadataEvent):
            return self._metadata(event)
        return None

    def _created(self, event: Any) -> PipelineCreated:
        identifier, pipeline = _identifier(event), event.pipeline
        self._pipeline(identifier).state = ps.PSInvocationState.Running  # repair 1
        return PipelineCreated(identifier, _statements(pipeline.commands), not pipeline.no_input)

    def _metadata(self, event: Any) -> PipelineCreated:
        identifier = _identifier(event)
        self._pipeline(identifier).state = ps.PSInvocationState.Running
        command = Command("Get-Command", parameters={"Name": [str(name) for name in event.pipeline.name]})
        return PipelineCreated(identifier, ((command,),), has_input=False)


def _call_id(message: Any) -> Any:
    return message.CI if hasattr(message, "CI") else message.ci


def _identifier(event: Any) -> str:
    return str(event.pipeline_id).upper()


def _statements(commands: list[Any]) -> tuple[tuple[Command, ...], ...]:
    statements: list[tuple[Command, ...]] = []
    current: list[Command] = []
    for command in commands:
        current.append(_command(command))
        if command.end_of_statement:
            statements.append(tuple(current))
            current = []
    return (*statements, tuple(current)) if current else tuple(statements)


def _command(command: Any) -> Command:
    named = {str(name).lstrip("-").rstrip(":"): from_ps(value) for name, value in command.parameters if name}
    positional = tuple(from_ps(value) for name, value in command.parameters if not name)
    return Command(str(command.command_text), bool(command.is_script), named, positional)


def _packets(message: Any) -> Iterator[Packet]:
    data = message.data
    target = "" if message.pipeline_id is None else str(message.pipeline_id).upper()
    for number, start in enumerate(range(0, len(data), FRAGMENT_BYTES)):
        chunk, is_last = data[start : start + FRAGMENT_BYTES], start + FRAGMENT_BYTES >= len(data)
        yield Packet(target, create_fragment(message.object_id, number, chunk, is_last))
