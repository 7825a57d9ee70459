"""Who may import whom is checked with every test run, not only by `make check`."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

from tests.conftest import ROOT


def test_import_contracts_are_kept() -> None:
    """Every contract of pyproject.toml is kept."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    argv = (str(Path(sys.executable).with_name("lint-imports")), "--no-cache")
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)

    assert 0 == done.returncode, done.stdout + done.stderr
    assert f"Contracts: {len(contracts)} kept, 0 broken." in done.stdout
