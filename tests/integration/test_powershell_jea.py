"""The JEA endpoint on the real engine: what the installed session file and role give to a caller and refuse him."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.bridge.process import BridgeSettings, running_bridge
from tests.integration.powershell_kit import FAKES, MODULE, ROOT, Engine, text_of
from tests.integration.sandbox_process import Watching
from tests.rules.functions_page import functions_of_page
from workers.psrp.host_way import HostWay
from workers.psrp.invoke import Invocation, run
from workers.psrp.line import HostLine
from workers.psrp.module import ensure_module, module_source
from workers.psrp.pool import SessionPool, session_opener
from workers.psrp.session import HostSession
from workers.psrp.transport import Timeouts
from workers.psrp.values import parse_result, single_object
from workers.secrets import SecretStr

_WINDOWS = ROOT / "deploy" / "windows"
_SECONDS = 120
_MODULES = Path("WindowsPowerShell", "Modules")
_TIMEOUTS = Timeouts(connect=20, operation=15, read=25, poll=0.3)
# What Windows shows in every session of this type.
_DEFAULTS = [
    "Clear-Host",
    "Exit-PSSession",
    "Get-Command",
    "Get-FormatData",
    "Get-Help",
    "Measure-Object",
    "Out-Default",
    "Select-Object",
]
_ALIASES = ["Alias cls", "Alias exsn", "Alias gcm", "Alias measure", "Alias select"]
# In such a session these are proxies with few parameters, also for the module's own calls.
_PROXIES = re.compile(r"(?<![\\\w])(?:" + "|".join(_DEFAULTS) + r")\b")

# Texts and commands by name that must not run, with the id of the refusal. `$ps` is the pipeline.
_NO_LANGUAGE = (
    "1 + 1",
    "Get-NestedModuleInfo",
    "$a = 1",
    "$PSVersionTable",
    "$env:PATH",
    "& Get-NestedModuleInfo",
    "& { Get-NestedModuleInfo }",
    ". /tmp/a.ps1",
    "Get-NestedModuleInfo | ForEach-Object { 1 }",
    "Get-NestedCall -CallId { 1 }",
    "Get-NestedCall -CallId $(1)",
    "Get-NestedCall -CallId (Get-NestedModuleInfo)",
    "function Get-Own { 1 }",
    "[System.IO.File]::ReadAllText('/etc/hosts')",
)
_NOT_VISIBLE = (
    "AddCommand('Invoke-Expression').AddParameter('Command', '1 + 1')",
    "AddCommand('Get-Process')",
    "AddCommand('Get-Content').AddParameter('Path', '/etc/hosts')",
    "AddCommand('Import-Module').AddParameter('Name', 'Matryoshka')",
    "AddCommand('Invoke-Command').AddParameter('ScriptBlock', { 1 })",
    "AddCommand('New-Object').AddParameter('TypeName', 'System.Object')",
    "AddCommand('Set-Variable').AddParameter('Name', 'a').AddParameter('Value', 1)",
    "AddCommand('Get-MkVM')",
    "AddCommand('Matryoshka\\Get-MkVM')",
    "AddCommand('Microsoft.PowerShell.Core\\Get-Command')",
    "AddCommand('Microsoft.PowerShell.Utility\\Select-Object')",
    "AddCommand('/bin/ls')",
    "AddCommand('sh')",
    "AddCommand('Get-NestedModuleInfo').AddCommand('ForEach-Object').AddParameter('MemberName', 'Version')",
)
_CALL = "AddCommand('Invoke-NestedCall').AddParameter('Name', '{}').AddParameter('Parameters', @{{ {} }})"
_JOURNALED = _CALL + ".AddParameter('CallId', 'j.s.0#{}').AddParameter('Fence', 1)"
_SWITCH = "Name = 'mk-a'; Owner = 'lab_1'; HostAddress = '10.9.0.1'"
_RUNS = {
    "info": "AddCommand('Get-NestedModuleInfo')",
    "qualified": "AddCommand('Matryoshka\\Get-NestedModuleInfo')",
    "absent call": "AddCommand('Get-NestedCall').AddParameter('CallId', 'j.s.0#1')",
    "new switch": _JOURNALED.format("New-NestedSwitch", _SWITCH, 1),
    "new switch again": _JOURNALED.format("New-NestedSwitch", _SWITCH, 1),
    "known call": "AddCommand('Get-NestedCall').AddParameter('CallId', 'j.s.0#1')",
    "new nat": _JOURNALED.format("New-NestedNat", "Name = 'mk-a'; Prefix = '10.9.0.0/24'", 2),
    "switch": _CALL.format("Get-NestedSwitch", "Name = 'mk-a'"),
    "nat": "AddCommand('Get-NestedNat').AddParameter('Name', 'mk-a')",
    "evidence": "AddCommand('Get-NestedEvidence')",
    "what if": "AddCommand('Remove-NestedNat').AddParameter('Name', 'mk-a').AddParameter('WhatIf')",
    "nat after": "AddCommand('Get-NestedNat').AddParameter('Name', 'mk-a')",
    "block in a parameter": _CALL.format("Get-NestedCall", "CallId = { 1 }"),
    "secret": "AddCommand('Set-NestedClusterQuorum').AddParameter('Witness', 'cloud').AddParameter('AccountName', 'a')"
    ".AddParameter('AccessKey', (ConvertTo-SecureString -String 'geheim' -AsPlainText -Force))",
    "private by name": _CALL.format("Get-MkVM", ""),
    "other by name": _CALL.format("Get-Process", ""),
    "calculated property": "AddCommand('Get-NestedModuleInfo').AddCommand('Select-Object')"
    ".AddParameter('Property', @({ 1 }))",
    "windows' own": "AddCommand('Get-VMSwitch')",
    "windows' own, qualified": "AddCommand('FakeWindows\\Get-VMSwitch')",
    "all that is seen": "AddCommand('Get-Command').AddParameter('Name', '*')",
    "see private": "AddCommand('Get-Command').AddParameter('Name', '*-Mk*')",
    "see hidden": "AddCommand('Get-Command').AddParameter('Name', 'Get-Process')",
}

Answer = dict[str, Any]


@pytest.fixture(scope="module")
def folder(pwsh: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A host's files as the installer leaves them: Program Files, and the session file that was registered."""
    folder = tmp_path_factory.mktemp("jea")
    _install(Engine(pwsh, folder))
    return folder


