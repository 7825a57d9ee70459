"""`make up`, as a user runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.e2e.processes import Started, environment_of, local

NAMES = {"MATRYOSHKA_URL", "MATRYOSHKA_API_KEY", "MATRYOSHKA_REDIS_URL", "MATRYOSHKA_HOST_ID", "SANDBOX_URL"}
PIDS = {"PID_API", "PID_WORKER_1", "PID_WORKER_2", "PID_REDIS", "PID_SANDBOX"}


class Up:
    """A running `up` and its stack.env."""

    def __init__(self, started: Started, file: Path) -> None:
        self.started = started
        self.file = file

    def values(self) -> dict[str, str]:
        """Return what a shell has that reads stack.env now, in the way that the README shows."""
        argv = ("env", "-i", "sh", "-c", 'set -a; . "$0"; set +a; env', str(self.file))
        shown = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
        return dict(line.split("=", 1) for line in shown.splitlines())

    def knows(self, pid: str) -> set[str]:
        """Return the names of the variables that a program was started with."""
        return {entry.partition(b"=")[0].decode() for entry in environment_of(int(self.values()[pid]))}


def until(look: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Look again until it is so."""
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.05)


@contextmanager
def running(directory: Path) -> Iterator[Up]:
    """Run `up` until stack.env is there."""
    with local("up", directory) as started:
        file = directory / "stack.env"
        until(lambda: file.exists() or started.process.poll() is not None, "stack.env")
        assert started.process.poll() is None
        yield Up(started, file)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One stack for the tests that leave it running."""
    with running(tmp_path_factory.mktemp("up") / "run") as found:
        yield found


def test_stack_env_says_where_everything_is(up: Up) -> None:
    """stack.env has addresses, key and pids, is its owner's alone, and what it says works."""
    values = up.values()
    headers = {"Authorization": f"Bearer {values['MATRYOSHKA_API_KEY']}"}

    assert set(values) >= NAMES | PIDS
    assert 0o600 == up.file.stat().st_mode & 0o777
    assert {int(values[name]) for name in PIDS} <= set(up.started.pids())
    path = f"{values['MATRYOSHKA_URL']}/v1/hosts/{values['MATRYOSHKA_HOST_ID']}"
    assert 200 == requests.get(path, headers=headers, timeout=10).status_code


def test_the_simulated_host_shows_itself(up: Up) -> None:
    """One GET on SANDBOX_URL shows the world and what was applied to it."""
    shown = requests.get(up.values()["SANDBOX_URL"], timeout=10).json()

    assert shown["world"]["hosts"][0]["name"]
    assert "wire.faults" in shown["counts"]
    assert [] == shown["bugs"]


def test_the_api_does_not_know_what_opens_secrets(up: Up) -> None:
    """Only workers get the private key, and only the simulated host gets its password."""
    secret = {"MATRYOSHKA_PRIVATE_KEY_FILE", "SANDBOX_PASSWORD"}

    assert set() == secret & up.knows("PID_API")
    assert {"MATRYOSHKA_PRIVATE_KEY_FILE"} == secret & up.knows("PID_WORKER_1")
    assert {"SANDBOX_PASSWORD"} == secret & up.knows("PID_SANDBOX")


def test_a_killed_worker_comes_back(up: Up) -> None:
    """A SIGKILLed worker is started again, and stack.env has its new pid, still for its owner alone."""
    killed = int(up.values()["PID_WORKER_1"])
    os.kill(killed, signal.SIGKILL)

    until(lambda: int(up.values()["PID_WORKER_1"]) != killed, "another pid")
    assert int(up.values()["PID_WORKER_1"]) in up.started.pids()
    assert 0o600 == up.file.stat().st_mode & 0o777


def test_ctrl_c_ends_everything(tmp_path: Path) -> None:
    """SIGINT ends the stack, and nothing that it started is left."""
    with running(tmp_path / "run") as found:
        programs = {int(found.values()[name]) for name in PIDS}
        assert programs <= set(found.started.pids())

        found.started.process.send_signal(signal.SIGINT)
        output, _ = found.started.process.communicate(timeout=60)

        assert 130 == found.started.process.returncode, output
        assert [] == found.started.pids()
        assert not found.file.exists()  # of a stack that is gone it would lead elsewhere
