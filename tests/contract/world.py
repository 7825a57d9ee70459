"""A world as both engines are given it: plain frozen records with sensible defaults, so a scenario says what matters.

Nothing here knows the sandbox or the pretended Windows: `engine_world` and `sandbox_world` render it for them.
Disk paths, names and passwords are the same text on both sides; ids and MAC addresses follow from names.
"""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

IMAGE = "C:\\Images\\ws2022.vhdx"
NESTED_IMAGE = "C:\\Images\\nano.vhdx"
LABS = "C:\\Labs"
OWNER = "lab_1"
PASSWORD = "Pass-w0rd-of-guests"
NEW_PASSWORD = "Another-w0rd-of-guests"
# What an observation says of a password: neither engine shows one.
KNOWN_PASSWORDS = {PASSWORD: "first", NEW_PASSWORD: "new"}
HYPERV = {"Hyper-V": "Installed", "Hyper-V-PowerShell": "Installed"}
CLUSTERING = {"Failover-Clustering": "Installed", "RSAT-Clustering-PowerShell": "Installed"}
HOST = "host"
NO_EXTENSIONS = {"intel": 41, "amd": 42}


@dataclass(frozen=True)
class Release:
    """A release of Windows Server: its build, its name and the configuration version of its new VMs."""

    build: int
    caption: str
    vm_version: str


RELEASES = {
    "2016": Release(14393, "Microsoft Windows Server 2016 Datacenter", "8.0"),
    "2019": Release(17763, "Microsoft Windows Server 2019 Datacenter", "9.0"),
    "2022": Release(20348, "Microsoft Windows Server 2022 Datacenter", "10.0"),
    "2025": Release(26100, "Microsoft Windows Server 2025 Datacenter", "12.0"),
}


def made_id(*names: str) -> str:
    """The GUID of a thing of these names, the same in every run."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "/".join(names).lower()))


def made_mac(*names: str) -> str:
    """A MAC address of Hyper-V's range for an adapter, 12 hex digits."""
    return f"00155D{zlib.crc32('/'.join(names).lower().encode()) & 0xFFFFFF:06X}"


@dataclass(frozen=True)
class Adapter:
    """A network adapter of a VM. `mac` '' follows from the VM's name; `switch` '' is not connected."""

    name: str = "Network Adapter"
    switch: str = "External"
    mac: str = ""
    spoofing: bool = False


@dataclass(frozen=True)
class Interface:
    """The IPv4 settings inside a guest for its adapter of the same place. `address` '' is DHCP."""

    address: str = ""
    prefix_length: int = 24
    gateway: str = ""
    dns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Switch:
    """A virtual switch. `owner` '' is somebody else's; `address` is that of the management adapter."""

    name: str
    kind: str = "Internal"
    owner: str = ""
    address: str = ""
    prefix_length: int = 24


@dataclass(frozen=True)
class Nat:
    """A NAT network."""

    name: str
    prefix: str


@dataclass(frozen=True)
class Disk:
    """A VHDX file. `system`: it boots Windows (an image, or a child of one). Its bytes are its path as UTF-8 text.

    `mark_only`: there is the mark that names its owner, and no disk: what an interrupted creation or removal leaves.
    """

    path: str
    kind: str = "Dynamic"
    size_gib: int = 40
    parent: str = ""
    owner: str = ""
    seed_sha256: str = ""
    read_only: bool = False
    mounted: bool = False
    system: bool = False
    mark_only: bool = False


@dataclass(frozen=True)
class JournaledCall:
    """A call that a machine's journal knows. `answer`: fields of the call record; `age_days`: since it ended.

    A `running` one is abandoned, unless it is `held`: then a process that lives runs it.
    """

    call_id: str
    name: str
    status: str = "completed"
    fence: int = 1
    age_days: float = 0.0
    answer: Mapping[str, Any] = field(default_factory=dict)
    held: bool = False


