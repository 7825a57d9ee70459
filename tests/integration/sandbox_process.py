"""A sandbox process for tests: started on free ports, ended by its own pid, and asked through its control API."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.conftest import ROOT
from workers.psrp.invoke import Invocation
from workers.psrp.session import CallIds
from workers.psrp.streams import Record
from workers.psrp.transport import Endpoint
from workers.secrets import SecretStr

IMAGE = r"C:\Images\ws2022.vhdx"
PASSWORD = "Sandbox-Passw0rd!"


@dataclass
class SandboxProcess:
    """A running sandbox with one host."""

    address: str
    port: int
    scheme: str
    ca_pem: str
    control_url: str

    def endpoint(self, auth: str = "basic", password: str = PASSWORD, **fields: Any) -> Endpoint:
        """Return the host's endpoint for a worker."""
        known = {"username": "Administrator", "ca_pem": self.ca_pem, "key": f"host_1@{self.port}", **fields}
        return Endpoint(
            "host_1",
            address=self.address,
            port=self.port,
            scheme=self.scheme,
            auth=auth,
            secret=SecretStr(password),
            **known,
        )

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control API and return its JSON."""
        data = None if body is None else json.dumps(body).encode()
        answer = requests.request(method, self.control_url + path, data=data, timeout=60)
        answer.raise_for_status()
        return json.loads(answer.content or b"null")

    def fault(self, kind: str, **fields: Any) -> None:
        """Add a fault."""
        self.ask("POST", "/faults", {"kind": kind, **fields})

    def shells(self) -> list[dict[str, Any]]:
        """Return the host's shells."""
        return list(self.ask("GET", "/shells")[0]["shells"])

    def effects(self) -> dict[str, dict[str, int]]:
        """Return how often each effect happened to each target."""
        return {name: dict(found) for name, found in self.ask("GET", "/counts").items() if not name.startswith("wire.")}

    def wire(self, group: str) -> int:
        """Return how many `requests` came, or `invocations` of functions ran, in all."""
        return sum(self.ask("GET", "/counts").get(f"wire.{group}", {}).values())

    def running(self, patience_seconds: float = 30.0, shell_id: str = "") -> list[str]:
        """Return the functions that run in shells (in one of them), once none does or the patience is over."""
        until = time.monotonic() + patience_seconds
        while True:
            shells = [item for item in self.shells() if shell_id.upper() in item["shell_id"].upper()]
            commands = [item for shell in shells for item in shell["commands"] if not item["done"]]
            if not commands or time.monotonic() >= until:
                return [name for item in commands for name in item["functions"]]
            time.sleep(0.05)

    def speed(self, factor: float) -> None:
        """Set how much faster than life the machines run."""
        self.ask("POST", "/clock", {"factor": factor})

    def reset(self) -> None:
        """Take all faults away; tests begin with it."""
        self.ask("DELETE", "/faults")


@contextmanager
def running_sandbox(*arguments: str, scheme: str = "https", clock: float = 20.0) -> Iterator[SandboxProcess]:
    """Run `python -m sandbox` and lend it; at the end no bug of its own may have looked like a failure of ours."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "sandbox",
            "--scheme",
            scheme,
            "--clock",
            f"{clock:g}",
            "--image",
            IMAGE,
            "--ca-dir",
            folder,
        ]
        environment = {**os.environ, "SANDBOX_PASSWORD": PASSWORD}
        process = subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, env=environment, cwd=ROOT, text=True)
        assert process.stdout is not None
        try:
            info = json.loads(process.stdout.readline())
            host = info["hosts"][0]
            ca_pem = Path(host["ca_file"]).read_text() if host.get("ca_file") else ""
            sandbox = SandboxProcess(host["address"], host["port"], scheme, ca_pem, info["control_url"])
            yield sandbox
            bugs = sandbox.ask("GET", "/bugs")
        finally:
            process.terminate()
            process.wait(60)
            process.stdout.close()
        assert [] == bugs


@dataclass
class Watching:
    """A watch that keeps what it sees; `on_tick` may raise, for instance to cancel."""

    ticks: int = 0
    started: list[tuple[Invocation, CallIds]] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    on_tick: Any = None

    def tick(self) -> None:
        """Count, and do what the test wants."""
        self.ticks += 1
        if self.on_tick is not None:
            self.on_tick(self)

    def starting(self, invocation: Invocation, ids: CallIds) -> None:
        """Remember the ids."""
        self.started.append((invocation, ids))

    def relay(self, records: list[Record]) -> None:
        """Remember the records."""
        self.records.extend(records)
