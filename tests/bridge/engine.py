"""One `pwsh -s` process: lines in and out, in order, and its end. Knows nothing of WS-Management."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sandbox.bugs import Bugs
from tests.bridge.lines import CLOSE, CLOSE_ACK, DATA, POOL, Line, UnreadableLineError, read_line

_GRACE_SECONDS: Final = 3.0


@dataclass(frozen=True)
class Launch:
    """How the engine is started. `configuration_file` '' is a plain session."""

    pwsh: str
    environment: Mapping[str, str]
    folder: Path
    configuration_file: str = ""

    @property
    def command(self) -> list[str]:
        """The command line."""
        configured = ["-ConfigurationFile", self.configuration_file] if self.configuration_file else []
        return [self.pwsh, "-NoLogo", "-NoProfile", "-s", *configured]


class EngineProcess:
    """A running engine. Safe to use from several threads."""

    def __init__(self, launch: Launch, take: Callable[[Line], None], ended: Callable[[], None], bugs: Bugs) -> None:
        """Start it. `take` gets each Data line in order, `ended` is called once when the process is over.

        Raises OSError when it cannot be started.
        """
        self._take = take
        self._ended = ended
        self._bugs = bugs
        self._lines: queue.SimpleQueue[Line | None] = queue.SimpleQueue()
        self._acknowledged: queue.SimpleQueue[tuple[str, str] | None] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            launch.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=launch.folder,
            env=dict(launch.environment),
            start_new_session=True,
        )
        self.pid = self._process.pid
        self._lock = threading.Lock()
        self._reaped = threading.Event()
        self._closed = threading.Event()
        self._over = threading.Event()
        for work in (self._write, self._read, self._watch):
            threading.Thread(target=work, name=f"engine-{self.pid}{work.__name__}", daemon=True).start()

    @property
    def is_alive(self) -> bool:
        """False once it and its output have ended."""
        return not self._over.is_set()

    def send(self, *lines: Line) -> None:
        """Write lines, each after what the ones before it must have acknowledged; returns at once."""
        for line in lines:
            self._lines.put(line)

    def close(self) -> None:
        """Let it close its pool, then end it and its children; after a while in any case. Returns at once."""
        self._lines.put(Line(CLOSE, POOL))
        threading.Thread(target=self._reap, name=f"engine-{self.pid}-reap", daemon=True).start()

    def kill(self) -> None:
        """End it and its children now."""
        with self._lock:
            self._kill_group()
        self._over.wait()
        self._reaped.wait()

    def _kill_group(self) -> None:
        # The number is ours until the leader, dead or not, was waited for.
        if not self._reaped.is_set():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def _reap(self) -> None:
        self._closed.wait(_GRACE_SECONDS)
        self.kill()

    def _watch(self) -> None:
        """Children of a dead engine would keep its output open: they end with it."""
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        with self._lock:
            self._kill_group()
            self._process.wait()
            self._reaped.set()

    def _write(self) -> None:
        stream = self._process.stdin
        assert stream is not None
        with contextlib.suppress(OSError):
            while (line := self._lines.get()) is not None:
                stream.write(line.text())
                stream.flush()
                if not self._is_acknowledged(line):
                    break
        with contextlib.suppress(OSError):
            stream.close()

    def _is_acknowledged(self, line: Line) -> bool:
        wanted = line.acknowledgement
        while wanted is not None:
            found = self._acknowledged.get()
            if found is None:
                return False
            if found == wanted:
                break
        return True

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        for text in stream:
            try:
                line = read_line(text)
                if line.kind == DATA:
                    self._take(line)
                elif (line.kind, line.target) == (CLOSE_ACK, POOL):
                    self._closed.set()
                else:
                    self._acknowledged.put((line.kind, line.target))
            except (UnreadableLineError, ValueError) as error:
                self._bugs.report("line of the engine", error)
        self._acknowledged.put(None)
        self._lines.put(None)
        stream.close()
        self._closed.set()
        self._over.set()
        self._ended()