@dataclass(frozen=True)
class Event:
    """An entry of an event log. `age_seconds`: how long ago, counted from now."""

    id: int
    provider: str = "Microsoft-Windows-Hyper-V-Hypervisor"
    level: str = "Information"
    age_seconds: float = 3600.0
    log: str = "System"


@dataclass(frozen=True)
class Machine:
    """A Windows: the host, or what runs in a VM. Powered, set up and idle for a day unless it says otherwise.

    `launches` false: its hypervisor does not start although the role is there; `failure` is the event that says why (0:
    that its processor shows no extensions). `up` false: powered, but nothing answers yet. `seed_left`: the answer file
    is still on its disk. `firewall`: the groups whose rules are on.
    """

    computer_name: str
    password: str = PASSWORD
    release: str = ""
    installation_type: str = "Server Core"
    features: Mapping[str, str] = field(default_factory=dict)
    launches: bool = True
    failure: int = 0
    memory_gib: int = 4
    processors: int = 2
    sockets: int = 1
    disk_gib: int = 127
    switches: tuple[Switch, ...] = ()
    nats: tuple[Nat, ...] = ()
    disks: tuple[Disk, ...] = ()
    vms: tuple[Vm, ...] = ()
    calls: tuple[JournaledCall, ...] = ()
    events: tuple[Event, ...] = ()
    accounts: Mapping[str, str] = field(default_factory=dict)
    interfaces: tuple[Interface, ...] = ()
    dns_suffix: str = ""
    domain: str = ""
    hosts: Mapping[str, str] = field(default_factory=dict)
    private_network: bool = False
    token_filter_policy: bool = False
    firewall: tuple[str, ...] = ()
    seeded: bool = True
    seed_left: bool = False
    up: bool = True
    setup_complete: bool = True
    is_admin: bool = True
    is_hyperv_admin: bool = True

    def has_hyperv(self) -> bool:
        """Whether the role is installed (not only pending)."""
        return self.features.get("Hyper-V") == "Installed"

    def all_disks(self) -> tuple[Disk, ...]:
        """The disks it was given, and one for every VM with a guest whose disk nobody named."""
        given = {disk.path.lower() for disk in self.disks}
        implied = [vm.system_disk() for vm in self.vms if vm.guest is not None]
        return (*self.disks, *(disk for disk in implied if disk.path.lower() not in given))


@dataclass(frozen=True)
class Vm:
    """A virtual machine. `owner` '': nobody of ours. `notes` replaces what follows from owner. `guest`: what boots.

    Its first disk is the guest's; a VM with a guest and no disks has one in LABS. `version` '' is the host's newest.
    `tag` tells VMs of one name apart.
    """

    name: str
    owner: str = ""
    state: str = "Off"
    notes: str | None = None
    generation: int = 2
    version: str = ""
    processor_count: int = 2
    memory_mib: int = 4096
    dynamic_memory: bool = False
    exposed: bool = False
    automatic_checkpoints: bool = False
    adapters: tuple[Adapter, ...] = (Adapter(),)
    disks: tuple[str, ...] = ()
    checkpoints: int = 0
    start_action: str = "StartIfRunning"
    path: str = LABS
    guest: Machine | None = None
    tag: str = ""

    def all_disks(self) -> tuple[str, ...]:
        """The paths of its disks, its guest's own first."""
        return self.disks or ((f"{LABS}\\{self.name}.vhdx",) if self.guest is not None else ())

    def system_disk(self) -> Disk:
        """The disk of its guest, a child of the image."""
        return Disk(self.all_disks()[0], "Differencing", 127, parent=IMAGE, owner=self.owner, system=True)


@dataclass(frozen=True)
class Cluster:
    """A failover cluster of machines by path. `witness`: none, file_share, cloud or disk; `down`, `paused`: members."""

    name: str
    nodes: tuple[str, ...]
    access_point: str = "Dns"
    address: str = ""
    witness: str = "none"
    witness_detail: str = ""
    storage: bool = False
    pool: str = ""
    down: tuple[str, ...] = ()
    paused: tuple[str, ...] = ()


