"""Install-Matryoshka.ps1 -Endpoint on the real engine: endpoint, group, members, quotas and the restart of WinRM."""

from __future__ import annotations

import codecs
import json
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.integration.powershell_kit import FAKES, ROOT
from tests.integration.powershell_stage import Stage

_WINDOWS = ROOT / "deploy" / "windows"
_INSTALLER = _WINDOWS / "Install-Matryoshka.ps1"
_TABLES = ROOT / "tests" / "powershell" / "cmdlets.json"
_MACHINE = socket.gethostname()
_ENDPOINT = "-Endpoint -Member 'EXAMPLE\\svc', 'worker' -MaxShellsPerUser 60 -MaxMemoryPerShellMB 2048"
_ROWS = ["Module", "RoleCapability", "Group", "Member", "Member", "Endpoint", "MaxShellsPerUser", "MaxMemoryPerShellMB"]
_NOT_IN_THE_TABLES = {"New-SelfSignedCertificate", "Add-FakeCall"}
_BEFORE = f"""
$ErrorActionPreference = 'Stop'
$WarningPreference = 'SilentlyContinue'
Import-Module '{FAKES / "FakeEndpoint.psm1"}' -Global -DisableNameChecking
$env:ProgramFiles = $PWD.ProviderPath
$runs = @()
function Install {{
    param([string]$Arguments)
    $rows = @()
    try {{
        Invoke-Expression -Command "& '{_INSTALLER}' $Arguments" | ForEach-Object -Process {{ $rows += $_ }}
    }}
    catch {{
        $rows += @{{ What = 'Error'; Value = $_.FullyQualifiedErrorId; Changed = $false }}
    }}
    $script:runs += , $rows
}}
"""
_AFTER = "ConvertTo-Json -InputObject @{ runs = $runs; endpoint = $Endpoint } -Depth 5 -Compress"

Row = dict[str, Any]


@dataclass(frozen=True)
class Host:
    """A pretended Windows with a Program Files of its own."""

    stage: Stage
    folder: Path

    @property
    def module(self) -> Path:
        """Where the module is installed."""
        return self.folder / "WindowsPowerShell" / "Modules" / "Matryoshka"

    def run(self, *steps: str) -> tuple[list[list[Row]], dict[str, Any]]:
        """Run installer arguments ('-...') and lines of PowerShell in turn: each run's rows, and what is there then."""
        lines = [f"Install -Arguments {_quoted(step)}" if step.startswith("-") else step for step in steps]
        script = self.folder / "steps.ps1"
        script.write_text("\n".join([_BEFORE, *lines, _AFTER]), encoding="utf-8")
        found = json.loads(self.stage.run(script, self.folder, {}))
        return found["runs"], found["endpoint"]


@pytest.fixture
def host(stage: Stage, tmp_path: Path) -> Host:
    """A host on which nothing was installed yet."""
    return Host(stage, tmp_path)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _changed(rows: list[Row]) -> list[str]:
    return [row["What"] for row in rows if row["Changed"]]


def _restart(rows: list[Row]) -> str:
    (value,) = [row["Value"] for row in rows if row["What"] == "RestartWinRM"]
    return str(value)


def test_the_endpoint_is_made_once(host: Host) -> None:
    """A first run makes role, group, members and endpoint with quotas, restarts nothing; a second changes nothing."""
    (first, second), found = host.run(_ENDPOINT, _ENDPOINT)

    assert [row["What"] for row in first] == [*_ROWS, "RestartWinRM"]
    assert _changed(first) == _ROWS
    assert _changed(second) == []
    assert (_restart(first), _restart(second)) == ("needed", "needed")
    assert found["Calls"] == [
        "New-LocalGroup Matryoshka Operators",
        "Add-LocalGroupMember S-1-5-21-1-2-3-1001 EXAMPLE\\svc",
        f"Add-LocalGroupMember S-1-5-21-1-2-3-1001 {_MACHINE}\\worker",
        f"Register-PSSessionConfiguration Matryoshka {_MACHINE}\\Matryoshka Operators",
        "Set-WSManInstance MaxShellsPerUser",
        "Set-WSManInstance MaxMemoryPerShellMB",
    ]
    (made,) = found["Configurations"]
    assert (made["MaxShells"], made["MaxShellsPerUser"], made["MaxMemoryPerShellMB"]) == ("60", "60", "2048")
    # Beside the version's folder: Windows PowerShell 5.1 does not look inside it.
    roles = [path.relative_to(host.module) for path in host.module.rglob("*.psrc")]
    assert roles == [Path("RoleCapabilities/Matryoshka.psrc")]


