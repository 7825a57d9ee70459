"""Clusters and nested VMs on the real engine, against a pretended Windows."""

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


_CLUSTER = "New-NestedCluster -Name 'nest' -Node 'nest-1' -StaticAddress '10.77.1.10' -AdministrativeAccessPoint Dns"


def test_cluster_lives_and_dies(engine: Engine) -> None:
    """A cluster is made once, joined, given a witness and storage, and destroyed by its own name only."""
    found = play(
        engine,
        "$key = ConvertTo-SecureString 'a-key-of-azure' -AsPlainText -Force",
        none="Get-NestedCluster",
        unclustered="Set-NestedClusterQuorum -Witness none",
        nostorage="Enable-NestedClusterStorage",
        made=_CLUSTER,
        again=_CLUSTER,
        other="New-NestedCluster -Name 'other' -Node 'nest-1' -AdministrativeAccessPoint None",
        join="Add-NestedClusterNode -Name 'nest-2'",
        joined="Add-NestedClusterNode -Name 'nest-2'",
        repair="$Fake.Refuse = 'Start-ClusterNode'; $Fake.Cluster.Nodes[1].State = 'Down'; "
        "Add-NestedClusterNode -Name 'nest-2'",
        share="Set-NestedClusterQuorum -Witness file_share -FileSharePath '\\\\files\\w'",
        same="Set-NestedClusterQuorum -Witness file_share -FileSharePath '\\\\files\\w'",
        cloud="Set-NestedClusterQuorum -Witness cloud -AccountName 'acc' -AccessKey $key",
        without="Set-NestedClusterQuorum -Witness none",
        storage="Enable-NestedClusterStorage",
        stored="Enable-NestedClusterStorage",
        foreign="Remove-NestedCluster -Name 'other'",
        gone="Remove-NestedCluster -Name 'nest' -CleanupAD",
        nothing="Remove-NestedCluster -Name 'nest'",
    )
    for name, function in {
        "none": "Get-NestedCluster",
        "made": "New-NestedCluster",
        "join": "Add-NestedClusterNode",
        "share": "Set-NestedClusterQuorum",
        "storage": "Enable-NestedClusterStorage",
        "gone": "Remove-NestedCluster",
    }.items():
        assert_fields(function, found[name])
    assert (found["none"]["result"]["Exists"], found["none"]["result"]["ClusSvcStatus"]) == (False, None)
    assert found["unclustered"]["id"] == "Matryoshka.NotClustered,Set-NestedClusterQuorum"
    assert found["nostorage"]["id"] == "Matryoshka.NotClustered,Enable-NestedClusterStorage"
    made = found["made"]["result"]
    assert (made["Name"], made["Address"], made["AdministrativeAccessPoint"]) == ("nest", "10.77.1.10", "Dns")
    assert (made["Nodes"], made["QuorumType"], made["WitnessResource"]) == (
        [{"Name": "nest-1", "State": "Up"}],
        "Majority",
        None,
    )
    assert found["again"]["result"] == {**made, "Changed": False}
    assert found["other"]["id"] == "Matryoshka.NodeAlreadyClustered,New-NestedCluster"
    assert [node["Name"] for node in found["join"]["result"]["Nodes"]] == ["nest-1", "nest-2"]
    assert (found["joined"]["calls"], found["joined"]["result"]["Changed"]) == ([], False)
    assert found["repair"]["calls"] == [
        "Start-ClusterNode nest-2",
        "Remove-ClusterNode nest-2",
        "Add-ClusterNode nest-2",
    ]
    assert found["share"]["result"]["WitnessResource"] == "File Share Witness"
    assert found["same"]["result"]["Changed"] is False
    assert found["cloud"]["calls"] == ["Set-ClusterQuorum acc a-key-of-azure"]
    assert found["without"]["result"]["WitnessResource"] is None
    assert found["storage"]["result"] == {
        "Changed": True,
        "StorageSpacesDirect": True,
        "PoolName": "S2D pool",
        "PoolHealth": "Healthy",
    }
    assert found["stored"]["result"]["Changed"] is False
    assert found["foreign"]["id"] == "Matryoshka.ClusterForeign,Remove-NestedCluster"
    assert found["gone"]["calls"] == ["Remove-Cluster True"]
    assert found["nothing"]["result"] == {"Changed": False, "Existed": False}


def test_failed_cluster_is_cleared(engine: Engine) -> None:
    """A creation that fails is cleared, so that it can be tried again; a member's configuration is not touched."""
    start = "$Fake.Registry['HKLM:\\SYSTEM\\CurrentControlSet\\Services\\ClusSvc'] = @{ Start = %d }"
    found = play(
        engine, "$Fake.Refuse = 'New-Cluster'", free=f"{start % 4}; {_CLUSTER}", member=f"{start % 2}; {_CLUSTER}"
    )
    for answer in found.values():
        assert answer["id"].startswith("New-Cluster,Microsoft.FailoverClusters.PowerShell.NewClusterCommand")
    assert found["free"]["calls"] == ["New-Cluster nest nest-1", "Clear-ClusterNode"]
    assert found["member"]["calls"] == ["New-Cluster nest nest-1"]


