"""Programs that a test starts as a user does, and whatever they start in turn."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.local.stack import ROOT

_VARIABLE = "MATRYOSHKA_TEST_MARKER"


@dataclass(frozen=True)
class Started:
    """A running `python -m deploy.local ...`; all that it starts inherits the marker."""

    process: subprocess.Popen[str]
    marker: str
    directory: Path

    def pids(self) -> list[int]:
        """Return the pids of every process that it started, and its own while it runs."""
        return [int(place.name) for place in Path("/proc").iterdir() if place.name.isdigit() and self._is_ours(place)]

    def _is_ours(self, place: Path) -> bool:
        try:
            # The embedded server writes its title over its environment; it works in the directory that it was given.
            is_inside = (place / "cwd").readlink().is_relative_to(self.directory)
            return is_inside or f"{_VARIABLE}={self.marker}".encode() in environment_of(int(place.name))
        except OSError:
            return False


def _hear_interrupts() -> None:
    """Tests may run where interrupts are ignored (in the background of a shell); a person's terminal does not."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def local(verb: str, directory: Path, *options: str) -> Iterator[Started]:
    """Run `python -m deploy.local VERB` in a directory; what still runs at the end is killed."""
    marker = f"{verb}-{time.time_ns()}"
    argv = [sys.executable, "-m", "deploy.local", verb, "--directory", str(directory), *options]
    environment = {**os.environ, _VARIABLE: marker}
    process = subprocess.Popen(
        argv,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=_hear_interrupts,  # noqa: PLW1509 - one call of signal(2), nothing that takes a lock
    )
    started = Started(process, marker, directory.resolve())
    try:
        yield started
    finally:
        for pid in started.pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.communicate()


def environment_of(pid: int) -> list[bytes]:
    """Return NAME=value of a process as it was started. Raises OSError when it is gone or somebody else's."""
    return (Path("/proc") / str(pid) / "environ").read_bytes().split(b"\0")
