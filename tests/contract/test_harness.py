"""The harness itself: both engines are given the same world, and a difference between outcomes is seen."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sandbox.machine.network import addresses
from tests.contract import engine_state, sandbox_state
from tests.contract.compare import differences
from tests.contract.engine_world import write_world
from tests.contract.kit import each
from tests.contract.sandbox_world import machine_at, make_world
from tests.contract.scenario import Failure, Outcome, Scenario
from tests.contract.world import (
    CLUSTERING,
    HYPERV,
    IMAGE,
    OWNER,
    Adapter,
    Cluster,
    Disk,
    Event,
    Interface,
    JournaledCall,
    Nat,
    Switch,
    Vm,
    World,
    a_node,
    a_world,
)

_GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
_NODE = a_node(
    features={**HYPERV, **CLUSTERING},
    switches=(Switch("Inner", owner=OWNER, address="10.77.9.1"), Switch("Closed", "Private")),
    interfaces=(Interface("10.77.1.11", 24, "10.77.1.1", ("10.77.1.1",)),),
    vms=(a_node("inner", features={}), Vm("empty", state="Running", memory_mib=64)),
    calls=(JournaledCall("job_1.a#1", "New-NestedVM", "failed", 3, 40.0),),
    events=(Event(41, level="Error"),),
    hosts={"NEST-2": "10.77.1.12"},
    dns_suffix="lab.test",
    private_network=True,
    token_filter_policy=True,
    firewall=("@FirewallAPI.dll,-28502",),
    seed_left=True,
)
_WORLDS = (
    a_world(),
    a_world(release="2019", vendor="amd", features={}, is_admin=False),
    a_world(
        clusters=(Cluster("CL1", ("nest-1", "nest-2"), address="10.77.1.20", witness="cloud", down=("nest-2",)),),
        vms=(
            _NODE,
            a_node("nest-2", vm={"adapters": (Adapter("A"), Adapter("B", "mk-1", spoofing=True))}, up=False),
            Vm("nest-1", "lab_2", disks=("C:\\Labs\\d.vhdx",), dynamic_memory=True, checkpoints=2, tag="other"),
            Vm("saved", state="Saved", notes="not ours", automatic_checkpoints=True, adapters=()),
        ),
        switches=(Switch("External", "External"), Switch("mk-1", owner=OWNER, address="10.77.1.1")),
        nats=(Nat("mk-1", "10.77.1.0/24"),),
        disks=(
            Disk("C:\\Labs\\d.vhdx", "Differencing", 127, IMAGE, OWNER, "ab" * 32, system=True),
            Disk("C:\\Labs\\ro.vhdx", read_only=True, mounted=True),
        ),
    ),
)


@pytest.mark.parametrize("world", _WORLDS, ids=["plain", "bare", "full"])
def test_both_engines_are_given_the_same_world(world: World, tmp_path: Path) -> None:
    """Whatever a world says, what both renderings of it are observed as is equal, their ids included."""
    now = datetime.now(UTC)
    write_world(world, tmp_path / "w", now)
    engine, simulated = engine_state.observe(tmp_path / "w"), sandbox_state.observe(make_world(world, now))

    assert engine[0] == simulated[0]
    assert engine[1] == simulated[1]
    assert set(engine[0]["machines"]) == {place.path for place in world.machines()}


def test_networks_give_both_engines_the_same_addresses(tmp_path: Path) -> None:
    """An adapter without an address of its own has on both engines what DHCP or the link gives its MAC address."""
    world, now = _WORLDS[2], datetime.now(UTC)
    file = write_world(world, tmp_path / "w", now)
    engine = json.loads(file.read_text(encoding="utf-8"))["machines"]["nest-2"]
    made = make_world(world, now)
    machine = machine_at(made, "nest-2")
    found = [addresses(made.realm, machine)]
    found.append([f"{one['address']}/{one['prefix']}" for one in engine["addresses"]])

    assert found[0] == found[1]
    assert [one["origin"] for one in engine["addresses"]] == ["Dhcp", "WellKnown"]


_READ = Scenario("Get-NestedNode", "read", answers={"Exists": True})
_OUTPUT = {"Exists": True, "VMId": _GUID, "UptimeSeconds": 5, "Adapters": [{"Name": "A", "MacAddress": "00155D000001"}]}
_OUTCOME = Outcome([_OUTPUT], names={_GUID: "<vm a on host>"}, before={"a": 1}, after={"a": 1})
_REFUSED = Outcome([], [Failure("Matryoshka.NotOwned,Remove-NestedNode", "PermissionDenied", -5, "E")], failed=True)


def _answering(**fields: Any) -> Outcome:
    return replace(_OUTCOME, output=[{**_OUTPUT, **fields}])


def test_equal_outcomes_have_no_differences() -> None:
    """Other ids of the same VM, other uptimes and other MAC addresses are no difference."""
    other = replace(
        _answering(VMId=_GUID[::-1].upper(), UptimeSeconds=77, Adapters=[{"Name": "A", "MacAddress": "00155DFFFF01"}]),
        names={_GUID[::-1].lower(): "<vm a on host>"},
    )

    assert differences(_READ, _OUTCOME, _OUTCOME) == []
    assert differences(_READ, _OUTCOME, other) == []


_CHANGED = {
    "value": _answering(Exists=False),
    "type": _answering(Exists=1),
    "more": _answering(More=None),
    "id": _answering(VMId=_GUID.replace("0", "1")),
    "no id": _answering(VMId=None),
    "list": _answering(Adapters=[]),
    "inside": _answering(Adapters=[{"Name": "B", "MacAddress": "00155D000001"}]),
    "number": _answering(UptimeSeconds="5"),
    "warning": replace(_OUTCOME, warnings=["one"]),
    "error": replace(_OUTCOME, errors=_REFUSED.errors),
    "failed": replace(_OUTCOME, failed=True),
    "before": replace(_OUTCOME, before={"a": 2}),
    "after": replace(_OUTCOME, after={"a": 1, "b": 1}),
    "trouble": replace(_OUTCOME, trouble="it broke"),
}


@pytest.mark.parametrize("name", _CHANGED)
def test_every_difference_is_seen(name: str) -> None:
    """A field, an id, a type, a stream or a state that differs on one side is told."""
    assert differences(_READ, _OUTCOME, _CHANGED[name])
    assert differences(_READ, _CHANGED[name], _OUTCOME)


@pytest.mark.parametrize(
    ("scenario", "outcome"),
    [
        (replace(_READ, answers={"Exists": None}), _OUTCOME),
        (replace(_READ, answers={"Missing": None}), _OUTCOME),
        (replace(_READ, expect="Matryoshka.NotOwned,Remove-NestedNode"), _OUTCOME),
        (replace(_READ, expect="Matryoshka.NotOwned", answers={}), _REFUSED),
        (replace(_READ, answers={}), _REFUSED),
        (replace(_READ, changed=True), _OUTCOME),
        (replace(_READ, warnings=1), _OUTCOME),
        (replace(_READ, what_if=True), replace(_OUTCOME, after={"a": 2})),
        (replace(_READ, unchanged=True), replace(_OUTCOME, after={})),
        (_READ, replace(_OUTCOME, output=[])),
    ],
)
def test_equal_wrong_answers_are_seen(scenario: Scenario, outcome: Outcome) -> None:
    """What a scenario itself promises must be so on both, also when both answer the same."""
    found = differences(scenario, outcome, outcome)

    assert {line.partition(":")[0] for line in found} == {"engine", "sandbox"}


def test_two_scenarios_of_one_id_are_refused() -> None:
    """A scenario that would hide another is refused where tests are collected."""
    with pytest.raises(ValueError, match="Get-NestedNode-read"):
        each((_READ, _READ))
