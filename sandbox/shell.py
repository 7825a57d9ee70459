"""One shell: a runspace pool, its commands, and who is connected to it.

States (docs/sources.md P5, P6): Connected; Disconnected by the client or after a minute without traffic; deleted after
IdleTimeout. Commands go on without a client. Safe to use from several threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sandbox import codes
from sandbox.identity import ShellIdentity, ShellRules
from sandbox.outbox import Answer, Outbox, Taker
from sandbox.pipeline import (
    Interpreter,
    Outcome,
    PipelineContext,
    PipelineStreams,
    Write,
    function_names,
    run_pipeline,
)
from sandbox.presence import Presence
from sandbox.psrp import Ended, Event, InputArrived, InputEnded, PipelineCreated, PsrpPool, UnreadableError
from sandbox.running import RunningCommand
from sandbox.shell_port import Gate, Opening, ShellMaker

TERMINATE: Final = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/Terminate"
_STOP_SIGNALS: Final = ("powershell/signal/ctrl_c", "signal/ctrl_c", "signal/ctrl_break")
_CONNECT_PACKETS: Final = 2  # SESSION_CAPABILITY and RUNSPACEPOOL_INIT_DATA travel in the ConnectResponse (recorded)

ContextMaker = Callable[[str, bool, str], PipelineContext]


class Shell:
    """A runspace pool behind WS-Management."""

    def __init__(
        self,
        identity: ShellIdentity,
        session_id: str,
        context: PipelineContext,
        rules: ShellRules,
        clock: Callable[[], float],
    ) -> None:
        self.identity = identity
        self.outbox = Outbox()
        self.presence = Presence(session_id, rules.idle_disconnect_seconds, identity.idle_timeout_seconds, clock)
        self._context = context
        self._rules = rules
        self._lock = threading.RLock()
        self._slot = threading.Condition(self._lock)
        self._pool = PsrpPool()
        self._commands: dict[str, RunningCommand] = {}
        self._running = 0
        self._is_closed = False

    # --- connection -------------------------------------------------------------------------------------------------

    def disconnect(self, session_id: str) -> None:
        """Leave the shell; commands go on. Safe to repeat; WSManFault for another client."""
        with self._lock:
            self.presence.leave(session_id)
            self._pool.disconnect()

    def reconnect(self, session_id: str) -> None:
        """Come back as the same client; safe to repeat; WSManFault for another client."""
        with self._lock:
            self.presence.come_back(session_id)
            self._pool.reconnect()
            self._send_again()

    def connect(self, session_id: str, data: bytes) -> bytes:
        """Take a disconnected shell over; the packets of the ConnectResponse.

        Raises:
            WSManFault: the shell is connected, or the message cannot be read.
        """
        with self._lock:
            self.presence.take_over(session_id)
            with self._readable():
                self._pool.connect(data)
            packets = [packet.data for packet in self._pool.drain()]
            self.outbox.put(packets[_CONNECT_PACKETS:])
            self._send_again()
            return b"".join(packets[:_CONNECT_PACKETS])

    def _send_again(self) -> None:
        for outbox in (self.outbox, *(command.outbox for command in self._commands.values())):
            outbox.resend()

    # --- work -------------------------------------------------------------------------------------------------------

    def open(self, creation: bytes) -> None:
        """Feed the opening messages of Create."""
        self._feed(creation)

    def command(self, command_id: str, data: bytes, gate: Gate) -> None:
        """Start a pipeline. `gate` is called between decoding and starting; what it raises leaves no trace.

        Raises:
            WSManFault: the CommandId is in use, or too many commands.
        """
        with self._lock:
            if command_id in self._commands:
                raise codes.duplicate("CommandId", command_id)
            if len(self._commands) >= self._rules.commands_per_shell:
                raise codes.commands_quota(self._rules.commands_per_shell)
            self._pool.add_pipeline(command_id)
            self._commands[command_id] = RunningCommand(command_id)
        try:
            self._begin(self._feed(data), gate)
        except BaseException:
            self._forget(command_id)
            raise

    def send(self, command_id: str, data: bytes, gate: Gate) -> None:  # noqa: ARG002 - psrpcore finds it in the data
        """Feed more: the rest of a pipeline, its input, or a message to the pool (key exchange, availability)."""
        self._begin(self._feed(data), gate)

    def signal(self, command_id: str, code: str) -> None:
        """Stop a command, or free its id (Terminate)."""
        command = self.find(command_id)
        if code == TERMINATE:
            self._forget(command_id)
        elif code.endswith(_STOP_SIGNALS):
            command.stop.set()
            command.input_ended.set()
            with self._slot:
                self._slot.notify_all()

    def receive(self, command_id: str, taker: Taker) -> Answer:
        """Wait for output of a command, or of the pool ('')."""
        outbox = self.find(command_id).outbox if command_id else self.outbox
        return outbox.take(taker)

    def find(self, command_id: str) -> RunningCommand:
        """The command of an id.

        Raises:
            WSManFault: unknown.
        """
        with self._lock:
            found = self._commands.get(command_id)
        if found is None:
            raise codes.unknown_command(command_id)
        return found

    def commands(self) -> list[RunningCommand]:
        """All commands whose ids are in use."""
        with self._lock:
            return list(self._commands.values())

    def functions_of(self, command_id: str) -> frozenset[str]:
        """The functions of a command, empty when unknown: for faults."""
        with self._lock:
            found = self._commands.get(command_id)
            return found.functions if found else frozenset()

    def close(self) -> None:
        """End everything: pipelines are told to stop, whoever waits gets a fault. Safe to repeat."""
        with self._slot:
            self._is_closed = True
            commands = list(self._commands.values())
            self._commands.clear()
            self._slot.notify_all()
        for command in commands:
            command.stop.set()
            command.input_ended.set()
            command.outbox.drop()
        self.outbox.drop()

    def _forget(self, command_id: str) -> None:
        with self._slot:
            command = self._commands.pop(command_id, None)
            self._pool.remove_pipeline(command_id)
            self._slot.notify_all()
        if command is not None:
            command.stop.set()
            command.input_ended.set()
            command.outbox.drop()

    def _feed(self, data: bytes) -> list[Event]:
        with self._lock:
            with self._readable():
                events = self._pool.feed(data)
            self._deliver()
            return events

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """What psrpcore cannot read becomes a fault; and a bug: the clients that we know send good messages."""
        try:
            yield
        except UnreadableError as error:
            self._context.bugs.report("psrp message", error)
            raise codes.bad_message(str(error)) from error

    def _deliver(self, *, done: str = "") -> None:
        targets: dict[str, list[bytes]] = {done: []} if done else {}
        for packet in self._pool.drain():
            targets.setdefault(packet.pipeline_id, []).append(packet.data)
        for target, packets in targets.items():
            command = self._commands.get(target)
            outbox = self.outbox if not target else command.outbox if command else None
            if outbox is not None:
                outbox.put(packets, done=bool(done) and target == done)

    def _begin(self, events: list[Event], gate: Gate) -> None:
        created = [event for event in events if isinstance(event, PipelineCreated)]
        gate(frozenset[str]().union(*(function_names(event.statements) for event in created)))
        for event in created:
            self._start(event)
        for each in events:
            self._input(each)

    def _input(self, event: Event) -> None:
        if isinstance(event, InputArrived):
            self.find(event.pipeline_id).inputs.append(event.value)
        elif isinstance(event, InputEnded):
            self.find(event.pipeline_id).input_ended.set()

    # --- pipelines --------------------------------------------------------------------------------------------------

    def _start(self, event: PipelineCreated) -> None:
        command = self.find(event.pipeline_id)
        command.functions = function_names(event.statements)
        command.is_started = True
        if not event.has_input:
            command.input_ended.set()
        name = f"pipeline-{command.command_id[:8]}"
        threading.Thread(target=self._run, args=(command, event), name=name, daemon=True).start()

    def _run(self, command: RunningCommand, event: PipelineCreated) -> None:
        streams = PipelineStreams(command.command_id, self._emitter(command), self._context, command.stop)
        interpreter = Interpreter(self._context, streams, command.stop)
        command.input_ended.wait()
        self._enter(command)
        try:
            outcome = run_pipeline(interpreter, event.statements, list(command.inputs), self._context)
        finally:
            self._leave()
        try:
            self._finish(command, outcome, streams.activity)
        except Exception as error:  # noqa: BLE001 - a thread has no caller: what fails here must be seen in GET /bugs
            self._context.bugs.report("end of a pipeline", error)
            command.outbox.drop()

    def _enter(self, command: RunningCommand) -> None:
        """Wait for a free runspace, as PowerShell queues a pipeline."""
        with self._slot:
            self._slot.wait_for(lambda: self._running < self._pool.max_runspaces or command.stop.is_set())
            self._running += 1

    def _leave(self) -> None:
        with self._slot:
            self._running -= 1
            self._slot.notify_all()

    def _emitter(self, command: RunningCommand) -> Any:
        def emit(write: Write, *, done: bool = False) -> None:
            with self._lock:
                if self._is_closed or self._commands.get(command.command_id) is not command:
                    return
                if command.stop.is_set() and not done:
                    return
                write(self._pool)
                self._deliver(done=command.command_id if done else "")

        return emit

    def _finish(self, command: RunningCommand, outcome: Outcome, activity: str) -> None:
        command.is_done = True
        if outcome.state is None:
            command.outbox.drop()
            self._context.on_lost()
            return
        ended, error = outcome.state, outcome.error
        if command.stop.is_set() and ended is not Ended.STOPPED:
            ended, error = Ended.STOPPED, codes.stopped_error()
        self._emitter(command)(lambda pool: pool.end(command.command_id, ended, error, activity), done=True)


def shell_maker(make_context: ContextMaker) -> ShellMaker:
    """Shells over what `make_context` gives for a user, whether it is an administrator, and a configuration."""

    def make(opening: Opening) -> Shell:
        context = make_context(opening.identity.user, opening.is_admin, opening.configuration)
        return Shell(opening.identity, opening.session_id, context, opening.rules, opening.clock)

    return make
