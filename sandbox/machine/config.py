"""What a world is made of at its start: frozen settings and the switches for faults."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

NANO_IMAGE = "C:\\Images\\nano.vhdx"
SERVER_IMAGE = "C:\\Images\\ws2022.vhdx"


@dataclass(frozen=True)
class ImageConfig:
    """A parent disk on every host. A child of it boots an operating system.

    `password` is the image's own, used when the disk was not seeded. `accounts` are further local administrators
    (name, password). `nested_images` are disk paths inside the guest's own files.
    """

    path: str = SERVER_IMAGE
    os_build: int = 0
    edition: str = "ServerDatacenter"
    installation_type: str = "Server Core"
    size_gib: int = 127
    used_gib: float = 9.0
    password: str = field(default="", repr=False)
    accounts: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    nested_images: tuple[str, ...] = (NANO_IMAGE,)
    digest: str = ""

    @property
    def sha256(self) -> str:
        """The hash that Windows would compute: given, else that of the path's text (so that anyone can know it)."""
        return self.digest or hashlib.sha256(self.path.encode()).hexdigest()


@dataclass(frozen=True)
class BootTimes:
    """Nominal seconds from power-on. `setup` is the first boot's specialize + oobe of a generalized image."""

    first_heartbeat: float = 25.0
    first_session: float = 95.0
    setup: float = 140.0
    heartbeat: float = 15.0
    session: float = 35.0
    cluster_service: float = 45.0
    restart_delay: float = 5.0
    host: float = 60.0
    second_reboot: float = 45.0


@dataclass(frozen=True)
class Faults:
    """What goes wrong on purpose; replaced as a whole at run time (`World.set_faults`).

    `flaky_guest`: every n-th session into a guest breaks at once (0 = never). `second_reboot`: installing Hyper-V needs
    a second, automatic reboot. `blind_prerequisite`: ServerManager refuses Hyper-V although the flags are there
    (VirtDoc#1975; DISM still works). `hypervisor_fails`: it does not launch after the role's reboot. `boot_fails`:
    guests never answer. `module_refused`: guests refuse the module. `exposure_reverts`: the setting falls back to false
    (MSLab#133). `exposure_lost`: it reads back true, but guests do not see it. `workgroup_file_share`: a file share
    witness works in a workgroup (Microsoft's pages disagree). `failing_test`: a Test-Cluster test or category that
    fails. `down_nodes`: computer names whose cluster service does not start. `start_refused`: a stopped cluster service
    is not started, only by joining anew. `witness_refused`: Azure refuses every access key. `management_away`:
    Hyper-V's own service does not answer on any machine. `drain_refused`: no node can be paused; `drain_fails`: what
    runs on it cannot be moved. `password_refused`: guests' policy takes no password. `role_missing`: hosts report no
    Hyper-V role; `vmms_stopped`: its service is stopped there. `slow`: all durations times this.
    """

    flaky_guest: int = 0
    second_reboot: bool = True
    blind_prerequisite: bool = False
    hypervisor_fails: bool = False
    boot_fails: bool = False
    module_refused: bool = False
    exposure_reverts: bool = False
    exposure_lost: bool = False
    workgroup_file_share: bool = False
    failing_test: str = ""
    down_nodes: tuple[str, ...] = ()
    start_refused: bool = False
    witness_refused: bool = False
    management_away: bool = False
    drain_refused: bool = False
    drain_fails: bool = False
    password_refused: bool = False
    role_missing: bool = False
    vmms_stopped: bool = False
    slow: float = 1.0


@dataclass(frozen=True)
class DomainConfig:
    """An Active Directory that guests can join: DNS name, NetBIOS name and one account that may join computers."""

    name: str
    netbios: str
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class WorldConfig:
    """A world of equal hosts. `memory_used_gib` and `disk_used_gib`: what others use of a host's memory and volume."""

    os_build: int = 20348
    cpu_vendor: str = "intel"
    memory_gib: int = 256
    disk_gib: int = 4096
    processors: int = 64
    hosts: int = 1
    host_prefix: str = "HV"
    username: str = "Administrator"
    password: str = field(default="", repr=False)
    images: tuple[ImageConfig, ...] = (ImageConfig(),)
    switches: tuple[str, ...] = ("External",)
    domains: tuple[DomainConfig, ...] = ()
    memory_used_gib: float = 4.0
    disk_used_gib: float = 60.0
    edition: str = "ServerDatacenter"
    host_role: bool = True
    token_filter_policy: bool = False
    vbs_running: bool = False
    offer_nested_virt: bool = True
    preinstalled: bool = False
    root_slat: bool = False
    addresses_in_use: tuple[str, ...] = ()
    cluster_names_in_use: tuple[str, ...] = ()
    cluster_firewall_groups: tuple[str, ...] = ()
    max_shells_per_user: int = 30
    max_memory_per_shell_mb: int = 1024
    boot: BootTimes = BootTimes()
    faults: Faults = Faults()
