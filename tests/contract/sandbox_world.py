"""Renders a world for the sandbox: the same machines, made of its own records."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sandbox.machine.clock import Clock
from sandbox.machine.config import BootTimes, DomainConfig, Faults, ImageConfig, WorldConfig
from sandbox.machine.life import LAUNCH_EVENT, label_of
from sandbox.machine.model import Adapter, CallEntry, Cluster, Disk, Interface, Machine, Nat, Seed, Switch, Vm
from sandbox.machine.realm import Realm
from sandbox.machine.world import World as SandboxWorld
from tests.contract import world as neutral
from tests.contract.engine_world import notes_of
from tests.contract.faults import sandbox_faults

DAY_SECONDS = 86400.0
SPEED = 20.0
_RESOURCES = {"none": "", "file_share": "File Share Witness", "cloud": "Cloud Witness", "disk": "Cluster Disk 1"}


class LeapingTime:
    """Real time that passes only when someone waits: nominal seconds cost nothing."""

    def __init__(self) -> None:
        self._now = 0.0

    def monotonic(self) -> float:
        """The time."""
        return self._now

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds


def make_world(world: neutral.World, now: datetime) -> SandboxWorld:
    """The sandbox's world: its first host is the neutral world's one."""
    time = LeapingTime()
    clock = Clock(SPEED, start=now.astimezone(UTC).timestamp(), monotonic=time.monotonic, wait=time.wait)
    config = WorldConfig(
        os_build=neutral.RELEASES[world.host.release or world.release].build,
        cpu_vendor=world.vendor,
        host_prefix="H",
        password=neutral.PASSWORD,
        images=(ImageConfig(neutral.IMAGE, password=neutral.PASSWORD, nested_images=(neutral.NESTED_IMAGE,)),),
        switches=(),
        domains=tuple(DomainConfig(*one) for one in world.domains),
        vbs_running=world.vbs_running,
        offer_nested_virt=world.nesting_offered,
        addresses_in_use=world.addresses_in_use,
        cluster_names_in_use=world.names_in_use,
        host_role=False,
        faults=Faults(**sandbox_faults(world)),
        # A setup that is at work stays so.
        boot=BootTimes(setup=10 * DAY_SECONDS),
    )
    made = SandboxWorld(config, clock)
    realm = made.realm
    (host,) = realm.state.hosts.values()
    places = {place.path: place for place in world.machines()}
    machines: dict[str, Machine] = {}
    for path, place in places.items():
        machine = host if place.host is None else _guest(realm, world, place, machines[place.host.path])
        machines[path] = machine
        _fill(realm, world, place, machine)
    for cluster in world.clusters:
        _add_cluster(realm, cluster, machines)
    return made


def machine_at(made: SandboxWorld, path: str) -> Machine:
    """The machine of a path, as it is now; KeyError when no such VM has one."""
    (machine,) = made.realm.state.hosts.values()
    for name in [] if path == neutral.HOST else path.split("/"):
        found = [vm for vm in machine.vms.values() if vm.name.lower() == name.lower()]
        disks = [machine.disks.get(disk.lower()) for vm in found for disk in vm.disks]
        systems = [disk.system for disk in disks if disk is not None and disk.system is not None]
        if not systems:
            raise KeyError(path)
        machine = systems[0]
    return machine


def _guest(realm: Realm, world: neutral.World, place: neutral.Place, host: Machine) -> Machine:
    """The machine in a VM's first disk, powered as the VM is."""
    vm = place.vm
    assert vm is not None
    assert place.host is not None
    made = host.vms[neutral.vm_id(vm, place.host.path)]
    uid = f"m{realm.next_number()}"
    guest = Machine(uid, label_of(host, made), place.machine.computer_name, world.build_of(place).build, "", "")
    guest.host_uid, guest.vm_id, guest.level = host.uid, made.id, place.level
    guest.powered = vm.state == "Running"
    guest.exposed = vm.exposed
    host.disks[made.disks[0].lower()].system = guest
    realm.machines[uid] = guest
    return guest


