"""Starts programs, starts again what dies, and leaves nothing behind."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


@dataclass(frozen=True)
class Program:
    """What to run. Output is appended to `log`; with `output`, standard output goes there and errors alone to `log`."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    log: Path
    output: Path | None = None
    stop_signal: int = signal.SIGTERM


def _die_with_parent() -> None:
    """Ask the kernel to end the child when the supervisor dies, however it dies (Linux prctl(2))."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class _Child:
    program: Program
    process: subprocess.Popen[bytes]
    started_at: float = field(default_factory=time.monotonic)


class Supervisor:
    """Keeps its programs running. `on_change` is called with name and pid after every start."""

    def __init__(self, on_change: Callable[[str, int], None], restart_delay_seconds: float = 0.5) -> None:
        self._on_change = on_change
        self._delay = restart_delay_seconds
        self._children: dict[str, _Child] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def start(self, program: Program) -> int:
        """Start a program and return its pid; it is started again whenever it ends before `stop`."""
        with self._lock:
            if self._stopping.is_set():
                raise InterruptedError("the supervisor is stopping")
            child = _Child(program, _spawn(program))
            self._children[program.name] = child
        self._on_change(program.name, child.process.pid)
        if not self._watcher.is_alive():
            self._watcher.start()
        return child.process.pid

    def pid(self, name: str) -> int:
        """Return the pid of the running process of this name."""
        return self._children[name].process.pid

    def end(self, name: str, grace_seconds: float = 15.0) -> None:
        """End one program for good, with its stop signal; what does not end in time is killed with its group."""
        with self._lock:
            child = self._children.pop(name)
        _end(child, grace_seconds)

    def stop(self, grace_seconds: float = 15.0) -> None:
        """End all programs, the last started first; what does not end in time is killed with its group."""
        self._stopping.set()
        with self._lock:
            children = list(reversed(self._children.values()))
        for child in children:
            _end(child, grace_seconds)

    def _watch(self) -> None:
        while not self._stopping.wait(0.1):
            for child in list(self._children.values()):
                if child.process.poll() is not None:
                    self._restart(child)

    def _restart(self, child: _Child) -> None:
        if self._stopping.wait(self._delay) or self._children.get(child.program.name) is not child:
            return
        _kill_group(child.process.pid)
        try:
            self.start(child.program)
        except InterruptedError:
            return
        except OSError as error:
            # This thread must live: the kernel ends its children with it.
            print(f"{child.program.name} cannot be started again: {error}", file=sys.stderr)


def _spawn(program: Program) -> subprocess.Popen[bytes]:
    with program.log.open("ab") as log:
        output = program.output.open("wb") if program.output else log
        try:
            return subprocess.Popen(
                program.argv,
                env=dict(program.env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches the supervisor only; groups are ended as a whole
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one prctl call, nothing that takes a lock
            )
        finally:
            if output is not log:
                output.close()


def _end(child: _Child, grace_seconds: float) -> None:
    if child.process.poll() is None:
        child.process.send_signal(child.program.stop_signal)
        try:
            child.process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
    _kill_group(child.process.pid)


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
