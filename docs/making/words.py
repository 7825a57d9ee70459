"""The sentences of words.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any


@cache
def words(section: str) -> Mapping[str, Any]:
    """Return one section by name."""
    found: Mapping[str, Any] = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))[
        section
    ]
    return found
