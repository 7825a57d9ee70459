"""IPv4 addresses and subnets. IPv6 is refused by name, not as a typing error."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from schemas.base import coded

_NO_IPV6 = "IPv6 is not supported; give an IPv4 address."
_SMALLEST, _LARGEST = 30, 16  # /30 holds a gateway and one node; more than a /16 is a typing error


class IPv4(fields.String):
    """One usable IPv4 address as text."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        given = super()._deserialize(value, attr, data, **kwargs)
        try:
            address = ipaddress.ip_address(given)
        except ValueError as error:
            raise coded("Not an IPv4 address.", "address") from error
        if isinstance(address, ipaddress.IPv6Address):
            raise coded(_NO_IPV6, "ipv6")
        if address.is_multicast or address.is_unspecified or address.is_loopback or address.is_reserved:
            raise coded("A multicast, unspecified, loopback or reserved address cannot be used.", "address")
        return str(address)


class Subnet(fields.String):
    """An IPv4 subnet `a.b.c.d/len` without host bits, /16 to /30."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        given = super()._deserialize(value, attr, data, **kwargs)
        if "/" not in given:
            raise coded("A subnet needs its length, such as 192.168.50.0/24.", "subnet")
        try:
            network = ipaddress.ip_network(given, strict=False)
        except ValueError as error:
            raise coded("Not an IPv4 subnet such as 192.168.50.0/24.", "subnet") from error
        if isinstance(network, ipaddress.IPv6Network):
            raise coded("IPv6 is not supported; give an IPv4 subnet.", "ipv6")
        if given.split("/")[0] != str(network.network_address):
            raise coded(f"Host bits are set; the subnet is {network}.", "subnet")
        if not _LARGEST <= network.prefixlen <= _SMALLEST:
            raise coded(f"A subnet is between /{_LARGEST} and /{_SMALLEST}.", "range")
        return str(network)


def is_host_of(address: str, subnet: str) -> bool:
    """True when the address is one that a machine of the subnet can have (not the network, not the broadcast)."""
    network = ipaddress.IPv4Network(subnet)
    member = ipaddress.IPv4Address(address)
    return member in network and member not in {network.network_address, network.broadcast_address}
