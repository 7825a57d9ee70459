"""YAML that every reader reads back as the same values."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from service.api.openapi import openapi_document, openapi_yaml
from service.api.yaml_text import yaml_text

# JSON writes what lies beyond as two escapes, which YAML does not join; our document has none of it.
TEXT = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]))
SCALARS = st.none() | st.booleans() | st.integers() | TEXT
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda below: st.lists(below, max_size=3) | st.dictionaries(TEXT, below, max_size=3), max_leaves=12
)


@given(st.dictionaries(TEXT, VALUES, min_size=1, max_size=4))
def test_any_value_comes_back(value: dict[str, Any]) -> None:
    """What is written is read back unchanged."""
    assert value == yaml.safe_load(yaml_text(value))


def test_the_document_comes_back() -> None:
    """The whole OpenAPI document survives."""
    assert openapi_document() == yaml.safe_load(openapi_yaml())


def test_text_of_several_lines_stays_readable() -> None:
    """Lines stay lines."""
    assert "text: |\n  one\n\n  two\n" == yaml_text({"text": "one\n\ntwo\n"})
