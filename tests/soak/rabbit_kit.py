"""A RabbitMQ of a test's own: its own node, port mapper, ports and data, on loopback; ended by its own pids."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from deploy.local.ports import free_ports
from sandbox.tls import TlsFiles

PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # Debian's, without the wrapper that asks for another user
_SECONDS = 90


class Rabbit:
    """One node. It keeps its durable queues over `kill` and `start`, not its transient messages.

    With `tls` it takes encrypted connections only, from clients with a certificate of the same authority.
    """

    def __init__(self, place: Path, tls: TlsFiles | None = None) -> None:
        ports = free_ports(("amqp", "names", "distribution"))
        self.place = place
        self.port = ports["amqp"]
        self.tls = tls
        self._names_port = ports["names"]
        node = f"mk{self.port}@localhost"
        self._environ = {
            **os.environ,
            "HOME": str(place),
            "RABBITMQ_NODENAME": node,
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(ports["distribution"]),
            "RABBITMQ_MNESIA_BASE": str(place / "data"),
            "RABBITMQ_LOG_BASE": str(place / "logs"),
            "RABBITMQ_PID_FILE": str(place / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(place / "plugins"),
            "RABBITMQ_CONF_ENV_FILE": str(place / "none"),
            "RABBITMQ_CONFIG_FILE": str(self._configuration()),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
            "ERL_EPMD_PORT": str(self._names_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }
        self._names: subprocess.Popen[bytes] | None = None
        self._node: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"{'amqps' if self.tls else 'amqp'}://guest:guest@127.0.0.1:{self.port}//"

    def _configuration(self) -> Path:
        path = self.place / "rabbitmq.conf"
        settings: dict[str, object] = {}
        if self.tls:
            settings = {
                "listeners.tcp": "none",
                "listeners.ssl.1": f"127.0.0.1:{self.port}",
                "ssl_options.cacertfile": self.tls.ca,
                "ssl_options.certfile": self.tls.server,
                "ssl_options.keyfile": self.tls.server_key,
                "ssl_options.verify": "verify_peer",
                "ssl_options.fail_if_no_peer_cert": "true",
            }
        path.write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
        return path

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        with (self.place / "out").open("ab") as out:
            if self._names is None:
                argv = ["epmd", "-port", str(self._names_port), "-address", "127.0.0.1"]
                self._names = subprocess.Popen(argv, env=self._environ, stdout=out, stderr=out)
            self._node = subprocess.Popen(
                [str(PROGRAM)], env=self._environ, stdout=out, stderr=out, start_new_session=True
            )
        deadline = time.monotonic() + _SECONDS
        while not (_listens(self.port) if self.tls else _speaks(self.port)):
            assert self._node.poll() is None, (self.place / "out").read_text(errors="replace")
            assert time.monotonic() < deadline, (self.place / "out").read_text(errors="replace")
            time.sleep(0.1)

    def kill(self) -> None:
        """Kill the node, not its port mapper. Safe to repeat."""
        if self._node is not None and self._node.poll() is None:
            os.killpg(self._node.pid, signal.SIGKILL)  # a session of its own: the shell that starts it, and the node
            self._node.wait(20)

    def stop(self) -> None:
        """End everything."""
        self.kill()
        if self._names is not None:
            self._names.terminate()
            self._names.wait(20)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _speaks(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.sendall(b"AMQP\x00\x00\x09\x01")
            return connection.recv(1) == b"\x01"  # the method frame Connection.Start
    except OSError:
        return False


@contextmanager
def running_rabbit(place: Path, tls: TlsFiles | None = None) -> Iterator[Rabbit]:
    """Run a node; a test is skipped with the reason where RabbitMQ is not installed."""
    if not PROGRAM.exists() or shutil.which("epmd") is None:
        pytest.skip("no RabbitMQ: Debian's rabbitmq-server is not installed")
    place.mkdir()
    rabbit = Rabbit(place, tls)
    try:
        rabbit.start()
        yield rabbit
    finally:
        rabbit.stop()
