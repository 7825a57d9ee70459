"""docs/api.md names tests: each of them exists."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


def test_every_named_test_exists() -> None:
    """A promise on the page stands on a test that is there."""
    named = _NAMED.findall((ROOT / "docs" / "api.md").read_text(encoding="utf-8"))
    files: dict[str, str] = {}
    for path in (ROOT / "tests").rglob("test_*.py"):
        files[path.name] = files.get(path.name, "") + path.read_text(
            encoding="utf-8"
        )  # unit and integration may share it

    assert len(named) > 30
    assert [] == [f"{file}::{name}" for file, name in named if f"def {name}(" not in files.get(file, "")]
