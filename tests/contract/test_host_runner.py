"""How scenarios run on a real host, tried on the sandbox in its place: the module is sent, what was made is undone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sandbox.machine.world import World as SandboxWorld
from tests.contract import sandbox_state
from tests.contract.compare import broken_promises
from tests.contract.groups import all_scenarios
from tests.contract.host import ADDRESS, HostSettingsError, RealHost, real_host
from tests.contract.sandbox_world import make_world
from tests.contract.scenario import Scenario, Step, Switched, VmId
from tests.contract.simulated import PASSWORD, Simulation
from tests.contract.world import IMAGE, OWNER, Adapter, Disk, Nat, Switch, Vm, a_world
from tests.integration.powershell_kit import ROOT

_NEW = {"Name": "mk-try", "Owner": OWNER}
_FRESH = Scenario("New-NestedSwitch", "fresh", arguments=_NEW, changed=True)
_CALL = Scenario(
    "Invoke-NestedCall", "fresh", arguments={"Name": "New-NestedSwitch", "Parameters": _NEW, "CallId": "a#1"}
)
_DISK = Disk("C:\\Labs\\mk-try.vhdx", owner=OWNER)
_VM = Vm("mk-try", OWNER, disks=(_DISK.path,))
_MADE = a_world(
    switches=(Switch("External", "External"), Switch("mk-try", owner=OWNER, address="10.99.1.1")),
    nats=(Nat("mk-try", "10.99.1.0/24"),),
    disks=(_DISK, Disk("C:\\Labs\\mk-two.vhdx", "Differencing", 127, IMAGE, "lab_2", system=True)),
    vms=(_VM,),
)


@dataclass(frozen=True)
class Stand:
    """A host that stands in for a real one, and the world that it is really made of."""

    host: RealHost
    world: SandboxWorld
    simulation: Simulation

    def observed(self) -> dict[str, Any]:
        """The world as it is now."""
        return sandbox_state.observe(self.world)[0]


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    """A plain host that lacks the module, named as a user names his."""
    simulation, world = Simulation(tmp_path), make_world(a_world(), datetime.now(UTC))
    (tmp_path / "password").write_text(f"{PASSWORD}\n", encoding="utf-8")
    with simulation.listening(world, "host", is_preinstalled=False) as port:
        query = f"auth=basic&ca={simulation.ca_file}&image={IMAGE}&switch=External"
        host = real_host(
            {
                ADDRESS: f"https://Administrator@127.0.0.1:{port}/?{query}",
                f"{ADDRESS}_PASSWORD_FILE": str(tmp_path / "password"),
            }
        )
        assert host is not None
        yield Stand(host, world, simulation)


def test_a_scenario_runs_and_is_undone(stand: Stand) -> None:
    """A change is made through the module that the host was sent, judged by its anchors and taken away again."""
    before = stand.observed()
    outcome = stand.host.run(_FRESH)

    assert list(broken_promises(_FRESH, outcome)) == []
    assert list(broken_promises(replace(_FRESH, changed=False), outcome)) != []
    assert outcome.output[0]["Exists"] is True
    assert stand.observed() == before
    assert {"switch_created", "switch_removed"} <= set(stand.world.counts())


def test_the_world_is_made_and_taken_away(stand: Stand) -> None:
    """Switch, NAT, disks and VM are made by the module's functions; VmId is asked of the host; nothing stays."""
    before = stand.observed()
    nested = replace(_VM, exposed=True, state="Running", adapters=(Adapter(spoofing=True),))
    stop = Scenario(
        "Stop-NestedNode",
        "fresh",
        replace(_MADE, host=replace(_MADE.host, vms=(nested,))),
        {"VMId": VmId("mk-try"), "TurnOff": Switched()},
        changed=True,
        answers={"State": "Off"},
    )

    assert stand.host.why_not(stop, stand.simulation) == ""
    assert list(broken_promises(stop, stand.host.run(stop))) == []
    assert stand.observed() == before
    assert {"nat_created", "vm_removed", "nesting_enabled", "disk_removed"} <= set(stand.world.counts())


