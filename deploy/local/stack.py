"""The whole service on this machine: what `make up`, `make demo` and the end-to-end tests run."""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any, Self

import requests

from deploy.local.place import StackError, take
from deploy.local.ports import free_ports
from deploy.local.supervisor import Program, Supervisor

ROOT = Path(__file__).resolve().parents[2]
SCOPES = "admin"
_PROGRAMS = {"API": "api", "WORKER_1": "worker-1", "WORKER_2": "worker-2", "REDIS": "valkey", "SANDBOX": "sandbox"}


@dataclass(frozen=True)
class StackSettings:
    """What a caller may choose. Durations in seconds; `clock` is how much faster than life the simulated host runs."""

    directory: Path = ROOT / ".run"
    clock: float = 20.0
    lease_seconds: float = 15.0
    heartbeat_seconds: float = 3.0
    worker_threads: int = 48
    sandbox_arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=lambda: {"max_sessions": 24})
    host_label: str = "lab"


class Stack:
    """Starts the five processes and registers the simulated host and its image. Use as a context manager."""

    def __init__(
        self,
        settings: StackSettings | None = None,
        say: Callable[[str], None] = lambda _: None,
        only: Sequence[str] = tuple(_PROGRAMS),
    ) -> None:
        """`only` leaves workers out: benchmarks of the API alone run none."""
        self.settings = settings or StackSettings()
        self._say = say
        self._only = frozenset(only)
        self._directory = self.settings.directory.resolve()
        self._ports = free_ports(("redis", "api", "sandbox", "control"))
        self._supervisor = Supervisor(self._changed)
        self._password = secrets.token_urlsafe(18)
        self.pids: dict[str, int] = {}
        self.api_key = ""
        self.host_id = ""
        self.image_id = ""
        self.sandbox: dict[str, Any] = {}
        self._hold: IO[str] | None = None

    @property
    def url(self) -> str:
        """The API's address."""
        return f"http://127.0.0.1:{self._ports['api']}"

    @property
    def redis_url(self) -> str:
        """The embedded server's address."""
        return f"redis://127.0.0.1:{self._ports['redis']}/0"

    @property
    def nested_password(self) -> str:
        """The administrator's password of the small image that simulated nodes hold: the simulated host's own."""
        return self._password

    @property
    def sandbox_url(self) -> str:
        """The address of the sandbox's control API."""
        return f"http://127.0.0.1:{self._ports['control']}"

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything in order and wait until each part answers; raises StackError naming what did not.

        The folder is emptied first; StackError when another stack runs in it or it is no stack's.
        """
        self._hold = take(self._directory)
        self._say("embedded server")
        self._run("REDIS", self._valkey())
        self._await("REDIS", lambda: _answers(self._ports["redis"]))
        self._make_keys()
        self._say("simulated Windows host")
        self._run("SANDBOX", self._sandbox(), output=self._directory / "sandbox.json")
        self._await("SANDBOX", self._read_sandbox)
        self._say("API and two workers")
        self._run("API", (str(ROOT / "deploy/bin/api"),))
        workers = sorted(self._only & {"WORKER_1", "WORKER_2"})
        for name in workers:
            self._run(name, (str(ROOT / "deploy/bin/worker"),), MATRYOSHKA_WORKER_NAME=_PROGRAMS[name])
        self._await("API", lambda: _is_ok(f"{self.url}/readyz"))
        for name in workers:
            self._await(name, partial(self._is_at_work, name))
        self._register()
        self._write_env()

    def stop(self) -> None:
        """End everything that was started; safe to call at any time and more than once."""
        self._supervisor.stop()
        if self._hold is not None:  # else the folder is another's
            # It says where things run: of what has ended it would name what may be another's by now.
            (self._directory / "stack.env").unlink(missing_ok=True)
            self._hold.close()

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Call the API with the stack's key."""
        headers = {"Authorization": f"Bearer {self.api_key}", **options.pop("headers", {})}
        return requests.request(method, f"{self.url}{path}", headers=headers, timeout=60, **options)

    def also_run(self, program: Program, port: int) -> None:
        """Start a further program, wait until it listens on `port` (0: do not wait), and end it with the rest."""
        self._supervisor.start(program)
        self._await(program.name, lambda: not port or _answers(port))

    def log(self, name: str) -> Path:
        """Return the log file of a program (`API`, `WORKER_1`, ...)."""
        return self._directory / "logs" / f"{_PROGRAMS.get(name, name)}.log"

    def _run(self, name: str, argv: tuple[str, ...], output: Path | None = None, **extra: str) -> None:
        environment = {**self.environment(), **self._secrets_of(name), **extra}
        self._supervisor.start(Program(name, argv, environment, self.log(name), output))

    def _secrets_of(self, name: str) -> dict[str, str]:
        """Each program gets what it needs to know and nothing else: only workers hold the key that opens secrets."""
        if name.startswith("WORKER"):
            return {"MATRYOSHKA_PRIVATE_KEY_FILE": str(self._directory / "keys" / "sealing.key")}
        return {"SANDBOX_PASSWORD": self._password} if name == "SANDBOX" else {}

    def environment(self) -> dict[str, str]:
        """Return what all programs get: this process's environment, the stack's settings, and the caller's."""
        keys = self._directory / "keys"
        ours = {
            "PYTHON": sys.executable,
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "MATRYOSHKA_REDIS_URL": self.redis_url,
            "MATRYOSHKA_PUBLIC_KEY_FILE": str(keys / "sealing.pub"),
            "MATRYOSHKA_KEY_HASH_KEY_FILE": str(keys / "api-keys.key"),
            "MATRYOSHKA_BIND": f"127.0.0.1:{self._ports['api']}",
            "MATRYOSHKA_BASE_URL": self.url,
            "MATRYOSHKA_LEASE_SECONDS": str(self.settings.lease_seconds),
            "MATRYOSHKA_HEARTBEAT_SECONDS": str(self.settings.heartbeat_seconds),
            "MATRYOSHKA_WORKER_THREADS": str(self.settings.worker_threads),
            # The address that ledger and simulated host share with the demo's receiver must be listed itself.
            "MATRYOSHKA_WEBHOOK_NETWORKS": "127.0.0.0/8,127.0.0.1/32",
        }
        return {**os.environ, **ours, **self.settings.environment}

    def _valkey(self) -> tuple[str, ...]:
        place = str(self._directory / "valkey")
        return (sys.executable, "-m", "deploy.local.valkey", "--port", str(self._ports["redis"]), "--directory", place)

    def _sandbox(self) -> tuple[str, ...]:
        return (
            *(sys.executable, "-m", "sandbox", "--scheme", "https"),
            *("--port", str(self._ports["sandbox"]), "--control-port", str(self._ports["control"])),
            *("--username", "Administrator", "--password-env", "SANDBOX_PASSWORD"),
            *("--clock", str(self.settings.clock), "--state", str(self._directory / "sandbox-state.json")),
            *("--ca-dir", str(self._directory / "ca")),
            *self.settings.sandbox_arguments,
        )

    def _make_keys(self) -> None:
        hash_key = self._directory / "keys" / "api-keys.key"
        hash_key.touch(mode=0o600)
        hash_key.write_text(base64.b64encode(secrets.token_bytes(32)).decode())
        self._admin("sealing-key", "create", "--directory", str(self._directory / "keys"))
        created = self._admin("keys", "create", "--name", "local stack", "--scopes", SCOPES, "--json")
        self.api_key = json.loads(created)["key"]

    def _admin(self, *arguments: str) -> str:
        argv = (sys.executable, "-m", "service.cli", *arguments)
        done = subprocess.run(argv, env=self.environment(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise StackError(f"matryoshka {' '.join(arguments[:2])} failed: {done.stderr.strip()}")
        return done.stdout

    def _is_at_work(self, name: str) -> bool:
        return "worker_ready" in self.log(name).read_text(errors="replace")

    def _read_sandbox(self) -> bool:
        text = (self._directory / "sandbox.json").read_text()
        if "\n" not in text:
            return False
        self.sandbox = json.loads(text.splitlines()[0])
        return True

    def _register(self) -> None:
        host = self.sandbox["hosts"][0]
        body = {
            "name": host["name"],
            "address": host["address"],
            "port": host["port"],
            "scheme": host["scheme"],
            "auth": "negotiate",
            "username": "Administrator",
            "password": {"value": self._password},
            "ca_pem": Path(host["ca_file"]).read_text(),
            "labels": {"purpose": self.settings.host_label},
            "limits": dict(self.settings.limits),
        }
        self.host_id = self._create("/v1/hosts", body)["id"]
        world = requests.get(f"{self.sandbox_url}/world", timeout=10).json()
        body = {**world["images"][0], "name": "ws2022", "os_build": 20348}
        self.image_id = self._create("/v1/images", body)["id"]

    def _create(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        answer = self.call("POST", path, json=body)
        if answer.status_code != requests.codes.created:
            raise StackError(f"POST {path} answered {answer.status_code}: {answer.text}")
        created: dict[str, Any] = answer.json()
        return created

    def _await(self, name: str, ready: Callable[[], bool], seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > deadline:
                raise StackError(f"{name} did not answer within {seconds:.0f} s; its log ends:\n{self._last(name)}")
            time.sleep(0.05)

    def _last(self, name: str) -> str:
        return "\n".join(self.log(name).read_text(errors="replace").splitlines()[-3:])

    def _changed(self, name: str, pid: int) -> None:
        self.pids[name] = pid
        if self.host_id:
            self._write_env()

    def _write_env(self) -> None:
        values = {
            "MATRYOSHKA_URL": self.url,
            "MATRYOSHKA_API_KEY": self.api_key,
            "MATRYOSHKA_REDIS_URL": self.redis_url,
            "MATRYOSHKA_KEY_HASH_KEY_FILE": str(self._directory / "keys" / "api-keys.key"),
            "MATRYOSHKA_HOST_ID": self.host_id,
            "SANDBOX_URL": self.sandbox_url,
            **{f"PID_{name}": str(pid) for name, pid in self.pids.items()},
        }
        target = self._directory / "stack.env"
        fresh = target.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text("".join(f"{key}={value}\n" for key, value in values.items()))
        fresh.replace(target)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _is_ok(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except (requests.ConnectionError, requests.Timeout):
        return False
