"""AwaitGuest, ConfigureGuest, JoinDomain, OpenFirewall, and how a guest is reached."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import FakeHost
from tests.unit.workers.steps.bench import FACTS, NODE, VM_ID, Bench
from tests.unit.workers.steps.records import adapter, awaited, guest_record, node_record, ours
from workers.errors import NotConverged, RemoteError, StepRefused
from workers.psrp.port import Credential, GuestTarget, SecretStr

_PARAMS = {
    "address": "10.0.0.11",
    "prefix_length": 24,
    "gateway": "10.0.0.1",
    "dns_servers": ["10.0.0.1"],
    "dns_suffix": "lab.internal",
    "host_entries": {"nest-2": "10.0.0.12"},
}
_UNSET = guest_record(addresses=["169.254.7.7/16"], gateway=None, dns_servers=[], host_entries={}, seed_removed=False)


def test_a_guest_that_answers_is_done() -> None:
    """A session and a finished setup give the boot id as a fact."""
    bench = Bench("AwaitGuest", FakeHost({"Wait-NestedGuest": awaited("boot-1")}))

    assert bench.run() == ("succeeded", {"node.nest-1.boot_id": "boot-1"})
    asked = bench.host.log[0].parameters
    assert asked["vm_id"] == VM_ID
    assert asked["credential"] == Credential("Administrator", SecretStr("value of guest_administrator"))


def test_a_guest_in_setup_gives_the_worker_back() -> None:
    """A guest that is not there yet is waited for without holding a worker."""
    bench = Bench("AwaitGuest", FakeHost({"Wait-NestedGuest": awaited(reached=False)}))

    assert bench.run()[0] == "wait"


def test_a_vm_that_stopped_is_not_awaited() -> None:
    """A VM that stays Off will never answer: that is said after some looks, not at the deadline."""
    host = FakeHost({"Wait-NestedGuest": awaited(reached=False, stage="no_session"), "Get-NestedNode": node_record()})

    assert Bench("AwaitGuest", host, memo={"stopped": 1}).run() == ("wait", {"stopped": 2})
    with pytest.raises(StepRefused) as refused:
        Bench("AwaitGuest", host, memo={"stopped": 4}).run()

    assert refused.value.reason == "NODE_NOT_RUNNING"


def test_a_booting_vm_is_awaited() -> None:
    """No session yet in a running VM is no failure."""
    host = FakeHost({"Wait-NestedGuest": awaited(reached=False, stage="no_session")})
    host.answers["Get-NestedNode"] = node_record(state="Running")

    assert Bench("AwaitGuest", host, memo={"stopped": 3}).run() == ("wait", {"stopped": 0})


def test_a_rejected_password_is_never_tried_again() -> None:
    """A wrong guest password stops the job: repeated tries lock accounts."""
    with pytest.raises(RemoteError) as refused:
        Bench("AwaitGuest", FakeHost({"Wait-NestedGuest": ours("GuestCredentialRejected")})).run()

    assert (refused.value.code, refused.value.retryable) == ("GUEST_CREDENTIAL_REJECTED", False)


@pytest.mark.parametrize(
    ("access", "facts", "computer"),
    [
        ("powershell_direct", {f"node.{NODE}.address": "10.0.0.11"}, ""),
        ("winrm", {}, ""),
        ("winrm", {f"node.{NODE}.address": "10.0.0.11"}, "10.0.0.11"),
    ],
)
def test_winrm_is_used_once_the_guest_has_its_address(access: str, facts: dict[str, str], computer: str) -> None:
    """Before ConfigureGuest every guest is reached over the VM bus; after it the access mode decides."""
    request = {"guest": {"access": access, "username": "Lab"}}
    host = FakeHost({"Get-NestedFirewallRule": {"enabled": True}})
    Bench("OpenFirewall", host, {"groups": ["g"]}, facts=FACTS | facts, request=request).run()

    assert host.log[0].target == GuestTarget(VM_ID, computer_name=computer, username="Lab")


def test_winrm_waits_ask_the_address() -> None:
    """A wait goes the same way in as the other steps."""
    request, facts = {"guest": {"access": "winrm"}}, FACTS | {f"node.{NODE}.address": "10.0.0.11"}
    host = FakeHost({"Wait-NestedGuest": awaited()})
    Bench("AwaitGuest", host, request=request, facts=facts).run()

    assert "vm_id" not in host.log[0].parameters
    assert host.log[0].parameters["computer_name"] == "10.0.0.11"


def test_a_fresh_guest_is_configured_over_its_real_mac() -> None:
    """The MAC address is read now, since Hyper-V gave it after the VM was made."""
    host = FakeHost({"Get-NestedNode": node_record(adapters=[adapter(mac_address="00155D0A0B0C")])})
    host.answers |= {"Get-NestedGuestConfiguration": [_UNSET, guest_record()], "Set-NestedGuestConfiguration": {}}
    bench = Bench("ConfigureGuest", host, _PARAMS)

    assert bench.run() == ("succeeded", {"node.nest-1.address": "10.0.0.11"})
    assert bench.changes()[0].parameters["mac_address"] == "00155D0A0B0C"
    assert bench.changes()[0].parameters["host_entries"] == {"nest-2": "10.0.0.12"}


@pytest.mark.parametrize(
    "half",
    [
        {"addresses": ["10.0.0.99/24"]},
        {"gateway": None},
        {"dns_servers": []},
        {"dns_suffix": ""},
        {"host_entries": {}},
        {"network_category": "Public"},
        {"seed_removed": False},
    ],
)
def test_each_guest_setting_is_compared_on_its_own(half: dict[str, Any]) -> None:
    """One wrong value alone is set again; a whole guest is skipped."""
    host = FakeHost({"Get-NestedNode": node_record(), "Set-NestedGuestConfiguration": {}})
    host.answers["Get-NestedGuestConfiguration"] = [guest_record(**half), guest_record()]
    bench = Bench("ConfigureGuest", host, _PARAMS)

    assert bench.run()[0] == "succeeded"
    assert bench.run()[0] == "skipped"


def test_dhcp_keeps_its_address_as_a_fact() -> None:
    """Without a static address the guest's first routable IPv4 address is what others may use."""
    found = guest_record(addresses=["fe80::1/64", "169.254.1.1/16", "192.168.7.9/24"])
    host = FakeHost({"Get-NestedNode": node_record(), "Get-NestedGuestConfiguration": found})

    assert Bench("ConfigureGuest", host, {"address": ""}).run() == ("skipped", {"node.nest-1.address": "192.168.7.9"})


