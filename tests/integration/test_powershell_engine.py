"""The module on the real engine: it parses, imports both ways, and is what docs/functions.md promises."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.integration.powershell_docs import documented, page
from tests.integration.powershell_kit import FAKES, FOLDER, MODULE, Engine, function_files, joined_source
from tests.integration.powershell_stage import Stage
from tests.powershell.make_cmdlets import tables as cmdlet_tables

_OWN = {path.stem for part in ("Private", "Public") for path in function_files(part)}
# Their modules are made of functions, which do not hear our $ErrorActionPreference (their scope is not below ours).
_DEAF = frozenset(
    {
        "CimCmdlets",
        "Dism",
        "DnsClient",
        "FailoverClusters",
        "Hyper-V",
        "NetAdapter",
        "NetConnection",
        "NetNat",
        "NetSecurity",
        "NetTCPIP",
        "ServerManager",
        "Storage",
    }
)


@pytest.fixture(scope="module")
def engine(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """An engine for looks that change nothing."""
    return Engine(stage.pwsh, tmp_path_factory.mktemp("engine"), stage)


@pytest.fixture(scope="module")
def installed(engine: Engine) -> dict[str, Any]:
    """What the engine says of the module when it is imported from its folder."""
    body = (FAKES / "Describe.ps1").read_text(encoding="utf-8")
    script = engine.folder / "describe.ps1"
    head = f"$module = '{MODULE}'\nImport-Module '{MODULE / 'Matryoshka.psd1'}' -WarningVariable warned\n$warned\n"
    script.write_text(head + body, encoding="utf-8")
    done = subprocess.run(
        [engine.pwsh, "-NoProfile", "-NonInteractive", "-File", str(script)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = done.stdout.strip().splitlines()
    assert len(lines) == 1, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(lines[0])
    return found


@pytest.fixture(scope="module")
def sent(engine: Engine) -> dict[str, Any]:
    """What the engine says of the module when a worker sent it as text."""
    body = (FAKES / "Describe.ps1").read_text(encoding="utf-8")
    found: dict[str, Any] = engine.run(f"$module = '{MODULE}'\n{body}")
    return found


def test_every_file_parses(installed: dict[str, Any]) -> None:
    """PowerShell's own parser finds no error in any file."""
    assert installed["broken"] == []


def test_module_is_the_same_both_ways(installed: dict[str, Any], sent: dict[str, Any]) -> None:
    """Installed or sent, the module has the same functions, and its hash is that of the text that a worker sends."""
    assert installed["functions"] == sent["functions"]
    digest = hashlib.sha256(joined_source().encode()).hexdigest()
    assert (installed["info"]["Sha256"], installed["info"]["Preinstalled"]) == (digest, True)
    assert (sent["info"]["Sha256"], sent["info"]["Preinstalled"]) == (digest, False)


