"""What happened when the example was built and torn down: on the engine's host, and the same on the simulated one."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from deploy.local.stack import Stack
from tests.contract.engine_state import observe
from tests.contract.world import NESTED_IMAGE
from tests.e2e.driver import Driver
from tests.e2e.engine_stack import NESTED_PASSWORD, EngineHost, service

SECONDS: Final = 400.0
_MASK: Final = "*"
# Fields of a lab whose values may differ between two hosts, and why.
MAY_DIFFER: Final = {
    "vm_id": "each host gives its own",
    "id": "as vm_id",
    "boot_id": "as vm_id",
    "mac": "follows from vm_id",
    "launched_at": "a moment",
    "report_path": "the lab's id is in it",
    "memory_free_mib": "what Windows itself uses is not the same on two machines",
    "free_gib": "as memory_free_mib",
    "virtual_hard_disk_path": "a setting of the host",
    "computer_name": "what .NET calls the machine that the engine really runs on; the world has the pretended names",
}
# Fields whose case may differ: a cluster knows its nodes by their NetBIOS names, which are capitals on Windows.
ANY_CASE: Final = frozenset({"name"})


@dataclass(frozen=True)
class Built:
    """A job and what it left. `lab` has the facts and the CPU ledger."""

    job: dict[str, Any]
    steps: dict[str, dict[str, Any]]
    lab: dict[str, Any]

    def told(self) -> dict[str, Any]:
        """What must be the same on every host: the steps, the ledger, the facts."""
        kept = ("action", "title", "node", "needs", "state", "percent", "error")
        return {
            "state": self.job["state"],
            "error": self.job["error"],
            "lab": self.lab["state"],
            "steps": {name: {key: step[key] for key in kept} for name, step in self.steps.items()},
            "probes": _masked(self.lab["probes"]),
            "facts": _masked(self.lab["facts"]),
        }


@dataclass(frozen=True)
class Story:
    """The whole of it. `disks` is a copy of the world's folder as it was when the lab stood; `secrets` were in use."""

    built: Built
    simulated: Built
    disks: Path
    stood: dict[str, Any]
    teardown: Built
    left: dict[str, Any]
    before: dict[str, Any]
    logs: Path
    secrets: tuple[str, ...] = field(repr=False)


def play(host: EngineHost, folder: Path) -> Story:
    """Run the example on both hosts at once, look, and tear the engine's lab down again."""
    before, _ = observe(host.folder)
    with service(folder / "stack", host) as (stack, host_id):
        driver = Driver(stack)
        with ThreadPoolExecutor(1) as other:
            simulated = other.submit(build, Driver(stack), stack.host_id, stack.nested_password)
            built = build(driver, host_id, NESTED_PASSWORD)
        shutil.copytree(host.folder, folder / "stood", symlinks=False)
        stood, _ = observe(host.folder)
        secrets = _secrets(host, stack)
        teardown = _tear_down(driver, built.lab["id"])
    left, _ = observe(host.folder)
    return Story(
        built, simulated.result(), folder / "stood", stood, teardown, left, before, folder / "stack" / "logs", secrets
    )


def build(driver: Driver, host_id: str, nested_password: str) -> Built:
    """Submit the example for a host, with nested VMs that are probed inside as the demo's, and wait for its end."""
    guest = {"username": "Administrator", "password": {"value": nested_password}}
    smoke = {"enabled": True, "memory_mib": 512, "parent_disk_path": NESTED_IMAGE, "guest": guest}
    return _seen(driver, driver.submit(driver.example("nested_cluster", host={"id": host_id}, smoke_test=smoke)))


def _tear_down(driver: Driver, lab_id: str) -> Built:
    return _seen(driver, driver.submit(driver.example("teardown", lab_id=lab_id)))


def _seen(driver: Driver, job_id: str) -> Built:
    job = driver.wait(job_id, SECONDS)
    return Built(job, driver.steps(job_id), driver.get(f"/v1/labs/{job['lab_id']}"))


def _secrets(host: EngineHost, stack: Stack) -> tuple[str, ...]:
    """The passwords that were in use: the hosts', and what the nodes' Administrators have (one a lab)."""
    machines = host.world()["machines"].values()
    inside = {machine["accounts"]["administrator"] for machine in machines if machine["level"]}
    return (host.bridge.password, stack.nested_password, NESTED_PASSWORD, *sorted(inside))


def _masked(value: Any, name: str = "") -> Any:
    if name.rpartition(".")[2] in MAY_DIFFER and value is not None:
        return _MASK
    if name in ANY_CASE and isinstance(value, str):
        return value.lower()
    if isinstance(value, dict):
        return {key: _masked(item, key) for key, item in value.items()}
    return [_masked(item, name) for item in value] if isinstance(value, list) else value