@pytest.fixture(scope="module")
def answer(pwsh: str, folder: Path) -> Answer:
    """Everything that the installed endpoint gives and answers; three engines are started for it."""
    (session,) = folder.glob("Matryoshka_*.pssc")
    modules = folder / _MODULES
    # As Windows' own modules are: nobody imports it, the first call of one of its commands does.
    (modules / "FakeWindows").mkdir()
    shutil.copy(FAKES / "FakeWindows.psm1", modules / "FakeWindows")
    role = modules / "Matryoshka" / "RoleCapabilities" / "Matryoshka.psrc"
    script = folder / "jea.ps1"
    script.write_text("\n".join(_driver(folder, session, role)), encoding="utf-8")
    done = subprocess.run(
        [pwsh, "-NoProfile", "-NonInteractive", "-File", str(script)],
        env={**os.environ, "PSModulePath": str(modules), "MATRYOSHKA_JOURNAL": str(folder / "journal")},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    found: Answer = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _install(engine: Engine) -> None:
    engine.run(
        f"Import-Module '{FAKES / 'FakeEndpoint.psm1'}' -Global -DisableNameChecking\n"
        "$env:ProgramFiles = $PWD.ProviderPath\n"
        f"$rows = @(& '{_WINDOWS / 'Install-Matryoshka.ps1'}' -Endpoint)\n"
        "ConvertTo-Json -InputObject $rows -Compress"
    )


def _driver(folder: Path, session: Path, role: Path) -> list[str]:
    group = f"{socket.gethostname()}\\Matryoshka Operators"
    cases = {
        **{text: f"AddScript('{_doubled(text)}')" for text in _NO_LANGUAGE},
        **{text: text for text in _NOT_VISIBLE},
        **_RUNS,
    }
    return [
        text_of(FAKES / "JeaDriver.ps1"),
        f"Write-PlainFile -Path '{folder}/plain.pssc'",
        f"Write-PortableFile -Path '{folder}/whole.pssc' -Session '{session}'",
        f"Write-FlatFile -Path '{folder}/flat.pssc' -Session '{session}' -Role '{role}'",
        "$answer = @{}",
        f"Open-Session -Configuration '{folder}/plain.pssc'",
        *[
            f"$answer['{key}'] = Invoke-Case -Build {{ param($ps) "
            f"$ps.AddScript($visible.ToString()).AddParameter('Path', '{folder}/whole.pssc')"
            f".AddParameter('Roles', @('{given}')) }}"
            for key, given in (("member", group), ("stranger", "EXAMPLE\\others"))
        ],
        "$answer['types'] = Invoke-Case -Build { param($ps) $ps.AddScript($types.ToString()) }",
        "Close-Session",
        f"Open-Session -Configuration '{folder}/flat.pssc'",
        *[
            f"$answer['{_doubled(key)}'] = Invoke-Case -Build {{ param($ps) $ps.{built} }}"
            for key, built in cases.items()
        ],
        "Close-Session",
        "ConvertTo-Json -InputObject $answer -Depth 6 -Compress",
    ]


def _doubled(text: str) -> str:
    return text.replace("'", "''")


def _given(answer: Answer, who: str) -> Answer:
    assert answer[who]["id"] == "", answer[who]
    found: Answer = json.loads(answer[who]["output"][0])
    return found


def _record(answer: Answer, case: str) -> Answer:
    assert (answer[case]["id"], answer[case]["errors"]) == ("", []), answer[case]
    (found,) = answer[case]["output"]
    record: Answer = found
    return record


def test_a_member_sees_the_functions_and_nothing_else(answer: Answer) -> None:
    """A member of the group gets the role: the module's functions and what every such session shows."""
    given = _given(answer, "member")
    assert given["asked"] == [f"{socket.gethostname()}\\Matryoshka Operators"]
    assert given["language"] == "NoLanguage"
    assert given["functions"] == sorted([*functions_of_page(), *_DEFAULTS], key=str.lower)
    assert given["others"] == _ALIASES


def test_a_stranger_sees_no_function(answer: Answer) -> None:
    """Who is in no group of the file gets none of the module's functions, even if the endpoint let him in."""
    given = _given(answer, "stranger")
    assert (given["functions"], given["others"], given["language"]) == (_DEFAULTS, _ALIASES, "NoLanguage")


def test_no_function_takes_a_script_block(answer: Answer) -> None:
    """No parameter of a visible function is code, a command or a module: a caller brings data only."""
    types = answer["types"]["output"]
    assert "System.Collections.Hashtable" in types
    assert [name for name in types if re.search(r"ScriptBlock|CommandInfo|PSModuleInfo|FunctionInfo", name)] == []


@pytest.mark.parametrize("text", _NO_LANGUAGE)
def test_texts_are_refused(answer: Answer, text: str) -> None:
    """A script is refused, whatever it says: names of commands with parameters are all that is taken."""
    case = answer[text]
    assert (case["state"], case["id"], case["category"]) == ("Failed", "ScriptsNotAllowed", "ParserError")


@pytest.mark.parametrize("text", _NOT_VISIBLE)
def test_other_commands_are_refused(answer: Answer, text: str) -> None:
    """A command that is not the module's is not found, by whatever name, nor are the module's private functions."""
    case = answer[text]
    assert (case["state"], case["id"], case["category"]) == ("Failed", "CommandNotFoundException", "ObjectNotFound")


def test_the_module_is_the_one_that_workers_ship(answer: Answer, folder: Path) -> None:
    """A worker finds the module in its version's folder: preinstalled, and with the hash of its own text."""
    info = _record(answer, "info")
    assert (info["Preinstalled"], info["Sha256"]) == (True, module_source().sha256)
    assert (folder / _MODULES / "Matryoshka" / info["Version"] / "Matryoshka.psd1").exists()
    assert _record(answer, "qualified")["Sha256"] == info["Sha256"]


def test_changes_go_through_the_journal(answer: Answer) -> None:
    """A journaled call finds its function, runs once and is answered again; Get-NestedCall knows it."""
    first, second = (_record(answer, case) for case in ("new switch", "new switch again"))
    assert (first["Status"], first["Replayed"], second["Replayed"]) == ("completed", False, True)
    assert json.loads(first["ResultJson"])["Changed"] is True
    assert second["ResultJson"] == first["ResultJson"]
    assert [_record(answer, case)["Status"] for case in ("absent call", "known call")] == ["absent", "completed"]


def test_functions_run_whole_in_the_session(answer: Answer) -> None:
    """Inside a function all works as elsewhere, though the caller's Select-Object and Get-Command can do little."""
    assert json.loads(_record(answer, "new nat")["ResultJson"])["Changed"] is True
    assert json.loads(_record(answer, "switch")["ResultJson"])["HostAddress"] == "10.9.0.1"
    assert _record(answer, "nat")["Exists"] is True
    assert _record(answer, "evidence")["Truncated"] is False


def test_what_a_function_loads_stays_hidden(answer: Answer) -> None:
    """Windows' modules that a function's calls load show the caller nothing."""
    ids = [answer[case]["id"] for case in ("windows' own", "windows' own, qualified")]
    assert ids == ["CommandNotFoundException"] * 2
    assert len(answer["all that is seen"]["output"]) == len(functions_of_page()) + len(_DEFAULTS) + len(_ALIASES)


def test_what_if_changes_nothing(answer: Answer) -> None:
    """-WhatIf is taken, and what it spared is still there."""
    assert _record(answer, "what if")["Changed"] is False
    assert _record(answer, "nat after")["Exists"] is True


def test_secrets_arrive(answer: Answer) -> None:
    """A SecureString is taken: the function gets as far as asking for the cluster."""
    assert answer["secret"]["id"] == "Matryoshka.NotClustered,Set-NestedClusterQuorum"


def test_the_door_opens_to_functions_only(answer: Answer) -> None:
    """Invoke-NestedCall runs neither private functions nor others, and a block in its parameters arrives as text."""
    ids = [answer[case]["id"] for case in ("private by name", "other by name")]
    assert ids == ["Matryoshka.FunctionNotAllowed,Invoke-NestedCall"] * 2
    assert _record(answer, "block in a parameter")["ErrorId"] == "ParameterArgumentValidationError,Get-NestedCall"


def test_the_sessions_own_commands_lead_nowhere(answer: Answer) -> None:
    """Get-Command shows no hidden command, and Select-Object computes nothing."""
    assert (answer["see private"]["output"], answer["see hidden"]["output"]) == ([], [])
    assert answer["see hidden"]["errors"] == [
        "CommandNotFoundException,Microsoft.PowerShell.Commands.GetCommandCommand"
    ]
    assert answer["calculated property"]["id"] == "ParameterArgumentValidationError,Select-Object"


@pytest.mark.usefixtures("answer")
def test_workers_need_the_configuration_name_only(pwsh: str, folder: Path) -> None:
    """Given the endpoint's name a worker finds the module, sees its functions, changes the host and sends a secret."""
    settings = BridgeSettings(
        environment={"MATRYOSHKA_JOURNAL": str(folder / "journal")},
        module_path=[folder / _MODULES],
        configurations={"Matryoshka": folder / "flat.pssc"},
    )
    nat = {"name": "New-NestedNat", "parameters": {"Name": "mk-b", "Prefix": "10.8.0.0/24"}}
    secret = {"witness": "cloud", "account_name": "a", "access_key": SecretStr("geheim")}
    with running_bridge(pwsh, settings) as bridge:
        session = HostSession(bridge.endpoint(configuration_name="Matryoshka"), _TIMEOUTS, name="mk:jea")
        session.open()
        session.take()
        ensure_module(session, lambda item: run(session, item, Watching()))
        changed = run(session, Invocation("Invoke-NestedCall", {**nat, "call_id": "w.s.0#1", "fence": 1}), Watching())
        refused = run(session, Invocation("Set-NestedClusterQuorum", secret), Watching())
        session.discard()
        endpoint, pool = bridge.endpoint(configuration_name="Matryoshka"), SessionPool(session_opener(_TIMEOUTS))
        way = HostWay(HostLine(pool, lambda: endpoint, Watching()))
        way.open_shell()
        seen = way.visible_functions()
        pool.close_idle(everything=True)

    assert seen == way.shipped().functions
    assert parse_result(single_object(changed.output, "")["ResultJson"], "")["changed"] is True
    assert [error.error_id for error in refused.errors] == ["Matryoshka.NotClustered,Set-NestedClusterQuorum"]


def test_the_role_names_each_function() -> None:
    """The role shows the functions of docs/functions.md and of the manifest, one by one, and no other kind of thing."""
    role = text_of(_WINDOWS / "Matryoshka.psrc")
    named = re.findall(r"'(\w+-\w+)'", role)
    exported = re.findall(r"'(\w+-Nested\w+)'", text_of(MODULE / "Matryoshka.psd1"))

    assert named == sorted(functions_of_page())
    assert named == exported
    assert re.findall(r"^    (\w+) +=", role, re.MULTILINE) == [
        "GUID",
        "Author",
        "Description",
        "ModulesToImport",
        "VisibleFunctions",
    ]


def test_the_session_is_as_closed_as_it_can_be() -> None:
    """The session file gives no language, a virtual account, and a role to one group; nothing else opens it further."""
    session = re.sub(r"^\s*#.*$", "", text_of(_WINDOWS / "Matryoshka.pssc"), flags=re.MULTILINE)
    keys = dict(re.findall(r"^    (\w+) += (.*)$", session, re.MULTILINE))

    assert keys | {"GUID": "", "Author": "", "Description": ""} == {
        "SchemaVersion": "'2.0.0.0'",
        "GUID": "",
        "Author": "",
        "Description": "",
        "SessionType": "'RestrictedRemoteServer'",
        "LanguageMode": "'NoLanguage'",
        "ExecutionPolicy": "'RemoteSigned'",
        "RunAsVirtualAccount": "$true",
        "RoleDefinitions": "@{",
    }
    assert re.findall(r"^        (.*)$", session, re.MULTILINE) == [
        r"'COMPUTERNAME\Matryoshka Operators' = @{ RoleCapabilities = 'Matryoshka' }"
    ]


def test_functions_name_the_real_commands() -> None:
    """A call of a command that such a session replaces by a proxy names the module: the proxy lacks most parameters."""
    found = []
    for path in sorted(MODULE.glob("P*/*.ps1")):
        code = re.sub(r"<#.*?#>|#.*?$", "", text_of(path), flags=re.DOTALL | re.MULTILINE)
        found += [f"{path.name}: {name}" for name in _PROXIES.findall(code)]

    assert found == []
