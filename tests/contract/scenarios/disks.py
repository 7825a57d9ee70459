"""Images and virtual disks: whose they are, what is in use, what Windows' own cmdlets refuse."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from tests.contract.scenario import Scenario, Secret, Step, Switched
from tests.contract.world import HYPERV, IMAGE, OWNER, Disk, Vm, World, a_node, a_world

PATH = "C:\\Labs\\lab_1\\nest-1.vhdx"
DATA = "C:\\Labs\\lab_1\\data.vhdx"
NOWHERE = "C:\\Labs\\none.vhdx"
VHD = "Microsoft.Vhd.PowerShell.Cmdlets"
_HASH = hashlib.sha256(IMAGE.encode()).hexdigest()
_CHILD = Disk(PATH, "Differencing", 127, IMAGE, OWNER, system=True)
_FOREIGN = replace(_CHILD, owner="lab_2")
_UNMARKED = replace(_CHILD, owner="")
_MOUNTED = replace(_CHILD, mounted=True)
_MARK = replace(_CHILD, mark_only=True)
_SEEDED = replace(_CHILD, seed_sha256="ab" * 32)
_USER = Vm("nest-1", OWNER, "Running", disks=(PATH,))
_OFF = replace(_USER, state="Off")
_NO_RIGHTS: dict[str, Any] = {"is_admin": False, "is_hyperv_admin": False}
_OWNED = {"Path": PATH, "Owner": OWNER}
_CLOSE = {"Path": IMAGE, "Sha256": _HASH}
_FRESH = {**_OWNED, "ParentPath": IMAGE}
_BLANK = {"Path": DATA, "Owner": OWNER, "SizeGib": 20}
_SEED = {**_OWNED, "ComputerName": "nest-1", "AdministratorPassword": Secret("S3ed-passw0rd"), "TimeZone": "UTC"}
_SEEDED_BEFORE = (Step("Set-NestedDiskSeed", _SEED),)
_BY_ANALOGY = "which id Get-VHD gives without rights: by analogy with the cmdlets of VMs"


def _with(*disks: Disk, **host: Any) -> World:
    return a_world(disks=disks, **host)


def _image(**changes: Any) -> World:
    """A world whose image is in another state."""
    world = a_world()
    return replace(world, host=replace(world.host, disks=(replace(world.host.disks[0], **changes),)))


def _read(function: str, name: str, world: World, path: str, /, **answers: Any) -> Scenario:
    return Scenario(function, f"read: {name}" if name else "read", world, {"Path": path}, answers=answers)


def _refused(
    function: str, why: str, world: World, arguments: Mapping[str, Any], expect: str, *, uncertain: str = ""
) -> Scenario:
    """A refusal that leaves no trace. `expect`: a word of our own, or a whole id."""
    whole = expect if "," in expect else f"Matryoshka.{expect},{function}"
    return Scenario(function, f"refused: {why}", world, arguments, expect=whole, unchanged=True, uncertain=uncertain)


_get_image = partial(_read, "Get-NestedImage")
_get = partial(_read, "Get-NestedDisk")
_close = partial(Scenario, "Protect-NestedImage")
_make = partial(Scenario, "New-NestedDisk")
_remove = partial(Scenario, "Remove-NestedDisk")
_seed = partial(Scenario, "Set-NestedDiskSeed")
_no_close = partial(_refused, "Protect-NestedImage")
_no_make = partial(_refused, "New-NestedDisk")
_no_remove = partial(_refused, "Remove-NestedDisk")
_no_seed = partial(_refused, "Set-NestedDiskSeed")

_IMAGES = (
    _get_image("", a_world(), IMAGE, Exists=True, VhdFormat="VHDX", IsReadOnly=False, Attached=False),
    _get_image("absent", a_world(), NOWHERE, Exists=False, IsReadOnly=None, Attached=None),
    _get_image("read-only", _image(read_only=True), IMAGE, IsReadOnly=True),
    _get_image("mounted", _image(mounted=True), IMAGE, Attached=True),
    Scenario(
        "Get-NestedImage",
        "read: its hash",
        arguments={"Path": IMAGE, "ComputeHash": Switched()},
        answers={"Sha256": _HASH},
    ),
    Scenario(
        "Get-NestedImage",
        "read: a running VM has a child of it",
        _with(_CHILD, vms=(_USER,)),
        {"Path": IMAGE},
        uncertain="whether Windows calls the parent of a disk in use attached",
    ),
    _refused(
        "Get-NestedImage",
        "no rights",
        a_world(**_NO_RIGHTS),
        {"Path": IMAGE},
        f"Unspecified,{VHD}.GetVHD",
        uncertain=_BY_ANALOGY,
    ),
    _close("fresh", a_world(), {**_CLOSE, "Sha256": _HASH.upper()}, changed=True, answers={"IsReadOnly": True}),
    _close("already done", _image(read_only=True), _CLOSE, changed=False),
    _close("what-if", a_world(), _CLOSE, what_if=True, changed=False, answers={"IsReadOnly": False}),
    _no_close("no such file", a_world(), {**_CLOSE, "Path": NOWHERE}, "ImageNotFound"),
    _no_close("another hash", a_world(), {**_CLOSE, "Sha256": "0" * 64}, "ImageHashMismatch"),
)

_DISKS = (
    _get("", _with(_CHILD), PATH, Exists=True, Owner=OWNER, ParentPath=IMAGE, Attached=False, SeedSha256=None),
    _get("absent", a_world(), NOWHERE, Exists=False, Attached=None),
    _get("nobody's", _with(_UNMARKED), PATH, Owner=None),
    _get("seeded", _with(_SEEDED), PATH),
    _get("mounted", _with(_MOUNTED), PATH, Attached=True),
    _get("in a running VM", _with(_CHILD, vms=(_USER,)), PATH, Attached=True),
    _get("in a VM that is off", _with(_CHILD, vms=(_OFF,)), PATH, Attached=False),
    _make("fresh", a_world(), _FRESH, changed=True, answers={"VhdType": "Differencing", "SizeGib": 127}),
    _make("fresh: empty", a_world(), _BLANK, changed=True, answers={"VhdType": "Dynamic", "SizeGib": 20}),
    _make("fresh: in a node", a_world(vms=(a_node(features=HYPERV),)), _BLANK, "nest-1", changed=True),
    _make("fresh: of an image that was closed", _image(read_only=True), _FRESH, changed=True),
    _make("already done", _with(_CHILD), _FRESH, changed=False),
    _make("already done: empty", _with(Disk(DATA, owner=OWNER, size_gib=20)), _BLANK, changed=False),
    _make("half done: marked, not made", _with(_MARK), _FRESH, changed=True),
    _make("what-if", a_world(), _FRESH, what_if=True, changed=False, answers={"Exists": False}),
    _no_make("somebody else's", _with(_FOREIGN), _FRESH, "DiskForeign"),
    _no_make("nobody's", _with(_UNMARKED), _FRESH, "DiskForeign"),
    _no_make("another parent", _with(Disk(PATH, owner=OWNER)), _FRESH, "DiskForeign"),
    _no_make("no parent", a_world(), {**_FRESH, "ParentPath": NOWHERE}, "ParentNotFound"),
    _no_make("no size", a_world(), {"Path": DATA, "Owner": OWNER}, f"InvalidParameter,{VHD}.NewVhd"),
    _no_make(
        "no space",
        a_world(disk_gib=0),
        _BLANK,
        f"OperationFailed,{VHD}.NewVhd",
        uncertain="by analogy with an existing file",
    ),
    _no_make("no rights", a_world(**_NO_RIGHTS), _FRESH, f"Unspecified,{VHD}.NewVhd"),
    _no_make("no role", a_world(features={}), _FRESH, "CommandNotFoundException,New-MkDisk"),
    _remove("fresh", _with(_CHILD), _OWNED, changed=True, answers={"Existed": True}),
    _remove("fresh: of a VM that is off", _with(_CHILD, vms=(_OFF,)), _OWNED, changed=True),
    _remove("already done", a_world(), _OWNED, changed=False, answers={"Existed": False}),
    _remove("half done: only its mark is left", _with(_MARK), _OWNED, changed=False, answers={"Existed": False}),
    _remove("what-if", _with(_CHILD), _OWNED, what_if=True, changed=False, answers={"Existed": True}),
    _no_remove("somebody else's", _with(_FOREIGN), _OWNED, "NotOwned"),
    _no_remove("nobody's", _with(_UNMARKED), _OWNED, "NotOwned"),
    _no_remove("mounted", _with(_MOUNTED), _OWNED, "DiskAttached"),
    _no_remove("in a running VM", _with(_CHILD, vms=(_USER,)), _OWNED, "DiskAttached"),
)

_SEEDS = (
    _seed("fresh", _with(_CHILD), _SEED, changed=True),
    _seed("fresh: after New-NestedDisk", a_world(), _SEED, changed=True, first=(Step("New-NestedDisk", _FRESH),)),
    _seed("fresh: kept offline", replace(_with(_CHILD), faults={"offline_disks": True}), _SEED, changed=True),
    _seed("already done", _with(_CHILD), _SEED, changed=False, first=_SEEDED_BEFORE),
    _seed(
        "half done: with another password",
        _with(_CHILD),
        {**_SEED, "AdministratorPassword": Secret("0ther-passw0rd")},
        changed=True,
        first=_SEEDED_BEFORE,
    ),
    _seed("what-if", _with(_CHILD), _SEED, what_if=True, changed=False, answers={"SeedSha256": None}),
    _no_seed("no such disk", a_world(), _SEED, "DiskNotFound"),
    _no_seed("somebody else's", _with(_FOREIGN), _SEED, "NotOwned"),
    _no_seed(
        "no Windows in it",
        replace(_with(Disk(DATA, owner=OWNER)), faults={"formatted_disks": True}),
        {**_SEED, "Path": DATA},
        "NoWindows",
    ),
    _no_seed("mounted", _with(_MOUNTED), _SEED, "DiskAttached"),
    _no_seed("in a running VM", _with(_CHILD, vms=(_USER,)), _SEED, "DiskAttached"),
    _no_seed("seeded, in a running VM", _with(_SEEDED, vms=(_USER,)), _SEED, "DiskAttached"),
    _no_seed("no rights", _with(_CHILD, **_NO_RIGHTS), _SEED, f"Unspecified,{VHD}.GetVHD", uncertain=_BY_ANALOGY),
)

SCENARIOS: tuple[Scenario, ...] = (*_IMAGES, *_DISKS, *_SEEDS)
