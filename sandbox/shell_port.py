"""What WS-Management needs of a shell: the seam behind which the sandbox's own runspace pool, or another one, sits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sandbox.identity import ShellIdentity, ShellRules
from sandbox.outbox import Answer, Outbox, Taker
from sandbox.presence import Presence
from sandbox.running import RunningCommand

Gate = Callable[[frozenset[str]], None]


class AnyShell(Protocol):
    """A runspace pool behind WS-Management. Its methods raise WSManFault for what the client must be told."""

    identity: ShellIdentity
    presence: Presence
    outbox: Outbox

    def open(self, creation: bytes) -> None:
        """Feed the opening messages of Create. Nothing that must be closed exists before."""

    def disconnect(self, session_id: str) -> None:
        """Leave the shell; commands go on. Safe to repeat."""

    def reconnect(self, session_id: str) -> None:
        """Come back as the same client; safe to repeat."""

    def connect(self, session_id: str, data: bytes) -> bytes:
        """Take a disconnected shell over; the packets of the ConnectResponse."""

    def command(self, command_id: str, data: bytes, gate: Gate) -> None:
        """Start a pipeline; what `gate` raises leaves no trace."""

    def send(self, command_id: str, data: bytes, gate: Gate) -> None:
        """Feed more to a command, or to the pool ('')."""

    def signal(self, command_id: str, code: str) -> None:
        """Stop a command, or free its id (Terminate)."""

    def receive(self, command_id: str, taker: Taker) -> Answer:
        """Wait for output of a command, or of the pool ('')."""

    def find(self, command_id: str) -> RunningCommand:
        """The command of an id."""

    def commands(self) -> list[RunningCommand]:
        """All commands whose ids are in use."""

    def functions_of(self, command_id: str) -> frozenset[str]:
        """The functions of a command as far as they are known: for faults."""

    def close(self) -> None:
        """End everything; whoever waits gets a fault. Safe to repeat."""


@dataclass(frozen=True)
class Opening:
    """What a shell is made of. `configuration` is the session configuration's name in lower case."""

    identity: ShellIdentity
    session_id: str
    configuration: str
    is_admin: bool
    rules: ShellRules
    clock: Callable[[], float]


ShellMaker = Callable[[Opening], AnyShell]
