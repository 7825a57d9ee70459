"""Nodes, switches and NAT on the real engine, against a pretended Windows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.powershell_docs import assert_fields
from tests.integration.powershell_kit import Engine, play
from tests.integration.powershell_stage import Stage


@pytest.fixture
def engine(stage: Stage, tmp_path: Path) -> Engine:
    """An engine with a folder of its own."""
    return Engine(stage.pwsh, tmp_path, stage)


_NEW = (
    "New-NestedNode -Name 'nest-1' -Owner 'lab_1' -MemoryMib 8192 -ProcessorCount 4 -DiskPath 'a.vhdx' "
    "-DataDiskPath 'b.vhdx' -SwitchName 'mk-lab' -Path '/labs/lab_1'"
)
_LAB = (
    "[System.IO.File]::WriteAllText('a.vhdx', '')\n[System.IO.File]::WriteAllText('b.vhdx', '')\n"
    "$null = New-NestedSwitch -Name 'mk-lab' -Owner 'lab_1'"
)


def test_node_lives_and_dies(engine: Engine) -> None:
    """A node is made once, found by id and by name, started, stopped and removed; each call is safe to repeat."""
    found = play(
        engine,
        _LAB,
        what=f"{_NEW} -WhatIf",
        made=_NEW,
        again=_NEW,
        byname="Get-NestedNode -Name 'nest-1' -Owner 'lab_1'",
        other="Get-NestedNode -Name 'nest-1' -Owner 'lab_2'",
        start="$global:id = $Fake.VMs[0].Id; Start-NestedNode -VMId $id",
        twice="Start-NestedNode -VMId $id",
        beats="Wait-NestedNode -VMId $id -Stage Heartbeat",
        never="Wait-NestedNode -VMId $id -Stage Off -TimeoutSeconds 0",
        stop="Stop-NestedNode -VMId $id",
        foreign="Remove-NestedNode -VMId $id -Owner 'lab_2'",
        gone="$Fake.VMs[0].State = 'Running'; Remove-NestedNode -VMId $id -Owner 'lab_1'",
        nothing="Remove-NestedNode -VMId $id -Owner 'lab_1'",
    )
    for name, function in {
        "made": "New-NestedNode",
        "byname": "Get-NestedNode",
        "other": "Get-NestedNode",
        "start": "Start-NestedNode",
        "beats": "Wait-NestedNode",
        "stop": "Stop-NestedNode",
        "gone": "Remove-NestedNode",
    }.items():
        assert_fields(function, found[name])
    made = found["made"]["result"]
    assert (found["what"]["calls"], found["what"]["result"]["Exists"]) == ([], False)
    assert (made["Changed"], made["Owner"], made["State"], made["ProcessorCount"]) == (True, "lab_1", "Off", 4)
    assert (made["MemoryStartupMib"], made["DynamicMemoryEnabled"], made["AutomaticCheckpointsEnabled"]) == (
        8192,
        False,
        False,
    )
    assert made["Disks"] == ["a.vhdx", "b.vhdx"]
    (adapter,) = made["Adapters"]
    assert adapter["MacAddress"] == "02" + made["VMId"].replace("-", "")[-10:].upper()
    assert found["again"]["result"] == {**made, "Changed": False}
    assert found["byname"]["result"] == {key: value for key, value in made.items() if key != "Changed"}
    assert found["other"]["result"]["Exists"] is False
    assert found["start"]["result"] == {"Changed": True, "State": "Running"}
    assert found["twice"]["result"] == {"Changed": False, "State": "Running"}
    assert found["beats"]["result"] == {"Reached": True, "State": "Running", "Heartbeat": "OkApplicationsHealthy"}
    assert found["never"]["result"]["Reached"] is False
    assert found["stop"]["result"] == {"Changed": True, "State": "Off"}
    assert found["foreign"]["id"] == "Matryoshka.NotOwned,Remove-NestedNode"
    assert found["gone"]["calls"] == ["Stop-VM -TurnOff", "Remove-VM"]
    assert found["nothing"]["result"] == {"Changed": False, "Existed": False}


def test_half_made_node_is_adopted(engine: Engine) -> None:
    """A VM without notes in the lab's own folder is what a died creation left: it is completed, not refused."""
    half = "$null = Add-FakeVM -Name 'nest-1' -Folder '/labs/lab_1'\n$Fake.VMs[0].Drives.Add(@{ Path = 'a.vhdx' })"
    setting = f"{_LAB}\n{half}"
    found = play(engine, setting, it=_NEW)["it"]
    assert (found["result"]["Owner"], found["result"]["Changed"]) == ("lab_1", True)
    assert "New-VM nest-1" not in found["calls"]