def _fill(realm: Realm, world: neutral.World, place: neutral.Place, machine: Machine) -> None:
    given = place.machine
    machine.computer_name, machine.edition = given.computer_name, "ServerDatacenter"
    machine.installation_type, machine.vendor, machine.sockets = given.installation_type, world.vendor, given.sockets
    machine.os_build = world.build_of(place).build
    machine.memory_mib, machine.processors, machine.disk_gib = given.memory_gib * 1024, given.processors, given.disk_gib
    machine.memory_used_mib, machine.disk_used_gib = min(1024, machine.memory_mib // 4), given.disk_gib / 10
    machine.accounts = {"administrator": realm.password_hash(given.password)}
    machine.accounts |= {name.lower(): realm.password_hash(text) for name, text in given.accounts.items()}
    machine.features = dict(given.features)
    machine.setup_complete = given.setup_complete
    machine.seeded, machine.seed_removed = given.seeded, given.seeded and not given.seed_left
    machine.boots, machine.boot_id = 1, realm.new_id()
    machine.booted_at = realm.clock.now() - (DAY_SECONDS if given.up else 0.0)
    machine.token_filter_policy = given.token_filter_policy
    machine.network_category = "Private" if given.private_network else "Public"
    machine.dns_suffix, machine.domain, machine.hosts_file = given.dns_suffix, given.domain, dict(given.hosts)
    machine.firewall_groups = list(given.firewall)
    machine.switches = {one.name.lower(): _switch(place, one) for one in given.switches}
    machine.nats = {one.name.lower(): Nat(one.name, one.prefix) for one in given.nats}
    machine.disks = {one.path.lower(): _disk(one) for one in given.all_disks() if not one.mark_only}
    machine.vms = {neutral.vm_id(vm, place.path): _vm(realm, world, place, vm) for vm in given.vms}
    machine.interfaces = _interfaces(place)
    _launch(realm, world, place, machine)
    _fill_journal(realm, given, machine)


def _launch(realm: Realm, world: neutral.World, place: neutral.Place, machine: Machine) -> None:
    now = realm.clock.now()
    provider = "Microsoft-Windows-Hyper-V-Hypervisor"
    events = [(now - one.age_seconds, one.provider, one.id, one.level) for one in place.machine.events]
    if place.has_hypervisor:
        machine.launch_event, machine.launched_at = LAUNCH_EVENT, now - DAY_SECONDS + 5
        events.append((machine.launched_at, provider, LAUNCH_EVENT, "Information"))
    failure = place.launch_failure(world.vendor)
    if failure:
        machine.failure_event = failure
        events.append((now - DAY_SECONDS + 5, provider, failure, "Error"))
    keys = ("TimeCreated", "Provider", "Id", "Level")
    machine.events = [dict(zip(keys, one, strict=True)) for one in sorted(events)]


def _switch(place: neutral.Place, one: neutral.Switch) -> Switch:
    known = neutral.made_id("switch", place.path, one.name)
    return Switch(one.name, known, one.kind, one.owner, one.address, one.prefix_length)


def _disk(one: neutral.Disk) -> Disk:
    made = Disk(one.path, one.kind, one.size_gib, owner=one.owner, parent=one.parent, read_only=one.read_only)
    made.attached = "mount" if one.mounted else ""
    if one.system:
        made.image = one.parent or one.path
    if one.seed_sha256:
        made.seed = Seed("", "", sha256=one.seed_sha256)
    return made


def _vm(realm: Realm, world: neutral.World, place: neutral.Place, vm: neutral.Vm) -> Vm:
    running = vm.state == "Running"
    adapters = [
        Adapter(one.name, one.switch, one.mac or neutral.made_mac(vm.name, vm.tag, str(number)), one.spoofing)
        for number, one in enumerate(vm.adapters)
    ]
    made = Vm(neutral.vm_id(vm, place.path), vm.name, notes_of(vm.owner, vm.name) if vm.notes is None else vm.notes)
    made.state, made.generation, made.version = vm.state, vm.generation, vm.version or world.build_of(place).vm_version
    made.processor_count, made.memory_startup_mib, made.dynamic_memory = (
        vm.processor_count,
        vm.memory_mib,
        vm.dynamic_memory,
    )
    made.exposed, made.automatic_checkpoints, made.checkpoints = vm.exposed, vm.automatic_checkpoints, vm.checkpoints
    made.adapters, made.disks, made.start_action, made.path = adapters, list(vm.all_disks()), vm.start_action, vm.path
    made.started_at = made.created_at = realm.clock.now() - DAY_SECONDS
    made.started_at = made.started_at if running else 0.0
    return made


def _interfaces(place: neutral.Place) -> dict[str, Interface]:
    made: dict[str, Interface] = {}
    for number, adapter in enumerate(place.vm.adapters if place.vm else ()):
        assert place.vm is not None
        mac = adapter.mac or neutral.made_mac(place.vm.name, place.vm.tag, str(number))
        made[mac] = Interface(mac)
        for one in place.machine.interfaces[number : number + 1]:
            addresses = [f"{one.address}/{one.prefix_length}"] if one.address else []
            made[mac] = Interface(mac, addresses, one.gateway, list(one.dns))
    return made


def _fill_journal(realm: Realm, given: neutral.Machine, machine: Machine) -> None:
    for call in given.calls:
        ended = realm.clock.now() - call.age_days * DAY_SECONDS
        entry = CallEntry(call.call_id, call.name, call.status, call.fence, ended - 1)
        entry.ended_at = None if call.status == "running" else ended
        entry.record = _record(call)
        if call.held:
            entry.token = f"held-{call.call_id}"
            realm.living.add(entry.token)
        machine.journal[call.call_id] = entry
        scope = call.call_id.rsplit("#", 1)[0]
        machine.fences[scope] = max(machine.fences.get(scope, 0), call.fence)


def _record(call: neutral.JournaledCall) -> dict[str, Any]:
    errors = ("ErrorId", "ErrorCategory", "ErrorMessage", "ErrorHResult", "ErrorType", "ErrorTarget")
    head = {"CallId": call.call_id, "Name": call.name, "Status": call.status, "Replayed": False, "ResultJson": ""}
    return {**head, **dict.fromkeys(errors), **call.answer}


def _add_cluster(realm: Realm, one: neutral.Cluster, machines: dict[str, Machine]) -> None:
    made = Cluster(one.name, one.address, one.access_point, [machines[path].uid for path in one.nodes])
    made.witness, made.witness_detail = _RESOURCES[one.witness], one.witness_detail
    made.storage, made.pool = one.storage, one.pool
    realm.state.clusters[one.name.lower()] = made
    for path in one.nodes:
        machines[path].cluster = one.name
    made.stopped = [machines[path].uid for path in one.down]
    made.paused = [machines[path].uid for path in one.paused]
