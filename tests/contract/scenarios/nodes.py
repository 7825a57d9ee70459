"""Nodes: a lab's virtual machines, made, read and removed. Their power is in node_power."""

from __future__ import annotations

from dataclasses import replace

from tests.contract.scenario import Scenario, Step, VmId
from tests.contract.world import IMAGE, LABS, OWNER, Adapter, Disk, Interface, Switch, Vm, World, a_node, a_world

NODE = "nest-1"
SYSTEM_DISK = f"{LABS}\\{NODE}.vhdx"
DATA_DISK = f"{LABS}\\{NODE}-data.vhdx"
_VHD = f"{LABS}\\{NODE}.vhd"
OURS = (
    Disk(SYSTEM_DISK, "Differencing", 127, parent=IMAGE, owner=OWNER, system=True),
    Disk(DATA_DISK, owner=OWNER),
)
_LAB_SWITCH = Switch("mk-lab", owner=OWNER)
_WANTED = {
    "Name": NODE,
    "Owner": OWNER,
    "MemoryMib": 8192,
    "ProcessorCount": 4,
    "DiskPath": SYSTEM_DISK,
    "DataDiskPath": [DATA_DISK],
    "SwitchName": "mk-lab",
    "Path": LABS,
}
ID = {"VMId": VmId(NODE)}
WHOLE = Vm(
    NODE,
    OWNER,
    processor_count=4,
    memory_mib=8192,
    adapters=(Adapter(switch="mk-lab"),),
    disks=(SYSTEM_DISK, DATA_DISK),
)
OFF = a_node(vm={"state": "Off"})
_NO_HYPERV = {"Hyper-V": "InstallPending", "Hyper-V-PowerShell": "Installed"}
GET = "Microsoft.HyperV.PowerShell.Commands.GetVM"


def lab(*vms: Vm, disks: tuple[Disk, ...] = OURS, switches: tuple[Switch, ...] = (_LAB_SWITCH,)) -> World:
    """A host with the lab's switch and disks, and these VMs."""
    return a_world(vms=vms, disks=disks, switches=(Switch("External", "External"), *switches))


def powerless() -> World:
    """A host whose caller has no rights in Hyper-V."""
    return a_world(is_admin=False, is_hyperv_admin=False, vms=(Vm(NODE, OWNER),))


READING = (
    Scenario(
        "Get-NestedNode",
        "read",
        a_world(vms=(a_node(interfaces=(Interface("10.77.1.11"),)),)),
        ID,
        answers={"Exists": True, "State": "Running", "Heartbeat": "OkApplicationsUnknown"},
    ),
    Scenario("Get-NestedNode", "read: off", lab(WHOLE), ID, answers={"Heartbeat": None, "UptimeSeconds": 0}),
    Scenario(
        "Get-NestedNode",
        "read: by name and owner among others of the name",
        a_world(vms=(Vm(NODE, "lab_2", tag="other"), Vm(NODE, OWNER), Vm(NODE, tag="foreign"))),
        {"Name": NODE, "Owner": OWNER},
        answers={"Exists": True, "Owner": OWNER},
    ),
    Scenario(
        "Get-NestedNode",
        "read: the only one of a name, whoever made it",
        a_world(vms=(Vm(NODE),)),
        {"Name": NODE},
        answers={"Exists": True, "Owner": None},
    ),
    Scenario(
        "Get-NestedNode",
        "read: not unique without an owner",
        a_world(vms=(Vm(NODE), Vm(NODE, tag="other"))),
        {"Name": NODE},
        answers={"Exists": False},
    ),
    Scenario(
        "Get-NestedNode",
        "read: a name with wildcard characters",
        a_world(vms=(Vm("nest-[1]", OWNER), Vm(NODE, OWNER))),
        {"Name": "nest-[1]", "Owner": OWNER},
        answers={"Exists": True, "Name": "nest-[1]"},
    ),
    Scenario("Get-NestedNode", "absent", arguments=ID, answers={"Exists": False}),
    Scenario(
        "Get-NestedNode",
        "absent, as other releases may say it",
        replace(a_world(), faults={"absent_is_not_found": True}),
        ID,
        answers={"Exists": False},
        uncertain="Get-VM's id for an absent id is known for names only",
    ),
    Scenario("Get-NestedNode", "absent by name", arguments={"Name": NODE}, answers={"Exists": False, "Name": NODE}),
    Scenario(
        "Get-NestedNode",
        "read: two adapters, one not connected",
        a_world(vms=(Vm(NODE, OWNER, adapters=(Adapter(spoofing=True), Adapter("Second", ""))),)),
        ID,
    ),
    Scenario(
        "Get-NestedNode",
        "read: notes of somebody else",
        a_world(vms=(Vm(NODE, notes='{"matryoshka": 1}', checkpoints=2, dynamic_memory=True, generation=1),)),
        ID,
        answers={"Owner": None, "CheckpointCount": 2, "DynamicMemoryEnabled": True},
    ),
    Scenario(
        "Get-NestedNode",
        "refused: no rights",
        powerless(),
        ID,
        expect=f"Unspecified,{GET}",
    ),
    Scenario("Get-NestedNode", "refused: role pending", a_world(features=_NO_HYPERV), ID, expect=f"Unspecified,{GET}"),
    Scenario("Get-NestedNode", "refused: nothing named", expect="MissingMandatoryParameter,Get-NestedNode"),
    Scenario(
        "Get-NestedNode",
        "refused: named twice",
        arguments={**ID, "Name": NODE},
        expect="AmbiguousParameterSet,Get-NestedNode",
    ),
    Scenario(
        "Get-NestedNode",
        "refused: no such parameter",
        arguments={**ID, "Nested": True},
        expect="NamedParameterNotFound,Get-NestedNode",
    ),
    Scenario(
        "New-NestedNode",
        "refused: no processors",
        lab(),
        {**_WANTED, "ProcessorCount": 0},
        expect="ParameterArgumentValidationError,New-NestedNode",
        unchanged=True,
    ),
    Scenario(
        "New-NestedNode",
        "refused: a version that is none",
        lab(),
        {**_WANTED, "Version": "ten"},
        expect="ParameterArgumentValidationError,New-NestedNode",
        unchanged=True,
    ),
    Scenario("Get-NestedNode", "refused: no role", a_world(features={}), ID, expect="CommandNotFoundException"),
    Scenario(
        "Get-NestedNode",
        "refused: management service away",
        replace(a_world(vms=(Vm(NODE, OWNER),)), faults={"management_away": True}),
        ID,
        expect=f"ObjectNotFound,{GET}",
    ),
)

