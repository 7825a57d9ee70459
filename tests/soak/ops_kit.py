"""A stack of its own whose parts a test ends and begins at will, with a caller who keeps what he was told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from deploy.local.receiver import Receiver
from deploy.local.stack import Stack, StackSettings
from deploy.local.supervisor import Program
from tests.e2e.conftest import SANDBOX
from tests.e2e.driver import Driver

SECRET = "whsec_" + "b3Bz" * 11  # at least 24 bytes
_CLOCK = 80.0  # slow enough that a test meets a step in its middle on a busy machine
QUICK = {"MATRYOSHKA_SELF_FENCE_MARGIN_SECONDS": "1", "MATRYOSHKA_WEBHOOK_SCHEDULE": "0,0.2,0.5,1,2,4,8"}


class OpsStack(Stack):
    """A stack of which any program can be ended for good and begun again, and whose ledger may be anywhere."""

    def __init__(self, directory: Path, environment: Mapping[str, str] = {}, redis_url: str = "") -> None:
        self._own_url = redis_url
        settings = StackSettings(
            directory=directory,
            clock=_CLOCK,
            lease_seconds=5.0,
            heartbeat_seconds=1.0,
            sandbox_arguments=SANDBOX,
            environment={**QUICK, **environment},
        )
        super().__init__(settings)
        self.programs: dict[str, Program] = {}
        self.second_url = ""

    @property
    def redis_url(self) -> str:
        """The ledger's address: what the test gave, or the embedded server's."""
        return self._own_url or super().redis_url

    def end(self, name: str, number: int = signal.SIGTERM) -> None:
        """End a program for good."""
        os.kill(self._supervisor.pid(name), number)
        self._supervisor.end(name)

    def begin(self, name: str, **environment: str) -> None:
        """Begin a program again, with other variables if need be."""
        program = self.programs[name]
        self._supervisor.start(replace(program, env={**program.env, **environment}))

    def also(self, like: str, name: str, **environment: str) -> None:
        """Begin a further program that is like another one but for its variables."""
        other = self.programs[like]
        program = replace(other, name=name, env={**other.env, **environment}, log=self.log(name))
        self.programs[name] = program
        self._supervisor.start(program)

    def command(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `matryoshka ...` as an operator of this stack."""
        argv = (sys.executable, "-m", "service.cli", *arguments)
        env = {**self.environment(), **environment}
        return subprocess.run(argv, env=env, capture_output=True, text=True, timeout=120, check=False)

    def did(self, *arguments: str, **environment: str) -> str:
        """Run a command that must succeed; return what it said."""
        done = self.command(*arguments, **environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def keys(self) -> Path:
        """Return where the keys are."""
        return self._directory / "keys"

    def times_ready(self, name: str) -> int:
        """Return how often a worker said that it is at work."""
        return self.log(name).read_text(errors="replace").count("worker_ready")

    def _run(self, name: str, argv: tuple[str, ...], output: Path | None = None, **extra: str) -> None:
        if name == "REDIS" and self._own_url:
            return
        environment = {**self.environment(), **self._secrets_of(name), **extra}
        self.programs[name] = Program(name, argv, environment, self.log(name), output)
        self._supervisor.start(self.programs[name])

    def _await(self, name: str, ready: Any, seconds: float = 60.0) -> None:
        if name == "REDIS" and self._own_url:
            return
        super()._await(name, ready, seconds)


def told(receiver: Receiver) -> set[tuple[str, str]]:
    """Return what the receiver was told: event type and step, without repeats of a message."""
    messages = {item.id: item for item in receiver.received}
    return {(item.type, str(item.body["data"].get("step_id") or "")) for item in messages.values()}


def begun(driver: Driver, job_id: str, prefix: str) -> bool:
    """Tell whether a step whose id begins so has ever been begun."""
    steps = driver.steps(job_id).items()
    return any(name.startswith(prefix) and step["state"] not in ("pending", "ready") for name, step in steps)


@contextmanager
def endpoint(driver: Driver, *types: str) -> Iterator[Receiver]:
    """Register a receiver of these event types."""
    receiver = Receiver(SECRET, status=204)
    receiver.start()
    body = {"url": receiver.url, "types": list(types), "secret": {"value": SECRET}}
    driver.post("/v1/webhook-endpoints", body, 201)
    try:
        yield receiver
    finally:
        receiver.stop()
