"""A machine of a few functions, so that the wire can be tested without the real world model."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.machine import Command, Credential, MachineLost, PipelineStopped, PsError, SecretText, Streams


class StubHost:
    """A host that runs the functions below; `reboot` takes `down_seconds` real seconds."""

    def __init__(self, name: str = "HV1", down_seconds: float = 0.3) -> None:
        self.name = name
        self.build = 20348
        self.boot_id = str(uuid.uuid4())
        self.applied: list[str] = []
        self.turns = threading.Semaphore(0)
        self._down_seconds = down_seconds
        self._up_at = 0.0

    @property
    def is_up(self) -> bool:
        """Whether the reboot is over."""
        return time.monotonic() >= self._up_at

    def is_admin(self, user: str) -> bool:
        """The built-in account only."""
        return user.lower() == "administrator"

    def runspace(self, user: str, is_admin: bool) -> StubRunspace:
        """A runspace of this boot."""
        return StubRunspace(self, user, is_admin)

    def reboot(self) -> None:
        """A new boot id, and away for a while."""
        self.boot_id = str(uuid.uuid4())
        self._up_at = time.monotonic() + self._down_seconds


class StubWorld:
    """One or more stub hosts."""

    def __init__(self, hosts: int = 1) -> None:
        self.hosts = [StubHost(f"HV{number + 1}") for number in range(hosts)]
        self.factor = 1.0
        self.closed = 0
        self.faults: dict[str, Any] = {}

    def snapshot(self) -> Mapping[str, Any]:
        """The names of the hosts."""
        return {"hosts": [{"name": host.name} for host in self.hosts]}

    def counts(self) -> Mapping[str, Any]:
        """How often Set-Thing was applied."""
        return {"effects": {name: sum(host.applied.count(name) for host in self.hosts) for name in ("Set-Thing",)}}

    def bugs(self) -> Sequence[str]:
        """None."""
        return []

    def set_speed(self, factor: float) -> None:
        """Remember the factor."""
        self.factor = factor

    def speed(self) -> float:
        """The factor."""
        return self.factor

    def set_faults(self, changes: Mapping[str, Any]) -> None:
        """Remember the switches."""
        self.faults.update(changes)

    def clear_faults(self) -> None:
        """Forget the switches."""
        self.faults.clear()

    def add_vm(self, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
        """There are no VMs here."""
        return dict(wanted)

    def close(self) -> None:
        """Count the calls."""
        self.closed += 1


class StubRunspace:
    """Runs a function by its name."""

    def __init__(self, host: StubHost, user: str, is_admin: bool) -> None:
        self._host = host
        self._user = user
        self._is_admin = is_admin
        self._boot_id = host.boot_id

    def invoke(self, command: Command, streams: Streams) -> None:
        """Find the function and run it."""
        function = _FUNCTIONS.get(command.name.lower())
        if function is None:
            raise PsError(
                "CommandNotFoundException",
                "ObjectNotFound",
                f"The term '{command.name}' is not recognized.",
                exception_type="System.Management.Automation.CommandNotFoundException",
                target=command.name,
            )
        function(self, command.parameters, streams)

    def _check(self, streams: Streams) -> None:
        if self._host.boot_id != self._boot_id:
            raise MachineLost(self._host.name)
        if streams.stopped():
            raise PipelineStopped

    def get_thing(self, parameters: Mapping[str, Any], streams: Streams) -> None:
        """One object that says who asks."""
        streams.output(
            {"Name": parameters.get("Name", ""), "User": self._user, "IsAdmin": self._is_admin, "Big": 2**40}
        )

    def get_types(self, parameters: Mapping[str, Any], streams: Streams) -> None:
        """The Python type and text of each parameter."""
        streams.output({name: f"{type(value).__name__}:{_show(value)}" for name, value in parameters.items()})

    def get_nest(self, _: Mapping[str, Any], streams: Streams) -> None:
        """Nested values, a null and a text."""
        nested = {"A": [1, 2, {"B": None}], "C": {"D": True}, "E": 1.5, "F": "", "G": []}
        streams.output(nested)
        streams.output(None)
        streams.output("text")

    def set_thing(self, parameters: Mapping[str, Any], streams: Streams) -> None:
        """The one function with an effect."""
        self._host.applied.append("Set-Thing")
        streams.output({"Changed": True, "Name": parameters.get("Name")})

    def invoke_steps(self, parameters: Mapping[str, Any], streams: Streams) -> None:
        """Count steps with a pause before each, or each when the test says (`Turns`: the host's `turns`)."""
        count, pause = int(parameters.get("Count", 3)), float(parameters.get("Pause", 0.0))
        for number in range(1, count + 1):
            end = time.monotonic() + pause
            while time.monotonic() < end:
                self._check(streams)
                time.sleep(0.01)
            while parameters.get("Turns") and not self._host.turns.acquire(timeout=0.05):
                self._check(streams)
            self._check(streams)
            streams.progress("steps", f"{number} of {count}", number * 100 // count)
            streams.output(f"step:{number}")

    def write_streams(self, _: Mapping[str, Any], streams: Streams) -> None:
        """One record in every stream."""
        streams.verbose("a verbose line")
        streams.warning("a warning")
        streams.information("an information")
        streams.progress("working", "half", 50)
        streams.error(PsError("Own.Id,Write-Streams", "InvalidData", "not good", target="thing", terminating=False))
        streams.output({"Ok": True})

    def stop_hard(self, _: Mapping[str, Any], __: Streams) -> None:
        """A terminating error."""
        raise PsError(
            "Matryoshka.VmNotOff,Stop-Hard",
            "InvalidOperation",
            "The VM is running.",
            exception_type="System.InvalidOperationException",
            hresult=0x80131509,
            target="vm",
        )

    def break_sandbox(self, _: Mapping[str, Any], __: Streams) -> None:
        """What nobody expects."""
        message = "nobody expects this"
        raise RuntimeError(message)

    def measure_input(self, parameters: Mapping[str, Any], streams: Streams) -> None:
        """How much input came."""
        items = parameters.get("InputObject", [])
        streams.output({"Count": len(items), "Size": sum(len(item) for item in items)})

    def get_echo(self, parameters: Mapping[str, Any], streams: Streams) -> None:
        """The parameter Value."""
        streams.output(parameters["Value"])


def _show(value: Any) -> str:
    if isinstance(value, SecretText):
        return f"{len(value.value)} characters, {value.value[-2:]}"
    if isinstance(value, Credential):
        return f"{value.username} {value.password.value[-2:]}"
    if isinstance(value, dict):
        return str({key: type(item).__name__ for key, item in value.items()})
    return str(value)


_FUNCTIONS: dict[str, Callable[[StubRunspace, Mapping[str, Any], Streams], None]] = {
    "get-thing": StubRunspace.get_thing,
    "get-types": StubRunspace.get_types,
    "get-nest": StubRunspace.get_nest,
    "set-thing": StubRunspace.set_thing,
    "invoke-steps": StubRunspace.invoke_steps,
    "write-streams": StubRunspace.write_streams,
    "stop-hard": StubRunspace.stop_hard,
    "break-sandbox": StubRunspace.break_sandbox,
    "measure-input": StubRunspace.measure_input,
    "get-echo": StubRunspace.get_echo,
}


class FakeTime:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.lock = threading.Lock()

    def __call__(self) -> float:
        """The time."""
        return self.now