@dataclass(frozen=True)
class World:
    """One host with everything in it. `faults`: names of tests/contract/faults.py, what goes wrong on purpose.

    `language`: that of Windows' messages; '' is German, so that every scenario shows that nothing depends on them.
    `nesting_offered` false: the boot configuration of the host forbids it.
    """

    host: Machine
    release: str = "2022"
    vendor: str = "intel"
    language: str = ""
    clusters: tuple[Cluster, ...] = ()
    faults: Mapping[str, Any] = field(default_factory=dict)
    vbs_running: bool = False
    nesting_offered: bool = True
    addresses_in_use: tuple[str, ...] = ()
    names_in_use: tuple[str, ...] = ()
    domains: tuple[tuple[str, str, str, str], ...] = ()

    def machines(self) -> Iterator[Place]:
        """Every machine with where it is, parents first."""
        yield from _places(Place(HOST, self.host, None, None, 0))

    def place(self, path: str) -> Place:
        """The machine of a path: 'host', a node's VM name, or 'node/vm'. KeyError when there is none."""
        return {place.path: place for place in self.machines()}[path]

    def build_of(self, place: Place) -> Release:
        """The release that a machine runs: its own, else the host's."""
        return RELEASES[place.machine.release or self.release]


@dataclass(frozen=True)
class Place:
    """A machine, its path, the VM that it runs in and the place of that VM's host."""

    path: str
    machine: Machine
    vm: Vm | None
    host: Place | None
    level: int

    @property
    def sees_extensions(self) -> bool:
        """Whether its processor offers virtualization to it."""
        return self.vm is None or self.vm.exposed

    @property
    def has_hypervisor(self) -> bool:
        """Whether a hypervisor runs at this level."""
        return self.machine.has_hyperv() and self.machine.launches and self.sees_extensions

    def launch_failure(self, vendor: str) -> int:
        """The event by which the hypervisor says that it did not start at this boot; 0 when it did, or is not there."""
        if self.has_hypervisor or not self.machine.has_hyperv():
            return 0
        return self.machine.failure or NO_EXTENSIONS[vendor]


def vm_id(vm: Vm, path: str = HOST) -> str:
    """The id of a VM on a machine."""
    return made_id("vm", path, vm.name, vm.tag)


def _places(place: Place) -> Iterator[Place]:
    yield place
    for vm in place.machine.vms:
        if vm.guest is not None:
            path = vm.name if place.level == 0 else f"{place.path}/{vm.name}"
            yield from _places(Place(path, vm.guest, vm, place, place.level + 1))


def a_host(**changes: Any) -> Machine:
    """A host with the Hyper-V role, an external switch and the two images."""
    common: dict[str, Any] = {
        "installation_type": "Server",
        "features": HYPERV,
        "memory_gib": 256,
        "processors": 64,
        "disk_gib": 4096,
        "switches": (Switch("External", "External"),),
        "disks": (),
        "seeded": False,
    }
    made = Machine("HV01", **{**common, **changes})
    return replace(made, disks=(Disk(IMAGE, size_gib=127, system=True), *made.disks))


def a_world(*, release: str = "2022", vendor: str = "intel", clusters: tuple[Cluster, ...] = (), **host: Any) -> World:
    """A world whose host has these fields; use dataclasses.replace for the world's other fields."""
    return World(a_host(**host), release, vendor, clusters=clusters)


def a_node(name: str = "nest-1", *, vm: Mapping[str, Any] | None = None, **guest: Any) -> Vm:
    """A running node of ours: nesting on, its guest set up and ready. `vm` changes the VM, the rest its guest."""
    common = {"switches": (), "disks": (Disk(NESTED_IMAGE, size_gib=4, system=True),)}
    inside = Machine(name.upper(), **{**common, **guest})
    outside: dict[str, Any] = {
        "owner": OWNER,
        "state": "Running",
        "exposed": True,
        "memory_mib": inside.memory_gib * 1024,
        "processor_count": inside.processors,
        "adapters": (Adapter(spoofing=True),),
        "guest": inside,
    }
    return Vm(name, **{**outside, **(vm or {})})
