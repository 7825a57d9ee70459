"""What NetTCPIP and its neighbours show on a machine of the pretended Windows."""

from __future__ import annotations

import ipaddress
from typing import Any

from tests.contract.world import Interface, Place, Vm, made_mac

_FIRST_INDEX = 10
_DHCP = ipaddress.ip_network("10.50.0.0/16")
_LINK_LOCAL = ipaddress.ip_network("169.254.0.0/16")


def network(place: Place) -> dict[str, Any]:
    """A guest's adapters, the management adapters of switches, and the firewall's rules."""
    made: dict[str, Any] = {"net_adapters": [], "addresses": [], "routes": [], "dns": {}, "dhcp": {}, "profiles": {}}
    count = len(place.vm.adapters) if place.vm else 0
    for number in range(count):
        _add_guest(made, place, number)
    for number, switch in enumerate(place.machine.switches):
        if switch.kind == "Private":
            continue
        index = _FIRST_INDEX + count + number
        mac = made_mac(place.path, switch.name)
        _add_adapter(made, index, f"vEthernet ({switch.name})", "Hyper-V Virtual Ethernet Adapter", mac)
        made["dhcp"][str(index)] = not switch.address
        made["dns"][str(index)] = []
        if switch.address:
            made["addresses"].append(_address(index, switch.address, switch.prefix_length))
    made["firewall"] = [{"name": f"{group}-1", "group": group, "enabled": True} for group in place.machine.firewall]
    return made


def mac_of(vm: Vm, number: int) -> str:
    """The MAC address of an adapter of a VM."""
    return vm.adapters[number].mac or made_mac(vm.name, vm.tag, str(number))


def leased_address(place: Place, number: int) -> tuple[str, int, str]:
    """What an adapter without an address of its own gets: (address, prefix, origin); '' when it is not connected.

    By DHCP on an external network, else a link-local one; which it is follows from the MAC address, as in the sandbox.
    """
    assert place.vm is not None
    assert place.host is not None
    name = place.vm.adapters[number].switch.lower()
    kinds = [one.kind for one in place.host.machine.switches if one.name.lower() == name]
    if not kinds:
        return "", 0, ""
    space, origin = (_DHCP, "Dhcp") if kinds[0] == "External" else (_LINK_LOCAL, "WellKnown")
    offset = 256 + int(mac_of(place.vm, number), 16) % (space.num_addresses - 512)
    return str(space[offset]), space.prefixlen, origin


def _add_guest(made: dict[str, Any], place: Place, number: int) -> None:
    assert place.vm is not None
    index = _FIRST_INDEX + number
    (one,) = place.machine.interfaces[number : number + 1] or (Interface(),)
    name = "Ethernet" if number == 0 else f"Ethernet {number + 1}"
    _add_adapter(made, index, name, "Microsoft Hyper-V Network Adapter", mac_of(place.vm, number))
    made["dhcp"][str(index)] = not one.address
    made["dns"][str(index)] = list(one.dns)
    made["profiles"][str(index)] = "Private" if place.machine.private_network else "Public"
    address, prefix, origin = (
        (one.address, one.prefix_length, "Manual") if one.address else leased_address(place, number)
    )
    if address:
        made["addresses"].append(_address(index, address, prefix, origin))
    if one.gateway:
        made["routes"].append({"index": index, "prefix": "0.0.0.0/0", "next_hop": one.gateway})


def _add_adapter(made: dict[str, Any], index: int, name: str, description: str, mac: str) -> None:
    dashed = "-".join(mac[at : at + 2] for at in range(0, 12, 2))
    made["net_adapters"].append(
        {"name": name, "description": description, "index": index, "mac": dashed, "status": "Up"}
    )


def _address(index: int, address: str, prefix: int, origin: str = "Manual") -> dict[str, Any]:
    return {"index": index, "address": address, "prefix": prefix, "origin": origin}
