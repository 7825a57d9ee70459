"""The way into a guest on the real engine: the guest is another process, reached over real remoting."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.powershell_docs import assert_fields, documented
from tests.integration.powershell_kit import Engine, play
from tests.integration.powershell_stage import Stage

_CREDENTIAL = (
    "$who = New-Object -TypeName 'pscredential' -ArgumentList "
    "'a', (ConvertTo-SecureString 'pa55word' -AsPlainText -Force)\n"
)


@pytest.fixture
def engine(stage: Stage, tmp_path: Path) -> Engine:
    """An engine with a folder of its own."""
    return Engine(stage.pwsh, tmp_path, stage)


_GUEST = "Invoke-NestedGuestCall -VMId ([guid]::NewGuid()) -Credential $who"


def test_guest_call_brings_the_module_once(engine: Engine) -> None:
    """The module is sent to a guest that lacks it, kept there, and used from there; the journal is the guest's own."""
    found = play(
        engine,
        _CREDENTIAL,
        info=f"{_GUEST} -Name 'Get-NestedModuleInfo'",
        change=f"{_GUEST} -Name 'Clear-NestedCallJournal' -CallId 'a.b#1' -Fence 5 "
        "-Parameters @{ OlderThanDays = 9 }",
        replay=f"{_GUEST} -Name 'Clear-NestedCallJournal' -CallId 'a.b#1' -Fence 5",
        fence=f"{_GUEST} -Name 'Clear-NestedCallJournal' -CallId 'a.b#1' -Fence 4",
        refused=f"{_GUEST} -Name 'Clear-NestedCallJournal'",
        winrm="Invoke-NestedGuestCall -ComputerName 'nest-1' -Credential $who -Name 'Get-NestedModuleInfo'",
    )
    assert tuple(found["info"]["result"]) == documented()["Invoke-NestedCall"].fields
    assert found["info"]["calls"] == ["Invoke-Command False", "Invoke-Command True"]
    assert found["change"]["calls"] == ["Invoke-Command False"]
    assert '"Removed":0' in found["change"]["result"]["ResultJson"]
    assert found["replay"]["result"] == {**found["change"]["result"], "Replayed": True}
    assert (found["fence"]["id"], found["fence"]["category"]) == (
        "Matryoshka.FenceTooOld,Invoke-NestedCall",
        "InvalidOperation",
    )
    assert found["refused"]["id"] == "Matryoshka.FunctionNotAllowed,Invoke-NestedCall"
    assert '"Preinstalled":true' in found["winrm"]["result"]["ResultJson"]
    (module,) = (engine.folder / "ProgramData" / "Matryoshka" / "module").iterdir()
    assert module.suffix == ".ps1"


def test_spoiled_module_in_a_guest_is_replaced(engine: Engine) -> None:
    """A module in the guest whose hash is wrong is not run: the right one is sent again."""
    folder = "$env:ProgramData/Matryoshka/module"
    setting = (
        f'{_CREDENTIAL}$null = [System.IO.Directory]::CreateDirectory("{folder}")\n'
        f"[System.IO.File]::WriteAllText(\"{folder}/$((Get-NestedModuleInfo).Sha256).ps1\", 'throw 1')"
    )
    found = play(engine, setting, it=f"{_GUEST} -Name 'Get-NestedModuleInfo'")["it"]
    assert (found["id"], found["calls"]) == ("", ["Invoke-Command False", "Invoke-Command True"])


@pytest.mark.parametrize(
    ("refusal", "error_id", "category"),
    [
        ("PSDirectException", "Matryoshka.GuestCredentialRejected,Invoke-NestedGuestCall", "AuthenticationError"),
        ("PSRemotingDataStructureException", "Matryoshka.GuestNotReady,Invoke-NestedGuestCall", "ResourceUnavailable"),
        ("PSRemotingTransportException", "Matryoshka.GuestNotReady,Invoke-NestedGuestCall", "ResourceUnavailable"),
        ("InvalidVMState", "InvalidVMState", "InvalidArgument"),
    ],
)
def test_session_errors_are_told_apart(engine: Engine, refusal: str, error_id: str, category: str) -> None:
    """A bad credential, a guest that is not ready and Windows' own refusals are different errors, by type and id."""
    found = play(engine, f"{_CREDENTIAL}$Fake.Refuse = '{refusal}'", it=f"{_GUEST} -Name 'Get-NestedModuleInfo'")["it"]
    assert (found["id"].removesuffix(",Invoke-Command"), found["category"]) == (error_id, category)


def test_waiting_for_a_guest(engine: Engine) -> None:
    """A guest is there when Setup is complete; a young guest's rejection of a credential is no verdict yet."""
    wait = "Wait-NestedGuest -VMId $vm.Id -Credential $who -TimeoutSeconds 0"
    found = play(
        engine,
        f"{_CREDENTIAL}$vm = Add-FakeVM -Name 'n' -State 'Running'\n$Fake.ImageState = 'IMAGE_STATE_UNDEPLOYABLE'",
        setup=wait,
        young=f"$Fake.Refuse = 'PSDirectException'; {wait}",
        grown=f"$vm.Uptime = [timespan]::FromMinutes(11); {wait}",
        away=f"$Fake.Refuse = 'PSRemotingTransportException'; {wait}",
        novm="Wait-NestedGuest -VMId ([guid]::NewGuid()) -Credential $who",
    )
    assert_fields("Wait-NestedGuest", found["setup"])
    assert (found["setup"]["result"]["Reached"], found["setup"]["result"]["Stage"]) == (False, "session")
    assert found["young"]["result"]["Stage"] == "no_session"
    assert found["grown"]["id"] == "Matryoshka.GuestCredentialRejected,Wait-NestedGuest"
    assert found["away"]["result"] == {
        "Reached": False,
        "Stage": "no_session",
        "ImageState": None,
        "BootId": None,
        "PendingReboot": None,
    }
    assert found["novm"]["id"] == "Matryoshka.VmNotFound,Wait-NestedGuest"


_INSIDE = """
function Invoke-Command {
    # A guest in this very process: its journal and its boot are this Windows' own.
    param([guid]$VMId, [pscredential]$Credential, [scriptblock]$ScriptBlock, [object[]]$ArgumentList)
    if ($ScriptBlock.ToString() -match 'ImageState') {
        return 'IMAGE_STATE_COMPLETE'
    }
    return & $ScriptBlock @ArgumentList
}
"""


def test_guest_is_reached_in_another_boot_only(engine: Engine) -> None:
    """The boot id of before a restart does not satisfy a wait for the next boot."""
    wait = "Wait-NestedGuest -VMId $vm.Id -Credential $who -TimeoutSeconds 0"
    found = play(
        engine,
        f"{_CREDENTIAL}$vm = Add-FakeVM -Name 'n' -State 'Running'\n{_INSIDE}",
        there=wait,
        same=f"{wait} -NotBootId '20260102030405123'",
        probe="Get-NestedVMProbe -VMId $vm.Id -Credential $who",
    )
    assert found["there"]["result"] == {
        "Reached": True,
        "Stage": "setup_complete",
        "ImageState": "IMAGE_STATE_COMPLETE",
        "BootId": "20260102030405123",
        "PendingReboot": False,
    }
    assert (found["same"]["result"]["Reached"], found["same"]["result"]["Stage"]) == (False, "setup_complete")
    assert found["probe"]["result"]["ProbeSource"] == "guest"
    assert found["probe"]["result"]["Probe"]["Classification"] == "root"
