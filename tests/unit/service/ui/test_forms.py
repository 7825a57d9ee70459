"""Forms made from schemas, and requests made from forms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.kinds import REQUEST_SCHEMAS
from service.ui.forms import FormError, filled, request_of, sections

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"


@pytest.mark.parametrize("kind", sorted(REQUEST_SCHEMAS))
def test_an_example_goes_through_its_form_unchanged(kind: str) -> None:
    """What an example's form shows, sent back, is the example: every member of every kind has a field."""
    example: dict[str, Any] = json.loads((EXAMPLES / f"{kind}.json").read_text())
    schema = REQUEST_SCHEMAS[kind]()

    assert request_of(schema, kind, filled(_without_secrets(example))) == _without_secrets(example)


@pytest.mark.parametrize("kind", sorted(REQUEST_SCHEMAS))
def test_names_are_pointers_and_differ(kind: str) -> None:
    """Every field has a name of its own, which is its JSON Pointer: the API's errors find it."""
    names = [entry.name for section in sections(REQUEST_SCHEMAS[kind]()) for entry in section.entries]

    assert len(names) == len(set(names))
    assert all(name.startswith("/") for name in names)


def test_fields_know_their_rules() -> None:
    """Choices, bounds, defaults and what is needed come from the schema."""
    entries = {
        entry.name: entry for section in sections(REQUEST_SCHEMAS["nested_cluster"]()) for entry in section.entries
    }

    assert entries["/nodes/count"].required
    assert entries["/nodes/count"].control == "number"
    assert (entries["/nodes/count"].least, entries["/nodes/count"].most) == (1, 64)
    assert entries["/on_failure"].choices == ("keep", "rollback")
    assert entries["/nodes/memory_mib"].default == "8192"
    assert entries["/guest/password"].control == "secret"
    assert entries["/labels"].control == "pairs"


def test_empty_fields_are_left_out() -> None:
    """Nothing is sent for what was not filled in, so the API's defaults count."""
    assert request_of(REQUEST_SCHEMAS["inspect_host"](), "inspect_host", {"/host/name": " ", "/host/id": ""}) == {
        "kind": "inspect_host"
    }


def test_secrets_go_in_either_form_and_never_come_back() -> None:
    """A secret is sent as a value or a reference, and a form that is shown again has none."""
    schema = REQUEST_SCHEMAS["nested_cluster"]()

    given = request_of(schema, "nested_cluster", {"/guest/password": "s3cret"})
    named = request_of(
        schema, "nested_cluster", {"/guest/password": "env:MATRYOSHKA_SECRET_X", "/guest/password?": "ref"}
    )

    assert given["guest"]["password"] == {"value": "s3cret"}
    assert named["guest"]["password"] == {"ref": "env:MATRYOSHKA_SECRET_X"}
    assert "/guest/password" not in filled(given)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("/nodes/count", "three"),
        ("/labels", "team"),
        ("/nodes/data_disks", "[1"),
        ("/nodes/count", "1e"),
        ("/nodes/count", "nan"),
        ("/nodes/count", "1e999"),
        ("/nodes/count", "²"),
    ],
)
def test_what_is_no_value_is_refused_at_its_field(name: str, text: str) -> None:
    """A number that is none, a pair without '=', broken JSON: the error names the field."""
    with pytest.raises(FormError) as caught:
        request_of(REQUEST_SCHEMAS["nested_cluster"](), "nested_cluster", {name: text})

    assert caught.value.name == name


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _without_secrets(item)
            for name, item in value.items()
            if not (isinstance(item, dict) and {"ref", "value"} & set(item))
        }
    return value
