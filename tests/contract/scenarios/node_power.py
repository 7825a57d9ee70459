"""Nodes: started, stopped, waited for."""

from __future__ import annotations

from dataclasses import replace

from tests.contract.scenario import Scenario, Switched, VmId
from tests.contract.scenarios.nodes import DATA_DISK, GET, NODE, OFF, OURS, WHOLE, lab, powerless
from tests.contract.world import OWNER, Vm, a_node, a_world

ID = {"VMId": VmId(NODE)}
START = "Microsoft.HyperV.PowerShell.Commands.StartVM"

WAITING = (
    Scenario(
        "Wait-NestedNode", "read", a_world(vms=(a_node(),)), {**ID, "Stage": "Heartbeat"}, answers={"Reached": True}
    ),
    Scenario(
        "Wait-NestedNode", "running", a_world(vms=(a_node(),)), {**ID, "Stage": "Running"}, answers={"Reached": True}
    ),
    Scenario(
        "Wait-NestedNode", "off", lab(WHOLE), {**ID, "Stage": "Off"}, answers={"Reached": True, "Heartbeat": None}
    ),
    Scenario(
        "Wait-NestedNode",
        "not reached",
        lab(WHOLE),
        {**ID, "Stage": "Running", "TimeoutSeconds": 0},
        answers={"Reached": False, "State": "Off"},
    ),
    Scenario(
        "Wait-NestedNode",
        "not reached: empty VM",
        lab(replace(WHOLE, state="Running", disks=())),
        {**ID, "Stage": "Heartbeat", "TimeoutSeconds": 0},
        answers={"Reached": False, "State": "Running", "Heartbeat": "NoContact"},
    ),
    Scenario(
        "Wait-NestedNode",
        "not reached: guest does not answer",
        a_world(vms=(a_node(up=False),)),
        {**ID, "Stage": "Heartbeat", "TimeoutSeconds": 0},
        answers={"Reached": False, "State": "Running", "Heartbeat": "NoContact"},
    ),
    Scenario(
        "Wait-NestedNode",
        "refused: no such stage",
        arguments={**ID, "Stage": "Saved"},
        expect="ParameterArgumentValidationError,Wait-NestedNode",
    ),
    Scenario(
        "Wait-NestedNode",
        "refused: absent",
        arguments={**ID, "Stage": "Off"},
        expect="Matryoshka.VmNotFound,Wait-NestedNode",
    ),
)