def test_what_if_makes_nothing(host: Host) -> None:
    """-WhatIf, for a first installation and for a removal, changes neither files nor settings."""
    ask = f"{_ENDPOINT} -RestartWinRM -WhatIf"
    look = "$Endpoint.Seen = @($Endpoint.Calls) + [System.IO.Directory]::GetDirectories($PWD.ProviderPath)"
    runs, found = host.run(ask, look, _ENDPOINT, "$Endpoint.Calls = @()", ask, "-Uninstall -WhatIf")

    assert found["Seen"] == []
    assert [row["What"] for row in runs[0]] == [*_ROWS, "RestartWinRM"]
    assert [_changed(rows) for rows in runs] == [[], _ROWS, [], []]
    assert (_restart(runs[2]), found["Calls"]) == ("needed", [])
    assert (host.module / "RoleCapabilities" / "Matryoshka.psrc").exists()


def test_a_half_done_installation_is_completed(host: Host) -> None:
    """A run that broke off at the registration is finished by the next one, which makes only what is missing."""
    refuse = "$Endpoint.Refuse = 'Register-'"
    (broken, whole), found = host.run(refuse, _ENDPOINT, "$Endpoint.Refuse = ''", _ENDPOINT)

    assert broken[-1]["What"] == "Error"
    assert [row["What"] for row in broken[:-1]] == _ROWS[:5]
    assert _changed(whole) == _ROWS[5:]
    assert len(found["Configurations"]) == 1


def test_a_foreign_endpoint_is_refused(host: Host) -> None:
    """An endpoint of our name that is not ours stops the run before it changes anything, and removing leaves it."""
    foreign = "$Endpoint.Configurations = @([pscustomobject]@{ Name = 'Matryoshka'; GUID = [string][guid]::NewGuid() })"
    plain = "$Endpoint.Configurations = @([pscustomobject]@{ Name = 'Matryoshka' })"
    runs, found = host.run(foreign, _ENDPOINT, "-Uninstall", plain, _ENDPOINT)

    assert [[row["Value"] for row in rows] for rows in (runs[0], runs[2])] == [
        ["Matryoshka.EndpointForeign,Install-Matryoshka.ps1"]
    ] * 2
    assert (_changed(runs[1]), found["Calls"]) == ([], [])
    assert len(found["Configurations"]) == 1
    assert not host.module.exists()


def test_a_changed_endpoint_is_registered_again(host: Host) -> None:
    """Another group, an edited copy or a higher limit registers anew, keeping what was raised; a lower one does not."""
    edited = "[System.IO.File]::AppendAllText($Endpoint.Configurations[0].configfilepath, '# edited')"
    domain = "-Endpoint -OperatorGroup 'EXAMPLE\\lab''s opérateurs'"
    runs, found = host.run(
        _ENDPOINT,
        edited,
        "-Endpoint",
        "-Endpoint -MaxShellsPerUser 10",
        "-Endpoint -MaxShellsPerUser 70",
        domain,
    )

    assert ["Endpoint" in _changed(rows) for rows in runs] == [True, True, False, True, True]
    (made,) = found["Configurations"]
    assert (made["MaxShellsPerUser"], made["MaxMemoryPerShellMB"]) == ("70", "2048")
    registered = [call for call in found["Calls"] if call.startswith("Register-")]
    assert registered[-1] == "Register-PSSessionConfiguration Matryoshka EXAMPLE\\lab's opérateurs"
    assert found["Calls"].count("Unregister-PSSessionConfiguration Matryoshka") == len(registered) - 1
    # Windows PowerShell reads a file without a mark in the system's own encoding.
    assert Path(made["configfilepath"]).read_bytes().startswith(codecs.BOM_UTF8)
    assert [group["Name"] for group in found["Groups"]] == ["Matryoshka Operators"]


