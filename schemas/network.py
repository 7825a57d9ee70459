"""The network of a lab: an existing switch, or an internal one of its own with NAT; addresses static or by DHCP."""

from __future__ import annotations

import ipaddress
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from schemas.address import IPv4, Subnet, is_host_of
from schemas.base import Coded, Flag, StrictSchema, choice, coded
from schemas.names import dns_name, object_name
from schemas.node import LARGEST_COUNT, repeated


class SwitchSchema(StrictSchema):
    """`external`: a switch that the host has already. `internal`: one that the lab makes and takes away."""

    kind = choice("external", "internal", required=True)
    name = object_name(required=True)


class NetworkSchema(StrictSchema):
    """`addresses` in the order of the nodes; without them static addresses are chosen from the subnet."""

    switch = fields.Nested(SwitchSchema, required=True)
    addressing = choice("static", "dhcp", load_default="static")
    subnet = Subnet(metadata={"description": "needed for static addresses and for an internal switch"})
    gateway = IPv4(metadata={"description": "of an internal switch: the host's own address, by default the first"})
    nat = Flag(metadata={"description": "of an internal switch, by default true"})
    addresses = fields.List(IPv4(), validate=validate.Length(1, LARGEST_COUNT))
    dns_servers = fields.List(IPv4(), validate=validate.Length(max=4), load_default=list[str])
    dns_suffix = dns_name()

    @validates_schema
    def _kinds(self, data: dict[str, Any], **_options: Any) -> None:
        internal = data["switch"]["kind"] == "internal"
        if internal and data["addressing"] == "dhcp":
            raise coded("An internal switch has no DHCP server; use static addresses.", "conflict", "addressing")
        if not internal and data.get("nat"):
            raise coded("NAT is for an internal switch only.", "conflict", "nat")
        if (internal or data["addressing"] == "static") and "subnet" not in data:
            raise coded("Static addresses need a subnet.", "required", "subnet")
        if data["addressing"] == "dhcp" and "addresses" in data:
            raise coded("With DHCP no addresses are given.", "conflict", "addresses")

    @validates_schema
    def _places(self, data: dict[str, Any], **_options: Any) -> None:
        if "subnet" not in data:
            return
        refused: dict[str, Any] = {}
        if "gateway" in data and not is_host_of(data["gateway"], data["subnet"]):
            refused["gateway"] = [_outside(data["subnet"])]
        wrong = address_refusals(data.get("addresses", []), data["subnet"], gateway_of(data))
        if wrong:
            refused["addresses"] = wrong
        if refused:
            raise ValidationError(refused)


def gateway_of(network: dict[str, Any]) -> str | None:
    """Return the given gateway, for an internal switch else the first address of its subnet, else None."""
    if "gateway" in network or network["switch"]["kind"] != "internal":
        return network.get("gateway")
    return str(next(ipaddress.IPv4Network(network["subnet"]).hosts()))


def address_refusals(addresses: list[str], subnet: str, gateway: str | None) -> dict[int, list[Coded]]:
    """Return what is wrong with each node address, by its position; nothing when all can be used."""
    refused = {place: [_outside(subnet)] for place, item in enumerate(addresses) if not is_host_of(item, subnet)}
    taken = {
        place: [Coded("This is the gateway's address.", "duplicate")]
        for place, item in enumerate(addresses)
        if item == gateway
    }
    again = {place: [Coded("This address is given twice.", "duplicate")] for place in repeated(addresses)}
    return refused | taken | again


def room_for(to_choose: int, network: dict[str, Any], *taken: str) -> None:
    """Refuse a static network whose subnet has too few addresses left to choose from, beside those that are taken."""
    if network["addressing"] == "dhcp":
        return
    subnet = ipaddress.IPv4Network(network["subnet"])
    used = {gateway_of(network), *network["dns_servers"], *network.get("addresses", ()), *taken}
    free = subnet.num_addresses - 2 - sum(is_host_of(address, network["subnet"]) for address in used if address)
    if free < to_choose:
        reason = f"The subnet has {free} free addresses; {to_choose} are needed."
        raise coded(reason, "range", "network", "subnet")


def _outside(subnet: str) -> Coded:
    return Coded(f"Not an address for a machine in {subnet}.", "outside_subnet")
