"""Runs scenarios of the Matryoshka module on a real PowerShell engine: a process each, or on a stage for many."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.powershell_stage import Stage

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "workers" / "powershell"
MODULE = FOLDER / "Matryoshka"
FAKES = Path(__file__).resolve().parent / "powershell_fakes"

_SECONDS = 120
_POLL = 0.05


def text_of(path: Path) -> str:
    """A PowerShell file as the worker sends it: no byte order mark, LF line ends."""
    return path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")


def function_files(part: str) -> list[Path]:
    """The files of Private or Public, in the order in which they are joined."""
    return sorted((MODULE / part).glob("*.ps1"))


def joined_source(*more: Path) -> str:
    """The module as one text, with functions of a test behind it."""
    files = [*function_files("Private"), *function_files("Public"), *more]
    return "\n".join(text_of(path) for path in files)


@dataclass(frozen=True)
class Engine:
    """A PowerShell engine and a folder of its own, in which journal and ProgramData lie.

    Without a `stage` each run is a process of its own.
    """

    pwsh: str
    folder: Path
    stage: Stage | None = None

    @property
    def journal(self) -> Path:
        """The journal's folder."""
        return self.folder / "journal"

    def run(self, body: str, *more: Path, fakes: bool = False) -> Any:
        """Bring the module in as a worker does (bootstrap), run the body and return the JSON of its last line."""
        script = self._script(body, more, fakes=fakes)
        if self.stage is not None:
            return json.loads(self.stage.run(script, self.folder, self._own_environment()))
        done = subprocess.run(
            self._command(script),
            env=self._environment(),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        lines = done.stdout.strip().splitlines()
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        assert lines, done.stderr
        return json.loads(lines[-1])

    @contextmanager
    def running(self, body: str, *more: Path, until: Path) -> Iterator[subprocess.Popen[str]]:
        """Start the same in a process of its own and wait until it has written a file; it is killed at the end."""
        process = subprocess.Popen(
            self._command(self._script(body, more, fakes=False)),
            env=self._environment(),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            _wait_for(until, process)
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.communicate(timeout=_SECONDS)

    def _command(self, script: Path) -> list[str]:
        return [self.pwsh, "-NoProfile", "-NonInteractive", "-File", str(script)]

    def _script(self, body: str, more: tuple[Path, ...], *, fakes: bool) -> Path:
        source = joined_source(*more)
        number = len(list(self.folder.glob("*.source")))
        kept = self.folder / f"{number}.source"
        kept.write_text(source, encoding="utf-8", newline="\n")
        digest = hashlib.sha256(source.encode()).hexdigest()
        script = self.folder / f"{number}.ps1"
        lines = [
            "$ErrorActionPreference = 'Stop'",
            "$WarningPreference = 'SilentlyContinue'",
            f"$source = [System.IO.File]::ReadAllText('{kept}')",
            f"$null = & '{FOLDER / 'bootstrap.ps1'}' -Source $source -Sha256 '{digest}'",
        ]
        if fakes:
            lines.append(f"Import-Module '{FAKES / 'FakeWindows.psm1'}' -Global -DisableNameChecking")
        script.write_text("\n".join([*lines, body]), encoding="utf-8")
        return script

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self._own_environment()}

    def _own_environment(self) -> dict[str, str]:
        own = {"MATRYOSHKA_JOURNAL": str(self.journal), "ProgramData": str(self.folder / "ProgramData")}
        return own | {"MK_MARK": str(self.folder / "mark")}


def play(engine: Engine, setting: str, **scenes: str) -> dict[str, Any]:
    """Run scenes one after another in one pretended Windows; the outcome of each is answered under its name."""
    lines = [setting, "$answer = [ordered]@{}"]
    lines += [f"$answer['{name}'] = Get-Outcome {{ {body} }}" for name, body in scenes.items()]
    lines.append("ConvertTo-Json -InputObject $answer -Depth 8 -Compress")
    found: dict[str, Any] = engine.run("\n".join(lines), fakes=True)
    return found


def _wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not path.exists():
        assert process.poll() is None, "the process ended before its mark"
        assert time.monotonic() < deadline, "the process never made its mark"
        time.sleep(_POLL)
