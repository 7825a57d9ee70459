"""Switches and NATs of a machine that runs Hyper-V."""

from __future__ import annotations

import ipaddress

from sandbox.machine import hyperv, network, winerrors
from sandbox.machine.call import Call
from sandbox.machine.errors import E_ACCESS_DENIED, PsError
from sandbox.machine.function import Function, Record
from sandbox.machine.model import Nat, Switch

INTERNAL = "Internal"
_OURS = "mk-"


def _record(switch: Switch | None, name: str) -> Record:
    return {
        "Exists": switch is not None,
        "Name": name,
        "SwitchId": switch.id if switch else None,
        "SwitchType": switch.kind if switch else None,
        "Owner": (switch.owner or None) if switch else None,
        "HostAddress": (switch.host_address or None) if switch else None,
        "PrefixLength": switch.prefix_length if switch and switch.host_address else None,
    }


def _require(call: Call) -> None:
    """Every function lists the switches first."""
    try:
        hyperv.require(call, "GetVMSwitch", "Get-VMSwitch")
    except PsError as error:
        if error.fqid == "CommandNotFoundException":
            error.fqid += ",Get-MkSwitch"
        raise


def get_switch(call: Call, *, Name: str) -> Record:
    """A switch by name."""
    _require(call)
    call.sleep(0.5)
    with call.realm.lock:
        return _record(call.machine.switches.get(Name.lower()), Name)


def new_switch(call: Call, *, Name: str, Owner: str, HostAddress: str = "", PrefixLength: int = 24) -> Record:
    """An internal switch of an owner, with its host address."""
    _require(call)
    with call.realm.lock:
        switch = _owned_switch(call, Name, Owner)
        _refuse_address(call, switch, HostAddress)
        complete = switch is not None and (not HostAddress or _has(switch, HostAddress, PrefixLength))
    if complete or not call.should("New-VMSwitch", Name):
        return {**_record(switch, Name), "Changed": False}
    call.sleep(3)
    with call.realm.lock:
        switch = _make_switch(call, Name, Owner)
        if HostAddress and not _has(switch, HostAddress, PrefixLength):
            switch.host_address, switch.prefix_length = HostAddress, PrefixLength
            call.effect("switch_address_set", switch.name)
        record = {**_record(switch, Name), "Changed": True}
    call.sleep(1)
    return record


def _owned_switch(call: Call, name: str, owner: str) -> Switch | None:
    switch = call.machine.switches.get(name.lower())
    if switch is not None and switch.owner != owner:
        raise call.refuse("NameTaken", "ResourceExists", f"switch {name} belongs to someone else", name)
    return switch


def _has(switch: Switch, address: str, prefix_length: int) -> bool:
    return (switch.host_address, switch.prefix_length) == (address, prefix_length)


def _refuse_address(call: Call, switch: Switch | None, address: str) -> None:
    """Another adapter of this machine has the address; who else has it, nobody on a switch of its own can tell."""
    if not address or (switch is not None and switch.host_address == address):
        return
    if any(item.split("/")[0] == address for item in network.addresses(call.realm, call.machine)):
        raise call.refuse("AddressInUse", "ResourceExists", f"another adapter has {address}", address)


def _make_switch(call: Call, name: str, owner: str) -> Switch:
    switch = call.machine.switches.get(name.lower())
    if switch is None:
        switch = Switch(name, call.realm.new_id(), INTERNAL, owner)
        call.machine.switches[name.lower()] = switch
        call.effect("switch_created", name)
    return switch


def remove_switch(call: Call, *, Name: str, Owner: str) -> Record:
    """Remove a switch of an owner."""
    _require(call)
    with call.realm.lock:
        switch = call.machine.switches.get(Name.lower())
        if switch is None:
            return {"Changed": False, "Existed": False}
        if switch.owner != Owner:
            raise call.refuse("NotOwned", "PermissionDenied", f"switch {Name} belongs to someone else", Name)
    if not call.should("Remove-VMSwitch", Name):
        return {"Changed": False, "Existed": True}
    with call.realm.lock:
        if network.switch_in_use(call.machine, Name):
            text = f"The virtual switch '{Name}' cannot be deleted because running virtual machines use it."
            raise winerrors.hyperv("ObjectInUse", "RemoveVMSwitch", "ResourceBusy", text)
    call.sleep(2)
    with call.realm.lock:
        if call.machine.switches.pop(Name.lower(), None) is not None:
            call.effect("switch_removed", Name)
    call.sleep(1)
    return {"Changed": True, "Existed": True}


def _require_administrator(call: Call, cmdlet: str) -> None:
    if not call.logon.is_admin:
        # NetNat needs a local administrator (docs/sources.md H5).
        error = winerrors.system_error(5, cmdlet, "Access is denied.", category="PermissionDenied")
        error.hresult = E_ACCESS_DENIED - 0x100000000
        raise error


def _nat_record(nat: Nat | None, name: str) -> Record:
    return {"Exists": nat is not None, "Name": name, "Prefix": nat.prefix if nat else None}


def get_nat(call: Call, *, Name: str) -> Record:
    """A NAT network by name."""
    _require_administrator(call, "Get-NetNat")
    call.sleep(0.5)
    with call.realm.lock:
        return _nat_record(call.machine.nats.get(Name.lower()), Name)


def new_nat(call: Call, *, Name: str, Prefix: str) -> Record:
    """A NAT network; another prefix under the name, or an overlap with another NAT, is a conflict."""
    _require_administrator(call, "New-NetNat")
    with call.realm.lock:
        nat = call.machine.nats.get(Name.lower())
        wanted = _network(Prefix)
        for other in call.machine.nats.values():
            same = other.name.lower() == Name.lower()
            if (same and other.prefix != Prefix) or (not same and _network(other.prefix).overlaps(wanted)):
                raise call.refuse("NatConflict", "ResourceExists", f"NAT {other.name} has {other.prefix}", Name)
    if nat is not None or not call.should("New-NetNat", Name):
        return {"Changed": False, **_nat_record(nat, Name)}
    call.sleep(1.5)
    with call.realm.lock:
        nat = Nat(Name, Prefix)
        call.machine.nats[Name.lower()] = nat
        call.effect("nat_created", Name)
    call.sleep(0.5)
    return {"Changed": True, **_nat_record(nat, Name)}


def _network(prefix: str) -> ipaddress.IPv4Network:
    try:
        return ipaddress.IPv4Network(prefix)
    except ValueError:
        raise winerrors.system_error(87, "New-NetNat", "The parameter is incorrect.") from None


def remove_nat(call: Call, *, Name: str) -> Record:
    """Remove a NAT network that the module made."""
    if not Name.lower().startswith(_OURS):
        raise call.refuse("NotOwned", "PermissionDenied", f"NAT {Name} is not ours", Name)
    _require_administrator(call, "Remove-NetNat")
    with call.realm.lock:
        existed = Name.lower() in call.machine.nats
    if not existed or not call.should("Remove-NetNat", Name):
        return {"Changed": False, "Existed": existed}
    call.sleep(2)
    with call.realm.lock:
        if call.machine.nats.pop(Name.lower(), None) is not None:
            call.effect("nat_removed", Name)
    return {"Changed": True, "Existed": True}


TABLE = (
    Function("Get-NestedSwitch", get_switch),
    Function("New-NestedSwitch", new_switch, changes=True),
    Function("Remove-NestedSwitch", remove_switch, changes=True),
    Function("Get-NestedNat", get_nat),
    Function("New-NestedNat", new_nat, changes=True),
    Function("Remove-NestedNat", remove_nat, changes=True),
)
