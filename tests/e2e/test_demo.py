"""The README's first command, as a user runs it."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.e2e.processes import local


def test_demo_ends_with_zero_and_leaves_no_process(tmp_path: Path) -> None:
    """The demo builds, proves, verifies webhooks, tears down and stops everything it started."""
    with local("demo", tmp_path / "run", "--clock", "200") as started:
        output, _ = started.process.communicate(timeout=120)

        assert started.process.returncode == 0, output
        for promised in ("every signature verified", "CPU ledger", "proven", "no VM of it is left"):
            assert promised in output
        assert started.pids() == []


@pytest.mark.parametrize("seconds", [0.7, 3.0, 9.0])
def test_ctrl_c_at_any_time_leaves_no_process(tmp_path: Path, seconds: float) -> None:
    """An interrupted demo stops everything that it had started by then."""
    with local("demo", tmp_path / "run", "--clock", "20") as started:
        time.sleep(seconds)
        started.process.send_signal(signal.SIGINT)
        output, _ = started.process.communicate(timeout=60)

        # Told before it had read its own modules, Python itself ends: nothing was started by then.
        assert started.process.returncode in (130, -signal.SIGINT), output
        assert started.pids() == []
