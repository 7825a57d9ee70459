"""Fixtures of the contract tests: both engines, made once a session. Without a PowerShell they are skipped."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.contract.engine import Engine
from tests.contract.host import ADDRESS
from tests.contract.kit import Play
from tests.contract.simulated import Simulation

# Nobody is told of skipped tests that need a Windows host: where none is given they are not there.
collect_ignore = [] if os.environ.get(ADDRESS) else ["test_host.py"]


@pytest.fixture(scope="session")
def play(pwsh: str, windows_modules: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    """Plays scenarios on both engines: a group's all at once, on engine processes that all groups share."""
    engine = Engine(pwsh, tmp_path_factory.mktemp("engine"), windows_modules)
    yield Play(engine, Simulation(tmp_path_factory.mktemp("ca")))
    engine.close()
