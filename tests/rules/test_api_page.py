"""docs/api.md names tests: each of them exists."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


def test_every_named_test_exists() -> None:
    """A promise on the page stands on a test that is there."""
    named = _NAMED.findall((ROOT / "docs" / "api.md").read_text(encoding="utf-8"))
    files = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")}

    assert len(named) > 30
    assert [] == [f"{file}::{name}" for file, name in named if f"def {name}(" not in files.get(file, "")]
