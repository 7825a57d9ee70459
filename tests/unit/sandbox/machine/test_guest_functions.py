"""Inside a guest: configuration, roles, restarts, domain, firewall."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from sandbox.machine import BootTimes, Credential, DomainConfig, Faults, PsError, SecretText
from tests.unit.sandbox.machine.lab import ADMINISTRATOR, CONFIG, Lab

PREREQUISITE = "Alteration_PrerequisiteCheck_Failed,Microsoft.Windows.ServerManager.Commands.AddWindowsFeatureCommand"
ROLE = {"Feature": ["Hyper-V", "Failover-Clustering"]}


def mac(lab: Lab, vm_id: str) -> str:
    """The MAC address of a node's adapter."""
    return str(lab.run("Get-NestedNode", VMId=UUID(vm_id))["Adapters"][0]["MacAddress"])


def test_configuration_is_set_once() -> None:
    """A fresh guest has DHCP and a public network; afterwards everything is set; a second run changes nothing."""
    lab = Lab()
    node = lab.running()
    before = lab.guest(node, "Get-NestedGuestConfiguration")
    wanted = {
        "MacAddress": mac(lab, node),
        "Address": "10.0.0.1",
        "Gateway": "10.0.0.254",
        "DnsServer": ["10.0.0.53"],
        "DnsSuffix": "lab.test",
        "HostEntries": {"nest-2": "10.0.0.2"},
    }
    first = lab.guest(node, "Set-NestedGuestConfiguration", **wanted)
    second = lab.guest(node, "Set-NestedGuestConfiguration", **wanted)

    assert (before["NetworkCategory"], before["LocalAccountTokenFilterPolicy"]) == ("Public", 0)
    assert before["SeedRemoved"] is False
    assert before["Addresses"][0].endswith("/16")
    assert first["Changed"] is True
    assert first["Addresses"] == ["10.0.0.1/24"]
    assert (first["NetworkCategory"], first["SeedRemoved"], first["DnsSuffix"]) == ("Private", True, "lab.test")
    assert second["Changed"] is False
    assert lab.run("Get-NestedNode", VMId=UUID(node))["Adapters"][0]["IPAddresses"] == ["10.0.0.1"]


def test_an_empty_address_keeps_dhcp() -> None:
    """Without an address the rest is configured and DHCP stays."""
    lab = Lab()
    node = lab.running()
    record = lab.guest(node, "Set-NestedGuestConfiguration", MacAddress=mac(lab, node))

    assert (record["Changed"], record["Addresses"][0].endswith("/16")) == (True, True)


def test_addresses_and_adapters_that_are_refused() -> None:
    """An address that another machine has, and an adapter that is not there."""
    lab = Lab(replace(CONFIG, addresses_in_use=("10.0.0.9",)))
    first, second = lab.running("nest-1"), lab.running("nest-2")
    lab.guest(first, "Set-NestedGuestConfiguration", MacAddress=mac(lab, first), Address="10.0.0.1")

    for address in ("10.0.0.1", "10.0.0.9"):
        with pytest.raises(PsError) as caught:
            lab.guest(second, "Set-NestedGuestConfiguration", MacAddress=mac(lab, second), Address=address)
        assert caught.value.fqid == "Matryoshka.AddressInUse,Set-NestedGuestConfiguration"
    with pytest.raises(PsError) as caught:
        lab.guest(second, "Set-NestedGuestConfiguration", MacAddress="FFFFFFFFFFFF")
    assert caught.value.fqid == "Matryoshka.AdapterNotFound,Set-NestedGuestConfiguration"


def test_the_role_waits_for_its_restart() -> None:
    """Hyper-V is InstallPending until the restart; clustering is installed at once; a second run changes nothing."""
    lab = Lab()
    node = lab.running()
    first = lab.guest(node, "Install-NestedRole", **ROLE)
    percents = lab.streams.percents
    second = lab.guest(node, "Install-NestedRole", **ROLE)

    assert (first["Changed"], first["RestartNeeded"], first["ExitCode"]) == (True, True, "SuccessRestartRequired")
    assert [row["InstallState"] for row in first["Features"]] == ["InstallPending", "Installed"]
    assert (second["Changed"], second["RestartNeeded"]) == (False, True)
    assert percents[-1] == 100
    assert lab.guest(node, "Get-NestedRole", **ROLE)["PendingReboot"] is True
    assert lab.count("role_installed") == 2


