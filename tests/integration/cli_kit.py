"""What tests of the command beside a real API share: a shell with a host and an image, and hands that do every step."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.ledger.store import StepOutcome, StepResult, Store
from tests.integration.api_kit import IMAGE, ROOT, Served, served_api

_VM_ID = "11111111-2222-3333-4444-555555555555"


@dataclass
class Shell:
    """Runs the command beside a real API process."""

    served: Served
    redis_url: str
    directory: Path

    @property
    def environ(self) -> dict[str, str]:
        """The variables of the command; its configuration is in a folder of the test."""
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "MATRYOSHKA_URL": self.served.url,
            "MATRYOSHKA_API_KEY": self.served.key,
            "MATRYOSHKA_REDIS_URL": self.redis_url,
            "XDG_CONFIG_HOME": str(self.directory / "config"),
            "COLUMNS": "200",
        }

    def run(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run the command and return what it did."""
        argv = [sys.executable, "-m", "service.cli", *arguments]
        env = {**self.environ, **environ}
        return subprocess.run(argv, env=env, capture_output=True, text=True, timeout=150, check=False)

    def json(self, *arguments: str, **environ: str) -> Any:
        """Run the command, insist on success, and return the JSON that it printed."""
        done = self.run("-o", "json", *arguments, **environ)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def file(self, body: Any) -> str:
        """Write a request to a file."""
        path = self.directory / "request.json"
        path.write_text(json.dumps(body))
        return str(path)


@contextmanager
def running_shell(redis_url: str, directory: Path) -> Iterator[Shell]:
    """The command beside an API process that has a host and an image."""
    with served_api(redis_url, directory) as served:
        one = Shell(served, redis_url, directory)
        options = ("--name", "hv1", "--address", "192.0.2.10", "--username", "Administrator", "--label", "purpose=lab")
        one.json("hosts", "register", *options, "--password-env", "HOST_PASSWORD", HOST_PASSWORD="geheim")
        one.json("images", "add", one.file(IMAGE), "--edition", "datacenter")
        yield one


@contextmanager
def hands(store: Store, seconds_of: Callable[[Any], float] = lambda _claim: 0.0) -> Iterator[None]:
    """Do each step of each job as a worker would, with success, in so many seconds."""
    is_over = threading.Event()

    def work() -> None:
        while not is_over.is_set():
            claim = store.leases.claim("worker-1", 60)
            if claim is None:
                is_over.wait(0.05)
                continue
            time.sleep(seconds_of(claim))
            node = claim.step.get("node")
            facts = {f"node.{node}.vm_id": _VM_ID} if node and claim.step["action"] == "CreateNode" else {}
            store.leases.finish(claim, StepResult(StepOutcome.SUCCEEDED, facts=facts))

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        is_over.set()
        worker.join(60)