def test_the_host_gives_its_own_image(stand: Stand) -> None:
    """What the plain world calls its image is the host's one in every call."""
    image = Scenario("Get-NestedImage", "read", arguments={"Path": IMAGE})

    other = replace(stand.host, image="D:\\golden.vhdx")

    assert other.run(image).output[0]["Path"] == "D:\\golden.vhdx"
    assert replace(other, image="").why_not(image, stand.simulation) == "the host has no `image` for it"


def test_a_first_step_that_fails_is_told_and_undone(stand: Stand) -> None:
    """The scenario is not judged by a call that found another world than it says."""
    first = (Step("New-NestedSwitch", _NEW), Step("New-NestedSwitch", {**_NEW, "Owner": "lab_2"}))
    outcome = stand.host.run(replace(_FRESH, first=first))

    assert "Matryoshka.NameTaken" in outcome.trouble
    assert "mk-try" not in stand.observed()["machines"]["host"]["switches"]


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [
        (_FRESH, ""),
        (replace(_FRESH, world=_MADE, what_if=True), ""),
        (replace(_FRESH, world=a_world(vms=(Vm("mk-try", OWNER),))), ""),
        (replace(_FRESH, world=replace(_MADE, host=replace(_MADE.host, vms=(replace(_VM, owner=""),)))), "the module"),
        (replace(_FRESH, world=a_world(vms=(replace(_VM, checkpoints=1),), disks=(_DISK,))), "the module"),
        (replace(_FRESH, world=a_world(release="2019")), "its world is special"),
        (replace(_FRESH, machine="nest-1"), "it runs in a guest"),
        (replace(_FRESH, not_on_hosts="because"), "because"),
        (_CALL, "nobody takes away what it makes"),
        (replace(_CALL, undo=(Step("Remove-NestedSwitch", _NEW),)), ""),
        (replace(_FRESH, first=(_CALL.step,)), "nobody takes away what its first steps make"),
        (Scenario("Get-NestedHostReport", "read"), ""),
    ],
)
def test_what_cannot_run_on_a_host_says_why(stand: Stand, scenario: Scenario, reason: str) -> None:
    """Scenarios whose world the module cannot make, or that would leave something behind, are not run."""
    found = stand.host.why_not(scenario, stand.simulation)

    assert found.startswith(reason)
    assert bool(found) == bool(reason)


def test_scenarios_of_the_contract_run_on_hosts(stand: Stand) -> None:
    """The real contract is not left out: reads, refusals and changes of it run, for instance those of NATs."""
    wanted = {"New-NestedNat-fresh", "New-NestedNat-already_done", "New-NestedNat-what-if"}
    chosen = [one for one in all_scenarios()["switches"] if one.id in wanted]

    assert {one.id: stand.host.why_not(one, stand.simulation) for one in chosen} == dict.fromkeys(wanted, "")


@pytest.mark.parametrize(
    "environment",
    [
        {ADDRESS: "hv01"},
        {ADDRESS: "https://Administrator:secret@hv01"},
        {ADDRESS: "https://Administrator@hv01"},
        {ADDRESS: "https://Administrator@hv01?colour=blue", f"{ADDRESS}_PASSWORD": "x"},
    ],
)
def test_settings_that_mean_nothing_are_refused(environment: dict[str, str]) -> None:
    """A host that cannot be reached so is told before any test runs; no password is in the message."""
    with pytest.raises(HostSettingsError) as refused:
        real_host(environment)

    assert "secret" not in str(refused.value)


def test_without_a_host_nothing_is_collected() -> None:
    """No host in the environment is no host; the tests that need one are not even collected."""
    assert real_host({}) is None
    assert "collect_ignore" in (ROOT / "tests" / "contract" / "conftest.py").read_text(encoding="utf-8")
