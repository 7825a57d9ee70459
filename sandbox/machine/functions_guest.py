"""The configuration of a guest: addresses, names, profile, policy, domain."""

from __future__ import annotations

import re
from typing import Annotated

from sandbox.machine import network
from sandbox.machine.api import Credential
from sandbox.machine.call import Call
from sandbox.machine.errors import COR_E_INVALID_OPERATION, PsError
from sandbox.machine.function import Function, Pattern, Record
from sandbox.machine.model import Adapter, Interface, Machine
from sandbox.machine.sessions import account_of

_WORKGROUP = "WORKGROUP"
_PRIVATE = "Private"
_LINK_LOCAL = "169.254."
_MAC = Pattern("[0-9A-Fa-f]{12}")
_MAC_OR_NONE = Pattern("|[0-9A-Fa-f]{12}")
_IPV4_OR_NONE = Pattern(r"|[0-9]{1,3}(\.[0-9]{1,3}){3}")


def _adapter(call: Call, mac: str) -> Adapter | None:
    found = network.adapters(call.realm, call.machine)
    wanted = re.sub("[^0-9A-F]", "", mac.upper())
    return next((item for item in found if not wanted or item.mac == wanted), None)


def _record(call: Call, mac: str) -> Record:
    machine, adapter = call.machine, _adapter(call, mac)
    interface = machine.interfaces.get(adapter.mac) if adapter else None
    return {
        "ComputerName": machine.computer_name,
        "PartOfDomain": bool(machine.domain),
        "Domain": machine.domain or _WORKGROUP,
        "DnsSuffix": machine.dns_suffix,
        "Addresses": _addresses(call, adapter) if adapter else [],
        "Gateway": (interface.gateway or None) if interface else None,
        "DnsServers": list(interface.dns) if interface else [],
        "NetworkCategory": _category(machine) if adapter else None,
        "LocalAccountTokenFilterPolicy": int(machine.token_filter_policy),
        "SeedRemoved": machine.seed_removed or not machine.seeded,
        "HostEntries": dict(machine.hosts_file),
    }


def _addresses(call: Call, adapter: Adapter) -> list[str]:
    """Those that an adapter was given: not the ones that Windows gives itself where nobody does."""
    found = network.adapter_addresses(call.realm, call.machine, adapter)
    return [address for address in found if not address.startswith(_LINK_LOCAL)]


def _category(machine: Machine) -> str:
    """A member of a domain sees its network as the domain's."""
    return "DomainAuthenticated" if machine.domain else machine.network_category


def get_configuration(call: Call, *, MacAddress: Annotated[str, _MAC_OR_NONE] = "") -> Record:
    """How this guest is configured."""
    call.sleep(1)
    with call.realm.lock:
        return _record(call, MacAddress)


def set_configuration(
    call: Call,
    *,
    MacAddress: Annotated[str, _MAC],
    Address: Annotated[str, _IPV4_OR_NONE] = "",
    PrefixLength: int = 24,
    Gateway: Annotated[str, _IPV4_OR_NONE] = "",
    DnsServer: list[str] = [],  # noqa: B006 - never changed
    DnsSuffix: str = "",
    HostEntries: dict[str, str] = {},  # noqa: B006 - never changed
) -> Record:
    """Compare and set each part on its own: address, names, profile, remote administrators, answer file removed."""
    with call.realm.lock:
        adapter = _adapter(call, MacAddress)
        if adapter is None:
            raise call.refuse("AdapterNotFound", "ObjectNotFound", f"there is no adapter {MacAddress}", MacAddress)
        if Address:
            holder = network.holder_of(call.realm, Address, call.machine)
            if holder:
                raise call.refuse("AddressInUse", "ResourceExists", f"{Address} is used by {holder}", Address)
        now = call.machine.interfaces.get(adapter.mac, Interface(adapter.mac))
        addresses = [f"{Address}/{PrefixLength}"] if Address else now.addresses
        wanted = Interface(adapter.mac, addresses, Gateway or now.gateway, DnsServer or now.dns)
        due = _due(call, wanted, DnsSuffix, HostEntries)
    if not due or not call.should("Set-NestedGuestConfiguration", call.machine.computer_name):
        with call.realm.lock:
            return {**_record(call, MacAddress), "Changed": False, "RestartNeeded": False}
    call.sleep(6)
    with call.realm.lock:
        _apply(call, due, wanted, DnsSuffix, HostEntries)
    call.sleep(6)
    with call.realm.lock:
        return {**_record(call, MacAddress), "Changed": True, "RestartNeeded": "dns_suffix" in due}


