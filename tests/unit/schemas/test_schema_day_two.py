"""Requests for work on a living lab: what is refused, and where."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.schemas.bodies import body, loaded, refusals

_ADDRESSES = ["10.0.0.4", "10.0.0.5"]


@pytest.mark.parametrize(
    ("kind", "changes", "expected"),
    [
        ("add_node", {"names": ["a", "b"], "count": 3}, ("#/names", "length")),
        ("add_node", {"names": ["a", "A"]}, ("#/names/1", "duplicate")),
        ("add_node", {"names": ["a_b"]}, ("#/names/0", "pattern")),
        ("add_node", {"count": 0}, ("#/count", "range")),
        ("add_node", {"count": 17}, ("#/count", "range")),
        ("add_node", {"addresses": _ADDRESSES}, ("#/addresses", "length")),
        ("add_node", {"count": 2, "addresses": [_ADDRESSES[0]] * 2}, ("#/addresses/1", "duplicate")),
        ("add_node", {"addresses": ["::1"]}, ("#/addresses/0", "ipv6")),
        ("add_node", {"memory_mib": 2048}, ("#/memory_mib", "memory_too_small")),
        ("remove_node", {"name": "not a name"}, ("#/name", "pattern")),
        ("stop_lab", {"nested_vms": "kill"}, ("#/nested_vms", "choice")),
        ("rotate_guest_password", {"new_password": {"value": "short"}}, ("#/new_password/value", "length")),
        ("rotate_guest_password", {"new_password": {"ref": "env:PATH"}}, ("#/new_password/ref", "pattern")),
        ("start_lab", {"lab_id": "lab_1"}, ("#/lab_id", "pattern")),
    ],
)
def test_what_cannot_be_asked_is_refused_where_it_stands(
    kind: str, changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    """Each refusal names its member and why."""
    assert expected in refusals(body(kind, **changes))


def test_counts_follow_from_names() -> None:
    """Names without a count, addresses with names, and little memory that is asked for twice are fine."""
    assert "count" not in loaded("add_node", names=["a", "b"], addresses=_ADDRESSES)
    assert loaded("add_node", memory_mib=2048, allow_small_memory=True)["memory_mib"] == 2048
    assert loaded("add_node", on_failure="rollback")["on_failure"] == "rollback"
