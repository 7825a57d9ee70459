"""A command of a shell: its id, its outbox and how far it is."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from sandbox.outbox import Outbox


@dataclass(eq=False)
class RunningCommand:
    """A CommandId in use. It stays in the table when done, until Terminate frees it."""

    command_id: str
    outbox: Outbox = field(default_factory=Outbox)
    stop: threading.Event = field(default_factory=threading.Event)
    input_ended: threading.Event = field(default_factory=threading.Event)
    inputs: list[Any] = field(default_factory=list)
    functions: frozenset[str] = frozenset()
    is_started: bool = False
    is_done: bool = False
