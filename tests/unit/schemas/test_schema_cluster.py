"""Clusters: names, witness, storage, identity."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.schemas.bodies import DOMAIN, body, loaded, refusals

_TWO_DISKS = [{"size_gib": 100}, {"size_gib": 100}]
_SHARE = {"kind": "file_share", "path": r"\\files\witness"}
_CLOUD = {"kind": "cloud", "account_name": "labs", "access_key": {"value": "k"}}


def test_defaults_are_filled_in() -> None:
    """Only the name of a cluster must be given."""
    assert loaded()["cluster"] == {
        "name": "NESTED-CL",
        "witness": {"kind": "none"},
        "storage": "none",
        "validation": {"gate": "fail", "categories": []},
    }


@pytest.mark.parametrize("name", ["a" * 16, "a b", "-x", "123", ""])
def test_a_cluster_name_is_a_computer_name(name: str) -> None:
    """A cluster's name obeys the rules of computer names."""
    assert refusals(body(cluster__name=name))[0][0] == "#/cluster/name"


@pytest.mark.parametrize("name", ["nest-2", "NEST-2"])
def test_a_cluster_is_not_called_like_a_node(name: str) -> None:
    """The cluster's name differs from every node's, whatever the case."""
    assert refusals(body(cluster__name=name)) == [("#/cluster/name", "duplicate")]


@pytest.mark.parametrize("witness", [{"kind": "none"}, _CLOUD, {"kind": "disk", "disk_name": "Cluster Disk 1"}])
def test_witnesses_of_a_workgroup(witness: dict[str, Any]) -> None:
    """A workgroup takes no witness, a cloud or a disk witness."""
    assert refusals(body(cluster__witness=witness)) == []


def test_a_file_share_witness_is_for_domains() -> None:
    """A file share witness is refused in a workgroup and taken in a domain."""
    assert refusals(body(cluster__witness=_SHARE)) == [("#/cluster/witness/kind", "conflict")]
    assert refusals(body(cluster__witness=_SHARE, identity=DOMAIN)) == []


@pytest.mark.parametrize(
    ("witness", "pointer", "code"),
    [
        ({"kind": "cloud"}, "account_name", "required"),
        ({"kind": "cloud", "account_name": "labs"}, "access_key", "required"),
        ({"kind": "disk"}, "disk_name", "required"),
        ({"kind": "file_share"}, "path", "required"),
        ({"kind": "none", "path": r"\\a\b"}, "path", "conflict"),
        (_CLOUD | {"disk_name": "x"}, "disk_name", "conflict"),
        (_CLOUD | {"account_name": "Labs!"}, "account_name", "pattern"),
        ({"kind": "file_share", "path": r"C:\x"}, "path", "pattern"),
    ],
)
def test_a_witness_has_its_own_members(witness: dict[str, Any], pointer: str, code: str) -> None:
    """Each kind of witness needs its members and refuses those of the others."""
    assert (f"#/cluster/witness/{pointer}", code) in refusals(body(cluster__witness=witness))


@pytest.mark.parametrize(
    ("count", "disks", "expected"),
    [
        (2, 2, []),
        (16, 2, []),
        (1, 2, [("#/nodes/count", "range")]),
        (17, 2, [("#/nodes/count", "range")]),
        (3, 1, [("#/nodes/data_disks", "length")]),
        (3, 0, [("#/nodes/data_disks", "length")]),
    ],
)
def test_s2d_needs_nodes_and_disks(count: int, disks: int, expected: list[tuple[str, str]]) -> None:
    """Storage Spaces Direct needs 2 to 16 nodes with two data disks each."""
    asked = body(cluster__storage="s2d", nodes__count=count, nodes__data_disks=_TWO_DISKS[:disks])

    assert refusals(asked) == expected


def test_a_workgroup_has_no_directory() -> None:
    """An access point in Active Directory is for domains only."""
    asked = {"cluster__access_point": "active_directory_and_dns"}

    assert refusals(body(**asked)) == [("#/cluster/access_point", "conflict")]
    assert refusals(body(**asked, identity=DOMAIN)) == []


def test_no_access_point_no_address() -> None:
    """A cluster without an access point takes no address."""
    asked = body(cluster__access_point="none", cluster__static_address="172.30.50.9")

    assert refusals(asked) == [("#/cluster/static_address", "conflict")]


@pytest.mark.parametrize(
    ("identity", "pointer", "code"),
    [
        ({"mode": "domain", "join_credential": DOMAIN["join_credential"]}, "domain", "required"),
        ({"mode": "domain", "domain": "corp.example"}, "join_credential", "required"),
        ({"domain": "corp.example"}, "domain", "conflict"),
        (DOMAIN | {"organizational_unit": "Labs"}, "organizational_unit", "pattern"),
        (DOMAIN | {"domain": "-corp"}, "domain", "pattern"),
        (DOMAIN | {"join_credential": {"username": "x"}}, "join_credential/password", "required"),
    ],
)
def test_an_identity_is_whole(identity: dict[str, Any], pointer: str, code: str) -> None:
    """A domain needs its members, a workgroup refuses them."""
    assert (f"#/identity/{pointer}", code) in refusals(body(identity=identity))


def test_validation_categories_are_bounded() -> None:
    """Test categories are short plain names."""
    asked = body(cluster__validation={"gate": "warn", "categories": ["Network", "a;b"]})

    assert refusals(asked) == [("#/cluster/validation/categories/1", "pattern")]
