"""The examples that callers copy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemas.kinds import REQUEST_SCHEMAS
from tests.unit.schemas.bodies import refusals

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


def test_every_kind_has_an_example() -> None:
    """There is one example a job kind."""
    assert {path.stem for path in EXAMPLES.glob("*.json")} >= set(REQUEST_SCHEMAS)


@pytest.mark.parametrize("kind", REQUEST_SCHEMAS)
def test_an_example_is_valid(kind: str) -> None:
    """An example is a valid request of its kind once the ids are filled in."""
    text = (EXAMPLES / f"{kind}.json").read_text(encoding="utf-8").replace("_REPLACE", "_" + "0" * 26)
    data = json.loads(text)

    assert data["kind"] == kind
    assert refusals(data) == []
