"""One WSMan shell whose runspace pool is an engine process. Takes the place of the sandbox's Shell (AnyShell)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from sandbox import codes
from sandbox.bugs import Bugs
from sandbox.outbox import Answer, Outbox, Taker
from sandbox.presence import Presence
from sandbox.running import RunningCommand
from sandbox.shell import TERMINATE
from sandbox.shell_port import Gate, Opening
from sandbox.soap import WSManFault
from tests.bridge.engine import EngineProcess, Launch
from tests.bridge.fragments import PipelineEnd, PoolMemory, split
from tests.bridge.lines import CLOSE, COMMAND, DATA, POOL, SIGNAL, Line

_STOP_SIGNALS: Final = ("powershell/signal/ctrl_c", "signal/ctrl_c", "signal/ctrl_break")
_CALL_FAILED: Final = 1726  # RPC_S_CALL_FAILED
_NO_FUNCTIONS: Final[frozenset[str]] = frozenset()


def host_process_died() -> WSManFault:
    """What WinRM answers to a waiting Receive when the process behind the shell ends."""
    text = "The WSMan provider host process did not return a proper response. "
    return WSManFault(_CALL_FAILED, text + "A provider in the host process may have behaved improperly. ")


class EngineShell:
    """A shell over an engine process of its own. Safe to use from several threads.

    `launch` gives the engine of a session configuration; `lost` is told the ShellId when the engine ended by itself.
    """

    def __init__(
        self, opening: Opening, launch: Callable[[str], Launch], lost: Callable[[str], None], bugs: Bugs
    ) -> None:
        rules, identity = opening.rules, opening.identity
        self.identity = identity
        self.outbox = Outbox()
        self.presence = Presence(
            opening.session_id, rules.idle_disconnect_seconds, identity.idle_timeout_seconds, opening.clock
        )
        self.engine: EngineProcess | None = None
        self._rules = rules
        self._launch = launch(opening.configuration)
        self._lost = lost
        self._bugs = bugs
        self._lock = threading.RLock()
        self._commands: dict[str, RunningCommand] = {}
        self._ends: dict[str, PipelineEnd] = {}
        self._memory = PoolMemory()
        self._is_closed = False

    @property
    def is_over(self) -> bool:
        """Whether it had an engine that has ended."""
        return self.engine is not None and not self.engine.is_alive

    # --- connection -------------------------------------------------------------------------------------------------

    def disconnect(self, session_id: str) -> None:
        """Leave the shell; the engine goes on and its output is kept."""
        self.presence.leave(session_id)

    def reconnect(self, session_id: str) -> None:
        """Come back as the same client."""
        self.presence.come_back(session_id)
        self._send_again()

    def connect(self, session_id: str, data: bytes) -> bytes:
        """Take a disconnected shell over; the packets of the ConnectResponse."""
        with self._lock:
            self.presence.take_over(session_id)
            self.outbox.put(self._memory.private_data())
            self._send_again()
            return self._memory.response()

    def _send_again(self) -> None:
        with self._lock:
            for outbox in (self.outbox, *(command.outbox for command in self._commands.values())):
                outbox.resend()

    # --- work -------------------------------------------------------------------------------------------------------

    def open(self, creation: bytes) -> None:
        """Start the engine and feed it the opening messages."""
        try:
            self._memory.opened(creation)
            with self._lock:
                self.engine = EngineProcess(self._launch, self._take, self._ended, self._bugs)
        except ValueError as error:
            raise codes.bad_message(type(error).__name__) from error
        except OSError as error:
            self._bugs.report("start of the engine", error)
            raise host_process_died() from error
        self._write(Line(DATA, POOL, creation))

    def command(self, command_id: str, data: bytes, gate: Gate) -> None:
        """Start a pipeline; what `gate` raises leaves no trace."""
        gate(_NO_FUNCTIONS)
        with self._lock:
            if command_id in self._commands:
                raise codes.duplicate("CommandId", command_id)
            if len(self._commands) >= self._rules.commands_per_shell:
                raise codes.commands_quota(self._rules.commands_per_shell)
            self._commands[command_id] = RunningCommand(command_id)
            self._ends[command_id] = PipelineEnd()
            self._write(Line(COMMAND, command_id), Line(DATA, command_id, data))

    def send(self, command_id: str, data: bytes, gate: Gate) -> None:
        """Feed more: the rest of a pipeline, its input, or a message to the pool (key exchange, availability)."""
        gate(_NO_FUNCTIONS)
        self._write(Line(DATA, command_id or POOL, data))

    def signal(self, command_id: str, code: str) -> None:
        """Stop a command, or free its id (Terminate)."""
        self.find(command_id)
        if code == TERMINATE:
            self._write(Line(CLOSE, command_id))
            self._forget(command_id)
        elif code.endswith(_STOP_SIGNALS):
            self._write(Line(SIGNAL, command_id))

    def receive(self, command_id: str, taker: Taker) -> Answer:
        """Wait for output of a command, or of the pool ('')."""
        outbox = self.find(command_id).outbox if command_id else self.outbox
        return outbox.take(taker)

    def find(self, command_id: str) -> RunningCommand:
        """The command of an id; WSManFault when it is unknown."""
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
        """Nothing: only the engine knows what a command is."""
        return _NO_FUNCTIONS

    # --- end --------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Let the engine end; whoever waits gets a fault. Safe to repeat."""
        with self._lock:
            is_first, self._is_closed = not self._is_closed, True
        if is_first and self.engine is not None:
            self.engine.close()
        self._drop(codes.aborted)

    def kill(self) -> None:
        """End the engine at once, as a host that goes down does."""
        with self._lock:
            self._is_closed = True
        if self.engine is not None:
            self.engine.kill()
        self._drop(codes.aborted)

    def _ended(self) -> None:
        with self._lock:
            was_expected = self._is_closed
        if not was_expected:
            self._drop(host_process_died)
            self._lost(self.identity.shell_id)

    def _drop(self, reason: Callable[[], WSManFault]) -> None:
        with self._lock:
            outboxes = [self.outbox, *(command.outbox for command in self._commands.values())]
        for outbox in outboxes:
            outbox.drop(reason)

    def _forget(self, command_id: str) -> None:
        with self._lock:
            command = self._commands.pop(command_id)
            self._ends.pop(command_id)
        command.outbox.drop()

    # --- the engine's side ------------------------------------------------------------------------------------------

    def _write(self, *lines: Line) -> None:
        with self._lock:
            if self.engine is None:
                raise codes.unknown_shell(self.identity.shell_id)
            self.engine.send(*lines)

    def _take(self, line: Line) -> None:
        fragments = split(line.data)
        packets = [fragment.packet for fragment in fragments]
        with self._lock:
            if line.target == POOL:
                for fragment in fragments:
                    self._memory.seen(fragment)
                self.outbox.put(packets)
                return
            command = self._commands.get(line.target)
            if command is None:
                return  # terminated meanwhile
            end = self._ends[line.target]
            reached = [end.is_reached(fragment) for fragment in fragments]  # each must be seen
            command.is_done = command.is_done or any(reached)
        command.outbox.put(packets, done=command.is_done)
