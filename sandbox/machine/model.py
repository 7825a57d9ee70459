"""The things of the world as plain records. Passwords are kept as salted hashes only; times are nominal seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Adapter:
    """A network adapter of a VM. `mac` is 12 hex digits, as Hyper-V shows it."""

    name: str
    switch: str
    mac: str
    spoofing: bool = False


@dataclass
class Seed:
    """What an answer file in a disk will do at the first boot."""

    computer_name: str
    password: str = field(repr=False)
    time_zone: str = "UTC"
    sha256: str = ""


@dataclass
class Interface:
    """The IPv4 settings of one adapter inside a machine. No `addresses`: DHCP."""

    mac: str
    addresses: list[str] = field(default_factory=list)
    gateway: str = ""
    dns: list[str] = field(default_factory=list)


@dataclass
class Switch:
    """A virtual switch; `owner` stands in its Notes. `host_address` is that of the management adapter."""

    name: str
    id: str
    kind: str
    owner: str = ""
    host_address: str = ""
    prefix_length: int = 24


@dataclass
class Nat:
    """A NAT network."""

    name: str
    prefix: str


@dataclass
class Vm:
    """The configuration and the power state of a VM. Names are not unique, ids are."""

    id: str
    name: str
    notes: str = ""
    state: str = "Off"
    generation: int = 2
    version: str = ""
    processor_count: int = 1
    memory_startup_mib: int = 512
    dynamic_memory: bool = False
    exposed: bool = False
    automatic_checkpoints: bool = False
    adapters: list[Adapter] = field(default_factory=list)
    disks: list[str] = field(default_factory=list)
    checkpoints: int = 0
    start_action: str = "StartIfRunning"
    path: str = ""
    started_at: float = 0.0
    off_at: float | None = None
    created_at: float = 0.0


@dataclass
class CallEntry:
    """One call in a machine's journal. `token` names the living call that runs it; `record` is its answer."""

    call_id: str
    name: str
    status: str
    fence: int
    started_at: float
    ended_at: float | None = None
    token: str = ""
    record: dict[str, Any] = field(default_factory=dict)


@dataclass
class Machine:
    """A running or sleeping Windows: a host, a guest, a guest's guest. The same class at every level.

    A guest's machine lives in its system disk (`Disk.system`) and takes its hardware from the VM at each power-on.
    """

    uid: str
    label: str
    computer_name: str
    os_build: int
    edition: str
    installation_type: str
    level: int = 0
    vendor: str = "intel"
    memory_mib: int = 0
    processors: int = 0
    sockets: int = 1
    exposed: bool = True
    memory_used_mib: int = 0
    disk_gib: int = 0
    disk_used_gib: float = 0.0
    host_uid: str = ""
    vm_id: str = ""
    accounts: dict[str, str] = field(default_factory=dict, repr=False)
    powered: bool = False
    setup_complete: bool = True
    seeded: bool = False
    seed_removed: bool = False
    time_zone: str = "UTC"
    boots: int = 0
    boot_id: str = ""
    booted_at: float = 0.0
    restart_at: float | None = None
    restart_cause: str = ""
    features: dict[str, str] = field(default_factory=dict)
    servicing: bool = False
    launch_event: int | None = None
    failure_event: int | None = None
    launched_at: float | None = None
    token_filter_policy: bool = False
    network_category: str = "Public"
    dns_suffix: str = ""
    domain: str = ""
    pending_domain: str = ""
    hosts_file: dict[str, str] = field(default_factory=dict)
    interfaces: dict[str, Interface] = field(default_factory=dict)
    firewall_groups: list[str] = field(default_factory=list)
    switches: dict[str, Switch] = field(default_factory=dict)
    nats: dict[str, Nat] = field(default_factory=dict)
    vms: dict[str, Vm] = field(default_factory=dict)
    disks: dict[str, Disk] = field(default_factory=dict)
    journal: dict[str, CallEntry] = field(default_factory=dict)
    fences: dict[str, int] = field(default_factory=dict)
    cluster: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    preinstalled: bool = False


@dataclass
class Disk:
    """A VHDX file. `attached` is '' or 'mount'. `image` is the path of the image whose bytes it holds, or ''."""

    path: str
    kind: str
    size_gib: int
    used_gib: float = 0.004
    owner: str = ""
    parent: str = ""
    read_only: bool = False
    attached: str = ""
    image: str = ""
    seed: Seed | None = None
    system: Machine | None = None


@dataclass
class Cluster:
    """A failover cluster. `members` are uids of machines; `stopped`: their service was stopped; `paused`: drained."""

    name: str
    address: str
    access_point: str
    members: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    paused: list[str] = field(default_factory=list)
    witness: str = ""
    witness_detail: str = ""
    storage: bool = False
    pool: str = ""


@dataclass
class State:
    """Everything that survives a restart of the sandbox."""

    now: float
    salt: str
    sequence: int = 0
    hosts: dict[str, Machine] = field(default_factory=dict)
    clusters: dict[str, Cluster] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    bugs: list[str] = field(default_factory=list)
