"""The service with two hosts: the simulated one, and a pretended Windows whose PowerShell is Microsoft's engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.local.stack import Stack, StackSettings
from tests.bridge.process import BridgeProcess, BridgeSettings, running_bridge
from tests.contract.engine_files import uid_of
from tests.contract.engine_world import write_world
from tests.contract.world import HOST, IMAGE, NESTED_IMAGE, World, a_world
from tests.e2e.conftest import CLOCK, SANDBOX
from tests.powershell.fakes.build import START

# Real seconds. Long enough that nobody finds things done at once, short enough to wait for.
TIMES = {"boot": 0.5, "session": 0.3, "setup": 0.5, "restart": 0.5, "second_reboot": 0.3, "cluster": 0.3}
NESTED_PASSWORD = "Nested-Passw0rd!"
_ENTRY = """# Makes a runspace of the bridge the host of the pretended Windows.
[System.Environment]::CurrentDirectory = '{windows}'
. '{start}'
# Errors that were dealt with would count as the start's.
$Error.Clear()
"""


@dataclass(frozen=True)
class EngineHost:
    """A host whose functions the engine runs. `folder` is the pretended Windows' world."""

    bridge: BridgeProcess
    folder: Path

    def world(self) -> dict[str, Any]:
        """The world as it is now."""
        found: dict[str, Any] = json.loads((self.folder / "world.json").read_text(encoding="utf-8"))
        return found

    def record(self, **changes: Any) -> dict[str, Any]:
        """What a caller registers."""
        bridge = self.bridge
        return {
            "name": "engine",
            "address": bridge.address,
            "port": bridge.port,
            "scheme": bridge.scheme,
            "auth": "negotiate",
            "username": bridge.username,
            "password": {"value": bridge.password},
            "ca_pem": bridge.ca_pem,
            "labels": {"purpose": "engine"},
            "limits": {"max_sessions": 6},
        } | changes


@contextmanager
def engine_host(pwsh: str, folder: Path, modules: Path, world: World | None = None) -> Iterator[EngineHost]:
    """Serve a pretended Windows through the bridge for the length of a `with`."""
    place = folder / "world"
    file = write_world(world or plain_world(), place, datetime.now(UTC))
    document = json.loads(file.read_text(encoding="utf-8")) | {"times": TIMES}
    # As on the simulated host, what is installed in a node has a small image for nested VMs.
    system = document["machines"][uid_of(HOST)]["vhds"][IMAGE.lower()]["system"]
    system["images"] = {NESTED_IMAGE: {**system, "password": NESTED_PASSWORD}}
    file.write_text(json.dumps(document), encoding="utf-8")
    home = place / "machines" / uid_of(HOST)
    entry = folder / "entry.ps1"
    entry.write_text(_ENTRY.format(windows=home / "Windows", start=START), encoding="utf-8")
    environment = {
        "MATRYOSHKA_PWSH": pwsh,
        "MATRYOSHKA_FAKE_WORLD": str(file),
        "MATRYOSHKA_FAKE_MACHINE": uid_of(HOST),
        "MATRYOSHKA_FAKE_MODULES": str(modules),
        "MATRYOSHKA_JOURNAL": str(home / "ProgramData" / "Matryoshka" / "journal"),
        "ProgramData": str(home / "ProgramData"),
        # A session starts there, whatever a script of its endpoint said before.
        "HOME": str(home / "Windows"),
    }
    with running_bridge(pwsh, BridgeSettings(environment=environment, startup=[entry])) as bridge:
        yield EngineHost(bridge, place)


def plain_world() -> World:
    """A German 2022 host with room for the example's lab, as large as the simulated host."""
    return replace(a_world(memory_gib=768, disk_gib=65536), language="de-DE")


@contextmanager
def service(directory: Path, host: EngineHost) -> Iterator[tuple[Stack, str]]:
    """Run the service, and register the engine's host beside the simulated one; the stack and that host's id."""
    with Stack(StackSettings(directory=directory, clock=CLOCK, sandbox_arguments=SANDBOX)) as running:
        answer = running.call("POST", "/v1/hosts", json=host.record())
        assert answer.status_code == 201, answer.text
        yield running, str(answer.json()["id"])
