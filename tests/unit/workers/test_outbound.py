"""Which addresses may be called: special ranges only when a listed network lies inside them."""

from __future__ import annotations

import ipaddress

import pytest

from workers.outbound import AddressRules

_DEFAULT = AddressRules()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.0.1", "0.0.0.0", "169.254.169.254", "224.0.0.1", "255.255.255.255", "100.100.100.200",
        "::1", "::", "fe80::1", "ff02::1", "fd00:ec2::254",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::",
    ],
)  # fmt: skip
def test_special_addresses_are_refused_by_default(address: str) -> None:
    """0.0.0.0/0 does not open loopback, link-local, metadata, multicast, or IPv4 hidden in IPv6."""
    assert not _DEFAULT.allows(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["10.0.0.5", "192.168.1.1", "172.16.0.1", "8.8.8.8", "2001:db8::1", "fd12::1"])
def test_public_and_private_addresses_are_allowed_by_default(address: str) -> None:
    """Portals usually live on private networks."""
    assert _DEFAULT.allows(ipaddress.ip_address(address))


def test_a_listed_network_inside_a_special_range_opens_it() -> None:
    """127.0.0.0/8 in the list opens loopback, also as IPv4 in IPv6, and nothing else special."""
    rules = AddressRules((ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("0.0.0.0/0")))

    assert rules.allows(ipaddress.ip_address("127.0.0.1"))
    assert rules.allows(ipaddress.ip_address("::ffff:127.0.0.1"))
    assert not rules.allows(ipaddress.ip_address("169.254.169.254"))
    assert not rules.allows(ipaddress.ip_address("::1"))


def test_a_list_without_everything_is_a_closed_list() -> None:
    """Only what is listed may be called."""
    rules = AddressRules((ipaddress.ip_network("10.1.0.0/16"),))

    assert rules.allows(ipaddress.ip_address("10.1.2.3"))
    assert not rules.allows(ipaddress.ip_address("10.2.0.1"))
    assert not rules.allows(ipaddress.ip_address("8.8.8.8"))
