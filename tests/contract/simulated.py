"""Runs scenarios on the sandbox over PSRP: its real listener on loopback, TLS, a logon; one world a scenario."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from pypsrp.powershell import RunspacePool
from pypsrp.wsman import WSMan

from sandbox.accounts import OPERATOR, Account, Accounts
from sandbox.machine import Host
from sandbox.machine.world import SimulatedHost
from sandbox.machine.world import World as SandboxWorld
from sandbox.site import Site, SiteSettings
from sandbox.tls import TlsFiles, make_tls_files, server_context
from sandbox.universe import Universe
from tests.contract import sandbox_state
from tests.contract.observation import owner_of
from tests.contract.remote import Answer, call, load_module
from tests.contract.sandbox_world import machine_at, make_world
from tests.contract.scenario import Outcome, Scenario, Step, VmId
from tests.contract.world import made_id
from workers.errors import WorkerError

PASSWORD = "Host-pass-1"
ADMINISTRATOR = "Administrator"
LESSER = "operator"
_INFO = "Get-NestedModuleInfo"


class Served(Universe):
    """One machine of a sandbox world as the wire's world: whichever level it is on, it is the host that is called."""

    def __init__(self, world: SandboxWorld, path: str) -> None:
        super().__init__(world)
        self.hosts: Sequence[Host] = (SimulatedHost(world.realm, machine_at(world, path)),)


class Simulation:
    """The sandbox, with certificates of its own in a folder."""

    def __init__(self, folder: Path) -> None:
        self._files: TlsFiles = make_tls_files(folder, ADMINISTRATOR)
        self._context = server_context(self._files, with_client_certificates=False)

    def run(self, scenarios: Sequence[Scenario]) -> list[Outcome]:
        """The outcome of each scenario, in order."""
        return [self._outcome(scenario) for scenario in scenarios]

    def _outcome(self, scenario: Scenario) -> Outcome:
        try:
            return self._scenario(scenario)
        except WorkerError as error:
            return Outcome(trouble=f"the connection broke: {error}")

    def _scenario(self, scenario: Scenario) -> Outcome:
        began = time.perf_counter()
        world = make_world(scenario.world, datetime.now(UTC))
        for step in scenario.first:
            answer = self._step(world, scenario, step)
            if answer.errors:
                return Outcome(trouble=f"the first step {step.function} failed: {answer.errors[0]}")
        before, former = sandbox_state.observe(world)
        answer = self._step(world, scenario, scenario.step)
        after, names = sandbox_state.observe(world)
        return Outcome(
            output=answer.output,
            errors=answer.errors,
            failed=answer.failed,
            warnings=answer.warnings,
            streams=answer.streams,
            before=before,
            after=after,
            names={**former, **names},
            trouble="; ".join(world.bugs),
            milliseconds=(time.perf_counter() - began) * 1000,
        )

    def _step(self, world: SandboxWorld, scenario: Scenario, step: Step) -> Answer:
        user = ADMINISTRATOR if scenario.world.place(step.machine).machine.is_admin else LESSER
        with self._pool(world, step.machine, user) as pool:
            if step.function == _INFO:
                load_module(pool)
            return call(pool, step, partial(_vm_id, world))

    @property
    def ca_file(self) -> Path:
        """The certificate that clients trust."""
        return self._files.ca

    @contextmanager
    def listening(self, world: SandboxWorld, path: str, *, is_preinstalled: bool = True) -> Iterator[int]:
        """A machine of a world that listens for the length of a `with`; its port."""
        known = Accounts([Account(ADMINISTRATOR, PASSWORD), Account(LESSER, PASSWORD, OPERATOR)])
        settings = SiteSettings(known, "https", context=self._context, is_preinstalled=is_preinstalled)
        site = Site(Served(world, path), settings)
        site.start()
        try:
            yield site.hosts[0].port
        finally:
            site.stop()

    @contextmanager
    def _pool(self, world: SandboxWorld, path: str, user: str) -> Iterator[RunspacePool]:
        """An open runspace pool on a machine."""
        with (
            self.listening(world, path) as port,
            WSMan(
                "127.0.0.1",
                port=port,
                username=user,
                password=PASSWORD,
                ssl=True,
                auth="basic",
                cert_validation=str(self.ca_file),  # type: ignore[arg-type]  # a path is fine
                no_proxy=True,
            ) as connection,
            RunspacePool(connection) as pool,
        ):
            yield pool


def _vm_id(world: SandboxWorld, wanted: VmId) -> uuid.UUID:
    machine = machine_at(world, wanted.machine)
    found = [
        vm.id
        for vm in machine.vms.values()
        if vm.name.lower() == wanted.name.lower() and wanted.owner in (None, owner_of(vm.notes))
    ]
    return uuid.UUID(found[0] if found else made_id("nobody", wanted.name))
