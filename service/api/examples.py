"""The ready requests of `examples/`, one a job kind, as the OpenAPI document shows them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_DIRECTORY = Path(__file__).resolve().parents[2] / "examples"


def request_examples() -> dict[str, Any]:
    """Return the examples by name; {} where the directory is not installed."""
    found = {}
    for path in sorted(_DIRECTORY.glob("*.json")):
        body = json.loads(path.read_text())
        if isinstance(body, dict) and "kind" in body:
            found[path.stem] = {"summary": path.stem.replace("_", " "), "value": body}
    return found