def test_validation_report_is_read(engine: Engine) -> None:
    """Tests, categories and results come from the report's data; an older one is not read and a warning says so."""
    test = "Test-NestedCluster -Node 'nest-1', 'nest-2' -ReportName \"$PWD/lab_1\""
    found = play(engine, "", read=test, unread=f"$Fake.Refuse = 'report'; {test}")
    assert_fields("Test-NestedCluster", found["read"])
    result = found["read"]["result"]
    assert (result["Succeeded"], result["FailedCount"], result["WarningCount"]) == (True, 0, 1)
    assert result["Results"] == [
        {"Category": "Network", "Test": "Validate IP Configuration", "Result": "Success"},
        {"Category": "Network", "Test": "Validate Network Communication", "Result": "Warning"},
        {"Category": "System Configuration", "Test": "Validate Services", "Result": "NotApplicable"},
    ]
    assert result["ReportPath"].endswith("lab_1.htm")
    assert found["unread"]["result"]["WarningCount"] == 1


_VM = "New-NestedVM -Name 'smoke' -Owner 'lab_1' -ParentDiskPath 'parent.vhdx'"


def test_nested_vm_lives_and_dies(engine: Engine) -> None:
    """A nested VM is made, started and removed with its own disk; it starts without one too; others' are left alone."""
    found = play(
        engine,
        "[System.IO.File]::WriteAllText('parent.vhdx', '')\n$null = Add-FakeVM -Name 'office'",
        absent="Get-NestedVM -Name 'smoke' -Owner 'lab_1'",
        orphan="New-NestedVM -Name 'smoke' -Owner 'lab_1' -ParentDiskPath 'no.vhdx'",
        taken="New-NestedVM -Name 'office' -Owner 'lab_1'",
        made=_VM,
        again=_VM,
        read="Get-NestedVM -Name 'smoke' -Owner 'lab_1'",
        probe="Get-NestedVMProbe -VMId $Fake.VMs[1].Id",
        noprobe="Get-NestedVMProbe -VMId ([guid]::NewGuid())",
        bare="New-NestedVM -Name 'bare' -Owner 'lab_1'",
        foreign="Remove-NestedVM -Name 'office' -Owner 'lab_1'",
        gone="Remove-NestedVM -Name 'smoke' -Owner 'lab_1'",
        nothing="Remove-NestedVM -Name 'smoke' -Owner 'lab_1'",
    )
    for name, function in {
        "absent": "Get-NestedVM",
        "made": "New-NestedVM",
        "probe": "Get-NestedVMProbe",
        "gone": "Remove-NestedVM",
    }.items():
        assert_fields(function, found[name])
    assert found["absent"]["result"]["Exists"] is False
    assert found["orphan"]["id"] == "Matryoshka.ParentNotFound,New-NestedVM"
    assert found["taken"]["id"] == "Matryoshka.NameTaken,New-NestedVM"
    made = found["made"]["result"]
    assert (made["State"], made["MemoryAssignedMib"], made["Changed"], made["Owner"]) == ("Running", 64, True, "lab_1")
    assert found["again"]["result"] == {**made, "Changed": False}
    assert found["probe"]["result"] == {
        "VMId": made["VMId"],
        "State": "Running",
        "Running": True,
        "ProbeSource": "vm_state",
        "Probe": None,
        "Reason": "no guest credential was given",
    }
    assert found["noprobe"]["result"]["Running"] is False
    assert found["bare"]["result"]["State"] == "Running"
    assert found["foreign"]["id"] == "Matryoshka.NotOwned,Remove-NestedVM"
    assert found["gone"]["calls"] == ["Stop-VM -TurnOff", "Remove-VM"]
    assert found["nothing"]["result"] == {"Changed": False, "Existed": False}
    assert (engine.folder / "parent.vhdx").exists()
    assert not (engine.folder / "disks" / "lab_1").exists()


def test_half_made_nested_vm_is_adopted(engine: Engine) -> None:
    """A nested VM without notes in the owner's folder is what a died creation left."""
    setting = "$null = Add-FakeVM -Name 'smoke' -Folder \"$PWD/machines/lab_1\""
    found = play(engine, setting, it="New-NestedVM -Name 'smoke' -Owner 'lab_1'")["it"]
    assert (found["result"]["Owner"], found["calls"][0]) == ("lab_1", "Set-VM AutomaticCheckpointsEnabled Notes")
