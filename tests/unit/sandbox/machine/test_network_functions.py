"""Switches and NATs."""

from __future__ import annotations

from uuid import UUID

import pytest

from sandbox.machine import PsError
from tests.unit.sandbox.machine.lab import IMAGE, OWNER, Lab


def test_a_switch_is_made_once() -> None:
    """A second New-NestedSwitch finds the switch and changes nothing."""
    lab = Lab()
    wanted = {"Name": "lab", "Owner": OWNER, "HostAddress": "10.1.0.1", "PrefixLength": 24}
    first = lab.run("New-NestedSwitch", **wanted)
    second = lab.run("New-NestedSwitch", **wanted)

    assert (first["Changed"], first["SwitchType"], first["HostAddress"]) == (True, "Internal", "10.1.0.1")
    assert second == {**first, "Changed": False}
    assert lab.count("switch_created") == 1


def test_a_half_made_switch_is_completed() -> None:
    """A switch without its address gets it."""
    lab = Lab()
    lab.run("New-NestedSwitch", Name="lab", Owner=OWNER)
    record = lab.run("New-NestedSwitch", Name="lab", Owner=OWNER, HostAddress="10.1.0.1")

    assert (record["Changed"], record["HostAddress"]) == (True, "10.1.0.1")
    assert lab.count("switch_created") == 1


def test_someone_elses_switch_is_not_touched() -> None:
    """A switch of another owner is neither taken nor removed."""
    lab = Lab()

    for function, word in (("New-NestedSwitch", "NameTaken"), ("Remove-NestedSwitch", "NotOwned")):
        with pytest.raises(PsError) as caught:
            lab.run(function, Name="External", Owner=OWNER)
        assert caught.value.fqid == f"Matryoshka.{word},{function}"


def test_an_address_is_given_once() -> None:
    """Two switches cannot have one host address."""
    lab = Lab()
    lab.run("New-NestedSwitch", Name="a", Owner=OWNER, HostAddress="10.1.0.1")

    with pytest.raises(PsError) as caught:
        lab.run("New-NestedSwitch", Name="b", Owner=OWNER, HostAddress="10.1.0.1")
    assert caught.value.fqid == "Matryoshka.AddressInUse,New-NestedSwitch"


def test_a_switch_in_use_stays() -> None:
    """A switch that a running VM is connected to cannot be removed."""
    lab = Lab()
    lab.run("New-NestedSwitch", Name="lab", Owner=OWNER)
    path = lab.disk("n")
    node = lab.run("New-NestedNode", Name="n", Owner=OWNER, MemoryMib=4096, ProcessorCount=2, DiskPath=path,
                   SwitchName="lab", Path="C:\\Lab")  # fmt: skip
    lab.run("Start-NestedNode", VMId=UUID(node["VMId"]))

    with pytest.raises(PsError, match="virtual switch"):
        lab.run("Remove-NestedSwitch", Name="lab", Owner=OWNER)
    lab.run("Stop-NestedNode", VMId=UUID(node["VMId"]), TurnOff=True)
    assert lab.run("Remove-NestedSwitch", Name="lab", Owner=OWNER) == {"Changed": True, "Existed": True}
    assert lab.run("Remove-NestedSwitch", Name="lab", Owner=OWNER) == {"Changed": False, "Existed": False}


def test_nats() -> None:
    """A NAT is made once; another prefix or an overlap is a conflict; it is removed once."""
    lab = Lab()

    assert lab.run("New-NestedNat", Name="mk-a", Prefix="10.1.0.0/24")["Changed"] is True
    assert lab.run("New-NestedNat", Name="mk-a", Prefix="10.1.0.0/24")["Changed"] is False
    for name, prefix in (("mk-a", "10.2.0.0/24"), ("mk-b", "10.1.0.0/16")):
        with pytest.raises(PsError) as caught:
            lab.run("New-NestedNat", Name=name, Prefix=prefix)
        assert caught.value.fqid == "Matryoshka.NatConflict,New-NestedNat"
    assert lab.run("Remove-NestedNat", Name="mk-a") == {"Changed": True, "Existed": True}
    assert lab.run("Remove-NestedNat", Name="mk-a") == {"Changed": False, "Existed": False}


def test_a_bad_prefix_is_windows_own_error() -> None:
    """New-NetNat says 'Windows System Error 87'."""
    with pytest.raises(PsError) as caught:
        Lab().run("New-NestedNat", Name="mk-a", Prefix="10.1.0.5/24")
    assert (caught.value.fqid, caught.value.category) == ("Windows System Error 87,New-NetNat", "InvalidArgument")


def test_nats_of_others_are_not_removed() -> None:
    """Only names that begin with mk- are ours."""
    with pytest.raises(PsError) as caught:
        Lab().run("Remove-NestedNat", Name="WSL")
    assert caught.value.fqid == "Matryoshka.NotOwned,Remove-NestedNat"


def test_without_rights_hyperv_says_so() -> None:
    """A filtered token is refused with Hyper-V's permission error."""
    lab = Lab(admin=False)

    for function, parameters, category in (
        ("Get-NestedSwitch", {"Name": "x"}, "NotSpecified"),
        ("New-NestedDisk", {"Path": "p", "Owner": "o", "ParentPath": IMAGE}, "NotSpecified"),
        ("Get-NestedNat", {"Name": "x"}, "PermissionDenied"),
    ):
        with pytest.raises(PsError) as caught:
            lab.run(function, **parameters)
        assert caught.value.category == category