def test_winrm_restarts_only_when_asked(host: Host) -> None:
    """WinRM restarts once: when that is asked for, needed, also for an earlier run, and cuts no journaled call."""
    hold = (
        "$env:ProgramData = $PWD.ProviderPath; "
        "$journal = [IO.Directory]::CreateDirectory('Matryoshka/journal').FullName; "
        "$lock = [IO.File]::Open(\"$journal/j.s.0#1.lock\", 'OpenOrCreate', 'ReadWrite', 'None')"
    )
    ask = "-Endpoint -RestartWinRM"
    runs, found = host.run(hold, ask, ask, "$lock.Dispose()", ask, ask)
    assert [_restart(rows) for rows in runs] == ["deferred", "deferred", "done", "not needed"]
    assert found["Calls"][-1] == "Restart-Service WinRM"
    assert found["Calls"].count("Restart-Service WinRM") == 1


def test_a_reboot_is_a_restart_too(host: Host) -> None:
    """After a restart of the machine nothing is needed; a restart of WinRM that fails is still needed afterwards."""
    ask = "-Endpoint -RestartWinRM"
    runs, _ = host.run(
        "$Endpoint.Refuse = 'Restart-'",
        ask,
        "-Endpoint",
        "$Endpoint.Booted = [datetime]::MaxValue",
        "-Endpoint",
    )
    assert runs[0][-1]["What"] == "Error"
    assert [_restart(rows) for rows in runs[1:]] == ["needed", "not needed"]


def test_members_are_found_however_they_are_written(host: Host) -> None:
    """A member is known by name, full name or SID, and added by trying where the group cannot be listed."""
    by_sid = "-Endpoint -Member 'S-1-5-21-9-9-9-2000', 'worker', 'EXAMPLE\\svc'"
    runs, found = host.run(
        _ENDPOINT, by_sid, "$Endpoint.ListingFails = $true", "-Endpoint -Member 'worker', 'EXAMPLE\\two'"
    )

    assert "Member" not in _changed(runs[1])
    assert [row["Changed"] for row in runs[2] if row["What"] == "Member"] == [False, True]
    assert len(found["Members"]["S-1-5-21-1-2-3-1001"]) == 3


def test_uninstalling_removes_only_what_was_made(host: Host) -> None:
    """Endpoint, own group and module go without a restart, once; a group that was there before stays."""
    theirs = "$null = New-LocalGroup -Name 'Matryoshka Operators' -Description 'ours'"
    steps = (
        _ENDPOINT,
        "-Uninstall",
        "$Endpoint.Left = @($Endpoint.Configurations) + @($Endpoint.Groups)",
        "-Uninstall",
    )
    runs, found = host.run(*steps, theirs, _ENDPOINT, "-Uninstall")

    assert _changed(runs[1]) == ["Endpoint", "Group", "Module"]
    assert (found["Left"], _changed(runs[2]), host.module.exists()) == ([], [], False)
    assert "Group" not in _changed(runs[3])
    assert _changed(runs[4]) == ["Endpoint", "Module"]
    assert [group["Description"] for group in found["Groups"]] == ["ours"]
    assert "Restart-Service WinRM" not in found["Calls"]


def test_the_pretended_cmdlets_have_real_parameters() -> None:
    """Every parameter of a pretended cmdlet is one of Microsoft's: the installer cannot pass one that Windows lacks."""
    tables = json.loads(_TABLES.read_text(encoding="utf-8"))["cmdlets"]
    text = (FAKES / "FakeEndpoint.psm1").read_text(encoding="utf-8")
    unknown = {}
    for name, body in re.findall(r"^function (\S+) \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL):
        if name not in _NOT_IN_THE_TABLES:
            block = body[: body.index("\n    )")] if "\n    )" in body else body.splitlines()[0]
            wrong = set(re.findall(r"\]\$(\w+)", block)) - set(tables[name]["parameters"])
            unknown.update({name: wrong} if wrong else {})

    assert unknown == {}
