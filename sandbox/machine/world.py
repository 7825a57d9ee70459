"""A world: hosts with everything in them, kept in a file across restarts of the process."""

from __future__ import annotations

import atexit
import json
import secrets
from dataclasses import replace
from pathlib import Path
from typing import Any

from sandbox.machine import existing, hyperv
from sandbox.machine.call import Logon
from sandbox.machine.clock import Clock
from sandbox.machine.codec import from_json, to_json
from sandbox.machine.config import WorldConfig
from sandbox.machine.existing import ExistingVm
from sandbox.machine.life import BUILTIN, HYPERV, HYPERV_TOOLS, INSTALLED, LAUNCH_EVENT, boot, is_up, settle
from sandbox.machine.model import Machine, State, Switch
from sandbox.machine.network import EXTERNAL
from sandbox.machine.realm import Realm, walk
from sandbox.machine.runspace import MachineRunspace
from sandbox.machine.sessions import account_of
from sandbox.machine.silence import Silence
from sandbox.machine.statefile import StateFile


class SimulatedHost:
    """One host as the wire sees it (`api.Host`)."""

    def __init__(self, realm: Realm, machine: Machine) -> None:
        """A view of a machine of the realm."""
        self._realm = realm
        self._machine = machine

    @property
    def name(self) -> str:
        """The computer name."""
        return self._machine.computer_name

    @property
    def build(self) -> int:
        """The OS build."""
        return self._machine.os_build

    @property
    def boot_id(self) -> str:
        """Changes at every boot."""
        with self._realm.lock:
            settle(self._realm, self._machine)
            return self._machine.boot_id

    @property
    def is_up(self) -> bool:
        """Whether it answers over the network."""
        with self._realm.lock:
            return is_up(self._realm, self._machine)

    def is_admin(self, user: str) -> bool:
        """Whether a network logon of this local account has a full token."""
        return account_of(user) == BUILTIN or self._machine.token_filter_policy

    def runspace(self, user: str, is_admin: bool) -> MachineRunspace:
        """A new runspace of this boot."""
        return MachineRunspace(self._realm, self._machine, Logon(user, is_admin))

    def reboot(self) -> None:
        """Restart now; its VMs lose power."""
        with self._realm.lock:
            self._realm.effect("host_rebooted", self._machine.label)
            boot(self._realm, self._machine, self._realm.clock.now())


class World:
    """The public face of a world. With a `state_path` it goes on from that file and keeps it up to date."""

    def __init__(self, config: WorldConfig, clock: Clock, state_path: Path | None = None) -> None:
        """A new world, or the one of the file."""
        self.config = config
        self.clock = clock
        known = state_path is not None and state_path.exists()
        state = _load(state_path) if state_path is not None and known else State(clock.now(), secrets.token_hex(16))
        if known:
            clock.set_now(state.now)
        self.realm = Realm(config, clock, state)
        if not known:
            _populate(self.realm)
        self.hosts: dict[str, SimulatedHost] = {
            name: SimulatedHost(self.realm, machine) for name, machine in state.hosts.items()
        }
        self._file = StateFile(state_path, self._snapshot) if state_path is not None else None
        if self._file is not None:
            self.realm.changed = self._file.mark
            self._file.mark()
            atexit.register(self._file.close)

    def counts(self) -> dict[str, dict[str, int]]:
        """How often each effect was applied: {effect: {target: times}}. The same change applied twice shows as 2."""
        with self.realm.lock:
            return {name: dict(targets) for name, targets in self.realm.state.counts.items()}

    @property
    def bugs(self) -> list[str]:
        """What should be impossible but happened."""
        with self.realm.lock:
            return list(self.realm.state.bugs)

    def as_json(self) -> dict[str, Any]:
        """The whole world with the images' hashes, for people and tests. No password is in it."""
        with self.realm.lock:
            hosts = to_json(self.realm.state.hosts)
            clusters = to_json(self.realm.state.clusters)
        for host in hosts.values():
            _hide(host)
        return {
            "now": self.clock.now(),
            "clock": self.clock.factor,
            "images": [{"path": image.path, "sha256": image.sha256} for image in self.config.images],
            "hosts": hosts,
            "clusters": clusters,
            "faults": to_json(self.realm.faults),
        }

    def set_faults(self, **changes: Any) -> None:
        """Change fault switches (fields of `config.Faults`); TypeError for a name that is none."""
        self.realm.faults = replace(self.realm.faults, **changes)

    def clear_faults(self) -> None:
        """Back to the configured faults."""
        self.realm.faults = self.config.faults

    def add_vm(self, host: str, wanted: ExistingVm) -> dict[str, Any]:
        """A VM that nobody of ours made; KeyError for an unknown host, PsError as Windows refuses."""
        return existing.add(self.realm, self.realm.state.hosts[host], wanted, Silence())

    def save(self) -> None:
        """Write the state now."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """Write the state a last time. Safe to repeat."""
        if self._file is not None:
            atexit.unregister(self._file.close)
            self._file.close()
            self._file = None

    def _snapshot(self) -> Any:
        with self.realm.lock:
            self.realm.state.now = self.clock.now()
            return to_json(self.realm.state)


def _load(path: Path) -> State:
    state: State = from_json(State, json.loads(path.read_text(encoding="utf-8")))
    for host in state.hosts.values():
        for machine in walk(host):
            for disk in machine.disks.values():
                disk.attached = ""  # whoever had it mounted died with the old process
    return state


def _populate(realm: Realm) -> None:
    for number in range(1, realm.config.hosts + 1):
        name = f"{realm.config.host_prefix}{number:02d}"
        host = hyperv.new_host(realm, name)
        for switch in realm.config.switches:
            host.switches[switch.lower()] = Switch(switch, realm.new_id(), EXTERNAL)
        if realm.config.host_role:
            host.features |= {HYPERV: INSTALLED, HYPERV_TOOLS: INSTALLED}
            host.launch_event, host.launched_at = LAUNCH_EVENT, host.booted_at
        realm.state.hosts[name] = host


def _hide(machine: dict[str, Any]) -> None:
    """Leave out hashes of passwords, at every level."""
    machine.pop("accounts", None)
    for disk in machine["disks"].values():
        if disk["seed"]:
            disk["seed"].pop("password", None)
        if disk["system"]:
            _hide(disk["system"])
