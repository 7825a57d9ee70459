"""What PowerShell's own parser sees in the product's PowerShell files and in snippets: one process for many."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.conftest import ROOT

Facts = dict[str, Any]

FOLDERS = (ROOT / "workers" / "powershell", ROOT / "deploy" / "windows")
_SCRIPT = Path(__file__).with_name("Facts.ps1")
_SECONDS = 120


def product_files() -> list[Path]:
    """Return every PowerShell file of the product, session and role files too."""
    return sorted(path for folder in FOLDERS for path in folder.rglob("*.ps*") if path.is_file())


@cache
def product_facts(pwsh: str) -> tuple[Facts, ...]:
    """Return the facts of each file; `name` is its path in the checkout."""
    return tuple(_ask(pwsh, [{"name": str(path.relative_to(ROOT)), "path": str(path)} for path in product_files()]))


def facts_of(pwsh: str, texts: dict[str, str]) -> dict[str, Facts]:
    """Return the facts of texts by their names."""
    found = _ask(pwsh, [{"name": name, "text": text} for name, text in texts.items()])
    return {facts["name"]: facts for facts in found}


def _ask(pwsh: str, sources: list[dict[str, str]]) -> list[Facts]:
    with TemporaryDirectory() as folder:
        wanted = Path(folder) / "sources.json"
        wanted.write_text(json.dumps(sources), encoding="utf-8")
        argv = [pwsh, "-NoProfile", "-NonInteractive", "-File", str(_SCRIPT), "-Path", str(wanted)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found: list[Facts] = json.loads(done.stdout.strip().splitlines()[-1])
    return found