def test_a_guest_setting_that_does_not_hold_is_not_converged() -> None:
    """What reads back otherwise is an error."""
    host = FakeHost({"Get-NestedNode": node_record(), "Set-NestedGuestConfiguration": {}})
    host.answers["Get-NestedGuestConfiguration"] = _UNSET

    with pytest.raises(NotConverged, match="gateway"):
        Bench("ConfigureGuest", host, _PARAMS).run()


def test_an_address_in_use_is_refused() -> None:
    """An address that somebody else answers on is a configuration error."""
    host = FakeHost({"Get-NestedNode": node_record(), "Set-NestedGuestConfiguration": ours("AddressInUse")})
    host.answers["Get-NestedGuestConfiguration"] = _UNSET

    with pytest.raises(RemoteError) as refused:
        Bench("ConfigureGuest", host, _PARAMS).run()

    assert refused.value.code == "ADDRESS_IN_USE"


def test_a_workgroup_guest_joins_with_the_join_credential() -> None:
    """The domain account of the request is used, and never the local one."""
    host = FakeHost({"Get-NestedGuestConfiguration": guest_record()})
    host.answers["Add-NestedDomainMember"] = {"changed": True, "domain": "LAB.example", "restart_needed": True}
    request = {"identity": {"mode": "domain", "join_credential": {"username": r"LAB\joiner"}}}
    bench = Bench("JoinDomain", host, {"domain": "lab.example", "ou": "OU=Labs"}, request=request)

    assert bench.run()[0] == "succeeded"
    assert bench.changes()[0].parameters["credential"] == Credential(
        r"LAB\joiner", SecretStr("value of join_credential")
    )


def test_a_member_is_skipped() -> None:
    """A guest that is in the domain already is left alone."""
    host = FakeHost({"Get-NestedGuestConfiguration": guest_record(part_of_domain=True, domain="lab.example")})

    assert Bench("JoinDomain", host, {"domain": "LAB.example"}).run()[0] == "skipped"


def test_a_join_to_another_domain_is_not_converged() -> None:
    """The answer must name the domain that was asked for."""
    host = FakeHost({"Get-NestedGuestConfiguration": guest_record(), "Add-NestedDomainMember": {"domain": "other"}})

    with pytest.raises(NotConverged):
        Bench("JoinDomain", host, {"domain": "lab.example"}).run()


def test_a_refused_join_is_not_tried_again() -> None:
    """A join that Windows refuses stops the job with a remedy."""
    refusal = RemoteError(
        "nein", error_id="FailToJoinDomainFromWorkgroup,Microsoft.PowerShell.Commands.AddComputerCommand"
    )
    host = FakeHost({"Get-NestedGuestConfiguration": guest_record(), "Add-NestedDomainMember": refusal})

    with pytest.raises(RemoteError) as refused:
        Bench("JoinDomain", host, {"domain": "lab.example"}).run()

    assert (refused.value.code, refused.value.retryable) == ("DOMAIN_JOIN_FAILED", False)


@pytest.mark.parametrize("error_id", ["Matryoshka.GuestNotReady,X", "PSSessionStateBroken", "InvalidVMState"])
def test_a_guest_that_does_not_answer_costs_no_attempt(error_id: str) -> None:
    """Every step waits for a guest that is away (its host rebooted, it restarts), and keeps what it had noted."""
    away = RemoteError("weg", error_id=error_id)
    host = FakeHost({"Get-NestedFirewallRule": away, "Enable-NestedFirewallRule": away})

    assert Bench("OpenFirewall", host, {"groups": ["g"]}, memo={"kept": 1}).run() == ("wait", {"kept": 1})


def test_firewall_groups_are_opened_and_read_back() -> None:
    """A closed group is enabled; an open one is skipped."""
    host = FakeHost({"Get-NestedFirewallRule": [{"enabled": False}, {"enabled": True}]})
    host.answers["Enable-NestedFirewallRule"] = {}
    bench = Bench("OpenFirewall", host, {"groups": ["@FirewallAPI.dll,-34251"]})

    assert bench.run()[0] == "succeeded"
    assert bench.run()[0] == "skipped"
