"""Nested VMs: the small VMs inside a node that prove its hypervisor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from tests.contract.scenario import Login, Scenario, VmId
from tests.contract.world import HYPERV, NESTED_IMAGE, OWNER, Adapter, Disk, Machine, Switch, Vm, World, a_node, a_world

NODE = "nest-1"
NAME = "smoke"
FOLDER = f"C:\\ProgramData\\Microsoft\\Windows\\Hyper-V\\{OWNER}\\{NAME}"
DISK = f"C:\\Users\\Public\\Documents\\Hyper-V\\Virtual Hard Disks\\{OWNER}\\{NAME}.vhdx"
_HYPERV = "Microsoft.HyperV.PowerShell.Commands"
_INNER = Switch("inner", owner=OWNER)
_IMAGE = Disk(NESTED_IMAGE, size_gib=4, system=True)
_PARENT = Disk("C:\\Images\\blank.vhdx", size_gib=4)
_CHILD = Disk(DISK, "Differencing", 4, _PARENT.path, OWNER)
_SYSTEM = Disk(DISK, "Differencing", 4, NESTED_IMAGE, OWNER, system=True)
_OWNED = {"Name": NAME, "Owner": OWNER}
_NO_RIGHTS: dict[str, Any] = {"is_admin": False, "is_hyperv_admin": False}
_PLAIN = Vm(NAME, OWNER, "Running", memory_mib=64, adapters=(Adapter(switch=""),), path=FOLDER)
_OFF = replace(_PLAIN, state="Off")
_THEIRS = replace(_PLAIN, owner="lab_2", path="C:\\Labs", tag="theirs")
_UNMARKED = replace(_OFF, owner="")
_WITH_DISK = replace(_PLAIN, disks=(DISK,))
_WITH_GUEST = replace(_WITH_DISK, guest=Machine("SMOKE", installation_type="Nano Server", memory_gib=1))


def _in_node(*vms: Vm, disks: tuple[Disk, ...] = (), vm: Mapping[str, Any] | None = None, **guest: Any) -> World:
    common: dict[str, Any] = {"features": HYPERV, "switches": (_INNER,), "memory_gib": 16}
    return a_world(vms=(a_node(NODE, vm=vm, vms=vms, disks=(_IMAGE, _PARENT, *disks), **{**common, **guest}),))


def _scenario(function: str, name: str, world: World, arguments: Mapping[str, Any], /, **facts: Any) -> Scenario:
    return Scenario(function, name, world, arguments, NODE, **facts)


def _refused(
    function: str, why: str, world: World, arguments: Mapping[str, Any], expect: str, /, **facts: Any
) -> Scenario:
    """A refusal that leaves no trace unless it says so. `expect`: a word of our own, or a whole id."""
    whole = expect if "," in expect else f"Matryoshka.{expect},{function}"
    return _scenario(function, f"refused: {why}", world, arguments, expect=whole, **{"unchanged": True, **facts})


_get = partial(_scenario, "Get-NestedVM")
_make = partial(_scenario, "New-NestedVM")
_probe = partial(_scenario, "Get-NestedVMProbe")
_remove = partial(_scenario, "Remove-NestedVM")
_no_make = partial(_refused, "New-NestedVM")
_WANTED = {**_OWNED, "MemoryMib": 64}
_CHILD_WANTED = {**_OWNED, "MemoryMib": 512, "ParentDiskPath": _PARENT.path, "SwitchName": "inner"}
_ID = {"VMId": VmId(NAME, NODE)}

_READS = (
    _get("read", _in_node(_PLAIN), _OWNED, answers={"Exists": True, "State": "Running", "MemoryAssignedMib": 64}),
    _get("read: off", _in_node(_OFF), _OWNED, answers={"State": "Off", "MemoryAssignedMib": 0, "UptimeSeconds": 0}),
    _get("read: absent", _in_node(), _OWNED, answers={"Exists": False, "VMId": None}),
    _get("read: somebody else's", _in_node(_THEIRS), _OWNED, answers={"Exists": False}),
    _get("read: two of one name", _in_node(_THEIRS, _PLAIN), _OWNED, answers={"Exists": True, "Owner": OWNER}),
    _get("read: its name in other letters", _in_node(_PLAIN), {**_OWNED, "Name": "SMOKE"}, answers={"Exists": True}),
    _refused("Get-NestedVM", "no rights", _in_node(**_NO_RIGHTS), _OWNED, f"Unspecified,{_HYPERV}.GetVM"),
    _refused("Get-NestedVM", "no role", _in_node(features={}), _OWNED, "CommandNotFoundException,Get-MkVMByName"),
    _probe("read: no credential", _in_node(_PLAIN), _ID, answers={"Running": True, "ProbeSource": "vm_state"}),
    _probe("read: off", _in_node(_OFF), _ID, answers={"Running": False, "State": "Off", "Probe": None}),
    _probe("read: absent", _in_node(), _ID, answers={"Running": False, "State": None}),
    _probe("read: off, with a credential", _in_node(_OFF), {**_ID, "Credential": Login()}, answers={"Probe": None}),
    _probe(
        "read",
        _in_node(_WITH_GUEST, disks=(_SYSTEM,)),
        {**_ID, "Credential": Login()},
        answers={"ProbeSource": "guest"},
    ),
)

_CHANGES = (
    _make("fresh", _in_node(), _WANTED, changed=True, answers={"State": "Running", "Owner": OWNER}),
    _make("fresh: with a disk and a switch", _in_node(), _CHILD_WANTED, changed=True, answers={"State": "Running"}),
    _make("fresh: beside somebody else's other VM", _in_node(replace(_THEIRS, name="x")), _WANTED, changed=True),
    _make("already done", _in_node(_PLAIN), _WANTED, changed=False, answers={"State": "Running"}),
    _make("already done: another one has its name, too", _in_node(_THEIRS, _PLAIN), _WANTED, changed=False),
    _make("half done: not started", _in_node(_OFF), _WANTED, changed=True, answers={"State": "Running"}),
    _make("half done: made, not marked", _in_node(_UNMARKED), _WANTED, changed=True, answers={"Owner": OWNER}),
    _make("half done: only its disk is there", _in_node(disks=(_CHILD,)), _CHILD_WANTED, changed=True),
    _make("what-if", _in_node(), _WANTED, what_if=True, changed=False, answers={"Exists": False}),
    _make("what-if: not started", _in_node(_OFF), _WANTED, what_if=True, changed=False, answers={"State": "Off"}),
    _no_make("somebody else's", _in_node(_THEIRS), _WANTED, "NameTaken"),
    _no_make("nobody's", _in_node(replace(_UNMARKED, path="C:\\Labs")), _WANTED, "NameTaken"),
    _no_make("no parent", _in_node(), {**_WANTED, "ParentDiskPath": "C:\\Images\\none.vhdx"}, "ParentNotFound"),
    _no_make("no such switch", _in_node(), {**_WANTED, "SwitchName": "none"}, f"InvalidParameter,{_HYPERV}.NewVM"),
    _no_make(
        "no hypervisor at this level",
        _in_node(launches=False),
        _WANTED,
        f"OperationFailed,{_HYPERV}.StartVM",
        unchanged=False,
    ),
    _no_make(
        "memory is short",
        _in_node(memory_gib=4),
        {**_WANTED, "MemoryMib": 8192},
        f"OutOfMemory,{_HYPERV}.StartVM",
        unchanged=False,
    ),
    _no_make("no rights", _in_node(**_NO_RIGHTS), _WANTED, f"Unspecified,{_HYPERV}.GetVMHost"),
    _no_make("no role", _in_node(features={}), _WANTED, "CommandNotFoundException,Get-MkNestedVMFolder"),
    _remove("fresh", _in_node(_PLAIN), _OWNED, changed=True, answers={"Existed": True}),
    _remove("fresh: with its disk", _in_node(_WITH_DISK, disks=(_CHILD,)), _OWNED, changed=True),
    _remove("fresh: off", _in_node(_OFF), _OWNED, changed=True),
    _remove("fresh: another one has its name, too", _in_node(_THEIRS, _PLAIN), _OWNED, changed=True),
    _remove("already done", _in_node(), _OWNED, changed=False, answers={"Existed": False}),
    _remove("half done: only its disk is left", _in_node(disks=(_CHILD,)), _OWNED, changed=True),
    _remove(
        "half done: only its disk is left, and another one has its name",
        _in_node(_THEIRS, disks=(_CHILD,)),
        _OWNED,
        changed=True,
    ),
    _remove("half done: made, not marked", _in_node(_UNMARKED), _OWNED, changed=True),
    _remove("what-if", _in_node(_WITH_DISK, disks=(_CHILD,)), _OWNED, what_if=True, changed=False),
    _refused("Remove-NestedVM", "somebody else's", _in_node(_THEIRS), _OWNED, "NotOwned"),
    _refused(
        "Remove-NestedVM", "no rights", _in_node(_PLAIN, **_NO_RIGHTS), _OWNED, f"Unspecified,{_HYPERV}.GetVMHost"
    ),
)

SCENARIOS: tuple[Scenario, ...] = (*_READS, *_CHANGES)
