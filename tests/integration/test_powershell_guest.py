"""A node's configuration, domain, roles and firewall on the real engine, against a pretended Windows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.powershell_docs import assert_fields
from tests.integration.powershell_kit import Engine, play
from tests.integration.powershell_stage import Stage

_CREDENTIAL = (
    "$who = New-Object -TypeName 'pscredential' -ArgumentList "
    "'a', (ConvertTo-SecureString 'pa55word' -AsPlainText -Force)\n"
)
_ADAPTER = (
    "$Fake.NetAdapters.Add([pscustomobject]@{ InterfaceIndex = [uint32]5; InterfaceGuid = '{1}'; "
    "MacAddress = '02-A1-B2-C3-D4-E5'; Status = 'Up' })\n"
    "$tcpip = 'HKLM:\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters'\n"
    "$Fake.Registry[$tcpip] = @{ 'NV Domain' = '' }\n"
)
_CONFIGURE = (
    "Set-NestedGuestConfiguration -MacAddress '02a1b2c3d4e5' -Address '10.77.1.11' -Gateway '10.77.1.1' "
    "-DnsServer '10.77.1.1' -DnsSuffix 'lab.example' -HostEntries @{ 'nest-2' = '10.77.1.12'; 'nest-1' = '10.77.1.11' }"
)


@pytest.fixture
def engine(stage: Stage, tmp_path: Path) -> Engine:
    """An engine with a folder of its own; Windows' folders are taken from it."""
    (tmp_path / "drivers" / "etc").mkdir(parents=True)
    (tmp_path / "drivers" / "etc" / "hosts").write_bytes(
        b"# comment\r\n127.0.0.1 localhost\r\n1.1.1.1 gone # matryoshka\r\n"
    )
    (tmp_path / "Panther").mkdir()
    (tmp_path / "Panther" / "unattend.xml").write_text("<secret/>")
    return Engine(stage.pwsh, tmp_path, stage)


def test_guest_is_configured_once(engine: Engine) -> None:
    """Address, names and policies are set, the seed is removed; a second call and -WhatIf change nothing."""
    found = play(
        engine,
        _ADAPTER,
        before="Get-NestedGuestConfiguration",
        what=f"{_CONFIGURE} -WhatIf",
        first=_CONFIGURE,
        second=_CONFIGURE,
        read="Get-NestedGuestConfiguration -MacAddress '02A1B2C3D4E5'",
        absent="Set-NestedGuestConfiguration -MacAddress '020000000000'",
        duplicate="Set-NestedGuestConfiguration -MacAddress '02A1B2C3D4E5' -Address '10.77.1.66'",
    )
    assert_fields("Get-NestedGuestConfiguration", found["before"])
    assert_fields("Set-NestedGuestConfiguration", found["first"])
    assert found["before"]["result"]["SeedRemoved"] is False
    assert found["what"]["calls"] == []
    result = found["first"]["result"]
    assert (result["Changed"], result["RestartNeeded"], result["SeedRemoved"]) == (True, True, True)
    assert (result["Addresses"], result["Gateway"], result["DnsServers"]) == (
        ["10.77.1.11/24"],
        "10.77.1.1",
        ["10.77.1.1"],
    )
    assert (result["NetworkCategory"], result["LocalAccountTokenFilterPolicy"]) == ("Private", 1)
    assert result["DnsSuffix"] == "lab.example"
    assert result["HostEntries"] == {"localhost": "127.0.0.1", "nest-1": "10.77.1.11", "nest-2": "10.77.1.12"}
    assert "Set-WSManInstance old-host,nest-1,nest-2" in found["first"]["calls"]
    repeated = [call for call in found["second"]["calls"] if not call.startswith("Set-WSManInstance")]
    assert repeated == []
    assert found["read"]["result"] == {k: v for k, v in result.items() if k not in ("Changed", "RestartNeeded")}
    assert found["absent"]["id"] == "Matryoshka.AdapterNotFound,Set-NestedGuestConfiguration"
    assert found["duplicate"]["id"] == "Matryoshka.AddressInUse,Set-NestedGuestConfiguration"
    assert found["duplicate"]["calls"][-1] == "Remove-NetIPAddress 10.77.1.66"
    hosts = (engine.folder / "drivers" / "etc" / "hosts").read_bytes()
    assert hosts.startswith(b"# comment\r\n127.0.0.1 localhost\r\n10.77.1.11 nest-1 # matryoshka\r\n")


