"""VMs that someone made by hand before we came: running, set up, owned by nobody, nothing in them prepared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.machine import hyperv
from sandbox.machine.api import Streams
from sandbox.machine.call import Call, Logon
from sandbox.machine.files import DIFFERENCING, disk_at
from sandbox.machine.life import BUILTIN, RUNNING
from sandbox.machine.model import Disk, Machine, Seed
from sandbox.machine.realm import Realm
from sandbox.machine.runspace import dispatch

_FOLDER = "C:\\VMs"


@dataclass(frozen=True)
class ExistingVm:
    """What to make. `memory_mib` is dynamic, as Hyper-V Manager proposes; `password`: the guest's Administrator's."""

    name: str
    memory_mib: int = 4096
    processor_count: int = 2
    password: str = field(default="", repr=False)
    switch: str = "External"
    running: bool = True


def add(realm: Realm, host: Machine, wanted: ExistingVm, streams: Streams) -> dict[str, Any]:
    """Make the VM at once and give its id, name and state; PsError as Windows says it when the host cannot run it.

    Its effects are counted like any others.
    """
    call = Call(realm, host, Logon(BUILTIN, is_admin=True), streams, dispatch)
    image = realm.config.images[0]
    path = f"{_FOLDER}\\{wanted.name}.vhdx"
    with realm.lock:
        vm = hyperv.new_vm(call, wanted.name, "", wanted.memory_mib)
        seed = Seed(wanted.name, realm.password_hash(wanted.password)) if wanted.password else None
        if disk_at(host, path) is None:
            disk = Disk(path, DIFFERENCING, image.size_gib, parent=image.path, image=image.path, seed=seed)
            host.disks[path.lower()] = disk
        vm.disks, vm.adapters[0].switch, vm.path = [path], wanted.switch, _FOLDER
        vm.processor_count, vm.dynamic_memory, vm.automatic_checkpoints = wanted.processor_count, True, True
        if wanted.running:
            hyperv.start(call, vm)
            _long_ago(realm, host, path)
        return {"id": vm.id, "name": vm.name, "state": vm.state, "running": vm.state == RUNNING}


def _long_ago(realm: Realm, host: Machine, path: str) -> None:
    """Its first boot is over: the guest has been up for a while."""
    disk = disk_at(host, path)
    if disk is None or disk.system is None:
        return
    disk.system.setup_complete, disk.system.seed_removed = True, True
    disk.system.booted_at -= realm.config.boot.setup
