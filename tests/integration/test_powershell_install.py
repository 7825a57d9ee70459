"""deploy/windows/Install-Matryoshka.ps1 on the real engine, with a pretended WinRM, certificate store and firewall."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.powershell_kit import FAKES, ROOT, Engine
from tests.integration.powershell_stage import Stage

_INSTALLER = ROOT / "deploy" / "windows" / "Install-Matryoshka.ps1"
_HTTPS = (
    "-HttpsListener -HostName 'hv1.example.com', '10.0.0.7' -CertificateFile 'hv1.pem' "
    "-MaxShellsPerUser 60 -MaxMemoryPerShellMB 512"
)


@pytest.fixture
def engine(stage: Stage, tmp_path: Path) -> Engine:
    """An engine with a Program Files of its own."""
    return Engine(stage.pwsh, tmp_path, stage)


def _install(engine: Engine, *runs: str) -> dict[str, Any]:
    """Run the installer with each of these arguments, or a line that begins with $; rows and what is there then."""
    lines = [
        f"Import-Module '{FAKES / 'FakeEndpoint.psm1'}' -Global -DisableNameChecking",
        "$env:ProgramFiles = $PWD.ProviderPath",
        "$rows = @()",
        *[run if run.startswith("$") else f"$rows += , @(& '{_INSTALLER}' {run})" for run in runs],
        "ConvertTo-Json -InputObject @{ rows = $rows; endpoint = $Endpoint } -Depth 5 -Compress",
    ]
    found: dict[str, Any] = engine.run("\n".join(lines))
    return found


def _changed(rows: list[dict[str, Any]]) -> dict[str, bool]:
    return {row["What"]: row["Changed"] for row in rows}


def test_installing_twice_changes_nothing(engine: Engine) -> None:
    """Module, certificate, listener, rule and quotas are made once; a limit that is high enough is left alone."""
    found = _install(engine, _HTTPS, _HTTPS)
    first, second = found["rows"]
    assert _changed(first) == {
        "Module": True,
        "Listener": True,
        "FirewallRule": True,
        "MaxShellsPerUser": True,
        "MaxMemoryPerShellMB": False,
    }
    assert not any(_changed(second).values())
    assert found["endpoint"]["Calls"][0] == (
        "New-SelfSignedCertificate CN=hv1.example.com 2.5.29.17={text}DNS=hv1.example.com&IPAddress=10.0.0.7"
    )
    assert (engine.folder / "hv1.pem").read_text() == "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n"


def test_what_if_does_nothing(engine: Engine) -> None:
    """-WhatIf makes neither files nor settings."""
    found = _install(engine, f"{_HTTPS} -WhatIf")
    assert not any(_changed(found["rows"][0]).values())
    assert found["endpoint"]["Calls"] == []
    assert not (engine.folder / "WindowsPowerShell").exists()
    assert not (engine.folder / "hv1.pem").exists()


def test_given_certificate_is_used(engine: Engine) -> None:
    """A certificate of the site replaces ours in the listener, and uninstalling leaves it alone."""
    found = _install(engine, _HTTPS, "-HttpsListener -CertificateThumbprint 'CD34'", "-Uninstall")
    assert _changed(found["rows"][1])["Listener"] is True
    assert found["endpoint"]["Listener"]["CertificateThumbprint"] == "CD34"


def test_who_may_reach_the_host_can_be_changed(engine: Engine) -> None:
    """Other addresses reach the rule that is there; without -RemoteAddress it stays as it was given."""
    subnet = f"{_HTTPS} -RemoteAddress '10.1.0.0/16', '10.2.0.7'"
    found = _install(engine, _HTTPS, subnet, subnet, _HTTPS)

    assert [True, True, False, False] == [_changed(rows)["FirewallRule"] for rows in found["rows"]]
    assert [["10.1.0.0/16", "10.2.0.7"]] == [rule["RemoteAddress"] for rule in found["endpoint"]["Rules"]]


def test_uninstalling_removes_a_certificate_that_is_about_to_expire(engine: Engine) -> None:
    """What this script made goes however old it is: the listener with it."""
    old = "$Endpoint.Certificates[0].NotAfter = [datetime]::Now.AddDays(3)"
    found = _install(engine, _HTTPS, old, "-Uninstall")
    endpoint = found["endpoint"]

    assert (endpoint["Listener"], endpoint["Certificates"]) == (None, [])


def test_uninstalling_removes_what_was_made(engine: Engine) -> None:
    """Module, listener, certificate and rule go; a second time nothing is left to do."""
    found = _install(engine, _HTTPS, "-Uninstall", "-Uninstall")
    assert _changed(found["rows"][1]) == {"Endpoint": False, "Module": True, "Listener": True, "FirewallRule": True}
    assert not any(_changed(found["rows"][2]).values())
    endpoint = found["endpoint"]
    assert (endpoint["Listener"], endpoint["Certificates"], endpoint["Rules"]) == (None, [], [])
    assert "Remove-Item Cert:\\LocalMachine\\My\\AB12" in endpoint["Calls"]
