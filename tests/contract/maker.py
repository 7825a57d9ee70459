"""Makes a scenario's world on a real host by the module's own functions, and takes it away again.

Only what the module can make: switches, NATs, disks and VMs of labs. Whether the steps really make that world is not
believed: they are played on the sandbox first, and what comes of them must be the world (`why_not`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tests.contract import sandbox_state
from tests.contract.compare import walk
from tests.contract.sandbox_world import make_world
from tests.contract.scenario import Scenario, Step, VmId
from tests.contract.simulated import Simulation
from tests.contract.world import HOST, LABS, Adapter, Disk, Switch, Vm, World, a_world

_PLAIN = a_world()
# What a function makes is taken away by another one, which takes these of its parameters.
_UNDO = {
    "New-NestedSwitch": ("Remove-NestedSwitch", ("Name", "Owner")),
    "New-NestedNat": ("Remove-NestedNat", ("Name",)),
    "New-NestedDisk": ("Remove-NestedDisk", ("Path", "Owner")),
}
# Functions that change only what a scenario's world has made, which goes as a whole.
_OF_THE_WORLD = (
    "Enable-NestedVirtualization", "Disable-NestedVirtualization", "Start-NestedNode", "Stop-NestedNode",
    "Set-NestedDiskSeed", "Remove-NestedSwitch", "Remove-NestedNat", "Remove-NestedDisk", "Remove-NestedNode",
)  # fmt: skip


def making(world: World) -> tuple[Step, ...]:
    """The calls that make a world of the plain one, as far as they can."""
    host = nearest(world).host
    steps = [*(_switch(one) for one in host.switches if one.name != "External")]
    steps += [Step("New-NestedNat", {"Name": nat.name, "Prefix": nat.prefix}) for nat in host.nats]
    steps += [_disk(one) for one in host.disks if one not in _PLAIN.host.disks]
    steps += [step for vm in host.vms for step in _vm(vm)]
    return tuple(steps)


def nearest(world: World) -> World:
    """The world that is tried: its external switch is the host's own, and a VM without disks has a small one."""
    host, external = world.host, _PLAIN.host.switches[0]
    bare = [vm for vm in host.vms if not vm.all_disks()]
    added = tuple(Disk(_small(vm), size_gib=1, owner=vm.owner) for vm in bare)
    vms = tuple(replace(vm, disks=(_small(vm),)) if vm in bare else vm for vm in host.vms)
    switches = tuple(external if one.name == external.name else one for one in host.switches)
    return replace(world, host=replace(host, switches=switches, vms=vms, disks=(*host.disks, *added)))


def undoing(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The calls that take away what calls made, the last first."""
    return tuple(undo for step in reversed(steps) for undo in _undo(step))


def is_undone(scenario: Scenario) -> bool:
    """Whether what the scenario's own call makes goes away with its world, or by `undo`."""
    return bool(scenario.undo) or is_undoable(scenario.step)


def is_undoable(step: Step) -> bool:
    """Whether `undoing` takes away what a call makes, or the call makes nothing that outlives its world."""
    return step.function in (*_UNDO, "New-NestedNode", *_OF_THE_WORLD)


def why_not(simulation: Simulation, world: World) -> str:
    """Why the module cannot make a world; '' when it can."""
    if world == _PLAIN:
        return ""
    if replace(world, host=_PLAIN.host, language="") != _PLAIN:
        return "its world is special: faults, releases or clusters are not made by calls"
    wanted = sandbox_state.observe(make_world(nearest(world), datetime.now(UTC)))[0]
    steps = making(world)
    last = Scenario("Get-NestedCall", "made", arguments={"CallId": "none#1"}, first=steps)
    (outcome,) = simulation.run([last])
    found = [outcome.trouble] if outcome.trouble else list(walk("", outcome.after, wanted))
    return f"the module cannot make its world: {found[0]}" if found else ""


def _small(vm: Vm) -> str:
    return f"{LABS}\\{vm.name}{vm.tag}-small.vhdx"


def _switch(one: Switch) -> Step:
    address = {"HostAddress": one.address, "PrefixLength": one.prefix_length} if one.address else {}
    return Step("New-NestedSwitch", {"Name": one.name, "Owner": one.owner or "nobody", **address})


def _disk(one: Disk) -> Step:
    kind: dict[str, Any] = {"ParentPath": one.parent} if one.parent else {"SizeGib": one.size_gib}
    return Step("New-NestedDisk", {"Path": one.path, "Owner": one.owner or "nobody", **kind})


def _vm(vm: Vm) -> Iterator[Step]:
    disks = vm.all_disks()
    adapter = vm.adapters[0] if vm.adapters else Adapter()
    yield Step(
        "New-NestedNode",
        {
            "Name": vm.name,
            "Owner": vm.owner or "nobody",
            "MemoryMib": vm.memory_mib,
            "ProcessorCount": vm.processor_count,
            "DiskPath": disks[0],
            "DataDiskPath": list(disks[1:]),
            "SwitchName": adapter.switch or "none",
            "Path": vm.path,
            "Version": vm.version,
        },
    )
    found = {"VMId": VmId(vm.name, HOST, vm.owner)}
    if vm.exposed:
        yield Step("Enable-NestedVirtualization", {**found, "AllowSmallMemory": True})
    if vm.state == "Running":
        yield Step("Start-NestedNode", found)


def _undo(step: Step) -> Iterator[Step]:
    if step.function == "New-NestedNode":
        owner = str(step.arguments["Owner"])
        yield Step("Remove-NestedNode", {"VMId": VmId(str(step.arguments["Name"]), HOST, owner), "Owner": owner})
    elif step.function in _UNDO:
        name, parameters = _UNDO[step.function]
        yield Step(name, {parameter: step.arguments[parameter] for parameter in parameters})