def test_a_feature_without_restart() -> None:
    """Failover-Clustering alone needs no restart, and nothing is done twice."""
    lab = Lab()
    node = lab.running()

    first = lab.guest(node, "Install-NestedRole", Feature=["Failover-Clustering"])
    again = lab.guest(node, "Install-NestedRole", Feature=["Failover-Clustering"])
    assert (first["ExitCode"], first["RestartNeeded"]) == ("Success", False)
    assert (again["ExitCode"], again["Changed"]) == ("NoChangeNeeded", False)


def test_the_role_needs_the_cpu_flags() -> None:
    """Without exposed extensions ServerManager's prerequisite check fails, and nothing is installed."""
    lab = Lab()
    node = lab.running(nesting=False)

    with pytest.raises(PsError) as caught:
        lab.guest(node, "Install-NestedRole", **ROLE)
    assert (caught.value.fqid, caught.value.category) == (PREREQUISITE, "InvalidOperation")
    assert lab.count("role_installed") == 0


def test_a_blind_check_is_passed_by_dism() -> None:
    """When the flags are there and the check is blind, DISM installs the role, with a warning."""
    lab = Lab(replace(CONFIG, faults=Faults(blind_prerequisite=True)))
    node = lab.running()
    record = lab.guest(node, "Install-NestedRole", **ROLE)

    assert (record["UsedDism"], len(lab.streams.warnings)) == (True, 1)


def test_an_unknown_feature_is_refused() -> None:
    """A feature that does not exist has no state; installing it is an error of ServerManager."""
    lab = Lab()

    assert lab.run("Get-NestedRole", Feature=["Nothing"])["Features"] == [{"Name": "Nothing", "InstallState": None}]
    with pytest.raises(PsError, match="not valid"):
        lab.run("Install-NestedRole", Feature=["Nothing"])


def test_a_restart_changes_the_boot_identity() -> None:
    """The answer comes before the restart; then the guest is away, and comes back with another boot id."""
    lab = Lab()
    node = lab.running()
    before = lab.guest(node, "Get-NestedBootIdentity")
    answer = lab.guest(node, "Restart-NestedGuest")

    assert answer == {"Changed": True, "BootId": before["BootId"]}
    lab.pass_time(20)
    with pytest.raises(PsError) as caught:
        lab.guest(node, "Get-NestedBootIdentity")
    assert caught.value.fqid == "Matryoshka.GuestNotReady,Invoke-NestedGuestCall"
    wait = {"VMId": UUID(node), "Credential": ADMINISTRATOR, "NotBootId": before["BootId"], "TimeoutSeconds": 120}
    assert lab.run("Wait-NestedGuest", **wait)["Reached"] is True
    assert lab.guest(node, "Get-NestedBootIdentity")["BootId"] != before["BootId"]
    assert lab.count("guest_rebooted") == 1


def test_asking_twice_restarts_once() -> None:
    """A second request while a restart is due does not make two."""
    lab = Lab()
    node = lab.running()
    lab.guest(node, "Restart-NestedGuest")
    lab.guest(node, "Restart-NestedGuest")
    lab.pass_time(300)
    lab.guest(node, "Get-NestedBootIdentity")

    assert lab.count("guest_rebooted") == 1


def test_hyperv_restarts_twice() -> None:
    """After the first restart the guest answers with a restart pending, goes away again, and then Hyper-V is proven."""
    lab = Lab()
    node = lab.running()
    lab.guest(node, "Install-NestedRole", **ROLE)
    lab.guest(node, "Restart-NestedGuest")
    lab.pass_time(5 + 10 + 38)
    between = lab.guest(node, "Get-NestedBootIdentity")
    unproven = lab.guest(node, "Get-NestedHypervisorProof")
    lab.pass_time(120)
    after = lab.guest(node, "Get-NestedHypervisorProof")

    assert (between["PendingReboot"], between["PendingReasons"]) == (True, ["servicing"])
    assert (unproven["HypervisorLaunched"], unproven["PendingReboot"]) == (False, True)
    assert (after["HypervisorLaunched"], after["LaunchEventId"], after["PendingReboot"]) == (True, 1, False)
    assert after["BootId"] != between["BootId"]
    assert (lab.count("guest_rebooted"), lab.count("guest_rebooted_by_itself")) == (1, 1)


