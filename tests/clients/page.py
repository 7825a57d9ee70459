"""The code of docs/integration.md: each fenced block that names a file (```python submit_job.py) is that file."""

from __future__ import annotations

import re
from pathlib import Path

from tests.conftest import ROOT

PAGE = ROOT / "docs" / "integration.md"
_BLOCK = re.compile(r"^```\w+ (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(text: str) -> dict[str, str]:
    """Return the text of each block by the name of its file; {} when no block names one."""
    return dict(_BLOCK.findall(text))


def write_blocks(folder: Path, suffix: str) -> list[Path]:
    """Write the page's blocks with this suffix into a folder; return them. Safe to repeat."""
    found = []
    for name, code in blocks(PAGE.read_text(encoding="utf-8")).items():
        if name.endswith(suffix):
            path = folder / name
            path.write_text(code, encoding="utf-8")
            found.append(path)
    return found
