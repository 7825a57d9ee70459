"""Enable- and Disable-NestedVirtualization on the real engine, against a pretended Windows."""

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


_ENABLE = "Enable-NestedVirtualization -VMId $vm.Id"
_FORBIDDEN = (
    "$vm = Add-FakeVM -Name 'n'\n$hive = 'HKLM:\\BCD00000000\\Objects'\n$Fake.Registry[$hive] = @{}\n"
    "$Fake.Registry[\"$hive\\{1}\\Elements\\22000117\"] = @{ Element = 'offernestedvirt=false' }"
)


def test_enabling_changes_what_differs_and_reads_it_back(engine: Engine) -> None:
    """Each setting is reported before and after; a second call finds nothing to do, even while the VM runs."""
    found = play(
        engine,
        "$vm = Add-FakeVM -Name 'nest-1' -Adapters 2 -MemoryMib 2048\n$vm.Ports.Add((New-FakePort -SwitchName ''))",
        what=f"{_ENABLE} -MemoryMib 8192 -WhatIf",
        first=f"{_ENABLE} -MemoryMib 8192",
        second=f"$vm.State = 'Running'; {_ENABLE}",
    )
    assert_fields("Enable-NestedVirtualization", found["first"])
    rows = {
        row["Setting"]: (row["Before"], row["After"], row["Changed"]) for row in found["first"]["result"]["Settings"]
    }
    assert rows == {
        "DynamicMemoryEnabled": ("True", "False", True),
        "MemoryStartupMib": ("2048", "8192", True),
        "ExposeVirtualizationExtensions": ("False", "True", True),
        "AutomaticCheckpointsEnabled": ("True", "False", True),
        "MacAddressSpoofing:Network Adapter": ("Off", "On", True),
        "MacAddressSpoofing:Network Adapter (2)": ("Off", "On", True),
    }
    assert found["first"]["result"]["Changed"] is True
    assert found["first"]["calls"][0] == "Set-VMMemory False 8192"
    assert found["what"]["calls"] == []
    assert found["what"]["result"]["Changed"] is False
    assert found["what"]["result"]["Settings"] == found["first"]["result"]["Settings"]
    assert (found["second"]["calls"], found["second"]["result"]["Changed"]) == ([], False)


_REFUSALS = {
    "VmNotFound": ("$vm = @{ Id = [guid]::NewGuid() }", "ObjectNotFound"),
    "VmNotOff": ("$vm = Add-FakeVM -Name 'n' -State 'Running'", "InvalidOperation"),
    "VmSaved": ("$vm = Add-FakeVM -Name 'n' -State 'Saved'", "InvalidOperation"),
    "MemoryTooSmall": ("$vm = Add-FakeVM -Name 'n' -MemoryMib 2048", "InvalidArgument"),
    "VmVersionTooLow": ("$vm = Add-FakeVM -Name 'n' -Version '5.0'", "InvalidOperation"),
    "VmVersionTooLow:amd": (
        "$Fake.Vendor = 'AuthenticAMD'; $vm = Add-FakeVM -Name 'n' -Version '9.2'",
        "InvalidOperation",
    ),
    "HostCannotNest:amd": (
        "$Fake.Vendor = 'AuthenticAMD'; $Fake.Build = 17763; $vm = Add-FakeVM -Name 'n'",
        "NotImplemented",
    ),
    "HostCannotNest:build": ("$Fake.Build = 9600; $vm = Add-FakeVM -Name 'n'", "NotImplemented"),
    "HostCannotNest:vendor": ("$Fake.Vendor = 'Other'; $vm = Add-FakeVM -Name 'n'", "NotImplemented"),
    "NotConverged": ("$Fake.Ignore = 'Set-VMProcessor'; $vm = Add-FakeVM -Name 'n'", "InvalidResult"),
    "HostCannotNest:bcd": (_FORBIDDEN, "NotImplemented"),
    "HostCannotNest:vbs": ("$Fake.Registry.Clear(); $Fake.Build = 10586; $vm = Add-FakeVM -Name 'n'", "NotImplemented"),
}
_RESET = "$Fake.Vendor = 'GenuineIntel'; $Fake.Build = 20348; $Fake.Ignore = ''"


def test_enabling_is_refused(engine: Engine) -> None:
    """What cannot nest is refused with its own id, before anything is changed."""
    scenes = {name: f"{_RESET}\n{setting}\n{_ENABLE}" for name, (setting, _) in _REFUSALS.items()}
    found = play(engine, "", **scenes)
    for name, (_, category) in _REFUSALS.items():
        error_id = f"Matryoshka.{name.split(':')[0]},Enable-NestedVirtualization"
        assert (found[name]["id"], found[name]["category"]) == (error_id, category)
        assert found[name]["calls"] == [] or name == "NotConverged"


def test_small_memory_is_allowed_when_asked(engine: Engine) -> None:
    """-AllowSmallMemory takes a VM of less than 4096 MiB, and an AMD VM of version 9.3 is new enough."""
    setting = "$Fake.Vendor = 'AuthenticAMD'; $vm = Add-FakeVM -Name 'n' -MemoryMib 2048 -Version '9.3'"
    assert play(engine, setting, it=f"{_ENABLE} -AllowSmallMemory")["it"]["result"]["Changed"] is True


def test_disabling_goes_back_to_the_settings_of_before(engine: Engine) -> None:
    """Given the rows (as they come back from JSON), every setting has its former value; without rows nesting is off."""
    found = play(
        engine,
        "$vm = Add-FakeVM -Name 'n' -MemoryMib 4096\n"
        "$rows = (Enable-NestedVirtualization -VMId $vm.Id -MemoryMib 8192).Settings\n"
        "$tables = @($rows | ForEach-Object -Process { @{ Setting = $_.Setting; Before = $_.Before } })",
        back="Disable-NestedVirtualization -VMId $vm.Id -Settings $tables",
        again="Disable-NestedVirtualization -VMId $vm.Id -Settings $tables",
        on=f"{_ENABLE}",
        off="Disable-NestedVirtualization -VMId $vm.Id -Settings @()",
        running="$vm.Exposed = $true; $vm.State = 'Saved'; Disable-NestedVirtualization -VMId $vm.Id",
    )
    assert_fields("Disable-NestedVirtualization", found["back"])
    after = {row["Setting"]: row["After"] for row in found["back"]["result"]["Settings"]}
    assert (after["DynamicMemoryEnabled"], after["MemoryStartupMib"]) == ("True", "4096")
    assert after["MacAddressSpoofing:Network Adapter"] == "Off"
    assert found["again"]["result"]["Changed"] is False
    after = {row["Setting"]: row["After"] for row in found["off"]["result"]["Settings"]}
    assert (after["ExposeVirtualizationExtensions"], after["MacAddressSpoofing:Network Adapter"]) == ("False", "Off")
    assert after["DynamicMemoryEnabled"] == "False"
    assert found["running"]["id"] == "Matryoshka.VmNotOff,Disable-NestedVirtualization"
