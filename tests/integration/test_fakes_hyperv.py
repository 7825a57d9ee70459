"""The pretended Windows' virtual machines: what the contract tests do not reach. One engine process tries all cases."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.contract.engine_world import write_world
from tests.contract.world import HOST, LABS, OWNER, Adapter, Disk, Vm, a_node, a_world
from tests.powershell.fakes.build import START

TRY = Path(__file__).resolve().parent / "powershell_fakes" / "Try-Case.ps1"
_HYPERV = "Microsoft.HyperV.PowerShell.Commands."
_SECONDS = 120
_DISK = f"{LABS}\\data.vhdx"
_WORLD = a_world(
    disks=(Disk(_DISK), Disk(f"{LABS}\\used.vhdx")),
    vms=(
        Vm("off", OWNER, adapters=(Adapter(), Adapter("Second", ""))),
        Vm("twin", tag="1"),
        Vm("twin", tag="2"),
        Vm("empty", state="Running", disks=(f"{LABS}\\used.vhdx",)),
        Vm("saved", state="Saved", checkpoints=2),
        Vm("paused", state="Paused"),
        Vm("to-change"),
        Vm("to-start"),
        Vm("to-remove"),
        a_node("node"),
    ),
)

# name: (script, id, category)
REFUSALS = {
    # The engine's own binder, over the parameters of Microsoft's tables.
    "unknown parameter": (
        "Set-VMProcessor -VMName off -Nested $true",
        "NamedParameterNotFound,SetVMProcessor",
        "InvalidArgument",
    ),
    "two sets at once": ("New-VM -Name a -NoVHD -VHDPath b", "AmbiguousParameterSet,NewVM", "InvalidArgument"),
    "no such value": (
        "Set-VMNetworkAdapter -VMName off -MacAddressSpoofing Yes",
        "CannotConvertArgumentNoMessage,SetVMNetworkAdapter",
        "InvalidArgument",
    ),
    "a Boolean is no switch": (
        "Set-VMProcessor -VMName off -ExposeVirtualizationExtensions",
        "MissingArgument,SetVMProcessor",
        "InvalidArgument",
    ),
    "no generation 3": ("New-VM -Name a -Generation 3", "ParameterArgumentValidationError,NewVM", "InvalidData"),
    "no number": (
        "Set-VMMemory -VMName off -StartupBytes much",
        "CannotConvertArgumentNoMessage,SetVMMemory",
        "InvalidArgument",
    ),
    # Windows' own refusals.
    "absent by name": ("Get-VM -Name nobody", "InvalidParameter,GetVM", "InvalidArgument"),
    "absent by id": ("Get-VM -Id ([guid]::Empty)", "InvalidParameter,GetVM", "InvalidArgument"),
    "absent for another cmdlet": ("Start-VM -Name nobody", "ObjectNotFound,StartVM", "ObjectNotFound"),
    "absent for a device": ("Get-VMProcessor -VMName nobody", "ObjectNotFound,GetVMProcessor", "ObjectNotFound"),
    "exposed while it runs": (
        "Set-VMProcessor -VMName empty -ExposeVirtualizationExtensions $true",
        "InvalidState,SetVMProcessor",
        "InvalidOperation",
    ),
    "exposed while it is saved": (
        "Set-VMProcessor -VMName saved -ExposeVirtualizationExtensions $true",
        "InvalidState,SetVMProcessor",
        "InvalidOperation",
    ),
    "memory while it runs": (
        "Set-VMMemory -VMName empty -StartupBytes 1gb",
        "InvalidState,SetVMMemory",
        "InvalidOperation",
    ),
    "processors while it runs": ("Set-VM -Name empty -ProcessorCount 3", "InvalidState,SetVM", "InvalidOperation"),
    "a stop action while it runs": (
        "Set-VM -Name empty -AutomaticStopAction ShutDown",
        "InvalidState,SetVM",
        "InvalidOperation",
    ),
    "removed while it runs": ("Remove-VM -Name empty -Force", "InvalidState,RemoveVM", "InvalidOperation"),
    "removed while it is paused": ("Remove-VM -Name paused -Force", "InvalidState,RemoveVM", "InvalidOperation"),
    "removed without a word": ("Remove-VM -Name to-remove", "InvalidOperation,RemoveVM", "InvalidOperation"),
    "an empty VM asked to shut down": ("Stop-VM -Name empty", "InvalidOperation,StopVM", "InvalidOperation"),
    "a saved VM turned off": ("Stop-VM -Name saved -TurnOff", "InvalidState,StopVM", "InvalidOperation"),
    "switch absent for a new VM": ("New-VM -Name a -SwitchName nobody", "InvalidParameter,NewVM", "InvalidArgument"),
    "switch absent for an adapter": (
        "Connect-VMNetworkAdapter -VMName off -SwitchName nobody",
        "InvalidParameter,ConnectVMNetworkAdapter",
        "InvalidArgument",
    ),
    "adapter absent": (
        "Connect-VMNetworkAdapter -VMName off -Name nobody -SwitchName External",
        "ObjectNotFound,ConnectVMNetworkAdapter",
        "ObjectNotFound",
    ),
    "a text as an address": (
        "Set-VMNetworkAdapter -VMName off -StaticMacAddress 12",
        "InvalidParameter,SetVMNetworkAdapter",
        "InvalidArgument",
    ),
    "an address while it runs": (
        "Set-VMNetworkAdapter -VMName empty -StaticMacAddress 020000000001",
        "InvalidState,SetVMNetworkAdapter",
        "InvalidOperation",
    ),
    "a disk that is not there": (
        "Add-VMHardDiskDrive -VMName off -Path C:\\no.vhdx",
        "ObjectNotFound,AddVMHardDiskDrive",
        "ObjectNotFound",
    ),
    "a disk twice": (
        f"Add-VMHardDiskDrive -VMName empty -Path {LABS}\\used.vhdx",
        "InvalidParameter,AddVMHardDiskDrive",
        "InvalidArgument",
    ),
    "a new VM without its disk": ("New-VM -Name a -VHDPath C:\\no.vhdx", "ObjectNotFound,NewVM", "ObjectNotFound"),
    "a version of another release": ("New-VM -Name a -Version 12.0", "InvalidParameter,NewVM", "InvalidArgument"),
    "checkpoint absent": ("Get-VMSnapshot -VMName off -Name nobody", "ObjectNotFound,GetVMSnapshot", "ObjectNotFound"),
}

# name: (the script's lines, what they put out, warnings)
ANSWERS: dict[str, tuple[tuple[str, ...], list[Any], int]] = {
    "a running VM is started": (
        ("Start-VM -Name empty",),
        [],
        1,
    ),
    "a VM that is off is stopped": (
        ("Stop-VM -Name off",),
        [],
        1,
    ),
    "names are not unique": (
        ("(New-VM -Name doubled).Id -ne (New-VM -Name doubled).Id", "@(Get-VM -Name doubled).Count"),
        [True, 2],
        0,
    ),
    "a name means all that have it": (
        ("Set-VM -Name twin -Notes x", "(Get-VM -Name twin).Notes"),
        ["x", "x"],
        0,
    ),
    "wildcards": (
        ("@(Get-VM -Name 'no*body').Count", "@(Get-VM -Name 't?in').Count"),
        [0, 2],
        0,
    ),
    "an absent one does not end the cmdlet": (
        ("(Get-VM -Name nobody, saved -ErrorAction SilentlyContinue -ErrorVariable missing).Name", "$missing.Count"),
        ["saved", 1],
        0,
    ),
    "numbers of enums": (
        (
            "$vm = Get-VM -Name paused",
            "$vm.State.value__",
            "$vm.AutomaticStartAction.value__",
            "(Get-VMNetworkAdapter -VM $vm).MacAddressSpoofing.value__",
            "[int](Get-VM -Name node).Heartbeat",
        ),
        [9, 3, 1, 5],
        0,
    ),
    "types of properties": (
        (
            "$vm = Get-VM -Name saved",
            "$vm.GetType().FullName",
            "$vm.Id.GetType().Name",
            "$vm.Version.GetType().Name",
            "$vm.Uptime.GetType().Name",
            "$vm.ProcessorCount.GetType().Name",
            "$vm.Generation.GetType().Name",
            "$null -eq $vm.Heartbeat",
        ),
        ["Microsoft.HyperV.PowerShell.VirtualMachine", "Guid", "String", "TimeSpan", "Int64", "Int32", True],
        0,
    ),
    "defaults of a new VM": (
        (
            "$vm = New-VM -Name fresh",
            "$vm.Generation",
            "$vm.MemoryStartup",
            "$vm.ProcessorCount",
            "$vm.DynamicMemoryEnabled",
            "$vm.Version",
            "(Get-VMNetworkAdapter -VM $vm).Name",
            "(Get-VMNetworkAdapter -VM $vm).MacAddress",
            "$vm.CheckpointType.ToString()",
        ),
        [1, 536870912, 1, False, "10.0", "Network Adapter", "000000000000", "Production"],
        0,
    ),
    "setters put nothing out": (
        (
            "Set-VMProcessor -VMName to-change -Count 3",
            "Set-VMMemory -VMName to-change -StartupBytes 1gb -DynamicMemoryEnabled $true",
            "(Get-VMMemory -VMName to-change).Startup",
            "(Set-VMProcessor -VMName to-change -Count 4 -Passthru).Count",
            "(Get-VM -Name to-change).DynamicMemoryEnabled",
        ),
        [1073741824, 4, True],
        0,
    ),
    "a start gives an address and memory": (
        (
            "Add-VMNetworkAdapter -VMName to-start",
            "Start-VM -Name to-start",
            "$vm = Get-VM -Name to-start",
            "$vm.State.ToString()",
            "$vm.MemoryAssigned",
            "@(Get-VMNetworkAdapter -VM $vm)[1].MacAddress -match '\\A00155D[0-9A-F]{6}\\z'",
            "$vm.Heartbeat.ToString()",
        ),
        ["Running", 4294967296, True, "NoContact"],
        0,
    ),
    "what-if changes nothing": (
        (
            "$before = (Get-VM -Name to-remove).ProcessorCount",
            "Set-VM -Name to-remove -ProcessorCount 9 -WhatIf",
            "Remove-VM -Name to-remove -WhatIf",
            "Start-VM -Name to-remove -WhatIf",
            "$vm = Get-VM -Name to-remove",
            "$vm.ProcessorCount -eq $before",
            "$vm.State.ToString()",
        ),
        [True, "Off"],
        0,
    ),
    "drives take the next place": (
        (
            f"Add-VMHardDiskDrive -VMName off -ControllerType SCSI -Path {_DISK}",
            "$drive = Get-VMHardDiskDrive -VMName off",
            "$drive.ControllerType.value__",
            "$drive.ControllerLocation",
            "$drive.Path",
        ),
        [1, 0, _DISK],
        0,
    ),
    "checkpoints": (
        ("(Get-VMSnapshot -VMName saved).Name", "@(Get-VMSnapshot -VMName off).Count"),
        ["saved - 1", "saved - 2", 0],
        0,
    ),
    "an adapter that is not connected": (
        (
            "$two = @(Get-VMNetworkAdapter -VMName off)",
            "$two.Connected",
            "$two[0].SwitchId.GetType().Name",
            "$null -eq $two[1].SwitchId",
            "Connect-VMNetworkAdapter -VMNetworkAdapter $two[1] -SwitchName External",
            "@(Get-VMNetworkAdapter -VMName off -Name Second).Connected",
        ),
        [True, False, "Guid", True, True],
        0,
    ),
    "versions of the host": (
        (
            "(Get-VMHostSupportedVersion -Default).Version.ToString()",
            "@(Get-VMHostSupportedVersion).Count",
            "(Get-VMHost).SupportedVmVersions.Count",
        ),
        ["10.0", 11, 9],
        0,
    ),
}

_STRICT = {
    "no such property": ("(Get-VM -Name saved).Nested", "PropertyNotFoundStrict", "NotSpecified"),
    "not modelled": (
        "Get-VM -ComputerName other",
        "The pretended Get-VM does not know what -ComputerName does.",
        "OperationStopped",
    ),
}


@pytest.fixture(scope="module")
def tried(
    pwsh: str, windows_modules: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """The outcomes of all cases by name."""
    folder = tmp_path_factory.mktemp("fakes")
    modules = windows_modules("2022")
    world = write_world(_WORLD, folder / "world", datetime.now(UTC))
    scripts = {name: case[0] for name, case in {**REFUSALS, **_STRICT}.items()}
    scripts |= {name: "\n".join(case[0]) for name, case in ANSWERS.items()}
    cases = folder / "cases.json"
    cases.write_text(json.dumps(scripts), encoding="utf-8")
    told = {"WORLD": str(world), "MACHINE": HOST, "MODULES": str(modules)}
    done = subprocess.run(
        [pwsh, "-NoProfile", "-NonInteractive", "-File", str(TRY), "-Start", str(START), "-Cases", str(cases)],
        env={**os.environ, **{f"MATRYOSHKA_FAKE_{name}": value for name, value in told.items()}},
        cwd=folder / "world" / "machines" / HOST / "Windows",
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=True,
    )
    answers: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answers


@pytest.mark.parametrize("name", REFUSALS)
def test_what_windows_refuses(tried: dict[str, Any], name: str) -> None:
    """Each refusal has Windows' id, with the cmdlet's class at its end, and Windows' category."""
    _, word, category = REFUSALS[name]
    error_id, _, cmdlet = word.partition(",")
    assert (tried[name]["id"], tried[name]["category"]) == (f"{error_id},{_HYPERV}{cmdlet}", category)


@pytest.mark.parametrize("name", ANSWERS)
def test_what_windows_does(tried: dict[str, Any], name: str) -> None:
    """Values, types and numbers of properties are those of Microsoft's metadata, and what is already so only warns."""
    _, value, warnings = ANSWERS[name]
    assert (tried[name]["id"], tried[name]["value"], tried[name]["warnings"]) == ("", value, warnings)


@pytest.mark.parametrize("name", _STRICT)
def test_what_the_pretended_windows_has_not(tried: dict[str, Any], name: str) -> None:
    """A property that Windows' type has not, and a parameter that no body knows, end the piece: nothing is made up."""
    _, error_id, category = _STRICT[name]
    assert (tried[name]["id"], tried[name]["category"]) == (error_id, category)


def test_the_exceptions_are_windows_own(tried: dict[str, Any]) -> None:
    """Hyper-V's refusals are VirtualizationException, which sets no HRESULT of its own."""
    found = tried["exposed while it runs"]
    assert (found["type"], found["hresult"]) == ("Microsoft.HyperV.PowerShell.VirtualizationException", -2146233088)
