"""The real world behind the wire: makes a machine.World of the command line and shows it as the wire's `World`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from sandbox.accounts import ADMIN
from sandbox.faults import FaultSpecError
from sandbox.machine import ExistingVm, Host
from sandbox.machine.clock import Clock
from sandbox.machine.config import Faults, ImageConfig, WorldConfig
from sandbox.machine.world import World
from sandbox.options import Options

_KINDS: Final = {item.name: str(item.type) for item in fields(Faults)}


class Universe:
    """Adapter from machine.World to what sandbox.site needs."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.hosts: Sequence[Host] = tuple(world.hosts.values())

    def snapshot(self) -> Mapping[str, Any]:
        """The world as JSON; hosts, VMs and switches as lists of objects with names."""
        world = self._world.as_json()
        return {**world, "hosts": [_listed(name, host) for name, host in world["hosts"].items()]}

    def counts(self) -> Mapping[str, Any]:
        """Applied effects: {effect: {target: times}}."""
        return self._world.counts()

    def bugs(self) -> Sequence[str]:
        """What went wrong inside the machine."""
        return self._world.bugs

    def set_speed(self, factor: float) -> None:
        """How much faster than life the world runs."""
        self._world.clock.set_factor(factor)

    def speed(self) -> float:
        """Nominal seconds in a real one."""
        return self._world.clock.factor

    def set_faults(self, changes: Mapping[str, Any]) -> None:
        """Change switches of machine.config.Faults.

        Raises:
            FaultSpecError: no such switch, or not its type.
        """
        self._world.set_faults(**{name: _switch(name, value) for name, value in changes.items()})

    def clear_faults(self) -> None:
        """All switches as configured."""
        self._world.clear_faults()

    def add_vm(self, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make a VM of `ExistingVm`'s members, optionally on `host`; the first host by default.

        Raises:
            FaultSpecError: a member that is none, or an unknown host.
        """
        members = dict(wanted)
        name = str(members.pop("host", next(iter(self._world.hosts))))
        unknown = sorted(set(members) - {item.name for item in fields(ExistingVm)})
        if unknown or "name" not in members or name not in self._world.hosts:
            raise FaultSpecError(f"a VM has a name and members of ExistingVm on a known host; not {unknown or members}")
        return self._world.add_vm(name, ExistingVm(**members))

    def close(self) -> None:
        """Write the state file a last time."""
        self._world.close()


def open_world(options: Options) -> Universe:
    """The world of the options; with a state file, the world that it holds.

    Raises:
        FaultSpecError: a world fault cannot be read.
    """
    administrator = options.accounts[0]
    images = tuple(ImageConfig(path) for path in options.images) or WorldConfig.images
    config = WorldConfig(
        os_build=options.os_build,
        cpu_vendor=options.cpu,
        memory_gib=options.memory_gib,
        disk_gib=options.disk_gib,
        hosts=options.hosts,
        username=administrator.name,
        password=administrator.password,
        images=images,
        preinstalled=options.preinstalled,
        token_filter_policy=any(account.role == ADMIN for account in options.accounts[1:]),
        max_shells_per_user=options.shells_per_user,
    )
    universe = Universe(World(config, Clock(options.clock), options.state))
    universe.set_faults(dict(pair.partition("=")[::2] for pair in options.world_faults))
    return universe


def _listed(name: str, host: Mapping[str, Any]) -> dict[str, Any]:
    lists = {group: list(host[group].values()) for group in ("vms", "switches", "nats")}
    return {**host, "name": name, **lists}


def _switch(name: str, value: Any) -> Any:
    kind = _KINDS.get(name)
    if kind is None:
        raise FaultSpecError(f"no world fault {name!r}; known: {', '.join(sorted(_KINDS))}")
    try:
        return _typed(kind, value)
    except (TypeError, ValueError) as error:
        raise FaultSpecError(f"{name}: {error}") from error


def _typed(kind: str, value: Any) -> Any:
    if kind == "bool":
        return value if isinstance(value, bool) else str(value).lower() in ("1", "true", "yes")
    if kind.startswith("tuple"):
        return tuple(value) if isinstance(value, list) else tuple(part for part in str(value).split("+") if part)
    return {"int": int, "float": float}.get(kind, str)(value)
