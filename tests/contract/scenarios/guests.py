"""The contract of what is done inside a guest to make it a node, and of waiting for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.contract.scenario import Login, Scenario, Step, VmId
from tests.contract.world import OWNER, Adapter, Interface, Switch, Vm, World, a_node, a_world

MAC = "00155D0A0B0C"
ADDRESS = "10.9.0.11"
NODE = "nest-1"
_SEGMENT = Switch("lab", "Private", OWNER)
_WANTED = {
    "MacAddress": MAC,
    "Address": ADDRESS,
    "PrefixLength": 24,
    "Gateway": "10.9.0.1",
    "DnsServer": ("10.9.0.2", "10.9.0.3"),
    "DnsSuffix": "lab.test",
    "HostEntries": {"nest-2": "10.9.0.12"},
}
_DONE: dict[str, Any] = {
    "interfaces": (Interface(ADDRESS, 24, "10.9.0.1", ("10.9.0.2", "10.9.0.3")),),
    "dns_suffix": "lab.test",
    "hosts": {"nest-2": "10.9.0.12"},
    "private_network": True,
    "token_filter_policy": True,
}


def _node(name: str = NODE, **guest: Any) -> Vm:
    """A node on a private switch, so that nothing gives it an address but we."""
    mac = MAC if name == NODE else ""
    return a_node(name, vm={"adapters": (Adapter(switch="lab", mac=mac, spoofing=True),)}, **guest)


def _world(*vms: Vm, **more: Any) -> World:
    switches = (Switch("External", "External"), _SEGMENT)
    return replace(a_world(vms=vms, switches=switches), **more)


def _inside(function: str, name: str, world: World, arguments: Mapping[str, Any], **more: Any) -> Scenario:
    return Scenario(function, name, world, arguments, NODE, **more)


def _set(name: str, world: World, changes: Mapping[str, Any] | None = None, **more: Any) -> Scenario:
    return _inside("Set-NestedGuestConfiguration", name, world, {**_WANTED, **(changes or {})}, **more)


_READS = (
    _inside(
        "Get-NestedGuestConfiguration",
        "read",
        _world(_node(**_DONE)),
        {"MacAddress": MAC},
        answers={
            "Addresses": [f"{ADDRESS}/24"],
            "Gateway": "10.9.0.1",
            "DnsServers": ["10.9.0.2", "10.9.0.3"],
            "DnsSuffix": "lab.test",
            "NetworkCategory": "Private",
            "PartOfDomain": False,
            "SeedRemoved": True,
            "HostEntries": {"nest-2": "10.9.0.12"},
        },
    ),
    _inside(
        "Get-NestedGuestConfiguration",
        "the first adapter",
        _world(_node(**_DONE)),
        {},
        answers={"Addresses": [f"{ADDRESS}/24"]},
    ),
    _inside(
        "Get-NestedGuestConfiguration",
        "nothing is set, and the answer file is still there",
        _world(_node(seed_left=True)),
        {"MacAddress": MAC},
        answers={"Addresses": [], "Gateway": None, "DnsServers": [], "NetworkCategory": "Public", "SeedRemoved": False},
    ),
    _inside(
        "Get-NestedGuestConfiguration",
        "an address by DHCP",
        _world(a_node()),
        {},
        answers={"Gateway": None, "DnsServers": []},
    ),
    _inside(
        "Get-NestedGuestConfiguration",
        "no adapter of that address",
        _world(_node(**_DONE)),
        {"MacAddress": "00155DFFFFFF"},
        answers={"Addresses": [], "Gateway": None, "DnsServers": []},
    ),
    _inside(
        "Get-NestedGuestConfiguration",
        "a member of a domain",
        _world(_node(**{**_DONE, "domain": "lab.test"})),
        {"MacAddress": MAC},
        answers={"PartOfDomain": True, "Domain": "lab.test"},
    ),
    _inside(
        "Get-NestedGuestConfiguration",
        "refused: no MAC address",
        _world(_node()),
        {"MacAddress": "00-15-5D-0A-0B-0C"},
        expect="ParameterArgumentValidationError,Get-NestedGuestConfiguration",
    ),
)

_SETS = (
    _set("fresh", _world(_node(seed_left=True)), changed=True, answers={"RestartNeeded": True, "SeedRemoved": True}),
    _set(
        "already done",
        _world(_node()),
        first=(Step("Set-NestedGuestConfiguration", _WANTED, NODE),),
        changed=False,
        answers={"RestartNeeded": False},
    ),
    _set(
        "half done: another address",
        _world(_node(**{**_DONE, "interfaces": (Interface("10.9.0.77", 24),)})),
        changed=True,
        answers={"RestartNeeded": False, "Addresses": [f"{ADDRESS}/24"], "Gateway": "10.9.0.1"},
    ),
    _set(
        "half done: another gateway",
        _world(_node(**{**_DONE, "interfaces": (Interface(ADDRESS, 24, "10.9.0.254", ("10.9.0.2", "10.9.0.3")),)})),
        changed=True,
        answers={"Gateway": "10.9.0.1"},
    ),
    _set(
        "half done: the answer file",
        _world(_node(**_DONE, seed_left=True)),
        changed=True,
        answers={"RestartNeeded": False, "SeedRemoved": True},
    ),
    _set(
        "half done: an old entry of the hosts file",
        _world(_node(**{**_DONE, "hosts": {"nest-2": "10.9.0.99", "other": "10.9.0.50"}})),
        changed=True,
        answers={"HostEntries": {"nest-2": "10.9.0.12", "other": "10.9.0.50"}},
    ),
    _set(
        "an empty address keeps DHCP",
        _world(_node()),
        {"Address": "", "Gateway": "", "DnsServer": (), "DnsSuffix": "", "HostEntries": {}},
        changed=True,
        answers={"RestartNeeded": False, "Addresses": []},
    ),
    _set(
        "name servers and gateway that are not given stay",
        _world(_node(**_DONE)),
        {"DnsServer": (), "Gateway": "", "DnsSuffix": "", "HostEntries": {}},
        changed=False,
        answers={"Gateway": "10.9.0.1", "DnsServers": ["10.9.0.2", "10.9.0.3"]},
    ),
    _set("what-if", _world(_node(seed_left=True)), what_if=True, changed=False),
    _set(
        "refused: no such adapter",
        _world(_node()),
        {"MacAddress": "00155DFFFFFF"},
        expect="Matryoshka.AdapterNotFound,Set-NestedGuestConfiguration",
        unchanged=True,
    ),
    _set(
        "refused: another machine has the address",
        _world(_node(), _node("nest-2", interfaces=(Interface(ADDRESS),))),
        expect="Matryoshka.AddressInUse,Set-NestedGuestConfiguration",
    ),
    _set(
        "refused: something on the network has the address",
        _world(_node(), addresses_in_use=(ADDRESS,)),
        expect="Matryoshka.AddressInUse,Set-NestedGuestConfiguration",
    ),
    _set(
        "refused: no address",
        _world(_node()),
        {"Address": "here"},
        expect="ParameterArgumentValidationError,Set-NestedGuestConfiguration",
        unchanged=True,
    ),
)

_JOINER = Login("LAB\\joiner", "Join-w0rd")
_DOMAIN = ("lab.test", "LAB", "joiner", "Join-w0rd")
_ASKING: dict[str, Any] = {"interfaces": (Interface(ADDRESS, dns=("10.9.0.2",)),)}


def _join(name: str, world: World, login: Login = _JOINER, **more: Any) -> Scenario:
    arguments = {"Domain": "lab.test", "Credential": login}
    return _inside("Add-NestedDomainMember", name, world, arguments, **more)


_NO_JOIN = "FailToJoinDomainFromWorkgroup,Microsoft.PowerShell.Commands.AddComputerCommand"
_JOINS = (
    _join("fresh", _world(_node(**_ASKING), domains=(_DOMAIN,)), changed=True, answers={"RestartNeeded": True}),
    _join(
        "already done",
        _world(_node(**_ASKING, domain="lab.test"), domains=(_DOMAIN,)),
        changed=False,
        answers={"RestartNeeded": False, "Domain": "lab.test"},
    ),
    _join("what-if", _world(_node(**_ASKING), domains=(_DOMAIN,)), what_if=True, changed=False),
    _join("refused: no such domain", _world(_node(**_ASKING)), expect=_NO_JOIN, unchanged=True),
    _join("refused: no name server", _world(_node(), domains=(_DOMAIN,)), expect=_NO_JOIN, unchanged=True),
    _join(
        "refused: an account that may not join",
        _world(_node(**_ASKING), domains=(_DOMAIN,)),
        Login("LAB\\joiner", "wrong"),
        expect=_NO_JOIN,
        unchanged=True,
    ),
)

_RESTARTS = (
    _inside("Restart-NestedGuest", "fresh", _world(_node()), {}, changed=True),
    _inside(
        "Restart-NestedGuest",
        "already done: one is planned",
        _world(_node()),
        {},
        first=(Step("Restart-NestedGuest", {}, NODE),),
        changed=True,
    ),
    _inside("Restart-NestedGuest", "what-if", _world(_node()), {}, what_if=True, changed=False),
)


def _wait(name: str, world: World, changes: Mapping[str, Any] | None = None, **more: Any) -> Scenario:
    arguments = {"VMId": VmId(NODE), "Credential": Login(), "TimeoutSeconds": 0, **(changes or {})}
    return Scenario("Wait-NestedGuest", name, world, arguments, **more)


_COMPLETE = {"Reached": True, "Stage": "setup_complete", "ImageState": "IMAGE_STATE_COMPLETE", "PendingReboot": False}
_NOTHING = {"Reached": False, "Stage": "no_session", "ImageState": None, "BootId": None, "PendingReboot": None}
_WAITS = (
    _wait("read", _world(_node()), unchanged=True, answers=_COMPLETE),
    Scenario(
        "Wait-NestedGuest",
        "over WinRM",
        _world(a_node()),
        {"ComputerName": "NEST-1", "Credential": Login(), "TimeoutSeconds": 0},
        unchanged=True,
        answers=_COMPLETE,
    ),
    _wait(
        "a restart is pending",
        _world(_node(features={"Hyper-V": "InstallPending"})),
        answers={**_COMPLETE, "PendingReboot": True},
    ),
    _wait("it boots", _world(_node(up=False)), unchanged=True, answers=_NOTHING),
    _wait(
        "Windows Setup is at work",
        _world(_node(setup_complete=False)),
        answers={"Reached": False, "Stage": "session", "BootId": None},
        uncertain="which image states a session sees during setup",
    ),
    _wait("it is off", _world(Vm(NODE, OWNER)), unchanged=True, answers=_NOTHING),
    _wait("another boot is wanted", _world(_node()), {"NotBootId": "another"}, answers={"Reached": True}),
    _wait(
        "refused: no such VM",
        _world(),
        expect="Matryoshka.VmNotFound,Wait-NestedGuest",
        unchanged=True,
    ),
    _wait(
        "refused: a wrong password",
        _world(_node()),
        {"Credential": Login(password="wrong")},
        expect="Matryoshka.GuestCredentialRejected,Wait-NestedGuest",
        unchanged=True,
    ),
)
SCENARIOS = (*_READS, *_SETS, *_JOINS, *_RESTARTS, *_WAITS)