def test_hash_does_not_depend_on_line_ends(engine: Engine, tmp_path: Path) -> None:
    """A checkout with CRLF has the same hash as one with LF."""
    for path in MODULE.rglob("*.ps*1"):
        copy = tmp_path / "Matryoshka" / path.relative_to(MODULE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    manifest = tmp_path / "Matryoshka" / "Matryoshka.psd1"
    body = f"Import-Module '{manifest}' -Force\nGet-NestedModuleInfo | ConvertTo-Json -Compress"
    assert engine.run(body)["Sha256"] == hashlib.sha256(joined_source().encode()).hexdigest()


_BOTH_ENDS = """
$answers = foreach ($text in $source, $source.Replace("`n", "`r`n")) {
    $module = New-Module -Name 'Ends' -ArgumentList $text -ScriptBlock {
        param($Text)
        Set-StrictMode -Version 3.0
        $script:MkModule = @{ Source = $Text; Sha256 = ''; Preinstalled = $false }
        . ([scriptblock]::Create($Text))
    }
    & $module {
        $found = @(
            New-MkUnattend -ComputerName 'nest-1' -TimeZone 'UTC' -Password 'a <b> & "c"'
            ConvertTo-MkNote -Owner 'lab_1' -Node 'nest-1'
            (ConvertFrom-MkPrefix -Prefix '10.77.1.0/24').Highest
            (Get-MkGuestScript).ToString().Replace("`r", '')
            (Get-Help -Name 'Invoke-NestedCall').Synopsis
        )
        [string]::Join('|', $found)
    }
}
$found = @{ same = $answers[0] -ceq $answers[1]; size = $answers[0].Length; ends = $answers[1].Contains("`r") }
ConvertTo-Json -InputObject $found -Compress
"""


def test_results_do_not_depend_on_line_ends(engine: Engine) -> None:
    """The module's text with CRLF answers the same as with LF: no value of it holds a line end of its file."""
    found = engine.run(_BOTH_ENDS)
    assert found["size"] > 3000
    assert (found["same"], found["ends"]) == (True, False)


def test_functions_are_those_of_the_page(installed: dict[str, Any]) -> None:
    """Functions, parameters, the types that the page names and -WhatIf are exactly what docs/functions.md says."""
    assert set(installed["functions"]) == set(documented())
    for name, promise in documented().items():
        found = installed["functions"][name]
        assert set(found["parameters"]) == promise.parameters, name
        assert found["whatif"] is promise.changes, name
        for parameter, kind in promise.types.items():
            assert found["parameters"][parameter]["type"] == kind, f"{name} -{parameter}"
        for parameter in promise.optional:
            assert not found["parameters"][parameter]["mandatory"], f"{name} -{parameter}"


def test_error_ids_are_those_of_the_page() -> None:
    """Every error id of our own that the page names is raised, in its category, and no other is."""
    promised = dict(re.findall(r"`([A-Z]\w+)` \[(\w+)\]", page()))
    raised = set(re.findall(r"-Id '(\w+)' -Category (\w+)", joined_source()))
    saved = {("VmSaved", "InvalidOperation")}  # one call with two ids, by the VM's state
    assert raised | saved == set(promised.items())


def test_every_function_has_help(installed: dict[str, Any]) -> None:
    """Get-Help has a synopsis, every parameter, an example and the output of every function."""
    for name, found in installed["functions"].items():
        assert found["synopsis"].strip().endswith("."), name
        assert found["examples"] >= 1, name
        assert found["outputs"].startswith("System.Management.Automation.PSCustomObject"), name
        undescribed = [parameter for parameter, facts in found["parameters"].items() if not facts["described"]]
        assert undescribed == [], name


@pytest.mark.parametrize("way", ["installed", "sent"])
def test_module_is_strict(way: str, request: pytest.FixtureRequest) -> None:
    """An unset variable is an error and errors stop, inside of the module only."""
    found = request.getfixturevalue(way)
    assert found["strict"] == "VariableIsUndefined"
    assert found["preference"] == "Stop"


def test_manifest_exports_what_public_holds() -> None:
    """The manifest lists the functions of Public, no more, and has the version that the module tells."""
    manifest = (MODULE / "Matryoshka.psd1").read_text(encoding="utf-8-sig")
    assert all(f"'{path.stem}'" in manifest for path in function_files("Public"))
    assert manifest.count("-Nested") == len(function_files("Public"))
    version = (MODULE / "Private" / "Get-MkVersion.ps1").read_text(encoding="utf-8-sig")
    assert "ModuleVersion        = '0.1.0'" in manifest
    assert "return '0.1.0'" in version


@pytest.fixture(scope="module")
def tables() -> dict[str, dict[str, Any]]:
    """What Windows' cmdlets take, by name; tests/powershell/make_cmdlets.py wrote the table."""
    found: dict[str, dict[str, Any]] = cmdlet_tables()["cmdlets"]
    return found


def test_errors_of_windows_stop(installed: dict[str, Any], tables: dict[str, dict[str, Any]]) -> None:
    """Calls to modules that do not hear our error preference say what an error does."""
    for call in installed["calls"]:
        if call["name"] in tables and tables[call["name"]]["module"] in _DEAF:
            assert "ErrorAction" in call["parameters"], f"{call['file']}:{call['line']} {call['name']}"


def test_bootstrap_refuses_another_text(engine: Engine) -> None:
    """A module whose text is not the announced one is not run."""
    body = f"""
try {{
    & '{FOLDER / "bootstrap.ps1"}' -Source 'function Get-NestedEvil {{ }}' -Sha256 ('0' * 64)
}}
catch {{
    $id = $_.FullyQualifiedErrorId
}}
@{{ id = $id; there = [bool](Get-Command -Name 'Get-NestedEvil' -ErrorAction Ignore) }} | ConvertTo-Json -Compress
"""
    assert engine.run(body) == {"id": "Matryoshka.ModuleRefused", "there": False}


def test_bootstrap_twice_is_once(engine: Engine) -> None:
    """A session that has this very module keeps it."""
    body = f"""
$before = Get-Module -Name 'Matryoshka'
$info = & '{FOLDER / "bootstrap.ps1"}' -Source $source -Sha256 (Get-NestedModuleInfo).Sha256
$same = [object]::ReferenceEquals($before, (Get-Module -Name 'Matryoshka'))
@{{ same = $same; version = $info.Version }} | ConvertTo-Json -Compress
"""
    assert engine.run(body) == {"same": True, "version": "0.1.0"}