def test_the_second_restart_can_be_switched_off() -> None:
    """Without the fault one restart is enough."""
    lab = Lab(replace(CONFIG, faults=Faults(second_reboot=False)))
    node = lab.hyperv()

    assert lab.guest(node, "Get-NestedHypervisorProof")["HypervisorLaunched"] is True
    assert lab.count("guest_rebooted_by_itself") == 0


@pytest.mark.parametrize(("cpu", "event"), [("intel", 41), ("amd", 42)])
def test_a_hypervisor_that_does_not_launch(cpu: str, event: int) -> None:
    """The role is there and vmms runs, but the event log holds the reason instead of the proof."""
    lab = Lab(replace(CONFIG, cpu_vendor=cpu, faults=Faults(hypervisor_fails=True)))
    node = lab.hyperv()
    proof = lab.guest(node, "Get-NestedHypervisorProof")

    assert (proof["HypervisorLaunched"], proof["LaunchEventId"], proof["FailureEventId"]) == (False, None, event)
    assert proof["VmmsRunning"] is True
    assert event in [row["Id"] for row in lab.guest(node, "Get-NestedEvidence")["Events"]]


def test_taking_the_extensions_away_ends_the_hypervisor() -> None:
    """A node with the role that starts without extensions has no hypervisor any more."""
    lab = Lab()
    node = lab.hyperv()
    lab.run("Stop-NestedNode", VMId=UUID(node))
    lab.run("Disable-NestedVirtualization", VMId=UUID(node))
    lab.run("Start-NestedNode", VMId=UUID(node))
    lab.pass_time(120)

    assert lab.guest(node, "Get-NestedHypervisorProof")["FailureEventId"] == 41
    assert lab.guest(node, "Get-NestedCpuProbe")["Classification"] == "guest_not_exposed"


SHARING, MANAGEMENT = "@FirewallAPI.dll,-28502", "@FirewallAPI.dll,-34251"


def test_firewall_groups_are_opened_once() -> None:
    """Groups are read, opened and stay open."""
    lab = Lab()
    node = lab.running()
    groups = {"Group": [SHARING, MANAGEMENT]}

    assert lab.guest(node, "Get-NestedFirewallRule", **groups)["Enabled"] is False
    assert lab.guest(node, "Enable-NestedFirewallRule", Group=[SHARING])["Changed"] is True
    assert lab.guest(node, "Enable-NestedFirewallRule", **groups)["Enabled"] is True
    assert lab.guest(node, "Enable-NestedFirewallRule", **groups)["Changed"] is False
    assert lab.count("firewall_opened") == 2


DOMAIN = DomainConfig("corp.test", "CORP", "joiner", "join-pass")
JOINER = Credential("CORP\\joiner", SecretText("join-pass"))


def test_joining_a_domain() -> None:
    """A join needs DNS and the right account, waits for a restart and is done once."""
    lab = Lab(replace(CONFIG, domains=(DOMAIN,), boot=BootTimes(setup=100)))
    node = lab.running()
    wanted = {"Domain": "corp.test", "Credential": JOINER}

    with pytest.raises(PsError) as caught:
        lab.guest(node, "Add-NestedDomainMember", **wanted)
    assert caught.value.fqid.startswith("FailToJoinDomainFromWorkgroup,")
    lab.guest(node, "Set-NestedGuestConfiguration", MacAddress=mac(lab, node), DnsServer=["10.0.0.53"])
    with pytest.raises(PsError, match="password is incorrect"):
        lab.guest(node, "Add-NestedDomainMember", **{**wanted, "Credential": ADMINISTRATOR})
    assert lab.guest(node, "Add-NestedDomainMember", **wanted)["RestartNeeded"] is True
    assert lab.guest(node, "Add-NestedDomainMember", **wanted)["Changed"] is False
    lab.guest(node, "Restart-NestedGuest")
    lab.pass_time(120)
    joined = lab.guest(node, "Get-NestedGuestConfiguration", credential=JOINER)
    assert (joined["PartOfDomain"], joined["Domain"]) == (True, "corp.test")
    assert lab.count("domain_joined") == 1