def test_dhcp_is_kept(engine: Engine) -> None:
    """Without an address the network settings stay as they are."""
    found = play(engine, _ADAPTER, it="Set-NestedGuestConfiguration -MacAddress '02A1B2C3D4E5'")["it"]
    assert not [call for call in found["calls"] if "NetIP" in call or "Route" in call or "Dns" in call]
    assert found["result"]["RestartNeeded"] is False


def test_domain_join_and_restart(engine: Engine) -> None:
    """A machine is joined once; a restart is asked for with a delay, and one that is planned already is no error."""
    join = "Add-NestedDomainMember -Domain 'lab.example' -Credential $who -OrganizationalUnit 'OU=x'"
    found = play(
        engine,
        _CREDENTIAL,
        first=join,
        second=join,
        restart="Restart-NestedGuest",
        what="Restart-NestedGuest -WhatIf",
    )
    assert_fields("Add-NestedDomainMember", found["first"])
    assert_fields("Restart-NestedGuest", found["restart"])
    assert found["first"]["result"] == {"Changed": True, "Domain": "lab.example", "RestartNeeded": True}
    assert found["first"]["calls"] == ["Add-Computer lab.example OU=x"]
    assert found["second"]["result"]["Changed"] is False
    assert found["restart"]["result"] == {"Changed": True, "BootId": "20260102030405123"}
    assert found["restart"]["calls"] == ["Start-Process shutdown.exe /r /f /t 5 /d p:4:1"]
    assert (found["what"]["result"]["Changed"], found["what"]["calls"]) == (False, [])


_ROLE = "Install-NestedRole -Feature 'Hyper-V', 'Failover-Clustering'"
_FEATURES = "$Fake.Features = @{ 'Hyper-V' = 'Available'; 'Failover-Clustering' = 'Available' }\n"


def test_role_is_installed_once(engine: Engine) -> None:
    """Features are installed without a restart, whose need is told until it has been."""
    found = play(engine, _FEATURES, before="Get-NestedRole -Feature 'Hyper-V', 'Nothing'", first=_ROLE, second=_ROLE)
    assert_fields("Get-NestedRole", found["before"])
    assert_fields("Install-NestedRole", found["first"])
    assert found["before"]["result"]["Features"] == [
        {"Name": "Hyper-V", "InstallState": "Available"},
        {"Name": "Nothing", "InstallState": None},
    ]
    assert found["first"]["result"]["ExitCode"] == "SuccessRestartRequired"
    assert (found["first"]["result"]["Changed"], found["first"]["result"]["UsedDism"]) == (True, False)
    assert (found["second"]["calls"], found["second"]["result"]["Changed"]) == ([], False)
    assert found["second"]["result"]["RestartNeeded"] is True


def test_dism_installs_hyperv_only_where_the_processor_shows_it(engine: Engine) -> None:
    """The prerequisite check's refusal is passed over when the CPU flags are there, and stands when they are not."""
    refused = _FEATURES + "$Fake.Refuse = 'Install-WindowsFeature'\n"
    found = play(engine, refused, blind=f"$Fake.Bits = $false; {_ROLE}", seeing=f"$Fake.Bits = $true; {_ROLE}")
    assert found["blind"]["id"].startswith(
        "Alteration_PrerequisiteCheck_Failed,Microsoft.Windows.ServerManager.Commands.AddWindowsFeatureCommand"
    )
    assert found["seeing"]["calls"] == [
        "Install-WindowsFeature Hyper-V Failover-Clustering",
        "Install-WindowsFeature Failover-Clustering Hyper-V-PowerShell",
        "Enable-WindowsOptionalFeature Microsoft-Hyper-V",
    ]
    assert (found["seeing"]["result"]["UsedDism"], found["seeing"]["result"]["RestartNeeded"]) == (True, True)


def test_firewall_groups(engine: Engine) -> None:
    """A group is enabled when every rule is; an unknown one is not, and cannot be enabled silently."""
    found = play(
        engine,
        "",
        before="Get-NestedFirewallRule -Group '@a', '@none'",
        first="Enable-NestedFirewallRule -Group '@a'",
        repeat="$Fake.Calls.Add('Enable-NetFirewallRule @a'); Enable-NestedFirewallRule -Group '@a'",
    )
    assert_fields("Get-NestedFirewallRule", found["before"])
    assert_fields("Enable-NestedFirewallRule", found["first"])
    assert found["before"]["result"]["Groups"] == [
        {"Group": "@a", "Enabled": False},
        {"Group": "@none", "Enabled": False},
    ]
    assert (found["first"]["result"]["Enabled"], found["first"]["result"]["Changed"]) == (True, True)
    assert found["repeat"]["result"]["Changed"] is False
