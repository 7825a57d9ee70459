"""Probes and reports on the real engine, against a pretended Windows."""

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


_EVENTS = """
$guest = 'HKLM:\\SOFTWARE\\Microsoft\\Virtual Machine\\Guest\\Parameters'
$launch = [pscustomobject]@{ LogName = 'System'; Id = 1; TimeCreated = $Fake.Booted.AddSeconds(5) }
$refusal = [pscustomobject]@{ LogName = 'System'; Id = 41; TimeCreated = $Fake.Booted.AddSeconds(9) }
$old = [pscustomobject]@{ LogName = 'System'; Id = 1; TimeCreated = $Fake.Booted.AddHours(-1) }
$cpu = 'HKLM:\\HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\0'
$Fake.Registry[$cpu] = @{ 'Update Revision' = [byte[]](0, 0, 0, 0, 204, 0, 0, 0) }
"""
_METAL = "$Fake.Hypervisor = $false; $Fake.Bits = $true; $Fake.Registry.Remove($guest); $Fake.Events = @()"
_GUEST = "$Fake.Hypervisor = $true; $Fake.Registry[$guest] = @{}; $Fake.Bits = $false; $Fake.Events = @()"
_MACHINES = {
    "metal": (_METAL, "metal", False),
    "root": (f"{_METAL}; $Fake.Hypervisor = $true; $Fake.Bits = $false", "root", False),
    "exposed": (f"{_GUEST}; $Fake.Bits = $true", "guest_exposed", False),
    "plain": (_GUEST, "guest_not_exposed", False),
    "launched": (f"{_GUEST}; $Fake.Events = @($launch)", "guest_root", True),
    "refused": (f"{_GUEST}; $Fake.Events = @($launch, $refusal)", "guest_not_exposed", False),
    "before": (f"{_GUEST}; $Fake.Events = @($old)", "guest_not_exposed", False),
}


def test_machine_is_classified(engine: Engine) -> None:
    """The probe tells metal, root and the three kinds of guest apart, by the events of this boot only."""
    scenes = {name: f"{setting}; Get-NestedCpuProbe" for name, (setting, _, _) in _MACHINES.items()}
    found = play(engine, _EVENTS, **scenes)
    for name, (_, classification, launched) in _MACHINES.items():
        assert_fields("Get-NestedCpuProbe", found[name])
        probe = found[name]["result"]
        assert (probe["Classification"], probe["HypervisorLaunched"]) == (classification, launched)
        assert probe["MicrocodeSignature"] == "000000CC"


def test_launch_is_proven_or_explained(engine: Engine) -> None:
    """Event 1 of this boot is the proof; a later failure says why there is none; an earlier boot's does not count."""
    scenes = {name: f"{_MACHINES[name][0]}; Get-NestedHypervisorProof" for name in ("launched", "refused", "before")}
    found = play(engine, _EVENTS, **scenes)
    assert_fields("Get-NestedHypervisorProof", found["launched"])
    proofs = {name: outcome["result"] for name, outcome in found.items()}
    assert (proofs["launched"]["LaunchEventId"], proofs["launched"]["LaunchedAt"]) == (1, "2026-01-02T03:04:10Z")
    assert (proofs["refused"]["FailureEventId"], proofs["refused"]["FailureReason"]) == (41, "VMX missing")
    assert {name: proof["HypervisorLaunched"] for name, proof in proofs.items()} == {
        "launched": True,
        "refused": False,
        "before": False,
    }


def test_reports(engine: Engine) -> None:
    """Report, boot identity and evidence have the promised fields; a machine without Hyper-V has a report too."""
    found = play(
        engine,
        '$null = Add-FakeVM -Name \'n\' -Notes \'{"matryoshka":{"owner":"lab_1","node":"n"}}\'\n'
        "$manager = 'HKLM:\\SYSTEM\\CurrentControlSet\\Control\\Session Manager'\n"
        "$Fake.Registry[$manager] = @{ PendingFileRenameOperations = @('a', '') }\n"
        "$Fake.Events = @(foreach ($n in 1..201) {\n"
        "$what = @{ LogName = 'System'; Id = $n; ProviderName = 'p'; Level = 2; TimeCreated = [datetime]::Now }\n"
        "[pscustomobject]$what\n})",
        report="Get-NestedHostReport",
        boot="Get-NestedBootIdentity",
        evidence="Get-NestedEvidence",
        quiet="Remove-Item -LiteralPath 'function:Get-VMHost'; Get-NestedHostReport",
    )
    assert_fields("Get-NestedHostReport", found["report"])
    assert_fields("Get-NestedBootIdentity", found["boot"])
    assert_fields("Get-NestedEvidence", found["evidence"])
    report = found["report"]["result"]
    assert (report["SocketCount"], report["MemoryTotalMib"], report["DefaultVMVersion"]) == (2, 65536, "10.0")
    assert report["VMs"][0]["Owner"] == "lab_1"
    assert report["SupportedVMVersions"] == ["9.0", "10.0"]
    assert (found["boot"]["result"]["PendingReboot"], found["boot"]["result"]["PendingReasons"]) == (
        True,
        ["file_rename"],
    )
    assert found["boot"]["result"]["BootId"] == "20260102030405123"
    assert len(found["evidence"]["result"]["Events"]) == 200
    assert found["evidence"]["result"]["Truncated"] is True
    assert (found["quiet"]["result"]["DefaultVMVersion"], found["quiet"]["result"]["VMs"]) == (None, [])
