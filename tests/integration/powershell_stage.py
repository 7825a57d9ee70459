"""One PowerShell engine process for many scripts: each in a runspace, an environment and a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = Path(__file__).resolve().parent / "powershell_fakes" / "Run-Scripts.ps1"


@dataclass
class Stage:
    """An engine that takes one script at a time. It starts with the first one, and anew after one that did not end."""

    pwsh: str
    process: subprocess.Popen[str] | None = None

    def run(self, script: Path, folder: Path, environment: Mapping[str, str]) -> str:
        """Return the last line that a script writes; AssertionError with what it failed of."""
        asked = {"script": str(script), "folder": str(folder), "environment": dict(environment)}
        process = self._started()
        try:
            line = _asked(process, json.dumps(asked))
        except BaseException:
            # A test that ran out of time: the next one must not get its answer.
            self.close(kill=True)
            raise
        assert line, "the engine ended"
        answer: dict[str, str] = json.loads(line)
        assert not answer["error"], answer["error"]
        return answer["output"]

    def close(self, *, kill: bool = False) -> None:
        """End the engine, or kill it. Safe to repeat."""
        process, self.process = self.process, None
        if process is None:
            return
        if kill:
            process.kill()
        process.communicate()  # the end of its input is its end

    def _started(self) -> subprocess.Popen[str]:
        if self.process is None or self.process.poll() is not None:
            command = [self.pwsh, "-NoProfile", "-NonInteractive", "-File", str(_SCRIPT)]
            pipe = subprocess.PIPE
            self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=dict(os.environ))
        return self.process


def _asked(process: subprocess.Popen[str], line: str) -> str:
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    return process.stdout.readline()
