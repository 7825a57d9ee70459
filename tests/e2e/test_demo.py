"""The README's first command, as a user runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.local.stack import ROOT


def _children_of(marker: str) -> list[int]:
    """Return the pids of processes whose environment holds `marker`: everything that the demo started."""
    found = []
    for place in Path("/proc").iterdir():
        try:
            if place.name.isdigit() and marker.encode() in (place / "environ").read_bytes():
                found.append(int(place.name))
        except OSError:
            continue
    return found


def _start(marker: str, directory: Path, clock: str) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "deploy.local", "demo", "--clock", clock, "--directory", str(directory)]
    environment = {**os.environ, "DEMO_MARKER": marker}
    return subprocess.Popen(
        argv, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_demo_ends_with_zero_and_leaves_no_process(tmp_path: Path) -> None:
    """The demo builds, proves, verifies webhooks, tears down and stops everything it started."""
    marker = f"demo-{time.time_ns()}"
    process = _start(marker, tmp_path / "run", "200")
    output, _ = process.communicate(timeout=120)

    assert process.returncode == 0, output
    for promised in ("every signature verified", "CPU ledger", "proven", "no VM of it is left"):
        assert promised in output
    assert _children_of(marker) == []


@pytest.mark.parametrize("seconds", [0.7, 3.0, 9.0])
def test_ctrl_c_at_any_time_leaves_no_process(tmp_path: Path, seconds: float) -> None:
    """An interrupted demo stops everything that it had started by then."""
    marker = f"demo-{time.time_ns()}"
    process = _start(marker, tmp_path / "run", "20")
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)

    assert process.returncode == 130, output
    assert _children_of(marker) == []
