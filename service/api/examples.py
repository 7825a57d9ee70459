"""The ready requests of `examples/`, one a job kind, as the OpenAPI document shows them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RETRY_EXAMPLES: Mapping[str, Any] = {
    "as_it_was": {"summary": "as it was", "value": {}},
    "with_edits": {
        "summary": "with less memory and another image",
        "value": {"changes": {"nodes": {"memory_mib": 8192, "image": {"name": "ws2025", "id": None}}}},
    },
}
_DIRECTORY = Path(__file__).resolve().parents[2] / "examples"


def request_examples() -> dict[str, Any]:
    """Return the examples by name; {} where the directory is not installed."""
    found = {}
    for path in sorted(_DIRECTORY.glob("*.json")):
        body = json.loads(path.read_text())
        if isinstance(body, dict) and "kind" in body:
            found[path.stem] = {"summary": path.stem.replace("_", " "), "value": body}
    return found
