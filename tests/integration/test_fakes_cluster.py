"""The pretended failover clusters: binder, types, numbers and refusals of Windows where the contract does not reach."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.contract.engine import Engine
from tests.contract.engine_world import write_world
from tests.contract.scenario import Scenario
from tests.contract.scenarios.cluster_worlds import FIRST, SECOND, apart, node
from tests.contract.world import HYPERV, World
from tests.powershell.fakes.build import START

PREFIX = "Microsoft.FailoverClusters.PowerShell."
_TRY = """
Set-StrictMode -Version 3.0
. '{start}'
function Step([string]$Name, [scriptblock]$Block) {{
    $answer = @{{ name = $Name; value = $null; id = ''; category = ''; type = '' }}
    try {{
        $answer.value = @(& $Block)
    }}
    catch {{
        $answer.id = $_.FullyQualifiedErrorId
        $answer.category = $_.CategoryInfo.Category.ToString()
        $answer.type = $_.Exception.GetType().FullName
    }}
    [System.Console]::Out.WriteLine('=' + (ConvertTo-Json -InputObject $answer -Depth 4 -Compress))
}}
$ErrorActionPreference = 'Stop'
$WarningPreference = 'SilentlyContinue'
{steps}
"""


class Session:
    """Plays named steps on a machine of a world, in one engine process."""

    def __init__(self, pwsh: str, folder: Path, modules: Path) -> None:
        self._pwsh, self._folder, self._modules = pwsh, folder, modules

    def play(self, name: str, world: World, steps: Mapping[str, str], **variables: str) -> dict[str, dict[str, Any]]:
        """The answer of each step: value (a list), or id, category and type of its error."""
        folder = self._folder / name
        file = write_world(world, folder, datetime.now(UTC))
        lines = "\n".join(f"Step '{key}' {{ {block} }}" for key, block in steps.items())
        script = folder / "steps.ps1"
        script.write_text(_TRY.format(start=START, steps=lines), encoding="utf-8")
        environment = {
            **os.environ,
            "MATRYOSHKA_FAKE_WORLD": str(file),
            "MATRYOSHKA_FAKE_MACHINE": FIRST,
            "MATRYOSHKA_FAKE_MODULES": str(self._modules),
            **variables,
        }
        done = subprocess.run(
            [self._pwsh, "-NoProfile", "-NonInteractive", "-File", str(script)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=folder / "machines" / FIRST / "Windows",
            env=environment,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        answers = [json.loads(line[1:]) for line in done.stdout.splitlines() if line.startswith("=")]
        return {answer["name"]: answer for answer in answers}


@pytest.fixture(scope="module")
def session(pwsh: str, windows_modules: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Session:
    """An engine with the modules of Windows Server 2022."""
    return Session(pwsh, tmp_path_factory.mktemp("fakes"), windows_modules("2022"))


def _ids(answers: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[str, str]]:
    return {name: (answer["id"], answer["category"]) for name, answer in answers.items() if answer["id"]}


def test_windows_binder_refuses(session: Session) -> None:
    """Parameters and values that Windows has not are refused by the engine's own binder, with Windows' ids."""
    steps = {
        "unknown": "Set-ClusterQuorum -NodeAndFilesShareMajority '\\\\srv\\w'",
        "no argument": "New-Cluster -Name c -IgnoreNetwork",
        "no what-if": "New-Cluster -Name c -WhatIf",
        "enum": "New-Cluster -Name c -AdministrativeAccessPoint Sometimes",
        "empty": "Set-ClusterQuorum -CloudWitness -AccountName a -AccessKey ''",
        "cluster": "Enable-ClusterStorageSpacesDirect -Cluster c",
        "former name": "Get-ClusterNode -Nane x",
    }
    assert _ids(session.play("binder", apart(), steps)) == {
        "unknown": (f"NamedParameterNotFound,{PREFIX}SetClusterQuorumCommand", "InvalidArgument"),
        "no argument": (f"MissingArgument,{PREFIX}NewClusterCommand", "InvalidArgument"),
        "no what-if": (f"NamedParameterNotFound,{PREFIX}NewClusterCommand", "InvalidArgument"),
        "enum": (f"CannotConvertArgumentNoMessage,{PREFIX}NewClusterCommand", "InvalidArgument"),
        "empty": (f"ParameterArgumentValidationError,{PREFIX}SetClusterQuorumCommand", "InvalidData"),
        "cluster": ("NamedParameterNotFound,Enable-ClusterStorageSpacesDirect", "InvalidArgument"),
        "former name": (f"NamedParameterNotFound,{PREFIX}GetNodeCommand", "InvalidArgument"),
    }


def test_objects_are_windows_own(session: Session) -> None:
    """Types, enum numbers and printed names are those of a real module; a property that it has not fails."""
    steps = {
        "make": f"New-Cluster c1 -Node {FIRST}, {SECOND} -AdministrativeAccessPoint Dns -StaticAddress 10.77.1.10",
        "cluster": "$c = Get-Cluster; $c.GetType().FullName; [int]$c.AdministrativeAccessPoint; $c.S2DEnabled",
        "node": "$n = (Get-ClusterNode)[1]; $n.GetType().FullName; [string]$n.Cluster; [int]$n.State; $n.Id",
        "down": f"[int][{PREFIX}ClusterNodeState]::Down; [int][{PREFIX}ClusterNodeState]::Unknown",
        "resources": "foreach ($r in Get-ClusterResource) { '{0}/{1}/{2}' -f $r.Name, $r.ResourceType, [int]$r.State }",
        "quorum": "[int](Get-ClusterQuorum).QuorumType; $null -eq (Get-ClusterQuorum).QuorumResource",
        "parameter": "$p = Get-ClusterResource '*IP*' | Get-ClusterParameter; [string]$p[0].ClusterObject; $p[0].Value",
        "absent": "(Get-Cluster).QuorumType",
        "tests": "$t = Test-Cluster -List; $t[0].GetType().FullName; ($t | Group-Object Category).Count",
        "report": f"(Test-Cluster {FIRST} -ReportName r -Confirm:$false).GetType().FullName; Test-Cluster -WhatIf",
    }
    found = session.play("objects", replace(apart(), language="en-US"), steps)
    assert {name: answer["value"] for name, answer in found.items() if name not in ("make", "absent")} == {
        "cluster": [f"{PREFIX}Cluster", 2, 0],
        "node": [f"{PREFIX}ClusterNode", "c1", 0, "2"],
        "down": [1, -1],
        "resources": ["Cluster Name/Network Name/2", "Cluster IP Address/IP Address/2"],
        "quorum": [1, True],
        "parameter": ["Cluster IP Address", "10.77.1.10"],
        "tests": [f"{PREFIX}ClusterTestInfo", 7],
        "report": ["System.IO.FileInfo"],
    }
    assert found["absent"]["id"] == "PropertyNotFoundStrict"


def test_refusals_have_windows_ids(session: Session) -> None:
    """Ids and categories of what clusters refuse, and what a failed creation leaves until it is cleared."""
    world = apart(node(1), node(2), node(3, features=HYPERV), node(4, vm={"state": "Off"}))
    make = f"New-Cluster -Name c1 -Node {FIRST} -AdministrativeAccessPoint Dns"
    steps = {
        "no service": "Get-ClusterQuorum",
        "no such cluster": "Get-ClusterNode -Cluster far",
        "no object": "Get-ClusterParameter -Name x",
        "unreachable": "New-Cluster -Name c1 -Node nest-4 -AdministrativeAccessPoint Dns",
        "no feature": "New-Cluster -Name c1 -Node nest-3 -AdministrativeAccessPoint Dns",
        "not tested": f"Test-Cluster -Node {FIRST}, nest-3 -Confirm:$false",
        "taken": f"{make} -StaticAddress 10.77.1.2",
        "left over": make,
        "asks": "Clear-ClusterNode",
        "cleared": f"Clear-ClusterNode -Force; $null = {make}",
        "twice": f"Add-ClusterNode -Name {FIRST}",
        "active": "Clear-ClusterNode -Force",
        "last": f"Remove-ClusterNode -Name {FIRST} -Force",
        "asks, too": "Remove-Cluster",
        "asks for storage": "Enable-ClusterStorageSpacesDirect",
        "no node": "Start-ClusterNode -Name nest-2",
        "gone": "Remove-Cluster -Force; Get-Cluster",
    }
    found = session.play("refusals", world, steps)
    assert found["no service"]["type"] == f"{PREFIX}ClusterCmdletException"
    assert _ids(found) == {
        "no service": (f"ClusterEndpointNotRegistered,{PREFIX}GetQuorumCommand", "ConnectionError"),
        "no such cluster": (f"ClusterRpcConnection,{PREFIX}GetNodeCommand", "ConnectionError"),
        "no object": (f"PSArgument,{PREFIX}GetParameterCommand", "InvalidArgument"),
        "unreachable": (f"ClusterNodeNotReachable,{PREFIX}NewClusterCommand", "ConnectionError"),
        "no feature": (f"New-Cluster,{PREFIX}NewClusterCommand", "NotSpecified"),
        "not tested": (f"Test-Cluster,{PREFIX}TestClusterCommand", "NotSpecified"),
        "taken": (f"New-Cluster,{PREFIX}NewClusterCommand", "NotSpecified"),
        "left over": (f"InvalidHandle,{PREFIX}NewClusterCommand", "InvalidArgument"),
        "asks": (f"InvalidOperation,{PREFIX}ClearClusterNodeCommand", "InvalidOperation"),
        "twice": (f"Add-ClusterNode,{PREFIX}AddClusterNodeCommand", "NotSpecified"),
        "active": (f"Clear-ClusterNode,{PREFIX}ClearClusterNodeCommand", "NotSpecified"),
        "last": (f"Remove-ClusterNode,{PREFIX}RemoveClusterNodeCommand", "NotSpecified"),
        "asks, too": (f"InvalidOperation,{PREFIX}RemoveClusterCommand", "InvalidOperation"),
        "asks for storage": ("InvalidOperation,Enable-ClusterStorageSpacesDirect", "InvalidOperation"),
        "no node": (f"Start-ClusterNode,{PREFIX}StartClusterNodeCommand", "NotSpecified"),
        "gone": (f"ClusterEndpointNotRegistered,{PREFIX}GetClusterCommand", "ConnectionError"),
    }


def test_a_filtered_token_is_refused(session: Session) -> None:
    """In a workgroup another account than the built-in one needs LocalAccountTokenFilterPolicy on the other node."""
    accounts = {"op": "Op-pass-1"}
    world = apart(
        node(1, accounts=accounts), node(2, accounts=accounts), node(3, accounts=accounts, token_filter_policy=True)
    )
    make = f"$null = New-Cluster -Name c1 -Node {FIRST} -AdministrativeAccessPoint Dns"
    steps = {"make": make, "filtered": "Add-ClusterNode -Name nest-2", "full": "Add-ClusterNode -Name nest-3"}
    found = session.play("tokens", world, steps, MATRYOSHKA_FAKE_USER="op")
    assert _ids(found) == {"filtered": (f"Add-ClusterNode,{PREFIX}AddClusterNodeCommand", "NotSpecified")}
    assert len(found["full"]["value"]) == 1


def test_validation_data_of_another_form_are_understood(
    pwsh: str, windows_modules: Callable[[str], Path], tmp_path: Path
) -> None:
    """Codes for words still fail by the bits of the whole, data in Windows' Temp or of a clock set back are found."""
    failing = {"failing_test": "Validate IP Configuration", "coded_results": True}
    arguments = {"Node": [FIRST, SECOND], "ReportName": "r", "Include": ["Network"]}
    faults = (failing, {"data_in_temp": True}, {"clock_set_back": True}, {"no_validation_data": True})
    worlds = [replace(apart(), faults=one) for one in faults]
    scenarios = [Scenario("Test-NestedCluster", "read", world, arguments, machine=FIRST) for world in worlds]
    with closing(Engine(pwsh, tmp_path, windows_modules)) as engine:
        coded, elsewhere, earlier, unread = (outcome.output[0] for outcome in engine.run(scenarios))
    assert (coded["Succeeded"], coded["FailedCount"], coded["WarningCount"]) == (False, 1, 1)
    assert {row["Test"] for row in coded["Results"]} >= {"Validate IP Configuration", "The validation as a whole"}
    assert (elsewhere["Succeeded"], elsewhere["WarningCount"]) == (True, 1)
    assert earlier["Results"] == elsewhere["Results"]
    assert unread["Results"] == [{"Category": "Report", "Test": "Read the report", "Result": "Warning"}]
