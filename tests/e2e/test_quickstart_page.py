"""The commands of docs/quickstart.md and of the README, as a reader types them into the second terminal."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from deploy.local.stack import ROOT, Stack
from tests.e2e.driver import Driver
from tests.pages.markdown import blocks

PAGE = ROOT / "docs" / "quickstart.md"
_SECONDS = 240


def _typed(stack: Stack, folder: Path, script: str) -> str:
    """Run a script where a reader of the pages stands, and return what it printed."""
    for name, target in {".run": stack.settings.directory, "examples": ROOT / "examples"}.items():
        (folder / name).symlink_to(target)
    # Not the folder of another environment: what runs is this interpreter's.
    tools = folder / ".venv" / "bin"
    tools.mkdir(parents=True)
    tools.joinpath("matryoshka").write_text(f'#!/bin/sh\nexec "{stack.environment()["PYTHON"]}" -m service.cli "$@"\n')
    tools.joinpath("matryoshka").chmod(0o755)
    argv = ("bash", "-c", f"set -euo pipefail\n{script}")
    environ = {**{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(argv, cwd=folder, env=environ, capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert 0 == done.returncode, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def test_the_quickstart_builds_a_lab_and_takes_it_away(stack: Stack, tmp_path: Path) -> None:
    """Every named block runs in one shell, in order; a lab is built, shown and removed."""
    named = [block for block in blocks(PAGE) if block.language == "sh" and block.name]
    printed = _typed(stack, tmp_path, "".join(f"echo '## {block.name}'\n{block.code}" for block in named))
    said = dict(part.split("\n", 1) for part in ("\n" + printed).split("\n## ")[1:])

    assert [block.name for block in named] == list(said)
    assert "ws2022" in said["environment.sh"]
    assert "prove-hypervisor-nest-1" in said["plan.sh"]
    assert "succeeded" in said["build.sh"]
    assert "proven" in said["look.sh"]
    assert "succeeded" in said["teardown.sh"]
    lab = stack.call("GET", "/v1/labs").json()["items"][0]
    assert "removed" == lab["state"]
    assert lab["id"] in said["look.sh"]


def test_the_readme_builds_a_lab(stack: Stack, driver: Driver, tmp_path: Path) -> None:
    """What the README types into the second terminal builds its lab; it is taken away afterwards."""
    block = next(block for block in blocks(ROOT / "README.md") if block.code.startswith("make up"))
    printed = _typed(stack, tmp_path, block.code.partition("\n")[2])
    lab = stack.call("GET", "/v1/labs").json()["items"][0]

    assert "succeeded" in printed
    assert ("ready", True) == (lab["state"], lab["id"] in printed)
    assert "succeeded" == driver.run({"kind": "teardown", "lab_id": lab["id"]})["state"]
