"""What all machines of a world share: its state, lock, clock, faults, the count of effects and the index of machines.

One lock guards the state. It is held for single reads and moves only, never while time passes, so 64 nodes build
at once.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
import uuid
from collections.abc import Callable, Iterator

from sandbox.machine.clock import Clock
from sandbox.machine.config import Faults, WorldConfig
from sandbox.machine.model import Machine, State


class Realm:
    """The inside of a world; what the functions work on."""

    def __init__(self, config: WorldConfig, clock: Clock, state: State) -> None:
        """`state` may come from a file: the index of machines is made from it."""
        self.config = config
        self.clock = clock
        self.state = state
        self.faults: Faults = config.faults
        self.lock = threading.RLock()
        self.changed: Callable[[], None] = lambda: None
        self.living: set[str] = set()
        self.sessions: dict[str, int] = {}
        self.machines: dict[str, Machine] = {}
        for host in state.hosts.values():
            for machine in walk(host):
                self.machines[machine.uid] = machine

    def effect(self, name: str, target: str) -> None:
        """Count an applied change. The same effect on the same target a second time shows as 2."""
        with self.lock:
            counts = self.state.counts.setdefault(name, {})
            counts[target] = counts.get(target, 0) + 1
        self.changed()

    def bug(self, text: str) -> None:
        """Note something that no client should be able to bring about."""
        with self.lock:
            self.state.bugs.append(text)
        self.changed()

    def next_number(self) -> int:
        """A number that this world never gave before."""
        with self.lock:
            self.state.sequence += 1
            return self.state.sequence

    def new_id(self) -> str:
        """A new GUID, in small letters."""
        return str(uuid.uuid4())

    def next_mac(self) -> str:
        """A MAC address of Hyper-V's range."""
        return f"00155D{self.next_number():06X}"

    def password_hash(self, password: str) -> str:
        """What the state keeps instead of a password; equal passwords have equal hashes within a world."""
        return hmac.new(self.state.salt.encode(), password.encode(), hashlib.sha256).hexdigest()

    def sleep_seconds(self, nominal: float) -> float:
        """A duration under the fault `slow`."""
        return nominal * self.faults.slow

    def host_of(self, machine: Machine) -> Machine | None:
        """The machine that this one is a VM of; None for a host."""
        return self.machines.get(machine.host_uid)

    def children(self, machine: Machine) -> list[Machine]:
        """The machines that run as this one's VMs."""
        return [disk.system for disk in machine.disks.values() if disk.system is not None and disk.system.powered]


def walk(machine: Machine) -> Iterator[Machine]:
    """A machine and all that live in its disks."""
    yield machine
    for disk in machine.disks.values():
        if disk.system is not None:
            yield from walk(disk.system)
