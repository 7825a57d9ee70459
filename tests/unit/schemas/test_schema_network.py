"""Networks: switches, subnets, addresses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.schemas.bodies import ABSENT, body, refusals

_EXTERNAL = {"kind": "external", "name": "LAN"}


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("fe80::1", "ipv6"),
        ("::ffff:10.0.0.1", "ipv6"),
        ("10.0.0", "address"),
        ("10.0.0.256", "address"),
        ("010.0.0.1", "address"),
        ("224.0.0.1", "address"),
        ("0.0.0.0", "address"),
        ("127.0.0.1", "address"),
        ("255.255.255.255", "address"),
        ("10.0.0.1\n", "address"),
        ("", "address"),
        (5, "type"),
    ],
)
def test_addresses_are_usable_ipv4(address: object, code: str) -> None:
    """What no machine can have as its IPv4 address is refused, IPv6 by name."""
    assert refusals(body(network__gateway=address)) == [("#/network/gateway", code)]


@pytest.mark.parametrize(
    ("subnet", "code"),
    [
        ("fd00::/64", "ipv6"),
        ("10.0.0.0", "subnet"),
        ("10.0.0.1/24", "subnet"),
        ("10.0.0.0/33", "subnet"),
        ("10.0.0.0/8", "range"),
        ("10.0.0.0/31", "range"),
        ("x/24", "subnet"),
        (None, "null"),
    ],
)
def test_subnets_are_ipv4_without_host_bits(subnet: object, code: str) -> None:
    """A subnet is IPv4 from /16 to /30 without host bits."""
    assert refusals(body(network__subnet=subnet)) == [("#/network/subnet", code)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"network__subnet": ABSENT}, ("#/network/subnet", "required")),
        ({"network__addressing": "dhcp"}, ("#/network/addressing", "conflict")),
        ({"network__switch": _EXTERNAL, "network__nat": True}, ("#/network/nat", "conflict")),
        (
            {"network__switch": _EXTERNAL, "network__addressing": "dhcp", "network__addresses": ["172.30.50.5"] * 3},
            ("#/network/addresses", "conflict"),
        ),
        ({"network__gateway": "10.0.0.1"}, ("#/network/gateway", "outside_subnet")),
        ({"network__gateway": "172.30.50.255"}, ("#/network/gateway", "outside_subnet")),
        ({"network__switch": {"kind": "private", "name": "x"}}, ("#/network/switch/kind", "choice")),
        ({"network__switch": {"kind": "internal", "name": " x"}}, ("#/network/switch/name", "pattern")),
        ({"network__switch": {"kind": "internal"}}, ("#/network/switch/name", "required")),
        ({"network__dns_servers": ["10.0.0.1", "::1"]}, ("#/network/dns_servers/1", "ipv6")),
        ({"network__dns_servers": ["10.0.0.1"] * 5}, ("#/network/dns_servers", "length")),
        ({"network__dns_suffix": "lab..internal"}, ("#/network/dns_suffix", "pattern")),
    ],
)
def test_what_does_not_fit_together_is_refused(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    """Members that contradict each other are refused at the one that is wrong."""
    assert expected in refusals(body(**changes))


def test_node_addresses_are_inside_and_distinct() -> None:
    """Each node address outside the subnet, repeated, or the gateway's own is pointed at by its position."""
    addresses = ["172.30.50.1", "172.30.51.9", "172.30.50.7", "172.30.50.7", "172.30.50.0"]

    assert refusals(body(nodes__count=5, network__addresses=addresses)) == [
        ("#/network/addresses/0", "duplicate"),
        ("#/network/addresses/1", "outside_subnet"),
        ("#/network/addresses/3", "duplicate"),
        ("#/network/addresses/4", "outside_subnet"),
    ]


def test_as_many_addresses_as_nodes() -> None:
    """Too few or too many addresses are refused."""
    assert refusals(body(network__addresses=["172.30.50.7"])) == [("#/network/addresses", "length")]
    two = ["172.30.50.7", "172.30.50.8"]
    static = {"network": {"switch": _EXTERNAL, "subnet": "172.30.50.0/24", "addresses": two}}
    assert refusals(body("nested_host", **static)) == [("#/network/addresses", "length")]


@pytest.mark.parametrize(
    ("subnet", "count", "room"),
    [("172.30.50.0/29", 4, True), ("172.30.50.0/29", 5, False), ("172.30.50.0/30", 1, False)],
)
def test_a_subnet_has_room_for_all(subnet: str, count: int, room: bool) -> None:
    """Gateway, nodes and cluster must fit into the subnet when addresses are chosen."""
    found = refusals(body(network__subnet=subnet, nodes__count=count))

    assert found == ([] if room else [("#/network/subnet", "range")])


def test_dns_servers_of_the_subnet_take_room() -> None:
    """An address that a DNS server of the subnet has is not there to be chosen."""
    tight = body(network__subnet="172.30.50.0/29", nodes__count=4, network__dns_servers=["172.30.50.3"])

    assert refusals(tight) == [("#/network/subnet", "range")]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("172.30.51.5", "outside_subnet"),
        ("172.30.50.255", "outside_subnet"),
        ("172.30.50.1", "duplicate"),
        ("172.30.50.12", "duplicate"),
    ],
)
def test_the_cluster_has_an_address_of_its_own(address: str, code: str) -> None:
    """The cluster's address is inside the subnet and neither the gateway's nor a node's."""
    nodes = ["172.30.50.11", "172.30.50.12", "172.30.50.13"]
    wrong = body(network__addresses=nodes, cluster__static_address=address)

    assert refusals(wrong) == [("#/cluster/static_address", code)]


def test_dhcp_needs_no_subnet() -> None:
    """With DHCP on an existing switch nothing has to be said about addresses."""
    network = {"switch": _EXTERNAL, "addressing": "dhcp"}

    assert refusals(body(network=network)) == []