POWER = (
    Scenario("Start-NestedNode", "fresh", lab(OFF), ID, changed=True, answers={"State": "Running"}),
    Scenario("Start-NestedNode", "already done", a_world(vms=(a_node(),)), ID, changed=False, warnings=0),
    Scenario("Start-NestedNode", "what-if", lab(WHOLE), ID, what_if=True, changed=False, answers={"State": "Off"}),
    Scenario(
        "Start-NestedNode",
        "saved",
        lab(replace(OFF, state="Saved")),
        ID,
        changed=True,
        answers={"State": "Running"},
    ),
    Scenario("Start-NestedNode", "refused: absent", arguments=ID, expect="Matryoshka.VmNotFound,Start-NestedNode"),
    Scenario(
        "Start-NestedNode",
        "refused: memory short",
        lab(replace(WHOLE, memory_mib=512 * 1024)),
        ID,
        expect=f"OutOfMemory,{START}",
        unchanged=True,
    ),
    Scenario(
        "Start-NestedNode",
        "refused: memory short beside another VM",
        lab(
            replace(WHOLE, memory_mib=200 * 1024),
            replace(WHOLE, name="big", state="Running", memory_mib=100 * 1024, disks=()),
        ),
        ID,
        expect=f"OutOfMemory,{START}",
        unchanged=True,
    ),
    Scenario(
        "Start-NestedNode",
        "refused: disk mounted",
        lab(WHOLE, disks=(replace(OURS[0], mounted=True), OURS[1])),
        ID,
        expect=f"OperationFailed,{START}",
        unchanged=True,
        uncertain="the id of a start whose disk is in use is by analogy",
    ),
    Scenario(
        "Start-NestedNode",
        "refused: disk in another running VM",
        lab(WHOLE, Vm("other", state="Running", disks=(DATA_DISK,))),
        ID,
        expect=f"OperationFailed,{START}",
        unchanged=True,
        uncertain="the id of a start whose disk is in use is by analogy",
    ),
    Scenario(
        "Start-NestedNode",
        "refused: disk gone",
        lab(WHOLE, disks=OURS[:1]),
        ID,
        expect=f"ObjectNotFound,{START}",
        unchanged=True,
        uncertain="the id of a start whose disk is gone is by analogy",
    ),
    Scenario(
        "Start-NestedNode",
        "refused: AMD before 2022",
        replace(lab(replace(WHOLE, exposed=True)), vendor="amd", release="2019"),
        ID,
        expect=f"OperationFailed,{START}",
        unchanged=True,
        uncertain="only the text of this refusal is known; the id is by analogy",
    ),
    Scenario(
        "Start-NestedNode",
        "exposed, with the least version",
        lab(replace(OFF, version="8.0")),
        ID,
        changed=True,
    ),
    Scenario(
        "Start-NestedNode",
        "refused: no hypervisor launched",
        a_world(launches=False, vms=(Vm(NODE, OWNER),)),
        ID,
        expect=f"OperationFailed,{START}",
        unchanged=True,
    ),
    Scenario("Stop-NestedNode", "fresh", a_world(vms=(a_node(),)), ID, changed=True, answers={"State": "Off"}),
    Scenario(
        "Stop-NestedNode",
        "fresh: power cut",
        a_world(vms=(a_node(),)),
        {**ID, "TurnOff": Switched()},
        changed=True,
        answers={"State": "Off"},
    ),
    Scenario("Stop-NestedNode", "empty VM", lab(replace(WHOLE, state="Running", disks=())), ID, changed=True),
    Scenario(
        "Stop-NestedNode",
        "guest does not answer",
        a_world(vms=(a_node(up=False),)),
        ID,
        changed=True,
        answers={"State": "Off"},
    ),
    Scenario(
        "Stop-NestedNode",
        "fresh: saved",
        a_world(vms=(a_node(),)),
        {**ID, "Save": Switched()},
        changed=True,
        answers={"State": "Saved"},
    ),
    Scenario("Stop-NestedNode", "already done", lab(WHOLE), ID, changed=False, warnings=0),
    Scenario(
        "Stop-NestedNode",
        "already done: saved",
        lab(replace(WHOLE, state="Saved")),
        {**ID, "Save": Switched()},
        changed=False,
        warnings=0,
    ),
    Scenario(
        "Stop-NestedNode",
        "what-if",
        a_world(vms=(a_node(),)),
        ID,
        what_if=True,
        changed=False,
        answers={"State": "Running"},
    ),
    Scenario(
        "Stop-NestedNode", "paused", lab(replace(WHOLE, state="Paused")), {**ID, "TurnOff": Switched()}, changed=True
    ),
    Scenario(
        "Stop-NestedNode",
        "refused: saved",
        lab(replace(WHOLE, state="Saved")),
        {**ID, "TurnOff": Switched()},
        expect="InvalidState,Microsoft.HyperV.PowerShell.Commands.StopVM",
        unchanged=True,
        uncertain="whether Stop-VM -TurnOff discards a saved state is not documented",
    ),
    Scenario("Stop-NestedNode", "refused: absent", arguments=ID, expect="Matryoshka.VmNotFound,Stop-NestedNode"),
)

POWERLESS = tuple(
    Scenario(function, "refused: no rights", powerless(), arguments, expect=f"Unspecified,{GET}", unchanged=True)
    for function, arguments in (
        ("Start-NestedNode", ID),
        ("Stop-NestedNode", ID),
        ("Wait-NestedNode", {**ID, "Stage": "Off"}),
    )
)

SCENARIOS: tuple[Scenario, ...] = (*WAITING, *POWER, *POWERLESS)
