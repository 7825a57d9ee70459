"""The requests of each kind, and what all of them share."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.kinds import REQUEST_SCHEMAS
from tests.unit.schemas.bodies import ABSENT, LAB_ID, body, loaded, refusals

_SHARED = {
    "labels": {},
    "priority": "normal",
    "admission": "wait",
    "on_failure": "keep",
    "on_cancel": "rollback",
    "deadline_seconds": 14400,
}
_NODE_OF_LAB = {"lab_id": LAB_ID, "node": "nest-1"}


# What these did cannot be taken back: they stop where they are.
_ONE_WAY = {"rotate_guest_password", "stop_lab", "start_lab", "remove_node"}


def test_host_is_needed_only_where_a_lab_is_not_built_anew() -> None:
    """Jobs that build nodes may leave the host out; an inspection may not."""
    assert refusals(body("nested_cluster", host=ABSENT)) == []
    assert refusals(body("nested_host", host=ABSENT)) == []
    assert refusals(body("inspect_host", host=ABSENT)) == [("#/host", "required")]


@pytest.mark.parametrize("kind", REQUEST_SCHEMAS)
def test_every_kind_has_the_shared_members(kind: str) -> None:
    """A minimal request of each kind loads, with the shared defaults filled in."""
    request, shared = loaded(kind), _SHARED | ({"on_cancel": "keep"} if kind in _ONE_WAY else {})

    assert request["kind"] == kind
    assert {name: request[name] for name in shared} == shared


@pytest.mark.parametrize("kind", _ONE_WAY & set(REQUEST_SCHEMAS))
def test_work_without_a_way_back_is_not_rolled_back(kind: str) -> None:
    """A kind whose work cannot be undone takes no rollback."""
    asked = body(kind, on_failure="rollback", on_cancel="rollback")

    assert refusals(asked) == [("#/on_cancel", "choice"), ("#/on_failure", "choice")]


@pytest.mark.parametrize("kind", REQUEST_SCHEMAS)
def test_every_kind_refuses_unknown_members(kind: str) -> None:
    """A member that a kind does not have is refused."""
    assert refusals(body(kind, verbose=True)) == [("#/verbose", "unknown_field")]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"priority": "urgent"}, ("#/priority", "choice")),
        ({"admission": "queue"}, ("#/admission", "choice")),
        ({"on_failure": "retry"}, ("#/on_failure", "choice")),
        ({"on_cancel": "ignore"}, ("#/on_cancel", "choice")),
        ({"deadline_seconds": 59}, ("#/deadline_seconds", "range")),
        ({"deadline_seconds": 7 * 86400 + 1}, ("#/deadline_seconds", "range")),
        ({"lease_seconds": -1}, ("#/lease_seconds", "range")),
        ({"lease_seconds": 90 * 86400 + 1}, ("#/lease_seconds", "range")),
        ({"callback_url": "https://a.example"}, ("#/callback_secret", "required")),
        ({"callback_secret": {"ref": "file:x"}}, ("#/callback_url", "required")),
        ({"baseline_probe": 1}, ("#/baseline_probe", "type")),
        ({"guest__access": "ssh"}, ("#/guest/access", "choice")),
        ({"guest__username": "a@b"}, ("#/guest/username", "pattern")),
        ({"host": {}}, ("#/host", "exclusive")),
        ({"host": {"label": "purpose"}}, ("#/host/label", "pattern")),
        ({"host": {"labels": {}}}, ("#/host/labels", "length")),
        ({"host": {"labels": {"a": 1}}}, ("#/host/labels/a", "pattern")),
        ({"host": {"labels": {"a": "b"}, "name": "hv1"}}, ("#/host", "exclusive")),
        ({"host": {"id": "host_1"}}, ("#/host/id", "pattern")),
        ({"smoke_test": {"memory_mib": 8}}, ("#/smoke_test/memory_mib", "range")),
        (
            {"smoke_test": {"guest": {"username": "a", "password": {"value": "b"}}}},
            ("#/smoke_test/guest", "conflict"),
        ),
    ],
)
def test_shared_members_are_bounded(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    """What a shared member cannot be is refused where it stands."""
    assert expected in refusals(body(**changes))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example",
        "https://",
        "https://user:pw@a.example/",
        "https://a.example/#part",
        "https://a.example:99999/",
        "https://a.example:0/",
        "https://a b/",
        "https://[::1",
        "javascript:alert(1)",
        "https://a.example/" + "x" * 2048,
    ],
)
def test_callbacks_go_to_plain_urls(url: str) -> None:
    """A callback URL is http or https, bounded, and carries no credentials."""
    found = refusals(body(callback_url=url, callback_secret={"ref": "file:x"}))

    assert {pointer for pointer, _ in found} == {"#/callback_url"}


@pytest.mark.parametrize("kind", ["enable_nesting", "install_role", "nested_vm"])
@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({}, ("#/target", "exclusive")),
        ({"vm_name": "a", "vm_id": "01234567-89ab-cdef-0123-456789abcdef"}, ("#/target", "exclusive")),
        ({"lab_id": LAB_ID}, ("#/target/node", "required")),
        ({"vm_name": "a", "node": "b"}, ("#/target/node", "required")),
        ({"vm_id": "42"}, ("#/target/vm_id", "length")),
        ({"vm_name": "a\\b"}, ("#/target/vm_name", "pattern")),
    ],
)
def test_a_target_is_named_one_way(kind: str, target: dict[str, str], expected: tuple[str, str]) -> None:
    """An existing VM is a node of a lab, an id or a name: one of them."""
    assert expected in refusals(body(kind, target=target))


@pytest.mark.parametrize("kind", ["enable_nesting", "install_role", "nested_vm"])
def test_a_lab_knows_its_host(kind: str) -> None:
    """The host is needed for a VM and refused for a node of a lab."""
    assert refusals(body(kind, host=ABSENT)) == [("#/host", "required")]
    assert refusals(body(kind, target=_NODE_OF_LAB)) == [("#/host", "exclusive")]
    assert refusals(body(kind, host=ABSENT, target=_NODE_OF_LAB)) == []


@pytest.mark.parametrize("kind", ["install_role", "nested_vm"])
def test_the_password_of_a_foreign_guest_is_needed(kind: str) -> None:
    """Only a lab keeps a guest password; for other VMs it must be given."""
    assert refusals(body(kind, guest=ABSENT)) == [("#/guest/password", "required")]


@pytest.mark.parametrize("roles", [[], ["iis"], ["hyper_v", "failover_clustering", "hyper_v"]])
def test_roles_are_ours(roles: list[str]) -> None:
    """Only the roles that a nested host needs are installed."""
    assert refusals(body("install_role", roles=roles))[0][0].startswith("#/roles")


@pytest.mark.parametrize("path", ["nano.vhdx", r"C:\a\..\b.vhdx", r"\\server\x.vhdx", r"C:\a.iso", "C:\\a|b.vhdx"])
def test_paths_inside_a_node_are_absolute(path: str) -> None:
    """A parent disk is an absolute path of a VHDX without ways up."""
    found = refusals(body("nested_vm", nested_vm={"name": "a", "parent_disk_path": path}))

    assert found == [("#/nested_vm/parent_disk_path", "pattern")]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(kind=st.sampled_from(sorted(REQUEST_SCHEMAS)), data=st.data())
def test_any_json_is_answered_with_pointers(kind: str, data: st.DataObject) -> None:
    """Whatever JSON stands at whatever member, loading answers with pointers and never breaks."""
    fields = sorted(REQUEST_SCHEMAS[kind]().fields)
    name = data.draw(st.sampled_from(fields))
    changed = body(kind) | {name: data.draw(_JSON)}

    assert all(pointer.startswith("#") for pointer, _ in refusals(changed))
