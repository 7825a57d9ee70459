"""Calls into guests: Invoke-NestedGuestCall over PowerShell Direct and WinRM."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from sandbox.machine import Command, Credential, PsError, SecretText
from tests.unit.sandbox.machine.lab import ADMINISTRATOR, CONFIG, Lab, Recorder

GROUP = "@FirewallAPI.dll,-28502"


def guest_call(lab: Lab, vm_id: str, credential: Credential = ADMINISTRATOR, **more: Any) -> dict[str, Any]:
    """A call into a guest."""
    values = {"Name": "Get-NestedBootIdentity", "VMId": UUID(vm_id), "Credential": credential, **more}
    return lab.run("Invoke-NestedGuestCall", **values)


def test_a_guest_keeps_its_own_journal() -> None:
    """A guest's change is recorded in the guest and replayed from there."""
    lab = Lab()
    node = lab.running()
    firewall = {"Name": "Enable-NestedFirewallRule", "Parameters": {"Group": [GROUP]}, "CallId": "j.s.0#1", "Fence": 1}

    assert guest_call(lab, node, **firewall)["Replayed"] is False
    assert guest_call(lab, node, **firewall)["Replayed"] is True
    assert lab.count("firewall_opened") == 1
    assert lab.run("Get-NestedCall", CallId="j.s.0#1")["Status"] == "absent"
    record = guest_call(lab, node, Name="Get-NestedCall", Parameters={"CallId": "j.s.0#1"})
    assert json.loads(record["ResultJson"])["Status"] == "completed"


def test_a_wrong_guest_password_is_told_apart() -> None:
    """A guest that does not know the password is not one that is not ready."""
    lab = Lab()
    node = lab.running()

    with pytest.raises(PsError) as caught:
        guest_call(lab, node, Credential("Administrator", SecretText("wrong")))
    assert (caught.value.fqid, caught.value.category) == (
        "Matryoshka.GuestCredentialRejected,Invoke-NestedGuestCall",
        "AuthenticationError",
    )
    assert "wrong" not in caught.value.message


def test_a_guest_that_does_not_answer_yet() -> None:
    """Before its session is up a guest is GuestNotReady; one that is off is Windows' own InvalidVMState."""
    lab = Lab()
    node = lab.node()

    with pytest.raises(PsError) as caught:
        guest_call(lab, node)
    assert caught.value.fqid.startswith("InvalidVMState,")
    lab.run("Start-NestedNode", VMId=UUID(node))
    with pytest.raises(PsError) as caught:
        guest_call(lab, node)
    assert (caught.value.fqid, caught.value.category) == (
        "Matryoshka.GuestNotReady,Invoke-NestedGuestCall",
        "ResourceUnavailable",
    )


def test_an_unknown_vm_id_is_windows_own_error() -> None:
    """PowerShell Direct says InvalidVMIdNotSingle."""
    with pytest.raises(PsError) as caught:
        guest_call(Lab(), "00000000-0000-0000-0000-000000000001")
    assert caught.value.fqid.startswith("InvalidVMIdNotSingle,")
    assert caught.value.category == "InvalidArgument"


def test_a_guest_that_reboots_during_the_call() -> None:
    """A power cut of the guest ends the call as GuestNotReady and leaves it abandoned in the guest's journal."""
    lab = Lab()
    node = lab.running()
    lab.after(20, lambda: lab.host.runspace("Administrator", True).invoke(
        Command("Stop-NestedNode", parameters={"VMId": node, "TurnOff": True}), Recorder()))  # fmt: skip
    role = {"Name": "Install-NestedRole", "Parameters": {"Feature": ["Hyper-V"]}, "CallId": "j.r.0#1", "Fence": 1}

    with pytest.raises(PsError) as caught:
        guest_call(lab, node, **role)
    assert caught.value.fqid == "Matryoshka.GuestNotReady,Invoke-NestedGuestCall"
    assert lab.count("role_installed") == 0
    lab.run("Start-NestedNode", VMId=UUID(node))
    lab.pass_time(120)
    asked = guest_call(lab, node, Name="Get-NestedCall", Parameters={"CallId": "j.r.0#1"})
    assert json.loads(asked["ResultJson"])["Status"] == "abandoned"
    assert guest_call(lab, node, **role)["Status"] == "completed"
    assert lab.count("role_installed") == 1


def test_a_guest_is_reached_by_address_too() -> None:
    """WinRM finds a guest by its address; an account that is not the built-in one gets a filtered token."""
    image = replace(CONFIG.images[0], accounts=(("op", "op-pass"),))
    lab = Lab(replace(CONFIG, images=(image,)))
    node = lab.running()
    address = lab.run("Get-NestedNode", VMId=UUID(node))["Adapters"][0]["IPAddresses"][0]
    operator = Credential("op", SecretText("op-pass"))
    change = {"Name": "Enable-NestedFirewallRule", "Parameters": {"Group": [GROUP]}, "CallId": "j.s.0#1", "Fence": 1}

    assert lab.run("Invoke-NestedGuestCall", ComputerName=address, Credential=ADMINISTRATOR, **change)
    with pytest.raises(PsError) as caught:
        lab.run("Invoke-NestedGuestCall", ComputerName=address, Credential=operator, **change)
    assert caught.value.fqid == "Matryoshka.JournalUnavailable,Invoke-NestedCall"


def test_a_flaky_guest_breaks_every_so_often() -> None:
    """With the fault every n-th session breaks, and the next one works."""
    lab = Lab()
    node = lab.running()
    lab.world.set_faults(flaky_guest=2)
    outcomes = []
    for _ in range(4):
        try:
            outcomes.append(guest_call(lab, node)["Status"])
        except PsError as error:
            outcomes.append(error.fqid.split(",")[0])

    assert outcomes == ["completed", "Matryoshka.GuestNotReady"] * 2
