"""A world on a clock that waits no real time, and short words for what tests do with it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from sandbox.machine import Clock, Command, Credential, ImageConfig, PsError, SecretText, World, WorldConfig

IMAGE = "C:\\Images\\ws2022.vhdx"
NANO = "C:\\Images\\nano.vhdx"
PASSWORD = "Guest-Pass-1"
OWNER = "lab_a"
ADMINISTRATOR = Credential("Administrator", SecretText(PASSWORD))
NESTED = Credential("Administrator", SecretText("nano-pass"))
CONFIG = WorldConfig(password="host-pass", images=(ImageConfig(IMAGE, password="nano-pass"),))
START = 1_800_000_000.0
SPEED = 10.0


class FakeTime:
    """Real time that passes only when someone waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.actions: list[tuple[float, Any]] = []

    def monotonic(self) -> float:
        """The time."""
        return self.now

    def wait(self, seconds: float) -> None:
        """Let time pass, and do what is due."""
        self.now += seconds
        due = [action for at, action in self.actions if at <= self.now]
        self.actions = [(at, action) for at, action in self.actions if at > self.now]
        for action in due:
            action()

    def after(self, seconds: float, action: Any) -> None:
        """Run something once so much time has passed."""
        self.actions.append((self.now + seconds, action))


@dataclass
class Recorder:
    """Streams that keep what was written."""

    outputs: list[Any] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    informations: list[str] = field(default_factory=list)
    errors: list[PsError] = field(default_factory=list)
    percents: list[int] = field(default_factory=list)
    stop: bool = False

    def output(self, obj: Any) -> None:
        """Keep an object."""
        self.outputs.append(obj)

    def progress(self, activity: str, status: str, percent: int) -> None:
        """Keep a percentage."""
        self.percents.append(percent)

    def warning(self, text: str) -> None:
        """Keep a warning."""
        self.warnings.append(text)

    def verbose(self, text: str) -> None:
        """Drop it."""

    def information(self, text: str) -> None:
        """Keep a text."""
        self.informations.append(text)

    def error(self, error: PsError) -> None:
        """Keep an error."""
        self.errors.append(error)

    def stopped(self) -> bool:
        """Whether the test stopped the pipeline."""
        return self.stop


class Lab:
    """One host and the usual moves on it."""

    def __init__(self, config: WorldConfig = CONFIG, *, admin: bool = True, state_path: Path | None = None) -> None:
        self.time = FakeTime()
        self.clock = Clock(SPEED, start=START, monotonic=self.time.monotonic, wait=self.time.wait)
        self.world = World(config, self.clock, state_path)
        self.host = next(iter(self.world.hosts.values()))
        self.machine = next(iter(self.world.realm.state.hosts.values()))
        self.admin = admin
        self.streams = Recorder()

    def invoke(self, name: str, /, **parameters: Any) -> list[Any]:
        """Run a command on the host and give all its output."""
        self.streams = Recorder()
        self.host.runspace("Administrator", self.admin).invoke(Command(name, parameters=parameters), self.streams)
        return self.streams.outputs

    def run(self, name: str, /, **parameters: Any) -> dict[str, Any]:
        """Run a function on the host and give its record."""
        found = self.invoke(name, **parameters)
        assert len(found) == 1, found
        return dict(found[0])

    def guest(self, vm_id: str, name: str, /, credential: Credential = ADMINISTRATOR, **parameters: Any) -> Any:
        """Run a function in a guest over PowerShell Direct; its error is raised again."""
        call_id = f"test.{self.world.realm.next_number()}#1" if not name.startswith(("Get", "Test", "Wait")) else ""
        record = self.run(
            "Invoke-NestedGuestCall",
            Name=name,
            Parameters=parameters,
            VMId=UUID(vm_id),
            Credential=credential,
            CallId=call_id,
            Fence=1,
        )
        if record["Status"] == "failed":
            raise PsError(record["ErrorId"], record["ErrorCategory"], record["ErrorMessage"])
        return json.loads(record["ResultJson"])

    def after(self, seconds: float, action: Any) -> None:
        """Run something once so much nominal time has passed."""
        self.time.after(seconds / SPEED, action)

    def pass_time(self, seconds: float) -> None:
        """Let nominal time pass."""
        self.time.wait(seconds / SPEED)

    def disk(self, name: str, *, seed: bool = True, owner: str = OWNER) -> str:
        """A seeded differencing disk of the image."""
        path = f"C:\\Lab\\{name}.vhdx"
        self.run("New-NestedDisk", Path=path, Owner=owner, ParentPath=IMAGE)
        if seed:
            password = SecretText(PASSWORD)
            self.run("Set-NestedDiskSeed", Path=path, Owner=owner, ComputerName=name, AdministratorPassword=password)
        return path

    def node(self, name: str = "nest-1", *, memory: int = 8192, data: int = 0, seed: bool = True, **more: Any) -> str:
        """A node that is off; its id."""
        path = self.disk(name, seed=seed)
        data_paths = [f"C:\\Lab\\{name}-data{number}.vhdx" for number in range(data)]
        for data_path in data_paths:
            self.run("New-NestedDisk", Path=data_path, Owner=OWNER, SizeGib=100)
        record = self.run(
            "New-NestedNode",
            Name=name,
            Owner=OWNER,
            MemoryMib=memory,
            ProcessorCount=4,
            DiskPath=path,
            DataDiskPath=data_paths,
            SwitchName="External",
            Path="C:\\Lab",
            **more,
        )
        return str(record["VMId"])

    def running(self, name: str = "nest-1", *, nesting: bool = True, **more: Any) -> str:
        """A node whose guest is set up."""
        vm_id = self.node(name, **more)
        if nesting:
            self.run("Enable-NestedVirtualization", VMId=UUID(vm_id))
        self.run("Start-NestedNode", VMId=UUID(vm_id))
        self.run("Wait-NestedGuest", VMId=UUID(vm_id), Credential=ADMINISTRATOR, TimeoutSeconds=600)
        return vm_id

    def hyperv(self, name: str = "nest-1", **more: Any) -> str:
        """A node that runs Hyper-V and has the cluster feature, after all its restarts."""
        vm_id = self.running(name, **more)
        self.guest(vm_id, "Install-NestedRole", Feature=["Hyper-V", "Failover-Clustering"])
        self.guest(vm_id, "Restart-NestedGuest")
        self.pass_time(200)
        return vm_id

    def nodes(self, count: int, **more: Any) -> list[str]:
        """Nodes that can become a cluster: addresses, names and firewall are set."""
        ids = [self.hyperv(f"nest-{number}", **more) for number in range(1, count + 1)]
        entries = {f"nest-{number}": f"10.0.0.{number}" for number in range(1, count + 1)}
        for number, vm_id in enumerate(ids, 1):
            mac = self.run("Get-NestedNode", VMId=UUID(vm_id))["Adapters"][0]["MacAddress"]
            self.guest(
                vm_id,
                "Set-NestedGuestConfiguration",
                MacAddress=mac,
                Address=f"10.0.0.{number}",
                HostEntries=entries,
                DnsSuffix="lab.test",
            )
            self.guest(vm_id, "Enable-NestedFirewallRule", Group=["@FirewallAPI.dll,-28502"])
        return ids

    def count(self, effect: str) -> int:
        """How often an effect was applied, over all targets."""
        return sum(self.world.counts().get(effect, {}).values())

    def system(self, vm_id: str) -> Any:
        """The machine inside a VM of the host."""
        for machine in self.world.realm.machines.values():
            if machine.vm_id == vm_id:
                return machine
        raise KeyError(vm_id)
