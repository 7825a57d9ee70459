"""Virtual switches and NAT networks: whose they are, which addresses they take, who uses them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from tests.contract.scenario import Scenario
from tests.contract.world import HYPERV, OWNER, Adapter, Interface, Nat, Switch, Vm, World, a_node, a_world

NAME = "mk-lab"
ADDRESS = "10.77.1.1"
PREFIX = "10.77.1.0/24"
_EXTERNAL = Switch("External", "External", address="10.50.7.7", prefix_length=16)
_OURS = Switch(NAME, owner=OWNER)
_DONE = replace(_OURS, address=ADDRESS)
_THEIRS = Switch(NAME, owner="lab_2")
_NOBODYS = Switch(NAME)
_NO_RIGHTS: dict[str, Any] = {"is_admin": False, "is_hyperv_admin": False}
_OWNED = {"Name": NAME, "Owner": OWNER}
_WANTED = {**_OWNED, "HostAddress": ADDRESS, "PrefixLength": 24}
_USER = Vm("nest-1", OWNER, "Running", adapters=(Adapter(switch=NAME),))
_NEIGHBOUR = a_node("nest-2", interfaces=(Interface(ADDRESS),))
_NAT = {"Name": NAME, "Prefix": PREFIX}
_NAT_DONE = Nat(NAME, PREFIX)
_HYPERV = "Microsoft.HyperV.PowerShell.Commands"


def _with(*switches: Switch, **host: Any) -> World:
    return a_world(switches=(_EXTERNAL, *switches), **host)


def _english(**host: Any) -> World:
    """Windows translates the words of a CDXML cmdlet's id (docs/sources.md H8): such a refusal has a language."""
    return replace(a_world(**host), language="en-US")


def _in_node(**guest: Any) -> World:
    return a_world(vms=(a_node(features=HYPERV, **guest),))


def _read(function: str, name: str, world: World, asked: str, /, **answers: Any) -> Scenario:
    return Scenario(function, f"read: {name}" if name else "read", world, {"Name": asked}, answers=answers)


def _refused(
    function: str, why: str, world: World, arguments: Mapping[str, Any], expect: str, *, uncertain: str = ""
) -> Scenario:
    """A refusal that leaves no trace. `expect`: a word of our own, or a whole id."""
    whole = expect if "," in expect else f"Matryoshka.{expect},{function}"
    return Scenario(function, f"refused: {why}", world, arguments, expect=whole, unchanged=True, uncertain=uncertain)


_get = partial(_read, "Get-NestedSwitch")
_make = partial(Scenario, "New-NestedSwitch")
_remove = partial(Scenario, "Remove-NestedSwitch")
_no_make = partial(_refused, "New-NestedSwitch")
_no_remove = partial(_refused, "Remove-NestedSwitch")
_make_nat = partial(Scenario, "New-NestedNat")
_remove_nat = partial(Scenario, "Remove-NestedNat")
_no_nat = partial(_refused, "New-NestedNat")

