"""The commands of docs/quickstart.md, as a reader types them into the second terminal."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from deploy.local.stack import ROOT, Stack
from tests.pages.markdown import blocks

PAGE = ROOT / "docs" / "quickstart.md"
_SECONDS = 240


def test_the_quickstart_builds_a_lab_and_takes_it_away(stack: Stack, tmp_path: Path) -> None:
    """Every named block runs in one shell, in order; a lab is built, shown and removed."""
    named = [block for block in blocks(PAGE) if block.language == "sh" and block.name]
    for name, target in {".run": stack.settings.directory, "examples": ROOT / "examples"}.items():
        (tmp_path / name).symlink_to(target)
    # Not the folder of another environment: what runs is this interpreter's.
    tools = tmp_path / ".venv" / "bin"
    tools.mkdir(parents=True)
    tools.joinpath("matryoshka").write_text(f'#!/bin/sh\nexec "{stack.environment()["PYTHON"]}" -m service.cli "$@"\n')
    tools.joinpath("matryoshka").chmod(0o755)
    script = "set -euo pipefail\n" + "".join(f"echo '## {block.name}'\n{block.code}" for block in named)
    argv = ("bash", "-c", script)
    environ = {**{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        argv, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    said = dict(part.split("\n", 1) for part in ("\n" + done.stdout).split("\n## ")[1:])

    assert 0 == done.returncode, done.stdout[-2000:] + done.stderr[-2000:]
    assert [block.name for block in named] == list(said)
    assert "ws2022" in said["environment.sh"]
    assert "prove-hypervisor-nest-1" in said["plan.sh"]
    assert "succeeded" in said["build.sh"]
    assert "proven" in said["look.sh"]
    assert "succeeded" in said["teardown.sh"]
    lab = stack.call("GET", "/v1/labs").json()["items"][0]
    assert "removed" == lab["state"]
    assert lab["id"] in said["look.sh"]
