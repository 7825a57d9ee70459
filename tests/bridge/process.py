"""A bridge for tests, as a process: `with running_bridge(pwsh) as bridge:`; ended by its pid, with all its engines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pypsrp.wsman import WSMan

from tests.conftest import ROOT
from tests.integration.sandbox_process import PASSWORD, SandboxProcess

USERNAME = "Administrator"


@dataclass(frozen=True)
class BridgeSettings:
    """What the engines get. `environment` is added to ours; paths as `python -m tests.bridge --help` says."""

    environment: Mapping[str, str] = field(default_factory=dict)
    module_path: Sequence[Path] = ()
    startup: Sequence[Path] = ()
    configurations: Mapping[str, Path] = field(default_factory=dict)
    scheme: str = "https"
    name: str = "HV1"
    more: Sequence[str] = ()

    def arguments(self) -> list[str]:
        """The options of the command line."""
        groups = (
            ("--env", [f"{name}={value}" for name, value in self.environment.items()]),
            ("--module-path", [str(path) for path in self.module_path]),
            ("--startup", [str(path) for path in self.startup]),
            ("--configuration", [f"{name}={path}" for name, path in self.configurations.items()]),
        )
        given = [part for option, values in groups for value in values for part in (option, value)]
        return ["--name", self.name, "--scheme", self.scheme, *given, *self.more]


@dataclass
class BridgeProcess(SandboxProcess):
    """A running bridge. `endpoint(...)` is what workers connect with, `wsman(...)` what pypsrp does.

    Also what the sandbox's has: `ask`, `fault`, `shells`, `running`, `wire`, `reset`.
    """

    url: str = ""
    ca_file: str = ""
    name: str = "HV1"
    username: str = USERNAME
    password: str = PASSWORD
    pid: int = 0

    def wsman(self, auth: str = "basic", **changes: Any) -> WSMan:
        """A new connection of pypsrp; the caller closes it."""
        options: dict[str, Any] = {
            "port": self.port,
            "username": self.username,
            "password": self.password,
            "ssl": self.scheme == "https",
            "auth": auth,
            "no_proxy": True,
            "cert_validation": self.ca_file or True,
            **changes,
        }
        if auth == "basic" and not options["ssl"]:
            options["encryption"] = "never"
        return WSMan(self.address, **options)

    def pids(self) -> list[int]:
        """The engines' process ids, one a shell."""
        return [int(shell["pid"]) for shell in self.shells()]

    def kill_all_shells(self) -> int:
        """End every engine at once, as a restart of the host does; how many there were."""
        return int(self.ask("DELETE", "/shells")["killed"])

    def reboot(self, seconds: float = 1.0) -> None:
        """The same, and refuse connections for so long."""
        self.ask("POST", f"/hosts/{self.name}/reboot", {"seconds": seconds})


@contextmanager
def running_bridge(pwsh: str, settings: BridgeSettings | None = None) -> Iterator[BridgeProcess]:
    """Run `python -m tests.bridge` and lend it; at the end no bug of its own may have been found."""
    settings = settings or BridgeSettings()
    with tempfile.TemporaryDirectory() as folder:
        start = [sys.executable, "-m", "tests.bridge", "--pwsh", pwsh, "--ca-dir", folder]
        environment = {**os.environ, "BRIDGE_PASSWORD": PASSWORD}
        process = subprocess.Popen(
            [*start, *settings.arguments()], stdout=subprocess.PIPE, env=environment, cwd=ROOT, text=True
        )
        assert process.stdout is not None
        try:
            bridge = _described(json.loads(process.stdout.readline()), process.pid)
            yield bridge
            bugs = bridge.ask("GET", "/bugs")
        finally:
            process.terminate()
            process.wait(60)
            process.stdout.close()
        assert [] == bugs


def _described(info: Mapping[str, Any], pid: int) -> BridgeProcess:
    host = info["hosts"][0]
    ca_file = str(host["ca_file"])
    return BridgeProcess(
        host["address"],
        host["port"],
        host["scheme"],
        Path(ca_file).read_text(encoding="utf-8") if ca_file else "",
        info["control_url"],
        url=host["wsman_url"],
        ca_file=ca_file,
        name=host["name"],
        pid=pid,
    )