_SWITCHES = (
    _get("", _with(_DONE), NAME, Exists=True, SwitchType="Internal", Owner=OWNER, HostAddress=ADDRESS, PrefixLength=24),
    _get("absent", _with(), NAME, Exists=False, SwitchId=None),
    _get("its name in other letters", _with(_DONE), "MK-Lab", Exists=True, Name="MK-Lab"),
    _get("without an address", _with(_OURS), NAME, HostAddress=None, PrefixLength=None),
    _get("external", _with(), "External", SwitchType="External", Owner=None, HostAddress="10.50.7.7"),
    _get("private", _with(Switch(NAME, "Private")), NAME, SwitchType="Private", HostAddress=None),
    _get("wildcards are no wildcards", _with(_DONE), "mk-*", Exists=False),
    Scenario("Get-NestedSwitch", "in a node", _in_node(switches=(_DONE,)), {"Name": NAME}, "nest-1"),
    _refused(
        "Get-NestedSwitch", "no rights", _with(**_NO_RIGHTS), {"Name": NAME}, f"Unspecified,{_HYPERV}.GetVMSwitch"
    ),
    _refused(
        "Get-NestedSwitch", "no role", _with(features={}), {"Name": NAME}, "CommandNotFoundException,Get-MkSwitch"
    ),
    _refused(
        "Get-NestedSwitch",
        "the role waits for its restart",
        _with(features={"Hyper-V": "InstallPending", "Hyper-V-PowerShell": "Installed"}),
        {"Name": NAME},
        f"Unspecified,{_HYPERV}.GetVMSwitch",
    ),
    _make("fresh", _with(), _WANTED, changed=True, answers={"Exists": True, "HostAddress": ADDRESS, "Owner": OWNER}),
    _make("fresh: without an address", _with(), _OWNED, changed=True, answers={"HostAddress": None}),
    _make("fresh: in a node", _in_node(), _WANTED, "nest-1", changed=True),
    _make("fresh: another machine has the address", _with(vms=(_NEIGHBOUR,)), _WANTED, changed=True),
    _make("already done", _with(_DONE), _WANTED, changed=False),
    _make("already done: no address wanted", _with(_DONE), _OWNED, changed=False, answers={"HostAddress": ADDRESS}),
    _make("half done: no address yet", _with(_OURS), _WANTED, changed=True, answers={"HostAddress": ADDRESS}),
    _make("half done: another address", _with(replace(_OURS, address="10.77.9.9")), _WANTED, changed=True),
    _make("half done: another prefix", _with(replace(_DONE, prefix_length=16)), _WANTED, changed=True),
    _make("what-if", _with(), _WANTED, what_if=True, changed=False, answers={"Exists": False}),
    _make("what-if: only the address is missing", _with(_OURS), _WANTED, what_if=True, changed=False),
    _no_make("somebody else's", _with(_THEIRS), _WANTED, "NameTaken"),
    _no_make("nobody's", _with(_NOBODYS), _WANTED, "NameTaken"),
    _no_make("another switch has the address", _with(Switch("other", address=ADDRESS)), _WANTED, "AddressInUse"),
    _no_make("another adapter has the address", _with(), {**_WANTED, "HostAddress": "10.50.7.7"}, "AddressInUse"),
    _no_make("no rights", _with(**_NO_RIGHTS), _WANTED, f"Unspecified,{_HYPERV}.GetVMSwitch"),
    _remove("fresh", _with(_DONE), _OWNED, changed=True, answers={"Existed": True}),
    _remove("fresh: a VM that is off is on it", _with(_DONE, vms=(replace(_USER, state="Off"),)), _OWNED, changed=True),
    _remove("fresh: in a node", _in_node(switches=(_DONE,)), _OWNED, "nest-1", changed=True),
    _remove("already done", _with(), _OWNED, changed=False, answers={"Existed": False}),
    _remove("half done: without its address", _with(_OURS), _OWNED, changed=True),
    _remove("what-if", _with(_DONE), _OWNED, what_if=True, changed=False, answers={"Existed": True}),
    _no_remove("somebody else's", _with(_THEIRS), _OWNED, "NotOwned"),
    _no_remove("nobody's", _with(_NOBODYS), _OWNED, "NotOwned"),
    _no_remove(
        "a running VM is on it",
        _with(_DONE, vms=(_USER,)),
        _OWNED,
        f"ObjectInUse,{_HYPERV}.RemoveVMSwitch",
        uncertain="the id is that of 2012 R2's module; newer logs show the text only",
    ),
)

_NATS = (
    _read("Get-NestedNat", "", a_world(nats=(_NAT_DONE,)), NAME, Exists=True, Prefix=PREFIX),
    _read("Get-NestedNat", "absent", a_world(), NAME, Exists=False, Prefix=None),
    _read("Get-NestedNat", "another one", a_world(nats=(Nat("office", PREFIX),)), NAME, Exists=False),
    _refused(
        "Get-NestedNat",
        "no administrator",
        _english(**_NO_RIGHTS),
        {"Name": NAME},
        "Windows System Error 5,Get-NetNat",
        uncertain="the id of NetNat without rights: by analogy with error 87",
    ),
    _make_nat("fresh", a_world(), _NAT, changed=True, answers={"Exists": True, "Prefix": PREFIX}),
    _make_nat("fresh: beside another one", a_world(nats=(Nat("office", "10.78.0.0/16"),)), _NAT, changed=True),
    _make_nat("fresh: in a node", _in_node(), _NAT, "nest-1", changed=True),
    _make_nat("already done", a_world(nats=(_NAT_DONE,)), _NAT, changed=False),
    _make_nat("what-if", a_world(), _NAT, what_if=True, changed=False, answers={"Exists": False}),
    _no_nat("another one overlaps", a_world(nats=(Nat("office", "10.77.0.0/16"),)), _NAT, "NatConflict"),
    _no_nat("its name has another prefix", a_world(nats=(Nat(NAME, "10.78.0.0/24"),)), _NAT, "NatConflict"),
    _no_nat("no such prefix", _english(), {**_NAT, "Prefix": "10.77.1.0/40"}, "Windows System Error 87,New-NetNat"),
    _no_nat("no such address", _english(), {**_NAT, "Prefix": "10.777.1.0/24"}, "Windows System Error 87,New-NetNat"),
    _remove_nat("fresh", a_world(nats=(_NAT_DONE,)), {"Name": NAME}, changed=True, answers={"Existed": True}),
    _remove_nat("fresh: in a node", _in_node(nats=(_NAT_DONE,)), {"Name": NAME}, "nest-1", changed=True),
    _remove_nat("already done", a_world(), {"Name": NAME}, changed=False, answers={"Existed": False}),
    _remove_nat("what-if", a_world(nats=(_NAT_DONE,)), {"Name": NAME}, what_if=True, changed=False),
    _refused("Remove-NestedNat", "not ours", a_world(nats=(Nat("office", PREFIX),)), {"Name": "office"}, "NotOwned"),
)

SCENARIOS: tuple[Scenario, ...] = (*_SWITCHES, *_NATS)