MAKING = (
    Scenario("New-NestedNode", "fresh", lab(), _WANTED, changed=True, answers={"Exists": True, "State": "Off"}),
    Scenario(
        "New-NestedNode",
        "fresh: a version",
        lab(),
        {**_WANTED, "Version": "9.3"},
        changed=True,
        answers={"Version": "9.3"},
    ),
    Scenario(
        "New-NestedNode",
        "fresh: a disk of the old format",
        lab(disks=(Disk(_VHD, owner=OWNER), OURS[1])),
        {**_WANTED, "DiskPath": _VHD},
        changed=True,
        answers={"Generation": 1},
    ),
    Scenario(
        "New-NestedNode",
        "fresh: no data disks",
        lab(),
        {**_WANTED, "DataDiskPath": []},
        changed=True,
        answers={"Disks": [SYSTEM_DISK]},
    ),
    Scenario(
        "New-NestedNode",
        "fresh: wildcard characters in name and path",
        lab(Vm(NODE, OWNER), disks=(Disk(f"{LABS}\\nest-[1].vhdx", owner=OWNER),)),
        {**_WANTED, "Name": "nest-[1]", "DiskPath": f"{LABS}\\nest-[1].vhdx", "DataDiskPath": []},
        changed=True,
        answers={"Name": "nest-[1]", "Disks": [f"{LABS}\\nest-[1].vhdx"]},
    ),
    Scenario("New-NestedNode", "what-if", lab(), _WANTED, what_if=True, changed=False, answers={"Exists": False}),
    Scenario(
        "New-NestedNode",
        "already done",
        lab(),
        _WANTED,
        first=(Step("New-NestedNode", _WANTED),),
        changed=False,
    ),
    Scenario(
        "New-NestedNode",
        "half done: made, not marked",
        lab(Vm(NODE, path=f"{LABS}\\{NODE}", processor_count=1, automatic_checkpoints=True, disks=(SYSTEM_DISK,))),
        _WANTED,
        changed=True,
        answers={"Owner": OWNER, "ProcessorCount": 4},
    ),
    Scenario(
        "New-NestedNode",
        "half done: made, not marked, running",
        lab(replace(WHOLE, owner="", state="Running", path=f"{LABS}\\{NODE}", automatic_checkpoints=True)),
        _WANTED,
        changed=True,
        answers={"Owner": OWNER, "State": "Running", "AutomaticCheckpointsEnabled": False},
    ),
    Scenario(
        "New-NestedNode",
        "half done: marked, a disk and the switch are missing",
        lab(replace(WHOLE, adapters=(Adapter(switch=""),), disks=(SYSTEM_DISK,))),
        _WANTED,
        changed=True,
        answers={"Disks": [SYSTEM_DISK, DATA_DISK]},
    ),
    Scenario(
        "New-NestedNode",
        "half done: no adapter, less memory",
        lab(replace(WHOLE, adapters=(), memory_mib=2048, dynamic_memory=True)),
        _WANTED,
        changed=True,
        answers={"MemoryStartupMib": 8192, "DynamicMemoryEnabled": False},
    ),
    Scenario(
        "New-NestedNode",
        "half done: what-if",
        lab(replace(WHOLE, disks=(SYSTEM_DISK,))),
        _WANTED,
        what_if=True,
        changed=False,
        answers={"Exists": True},
    ),
    Scenario(
        "New-NestedNode",
        "adopted while it runs",
        lab(replace(WHOLE, state="Running", memory_mib=4096)),
        _WANTED,
        answers={"State": "Running", "MemoryStartupMib": 4096},
    ),
    Scenario(
        "New-NestedNode",
        "refused: somebody else's VM of the name",
        lab(Vm(NODE)),
        _WANTED,
        expect="Matryoshka.NameTaken,New-NestedNode",
        unchanged=True,
    ),
    Scenario(
        "New-NestedNode",
        "refused: another lab's VM of the name",
        lab(Vm(NODE, "lab_2")),
        _WANTED,
        expect="Matryoshka.NameTaken,New-NestedNode",
        unchanged=True,
    ),
    Scenario(
        "New-NestedNode", "beside another lab's VM of the name", lab(WHOLE, Vm(NODE, "lab_2", tag="other")), _WANTED
    ),
    Scenario(
        "New-NestedNode",
        "refused: no such switch",
        lab(switches=()),
        _WANTED,
        expect="Matryoshka.SwitchNotFound,New-NestedNode",
        unchanged=True,
    ),
    Scenario(
        "New-NestedNode",
        "refused: no such disk",
        lab(disks=OURS[:1]),
        _WANTED,
        expect="Matryoshka.DiskNotFound,New-NestedNode",
        unchanged=True,
    ),
    Scenario(
        "New-NestedNode",
        "refused: a version this host has not",
        lab(),
        {**_WANTED, "Version": "12.0"},
        expect="InvalidParameter,Microsoft.HyperV.PowerShell.Commands.NewVM",
        unchanged=True,
        uncertain="New-VM's id for an unknown version is by analogy",
    ),
    Scenario(
        "New-NestedNode",
        "refused: no rights",
        powerless(),
        _WANTED,
        expect=f"Unspecified,{GET}",
        unchanged=True,
    ),
    Scenario(
        "New-NestedNode",
        "refused: role pending",
        a_world(features=_NO_HYPERV),
        _WANTED,
        expect=f"Unspecified,{GET}",
    ),
)