def _due(call: Call, wanted: Interface, suffix: str, entries: dict[str, str]) -> list[str]:
    machine = call.machine
    now = machine.interfaces.get(wanted.mac, Interface(wanted.mac))
    parts = {
        "address": (now.addresses, now.gateway, now.dns) == (wanted.addresses, wanted.gateway, wanted.dns),
        "dns_suffix": not suffix or machine.dns_suffix == suffix,
        "host_entries": all(machine.hosts_file.get(name) == value for name, value in entries.items()),
        "network_category": machine.network_category == _PRIVATE or bool(machine.domain),
        "token_filter_policy": machine.token_filter_policy,
        "seed": machine.seed_removed or not machine.seeded,
    }
    return [name for name, done in parts.items() if not done]


def _apply(call: Call, due: list[str], wanted: Interface, suffix: str, entries: dict[str, str]) -> None:
    machine = call.machine
    machine.interfaces[wanted.mac] = wanted if "address" in due else machine.interfaces[wanted.mac]
    machine.dns_suffix = suffix or machine.dns_suffix
    machine.hosts_file |= entries
    machine.network_category, machine.token_filter_policy, machine.seed_removed = _PRIVATE, True, True
    for part in due:
        call.effect("guest_configured", part)


def join_domain(call: Call, *, Domain: str, Credential: Credential, OrganizationalUnit: str = "") -> Record:
    """Add-Computer: takes effect at the next restart."""
    with call.realm.lock:
        machine = call.machine
        joined = (machine.domain or machine.pending_domain).lower() == Domain.lower()
        waiting = bool(machine.pending_domain)
    if joined or not call.should("Add-Computer", Domain):
        return {"Changed": False, "Domain": Domain, "RestartNeeded": waiting}
    call.sleep(15)
    with call.realm.lock:
        _refuse_join(call, Domain, Credential)
        machine.pending_domain = Domain
        call.effect("domain_joined", f"{Domain} {OrganizationalUnit}".strip())
    call.streams.warning(f"The changes will take effect after you restart the computer {machine.computer_name}.")
    call.sleep(5)
    return {"Changed": True, "Domain": Domain, "RestartNeeded": True}


def _refuse_join(call: Call, domain: str, credential: Credential) -> None:
    known = next((item for item in call.realm.config.domains if item.name.lower() == domain.lower()), None)
    asks_dns = any(interface.dns for interface in call.machine.interfaces.values())
    if known is None or not asks_dns:
        why = "The specified domain either does not exist or could not be contacted."
    elif account_of(credential.username) != known.username.lower() or credential.password.value != known.password:
        why = "The user name or password is incorrect."
    else:
        return
    raise PsError(
        "FailToJoinDomainFromWorkgroup,Microsoft.PowerShell.Commands.AddComputerCommand",
        "OperationStopped",
        f"Computer '{call.machine.computer_name}' failed to join domain '{domain}': {why}",
        exception_type="System.InvalidOperationException",
        hresult=COR_E_INVALID_OPERATION,
        target=call.machine.computer_name,
    )


TABLE = (
    Function("Get-NestedGuestConfiguration", get_configuration),
    Function("Set-NestedGuestConfiguration", set_configuration, changes=True),
    Function("Add-NestedDomainMember", join_domain, changes=True),
)
