"""One PowerShell engine process for many scripts: each in a runspace, an environment and a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = Path(__file__).resolve().parent / "powershell_fakes" / "Run-Scripts.ps1"


@dataclass(frozen=True)
class Stage:
    """A running engine. It takes one script at a time."""

    pwsh: str
    process: subprocess.Popen[str]

    def run(self, script: Path, folder: Path, environment: Mapping[str, str]) -> str:
        """Return the last line that a script writes; AssertionError with what it failed of."""
        asked = {"script": str(script), "folder": str(folder), "environment": dict(environment)}
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the engine ended"
        answer: dict[str, str] = json.loads(line)
        assert not answer["error"], answer["error"]
        return answer["output"]


@contextmanager
def open_stage(pwsh: str) -> Iterator[Stage]:
    """Give a running engine, and end it."""
    command = [pwsh, "-NoProfile", "-NonInteractive", "-File", str(_SCRIPT)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=dict(os.environ)) as process:
        yield Stage(pwsh, process)
        assert process.stdin
        process.stdin.close()  # the end of its input is the end of the process
