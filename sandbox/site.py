"""Simulated hosts on their ports: wires a world's machines to WinRM endpoints, and keeps both in step over reboots."""

from __future__ import annotations

import contextlib
import math
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from sandbox.accounts import Accounts
from sandbox.bad_certificates import bad_context
from sandbox.bootstrap import ModuleSession
from sandbox.bugs import Bugs
from sandbox.counters import Counters
from sandbox.faults import Fault, Faults, FaultSpecError
from sandbox.front import BROKEN, GOOD, NONE, Front
from sandbox.http import Door, HttpSettings, make_handler
from sandbox.listener import Listener
from sandbox.machine import Host
from sandbox.pipeline import PipelineContext
from sandbox.shell import shell_maker
from sandbox.tls import authority_of
from sandbox.wsman import DEFAULT_CONFIGURATION, Endpoint, EndpointSettings

_WATCH_SECONDS: Final = 0.05
_PURGE_SECONDS: Final = 5.0
_LOCAL: Final = "127.0.0.1"


class World(Protocol):
    """What the wire needs of the machine's world."""

    @property
    def hosts(self) -> Sequence[Host]:
        """The physical hosts in order."""

    def snapshot(self) -> Mapping[str, Any]:
        """Everything there is, as JSON."""

    def counts(self) -> Mapping[str, Any]:
        """How often each effect was applied."""

    def bugs(self) -> Sequence[str]:
        """What went wrong inside the machine."""

    def set_speed(self, factor: float) -> None:
        """How much faster than life the world runs."""

    def speed(self) -> float:
        """Nominal seconds in a real one."""

    def set_faults(self, changes: Mapping[str, Any]) -> None:
        """Change the machine's own fault switches; FaultSpecError for a name or value that is none."""

    def clear_faults(self) -> None:
        """All of the machine's switches as configured."""

    def add_vm(self, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make a VM that nobody of ours made; FaultSpecError for members that are none."""

    def close(self) -> None:
        """Write the state file."""


@dataclass(frozen=True)
class SiteSettings:
    """How all hosts listen. Port 0 takes a free one; otherwise host n gets port + n."""

    accounts: Accounts
    scheme: str = "http"
    port: int = 0
    schemes: frozenset[str] = frozenset({"basic", "negotiate", "certificate"})
    context: ssl.SSLContext | None = None
    ca_file: str = ""
    endpoint: EndpointSettings = field(default_factory=EndpointSettings)
    keep_alive_seconds: float = 120.0
    is_preinstalled: bool = False
    ca_dir: Path | None = None


class HostSite:
    """One host: its machine, its endpoint and its listener."""

    def __init__(self, host: Host, site: Site, port: int) -> None:
        self.host = host
        self._site = site
        self._boot_id = host.boot_id
        self._refused_until = 0.0
        self._lock = threading.Lock()
        self.endpoint = Endpoint(host.name, shell_maker(self._make_context), site.settings.endpoint)
        http = HttpSettings(
            site.settings.accounts,
            site.settings.schemes,
            "",
            keep_alive_seconds=site.settings.keep_alive_seconds,
            live_schemes=lambda: site.front.schemes,
        )
        door = Door(http, self.endpoint, site.faults, site.bugs, site.counters, host.is_admin, self.refuse, self.reboot)
        self.listener = Listener((_LOCAL, port), make_handler(door), site.bugs, site.settings.context)
        self.port = int(self.listener.server_address[1])

    @property
    def url(self) -> str:
        """The WinRM address."""
        return f"{self._site.settings.scheme}://{_LOCAL}:{self.port}/wsman"

    def start(self) -> None:
        """Begin to listen, in a thread."""
        threading.Thread(target=self.listener.serve, name=f"listener-{self.host.name}", daemon=True).start()

    def describe(self) -> dict[str, Any]:
        """The entry of the line that the process prints."""
        settings = self._site.settings
        return {
            "name": self.host.name,
            "wsman_url": self.url,
            "address": _LOCAL,
            "port": self.port,
            "scheme": settings.scheme,
            "ca_file": settings.ca_file,
        }

    def refuse(self, seconds: float) -> None:
        """Drop all connections and refuse new ones for so many real seconds; shells live on."""
        with self._lock:
            self._refused_until = max(self._refused_until, time.monotonic() + seconds)
        self.listener.refuse()

    def listen(self, *, wanted: bool) -> None:
        """Refuse connections until this is asked again, or take them."""
        with self._lock:
            self._refused_until = 0.0 if wanted else math.inf
        if not wanted:
            self.listener.refuse()
        self.watch()

    def reboot(self, fault: Fault) -> None:
        """Restart the host, after `delay_seconds` real seconds; `seconds` (nominal) is the least time it stays away."""
        if fault.delay_seconds:
            timer = threading.Timer(fault.delay_seconds, self.restart, (fault.seconds,))
            timer.daemon = True
            timer.start()
            return
        self.restart(fault.seconds)

    def restart(self, seconds: float | None = None) -> None:
        """Restart the host now."""
        self.host.reboot()
        if seconds is not None:
            self.refuse(seconds / self._site.world.speed())
        self.watch()

    def watch(self) -> None:
        """Follow the machine: while it is down or after it came up anew, connections and shells of before are gone."""
        with self._lock:
            boot_id, is_up = self.host.boot_id, self.host.is_up
            is_new = boot_id != self._boot_id
            self._boot_id = boot_id
            if is_new or not is_up:
                self._go_down()
            if is_up and time.monotonic() >= self._refused_until:
                self.listener.accept_again()

    def stop(self) -> None:
        """End the listener and all shells."""
        self.listener.end()
        self.endpoint.shells.clear()

    def _go_down(self) -> None:
        if self.listener.is_listening:
            self.listener.refuse()
        self.endpoint.shells.clear()

    def _lost(self) -> None:
        self.watch()
        self.listener.drop_all()

    def _make_context(self, user: str, is_admin: bool, configuration: str) -> PipelineContext:
        site = self._site
        inner = self.host.runspace(user, is_admin)
        hidden = lambda: site.front.hidden  # noqa: E731 - looked at anew by each call
        runspace = ModuleSession(inner, is_preinstalled=site.settings.is_preinstalled, hidden=hidden)
        return PipelineContext(
            self.host.name,
            runspace,
            site.faults,
            site.bugs,
            site.counters,
            self._lost,
            self.reboot,
            configuration != DEFAULT_CONFIGURATION,
        )


class Site:
    """All hosts of a world. Start it, then `stop` it."""

    def __init__(self, world: World, settings: SiteSettings) -> None:
        self.world = world
        self.settings = settings
        self.faults = Faults()
        self.bugs = Bugs()
        self.counters = Counters()
        self.front = Front(settings.schemes)
        self._ended = threading.Event()
        ports = [settings.port + number if settings.port else 0 for number in range(len(world.hosts))]
        self.hosts = [HostSite(host, self, port) for host, port in zip(world.hosts, ports, strict=True)]

    def start(self) -> None:
        """Open all hosts and follow the machine."""
        for host in self.hosts:
            host.start()
        threading.Thread(target=self._run, name="watch", daemon=True).start()

    def stop(self) -> None:
        """Close everything and write the state."""
        self._ended.set()
        for host in self.hosts:
            host.stop()
        self.world.close()

    def find(self, name: str) -> HostSite | None:
        """A host by name, any case."""
        return next((host for host in self.hosts if host.host.name.lower() == name.lower()), None)

    def change_front(self, changes: Mapping[str, Any]) -> None:
        """Show another front from now on.

        Raises:
            FaultSpecError: a member or value that is none, or a certificate that cannot be made.
        """
        front = self.front.changed(changes)
        context = self._context_of(front.certificate)
        self.front = front
        self.settings.accounts.lock_out(front.locked)
        for host in self.hosts:
            host.listener.present(context, broken=front.certificate == BROKEN)
            host.listen(wanted=front.listening)

    def _context_of(self, certificate: str) -> ssl.SSLContext | None:
        if certificate in (GOOD, NONE, BROKEN):
            return None if certificate == NONE else self.settings.context
        authority = authority_of(self.settings.ca_dir) if self.settings.ca_dir else None
        if authority is None or self.settings.ca_dir is None:
            raise FaultSpecError("the CA directory has no key: give a new one")
        return bad_context(certificate, authority, self.settings.ca_dir)

    def counts(self) -> dict[str, Any]:
        """The machine's effects, {effect: {target: times}}, and what the wire saw in the same form, as `wire.*`."""
        wire = {**self.counters.snapshot(), "faults": self.faults.snapshot()["applied"]}
        return {**self.world.counts(), **{f"wire.{group}": names for group, names in wire.items()}}

    def all_bugs(self) -> list[dict[str, Any]]:
        """The bugs of wire and machine; empty in every good run."""
        return [*self.bugs.all(), *({"where": "machine", "message": text} for text in self.world.bugs())]

    def _run(self) -> None:
        purge_at = 0.0
        while not self._ended.wait(_WATCH_SECONDS):
            try:
                self._look()
                if time.monotonic() >= purge_at:
                    purge_at = time.monotonic() + _PURGE_SECONDS
                    self._purge()
            except Exception as error:  # noqa: BLE001 - the door of a thread without a caller
                self.bugs.report("watch", error)

    def _look(self) -> None:
        for host in self.hosts:
            host.watch()

    def _purge(self) -> None:
        for host in self.hosts:
            host.endpoint.shells.purge()


@contextlib.contextmanager
def running(site: Site) -> Iterator[Site]:
    """Start a site for the length of a `with`."""
    site.start()
    try:
        yield site
    finally:
        site.stop()
