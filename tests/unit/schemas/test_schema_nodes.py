"""Nodes: counts, names, sizes."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.node import node_names
from tests.unit.schemas.bodies import body, loaded, refusals


def test_defaults_are_filled_in() -> None:
    """A short request loads to a whole one."""
    nodes = loaded()["nodes"]

    assert nodes == {
        "count": 3,
        "image": {"name": "ws2022"},
        "processor_count": 4,
        "memory_mib": 8192,
        "allow_small_memory": False,
        "disk_gib": 40,
        "data_disks": [],
        "time_zone": "UTC",
        "name_prefix": "nest",
    }


def test_names_follow_the_prefix() -> None:
    """Without names the nodes are numbered from 1."""
    assert node_names(loaded(nodes__name_prefix="hv")["nodes"]) == ["hv-1", "hv-2", "hv-3"]


def test_names_may_be_given() -> None:
    """Given names are kept in their order."""
    assert node_names(loaded(nodes__names=["a", "c", "b"])["nodes"]) == ["a", "c", "b"]


@pytest.mark.parametrize("count", [0, 65, -1])
def test_a_cluster_has_1_to_64_nodes(count: int) -> None:
    """Other counts than 1 to 64 are refused."""
    assert refusals(body(nodes__count=count)) == [("#/nodes/count", "range")]


@pytest.mark.parametrize(("memory", "small"), [(4096, False), (4095, True), (512, True)])
def test_small_memory_must_be_allowed(memory: int, small: bool) -> None:
    """4096 MiB pass, less passes only when it is allowed."""
    assert refusals(body(nodes__memory_mib=memory, nodes__allow_small_memory=small)) == []


@pytest.mark.parametrize("memory", [4095, 512])
def test_small_memory_is_refused(memory: int) -> None:
    """Less than 4096 MiB is refused where it is said."""
    assert refusals(body(nodes__memory_mib=memory)) == [("#/nodes/memory_mib", "memory_too_small")]
    assert refusals(body("nested_host", node__memory_mib=memory)) == [("#/node/memory_mib", "memory_too_small")]
    assert refusals(body("enable_nesting", memory_mib=max(1, memory))) == [("#/memory_mib", "memory_too_small")]


@pytest.mark.parametrize(
    "name", ["", "a" * 16, "-a", "a-", "12345", "a b", "a.b", "ä", "a_b", "a\n", "a\x00", "nest\u202e"]
)
def test_windows_computer_names_only(name: str) -> None:
    """What Windows refuses as a computer name is refused here."""
    assert [pointer for pointer, _ in refusals(body("nested_host", node__name=name))][:1] == ["#/node/name"]


@pytest.mark.parametrize("name", ["a", "1a", "NEST-1", "a" * 15, "x2"])
def test_good_computer_names(name: str) -> None:
    """Letters, digits and inner hyphens up to 15 characters are a computer name."""
    assert refusals(body("nested_host", node__name=name)) == []


def test_numbered_names_stay_within_15_characters() -> None:
    """A prefix whose last number would make a name of 16 characters is refused."""
    assert refusals(body(nodes__name_prefix="a" * 13)) == []
    assert refusals(body(nodes__name_prefix="a" * 13, nodes__count=10)) == [("#/nodes/name_prefix", "length")]


def test_names_are_counted() -> None:
    """As many names as nodes are needed."""
    assert refusals(body(nodes__names=["a", "b"])) == [("#/nodes/names", "length")]


def test_names_differ_whatever_their_case() -> None:
    """A name that is given twice is pointed at, also in other case."""
    assert refusals(body(nodes__names=["a", "b", "A"])) == [("#/nodes/names/2", "duplicate")]


def test_each_wrong_name_is_pointed_at() -> None:
    """A refused name among names is pointed at by its position."""
    assert refusals(body(nodes__names=["a", "b!", "c"])) == [("#/nodes/names/1", "pattern")]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("processor_count", 0),
        ("processor_count", 241),
        ("disk_gib", 0),
        ("disk_gib", 65537),
        ("memory_mib", 12 * 1024 * 1024 + 1),
        ("memory_mib", 511),
    ],
)
def test_sizes_are_bounded(path: str, value: int) -> None:
    """Sizes that no VM can have are refused."""
    changes: dict[str, Any] = {f"nodes__{path}": value}

    assert refusals(body(**changes)) == [(f"#/nodes/{path}", "range")]


def test_data_disks_are_bounded() -> None:
    """A node has at most 32 data disks."""
    assert refusals(body(nodes__data_disks=[{"size_gib": 1}] * 33)) == [("#/nodes/data_disks", "length")]


@pytest.mark.parametrize("image", [{}, {"id": "img_" + "0" * 26, "name": "x"}])
def test_an_image_is_named_one_way(image: dict[str, str]) -> None:
    """An image is given by id or by name, not by both, not by none."""
    assert refusals(body(nodes__image=image)) == [("#/nodes/image", "exclusive")]