REMOVING = (
    Scenario("Remove-NestedNode", "fresh", lab(WHOLE), {**ID, "Owner": OWNER}, changed=True, answers={"Existed": True}),
    Scenario(
        "Remove-NestedNode", "fresh: paused", lab(replace(WHOLE, state="Paused")), {**ID, "Owner": OWNER}, changed=True
    ),
    Scenario("Remove-NestedNode", "fresh: running", a_world(vms=(a_node(),)), {**ID, "Owner": OWNER}, changed=True),
    Scenario(
        "Remove-NestedNode",
        "half done: saved",
        lab(replace(WHOLE, state="Saved")),
        {**ID, "Owner": OWNER},
        changed=True,
    ),
    Scenario(
        "Remove-NestedNode",
        "already done",
        arguments={**ID, "Owner": OWNER},
        changed=False,
        answers={"Existed": False},
    ),
    Scenario(
        "Remove-NestedNode",
        "what-if",
        a_world(vms=(a_node(),)),
        {**ID, "Owner": OWNER},
        what_if=True,
        changed=False,
        answers={"Existed": True},
    ),
    Scenario(
        "Remove-NestedNode",
        "refused: somebody else's",
        a_world(vms=(Vm(NODE),)),
        {**ID, "Owner": OWNER},
        expect="Matryoshka.NotOwned,Remove-NestedNode",
        unchanged=True,
    ),
    Scenario(
        "Remove-NestedNode",
        "refused: another lab's",
        a_world(vms=(Vm(NODE, "lab_2", "Running"),)),
        {**ID, "Owner": OWNER},
        expect="Matryoshka.NotOwned,Remove-NestedNode",
        unchanged=True,
    ),
    Scenario(
        "Remove-NestedNode",
        "refused: no rights",
        powerless(),
        {**ID, "Owner": OWNER},
        expect=f"Unspecified,{GET}",
        unchanged=True,
    ),
    Scenario(
        "Remove-NestedNode",
        "refused: management service away",
        replace(a_world(vms=(Vm(NODE, OWNER),)), faults={"management_away": True}),
        {**ID, "Owner": OWNER},
        expect=f"ObjectNotFound,{GET}",
        unchanged=True,
    ),
)

SCENARIOS: tuple[Scenario, ...] = (*READING, *MAKING, *REMOVING)
