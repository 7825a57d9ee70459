"""The pretended Windows' switches, NATs and disks where no function of the module reaches: one engine process."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.contract.engine_world import write_world
from tests.contract.world import IMAGE, OWNER, Disk, Nat, Switch, World, a_node, a_world
from tests.powershell.fakes.build import START

_LABS = "C:\\Labs"
_A, _B, _BLANK = f"{_LABS}\\a.vhdx", f"{_LABS}\\b.vhdx", f"{_LABS}\\blank.vhdx"
_WORLD = a_world(
    switches=(Switch("External", "External"), Switch("mk-lab", owner=OWNER, address="10.77.1.1")),
    nats=(Nat("mk-lab", "10.77.1.0/24"),),
    vms=(a_node(),),
    disks=(*tuple(Disk(path, "Differencing", 127, IMAGE, OWNER, system=True) for path in (_A, _B)), Disk(_BLANK)),
)
_HYPERV = "Microsoft.HyperV.PowerShell.Commands"
_VHD = "Microsoft.Vhd.PowerShell.Cmdlets"
# Cases run one after another in one world: what a case leaves is there for the next. A value, or an id and a category.
_CASES: dict[str, tuple[str, Any]] = {
    "switches by pattern": ("Get-VMSwitch -Name 'MK*' | ForEach-Object Name", "mk-lab"),
    "no switch of a pattern": ("@(Get-VMSwitch -Name 'none*').Count", 0),
    "no switch of a name": ("Get-VMSwitch -Name 'none'", f"InvalidParameter,{_HYPERV}.GetVMSwitch InvalidArgument"),
    "switches of a type": ("Get-VMSwitch -SwitchType Internal | ForEach-Object Name", "mk-lab"),
    "a switch by id": ("(Get-VMSwitch -Id (Get-VMSwitch -Name 'mk-lab').Id).Name", "mk-lab"),
    "external by type": (
        "New-VMSwitch -Name 'x' -SwitchType External",
        f"ParameterArgumentValidationError,{_HYPERV}.NewVMSwitch InvalidData",
    ),
    "external without an adapter": (
        "New-VMSwitch -Name 'x' -NetAdapterName 'none'",
        f"ObjectNotFound,{_HYPERV}.NewVMSwitch ObjectNotFound",
    ),
    "a property that Windows has not": ("(Get-VMSwitch -Name 'mk-lab').Owner", "PropertyNotFoundStrict NotSpecified"),
    "what-if makes none": ("New-VMSwitch -Name 'x' -SwitchType Private -WhatIf; @(Get-VMSwitch).Count", 2),
    "a second one of a name": ("(New-VMSwitch -Name 'mk-lab' -SwitchType Private).SwitchType.ToString()", "Private"),
    "removing asks": (
        "Get-VMSwitch -SwitchType Private | Remove-VMSwitch",
        f"InvalidOperation,{_HYPERV}.RemoveVMSwitch InvalidOperation",
    ),
    "removing by force": ("Get-VMSwitch -SwitchType Private | Remove-VMSwitch -Force; @(Get-VMSwitch).Count", 2),
    "in use": ("Remove-VMSwitch -Name 'External' -Force", f"ObjectInUse,{_HYPERV}.RemoveVMSwitch ResourceBusy"),
    "no NAT of a name": ("Get-NetNat -Name 'none'", "CmdletizationQuery_NotFound_Name,Get-NetNat ObjectNotFound"),
    "a NAT that overlaps": (
        "New-NetNat -Name 'x' -InternalIPInterfaceAddressPrefix '10.77.1.128/25'",
        "Windows System Error 87,New-NetNat InvalidArgument",
    ),
    "removing a NAT asks": ("Remove-NetNat -Name 'mk-lab'", "InvalidOperation,Remove-NetNat InvalidOperation"),
    "a disk that is there": (
        f"New-VHD -Path '{_A}' -SizeBytes 1gb",
        f"OperationFailed,{_VHD}.NewVhd NotSpecified",
    ),
    "no extension of a disk": (
        f"New-VHD -Path '{_LABS}\\x.img' -SizeBytes 1gb",
        f"InvalidParameter,{_VHD}.NewVhd InvalidArgument",
    ),
    "size and parent": (
        f"New-VHD -Path '{_LABS}\\x.vhdx' -ParentPath '{_A}' -Fixed -SizeBytes 1gb",
        f"AmbiguousParameterSet,{_VHD}.NewVhd InvalidArgument",
    ),
    "a VHD of its extension": (f"(New-VHD -Path '{_LABS}\\x.vhd' -SizeBytes 1gb -Fixed).VhdFormat.ToString()", "VHD"),
    "a running VM's disk": (f"Mount-VHD -Path '{_LABS}\\nest-1.vhdx'", f"OperationFailed,{_VHD}.MountVhd NotSpecified"),
    "a running VM's parent": (f"Mount-VHD -Path '{IMAGE}'", f"OperationFailed,{_VHD}.MountVhd NotSpecified"),
    "mounted": (f"(Mount-VHD -Path '{_A}' -NoDriveLetter -Passthru).DiskNumber", 1),
    "mounted twice": (f"Mount-VHD -Path '{_A}'", f"OperationFailed,{_VHD}.MountVhd NotSpecified"),
    "a copy stays offline": (
        f"$n = (Mount-VHD -Path '{_B}' -Passthru).DiskNumber; (Get-Disk -Number $n).IsOffline",
        True,
    ),
    "offline: no partitions": (
        "Get-Partition -DiskNumber 2",
        "CmdletizationQuery_NotFound_DiskNumber,Get-Partition ObjectNotFound",
    ),
    "both at once": (
        "Set-Disk -Number 2 -IsOffline $false -IsReadOnly $false",
        "AmbiguousParameterSet,Set-Disk InvalidArgument",
    ),
    "online": ("Set-Disk -Number 2 -IsOffline $false; @(Get-Partition -DiskNumber 2).Count", 4),
    "a hidden partition": (
        "Add-PartitionAccessPath -DiskNumber 2 -PartitionNumber 1 -AccessPath $there",
        "StorageWMI 42004,Add-PartitionAccessPath NotSpecified",
    ),
    "no folder": (
        'Add-PartitionAccessPath -DiskNumber 2 -PartitionNumber 3 -AccessPath "$there-none"',
        "StorageWMI 42007,Add-PartitionAccessPath NotSpecified",
    ),
    "a folder with something in it": (
        "Add-PartitionAccessPath -DiskNumber 2 -PartitionNumber 3 -AccessPath $full",
        "StorageWMI 42002,Add-PartitionAccessPath NotSpecified",
    ),
    "shown": (
        (
            "Add-PartitionAccessPath -DiskNumber 2 -PartitionNumber 3 -AccessPath $there;"
            " [System.IO.File]::WriteAllText(\"$there/Windows/kept.txt\", 'kept');"
            ' [System.IO.File]::Exists("$there/Windows/System32/config/SYSTEM")'
        ),
        True,
    ),
    "dismounted": (f"Dismount-VHD -Path '{_B}'; @([System.IO.Directory]::GetFileSystemEntries($there)).Count", 0),
    "not mounted": (f"Dismount-VHD -Path '{_B}'", f"InvalidParameter,{_VHD}.DismountVhd InvalidArgument"),
    "kept inside, and in its child": (
        (
            f"$null = New-VHD -Path '{_LABS}\\c.vhdx' -ParentPath '{_B}'; Dismount-VHD -Path '{_A}';"
            f" $n = (Mount-VHD -Path '{_LABS}\\c.vhdx' -Passthru).DiskNumber;"
            " Add-PartitionAccessPath -DiskNumber $n -PartitionNumber 3 -AccessPath $there;"
            ' [System.IO.File]::ReadAllText("$there/Windows/kept.txt")'
        ),
        "kept",
    ),
    "nobody formatted it": (
        f"$n = (Mount-VHD -Path '{_BLANK}' -Passthru).DiskNumber; (Get-Disk -Number $n).PartitionStyle",
        "RAW",
    ),
    "deleted under Windows": (
        f"[System.IO.File]::Delete('{_A}'); Get-VHD -Path '{_A}'",
        f"InvalidParameter,{_VHD}.GetVHD InvalidArgument",
    ),
}
_SCRIPT = """
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
. '{start}'
$cases = ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText('{cases}')) -AsHashtable
$there = [System.IO.Directory]::CreateDirectory('{folder}/there').FullName
$full = [System.IO.Directory]::CreateDirectory('{folder}/full/x').Parent.FullName
$answer = foreach ($case in $cases) {{
    try {{
        , @(. ([scriptblock]::Create($case)))[-1]
    }}
    catch {{
        $message = $_.Exception.Message
        "$($_.FullyQualifiedErrorId) $($_.CategoryInfo.Category)"
    }}
}}
ConvertTo-Json -InputObject @($answer) -Depth 2 -Compress
[System.Console]::Error.WriteLine($message)
"""


@pytest.fixture(scope="module")
def modules(windows_modules: Callable[[str], Path]) -> Path:
    """The modules of Windows Server 2022."""
    return windows_modules("2022")


@pytest.fixture
def run(pwsh: str, modules: Path, tmp_path: Path) -> Callable[[World, list[str]], tuple[list[Any], str]]:
    """Runs commands on the host of a world: their answers, and the message of the last error."""

    def commands(world: World, texts: list[str]) -> tuple[list[Any], str]:
        path = write_world(world, tmp_path / "world", datetime.now(UTC))
        (tmp_path / "cases.json").write_text(json.dumps(texts), encoding="utf-8")
        facts = {"start": START, "cases": tmp_path / "cases.json", "folder": tmp_path}
        script = tmp_path / "cases.ps1"
        script.write_text(_SCRIPT.format(**facts), encoding="utf-8")
        own = {"WORLD": str(path), "MACHINE": "host", "MODULES": str(modules)}
        done = subprocess.run(
            [pwsh, "-NoProfile", "-NonInteractive", "-File", str(script)],
            env={**os.environ, **{f"MATRYOSHKA_FAKE_{name}": value for name, value in own.items()}},
            cwd=tmp_path / "world" / "machines" / "host" / "Windows",
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return json.loads(done.stdout.splitlines()[-1]), done.stderr.strip()

    return commands


def test_switches_nats_and_disks(run: Callable[[World, list[str]], tuple[list[Any], str]]) -> None:
    """Windows' refusals come with Windows' ids and categories, and what is not refused is kept."""
    found, _ = run(replace(_WORLD, language="en-US"), [text for text, _ in _CASES.values()])

    assert dict(zip(_CASES, found, strict=True)) == {name: wanted for name, (_, wanted) in _CASES.items()}


def test_only_texts_are_translated(run: Callable[[World, list[str]], tuple[list[Any], str]]) -> None:
    """A German Windows gives the same id and another text; a formatted disk has a volume without Windows."""
    world = replace(_WORLD, language="de-DE", faults={"formatted_disks": True})
    mount = f"$n = (Mount-VHD -Path '{_BLANK}' -Passthru).DiskNumber; (Get-Partition -DiskNumber $n)[1].Type"

    found, message = run(world, [mount, "Get-VMSwitch -Name 'none'"])

    assert found == ["Basic", f"InvalidParameter,{_HYPERV}.GetVMSwitch InvalidArgument"]
    assert message == 'Von Hyper-V wurde kein virtueller Switch mit dem Namen "none" gefunden.'
