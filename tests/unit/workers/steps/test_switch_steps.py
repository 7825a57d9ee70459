"""EnsureSwitch and EnsureNat."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import FakeHost
from tests.unit.workers.steps.bench import OWNER, Bench
from tests.unit.workers.steps.records import ours
from workers.errors import NotConverged, RemoteError, StepRefused

_INTERNAL = {"name": "lab", "kind": "internal", "host_address": "10.0.0.1", "prefix_length": 24}
_EXTERNAL = {"name": "lab", "kind": "external", "host_address": "", "prefix_length": 24}
_NAT = {"name": "mk-abcdef", "prefix": "10.0.0.0/24"}
_GONE = {"exists": False, "name": "lab", "owner": None, "host_address": None}


def _there(owner: str | None = OWNER, address: str = "10.0.0.1") -> dict[str, Any]:
    return {"exists": True, "name": "lab", "switch_type": "Internal", "owner": owner, "host_address": address}


def test_a_missing_internal_switch_is_made() -> None:
    """A fresh host gets the switch with our owner and the host's address, and it is read back."""
    bench = Bench("EnsureSwitch", FakeHost({"Get-NestedSwitch": [_GONE, _there()], "New-NestedSwitch": {}}), _INTERNAL)

    assert bench.run() == ("succeeded", {"switch.created": True})
    assert bench.changes()[0].parameters == {
        "name": "lab",
        "owner": OWNER,
        "host_address": "10.0.0.1",
        "prefix_length": 24,
    }


def test_our_switch_is_not_made_twice() -> None:
    """A switch of ours with its address is skipped."""
    bench = Bench("EnsureSwitch", FakeHost({"Get-NestedSwitch": _there()}), _INTERNAL)

    assert bench.run() == ("skipped", {"switch.created": True})


def test_a_half_made_switch_is_completed() -> None:
    """Our switch without its host address is worked on again."""
    host = FakeHost({"Get-NestedSwitch": [_there(address=""), _there()], "New-NestedSwitch": {}})

    assert Bench("EnsureSwitch", host, _INTERNAL).run()[0] == "succeeded"


def test_a_switch_that_stays_wrong_is_not_converged() -> None:
    """A change that reading back does not show is an error, not a success."""
    bench = Bench("EnsureSwitch", FakeHost({"Get-NestedSwitch": _GONE, "New-NestedSwitch": {}}), _INTERNAL)

    with pytest.raises(NotConverged):
        bench.run()


@pytest.mark.parametrize("word", ["NameTaken", "AddressInUse"])
def test_a_foreign_switch_or_address_is_refused(word: str) -> None:
    """A name or an address of somebody else ends the step at once."""
    host = FakeHost({"Get-NestedSwitch": _there(owner=None), "New-NestedSwitch": ours(word)})

    with pytest.raises(RemoteError) as refused:
        Bench("EnsureSwitch", host, _INTERNAL).run()

    assert refused.value.code == {"NameTaken": "NAME_TAKEN", "AddressInUse": "ADDRESS_IN_USE"}[word]
    assert not refused.value.retryable


def test_the_callers_switch_is_only_looked_at() -> None:
    """An external switch is used as it is, whoever owns it."""
    bench = Bench("EnsureSwitch", FakeHost({"Get-NestedSwitch": _there(owner=None, address="")}), _EXTERNAL)

    assert bench.run() == ("skipped", {"switch.created": False})


def test_a_missing_external_switch_is_refused() -> None:
    """A switch that the caller named and that is not there is never made up."""
    with pytest.raises(StepRefused) as refused:
        Bench("EnsureSwitch", FakeHost({"Get-NestedSwitch": _GONE}), _EXTERNAL).run()

    assert refused.value.reason == "SWITCH_MISSING"


def test_undo_removes_our_switch_and_leaves_a_foreign_one() -> None:
    """Undo asks with our owner; a foreign switch stays and is named in a warning."""
    bench = Bench("EnsureSwitch", FakeHost({"Remove-NestedSwitch": [{"existed": True}, ours("NotOwned")]}), _INTERNAL)
    bench.undo()
    bench.undo()

    assert bench.changes()[0].parameters == {"name": "lab", "owner": OWNER}
    assert bench.warnings() == ["FOREIGN_LEFT_ALONE"]


def test_undo_never_touches_the_callers_switch() -> None:
    """An external switch is not ours to take away."""
    bench = Bench("EnsureSwitch", FakeHost(), _EXTERNAL)
    bench.undo()

    assert bench.host.log == []


def test_a_missing_nat_is_made_and_read_back() -> None:
    """A fresh host gets the NAT."""
    there = {"exists": True} | _NAT
    bench = Bench("EnsureNat", FakeHost({"Get-NestedNat": [{"exists": False}, there], "New-NestedNat": {}}), _NAT)

    assert bench.run() == ("succeeded", {"nat.created": True})
    assert bench.run()[0] == "skipped"


def test_a_nat_conflict_is_refused() -> None:
    """Another NAT of the host in the way is a configuration error."""
    other = {"exists": True, "name": "mk-abcdef", "prefix": "10.9.0.0/24"}
    host = FakeHost({"Get-NestedNat": other, "New-NestedNat": ours("NatConflict")})

    with pytest.raises(RemoteError) as refused:
        Bench("EnsureNat", host, _NAT).run()

    assert refused.value.code == "NAT_CONFLICT"


def test_undo_removes_the_nat() -> None:
    """Undo removes the NAT by its own name."""
    bench = Bench("EnsureNat", FakeHost({"Remove-NestedNat": {"existed": True}}), _NAT)
    bench.undo()

    assert bench.changes()[0].parameters == {"name": "mk-abcdef"}