@pytest.mark.parametrize(
    ("setting", "error_id"),
    [
        ("$null = Add-FakeVM -Name 'nest-1' -Folder '/labs/lab_2'", "NameTaken"),
        ("$null = Add-FakeVM -Name 'nest-1' -Folder '/labs/lab_1' -Notes 'my own'", "NameTaken"),
        ("[System.IO.File]::Delete('b.vhdx')", "DiskNotFound"),
        ("$Fake.Switches.Clear()", "SwitchNotFound"),
    ],
)
def test_node_is_refused(engine: Engine, setting: str, error_id: str) -> None:
    """Somebody's VM of that name, a missing disk and a missing switch are refused before anything is made."""
    found = play(engine, f"{_LAB}\n{setting}", it=_NEW)["it"]
    assert (found["id"], found["calls"]) == (f"Matryoshka.{error_id},New-NestedNode", [])


def test_windows_refusal_to_start_passes(engine: Engine) -> None:
    """Windows' own error keeps its id and category."""
    found = play(engine, "$vm = Add-FakeVM -Name 'n'\n$Fake.Refuse = 'Start-VM'", it="Start-NestedNode -VMId $vm.Id")[
        "it"
    ]
    assert found["id"].startswith("OutOfMemory,Microsoft.HyperV.PowerShell.Commands.StartVM")
    assert found["category"] == "FromStdErr"


def test_switch_and_nat(engine: Engine) -> None:
    """A switch gets its address and owner, a NAT its prefix; repeats change nothing; what is not ours stays."""
    found = play(
        engine,
        "$null = New-VMSwitch -Name 'theirs' -SwitchType 'Internal' -Notes 'office'",
        absent="Get-NestedSwitch -Name 'mk-lab'",
        made="New-NestedSwitch -Name 'mk-lab' -Owner 'lab_1' -HostAddress '10.77.1.1'",
        again="New-NestedSwitch -Name 'mk-lab' -Owner 'lab_1' -HostAddress '10.77.1.1'",
        taken="New-NestedSwitch -Name 'theirs' -Owner 'lab_1'",
        used="New-NestedSwitch -Name 'mk-two' -Owner 'lab_1' -HostAddress '10.77.1.1'",
        foreign="Remove-NestedSwitch -Name 'theirs' -Owner 'lab_1'",
        nat="New-NestedNat -Name 'mk-lab' -Prefix '10.77.1.0/24'",
        natagain="New-NestedNat -Name 'mk-lab' -Prefix '10.77.1.0/24'",
        natread="Get-NestedNat -Name 'mk-lab'",
        overlap="New-NestedNat -Name 'mk-two' -Prefix '10.77.0.0/16'",
        apart="New-NestedNat -Name 'mk-two' -Prefix '10.78.0.0/16' -WhatIf",
        alien="Remove-NestedNat -Name 'office'",
        natgone="Remove-NestedNat -Name 'mk-lab'",
        gone="Remove-NestedSwitch -Name 'mk-lab' -Owner 'lab_1'",
        nothing="Remove-NestedSwitch -Name 'mk-lab' -Owner 'lab_1'",
    )
    for name, function in {
        "absent": "Get-NestedSwitch",
        "made": "New-NestedSwitch",
        "gone": "Remove-NestedSwitch",
        "nat": "New-NestedNat",
        "natread": "Get-NestedNat",
        "natgone": "Remove-NestedNat",
    }.items():
        assert_fields(function, found[name])
    made = found["made"]["result"]
    assert found["absent"]["result"]["Exists"] is False
    assert (made["SwitchType"], made["Owner"], made["HostAddress"], made["PrefixLength"]) == (
        "Internal",
        "lab_1",
        "10.77.1.1",
        24,
    )
    assert found["again"]["result"] == {**made, "Changed": False}
    assert found["taken"]["id"] == "Matryoshka.NameTaken,New-NestedSwitch"
    assert found["used"]["id"] == "Matryoshka.AddressInUse,New-NestedSwitch"
    assert found["foreign"]["id"] == "Matryoshka.NotOwned,Remove-NestedSwitch"
    assert found["nat"]["result"] == {"Changed": True, "Exists": True, "Name": "mk-lab", "Prefix": "10.77.1.0/24"}
    assert found["natagain"]["result"]["Changed"] is False
    assert found["overlap"]["id"] == "Matryoshka.NatConflict,New-NestedNat"
    assert found["apart"]["result"]["Exists"] is False
    assert found["alien"]["id"] == "Matryoshka.NotOwned,Remove-NestedNat"
    assert found["natgone"]["result"] == {"Changed": True, "Existed": True}
    assert found["gone"]["result"] == {"Changed": True, "Existed": True}
    assert found["nothing"]["result"] == {"Changed": False, "Existed": False}
