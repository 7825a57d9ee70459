"""Who can reach whom: segments, addresses, names. Callers hold the realm's lock."""

from __future__ import annotations

import ipaddress

from sandbox.machine.life import RUNNING, is_up, stage
from sandbox.machine.model import Adapter, Interface, Machine, Switch
from sandbox.machine.realm import Realm

EXTERNAL = "External"
_DHCP = ipaddress.ip_network("10.50.0.0/16")
_LINK_LOCAL = ipaddress.ip_network("169.254.0.0/16")


def adapters(realm: Realm, machine: Machine) -> list[Adapter]:
    """The virtual adapters that a guest has; a host has none here."""
    host = realm.host_of(machine)
    vm = host.vms.get(machine.vm_id) if host is not None else None
    return vm.adapters if vm is not None else []


def segment(realm: Realm, machine: Machine, adapter: Adapter) -> str:
    """The layer-2 network of an adapter; '' when not connected. External switches of all hosts are one network."""
    host = realm.host_of(machine)
    switch = host.switches.get(adapter.switch.lower()) if host is not None else None
    if switch is None or host is None:
        return ""
    return EXTERNAL if switch.kind == EXTERNAL else f"{host.uid}/{switch.id}"


def segments(realm: Realm, machine: Machine) -> set[str]:
    """All networks that a machine is on: as a guest by its adapters, as a host by its switches' management adapters."""
    found = {segment(realm, machine, adapter) for adapter in adapters(realm, machine)}
    found |= {_host_segment(machine, switch) for switch in machine.switches.values() if switch.kind != "Private"}
    if machine.level == 0:
        found.add(EXTERNAL)
    return found - {""}


def _host_segment(machine: Machine, switch: Switch) -> str:
    if switch.kind != EXTERNAL:
        return f"{machine.uid}/{switch.id}"
    return EXTERNAL if machine.level == 0 else ""


def addresses(realm: Realm, machine: Machine) -> list[str]:
    """All addresses of a machine as 'a.b.c.d/len'."""
    found = [item for adapter in adapters(realm, machine) for item in adapter_addresses(realm, machine, adapter)]
    hosted = [f"{item.host_address}/{item.prefix_length}" for item in machine.switches.values() if item.host_address]
    return found + hosted


def adapter_addresses(realm: Realm, machine: Machine, adapter: Adapter) -> list[str]:
    """The addresses of one adapter: static, by DHCP on an external network, else link-local."""
    interface = machine.interfaces.get(adapter.mac, Interface(adapter.mac))
    if interface.addresses:
        return list(interface.addresses)
    where = segment(realm, machine, adapter)
    if not where:
        return []
    network = _DHCP if where == EXTERNAL else _LINK_LOCAL
    offset = 256 + int(adapter.mac, 16) % (network.num_addresses - 512)
    return [f"{network[offset]}/{network.prefixlen}"]


def reported_addresses(realm: Realm, machine: Machine | None, adapter: Adapter) -> list[str]:
    """What the guest services report to the host: nothing until a session could be had."""
    if machine is None or stage(realm, machine) == "no_session":
        return []
    return [item.split("/")[0] for item in adapter_addresses(realm, machine, adapter)]


def holder_of(realm: Realm, address: str, around: Machine) -> str:
    """Who has an address on a network that `around` is on: a label, or '' when it is free."""
    if address in realm.config.addresses_in_use:
        return "another device"
    for cluster in realm.state.clusters.values():
        if cluster.address == address:
            return f"cluster {cluster.name}"
    near = segments(realm, around)
    for machine in realm.machines.values():
        if machine is around or not machine.powered or not near & segments(realm, machine):
            continue
        if any(item.split("/")[0] == address for item in addresses(realm, machine)):
            return machine.label
    return ""


def find(realm: Realm, caller: Machine, name: str) -> Machine | None:
    """The machine that `name` (computer name, full name or address) leads to from `caller`; None: nothing answers."""
    short = name.split(".", maxsplit=1)[0].lower()
    if name.lower() == "localhost" or short == caller.computer_name.lower():
        return caller
    entries = {key.lower(): value for key, value in caller.hosts_file.items()}
    address = entries.get(name.lower()) or entries.get(short) or (name if _is_address(name) else "")
    near = segments(realm, caller)
    for machine in realm.machines.values():
        if not machine.powered or not near & segments(realm, machine):
            continue
        mine = [item.split("/")[0] for item in addresses(realm, machine)]
        # Without an entry, machines of one network find each other by LLMNR.
        if address in mine or (not address and machine.computer_name.lower() == short):
            return machine if is_up(realm, machine) else None
    return None


def switch_in_use(machine: Machine, name: str) -> bool:
    """Whether a running VM is connected to the switch."""
    wanted = name.lower()
    return any(
        adapter.switch.lower() == wanted
        for vm in machine.vms.values()
        if vm.state == RUNNING
        for adapter in vm.adapters
    )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
