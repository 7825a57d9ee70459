"""Plans of work on a living lab: what they do in which order, what they refuse, and the shape that they leave."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from service.ledger.plan import Demand, Plan, PlanContext
from service.ledger.plans import build_plan
from service.ledger.plans.layout import layout_of
from tests.unit.ledger.plan_records import before, by_id, context, finding, living, plan_of
from tests.unit.schemas.bodies import DOMAIN, LAB_ID, loaded

_KINDS = ("stop_lab", "start_lab", "add_node", "remove_node", "rotate_guest_password")


def _lab(kind: str = "nested_cluster", power: str = "running", **changes: Any) -> PlanContext:
    request = loaded(kind, **changes)
    return living(build_plan(request, context()), request, **{"lab.power": power})


def _with(known: PlanContext, **record: Any) -> PlanContext:
    return replace(known, lab={**(known.lab or {}), **record})


def _codes(plan: Plan) -> list[str]:
    return [one.code for one in plan.findings if one.severity == "error"]


# Which labs can be worked on


@pytest.mark.parametrize("kind", _KINDS)
def test_a_lab_without_nodes_is_not_worked_on(kind: str) -> None:
    """A lab that was never built, or whose node is somebody else's, is refused by name and nothing is planned."""
    plan = plan_of(kind, known=context(lab={"id": LAB_ID, "request": loaded("nested_vm"), "facts": {}}))

    assert (_codes(plan), plan.steps) == (["LAB_WITHOUT_NODES"], ())
    assert plan.findings[0].pointer == "#/lab_id"


@pytest.mark.parametrize("kind", _KINDS)
def test_a_failed_lab_is_not_worked_on(kind: str) -> None:
    """What its maker may still be retried from stays as it is."""
    assert "LAB_NOT_READY" in _codes(plan_of(kind, known=_with(_lab(), state="failed")))


@pytest.mark.parametrize("kind", ["add_node", "remove_node", "rotate_guest_password"])
@pytest.mark.parametrize("power", ["stopped", "stopping", "starting"])
def test_a_lab_that_does_not_run_is_started_first(kind: str, power: str) -> None:
    """Work inside a lab needs it running."""
    assert _codes(plan_of(kind, known=_lab(power=power))) == ["LAB_POWER"]


@pytest.mark.parametrize(("kind", "powers"), [("stop_lab", {"stopped"}), ("start_lab", {"running"})])
def test_what_broke_off_can_be_asked_again(kind: str, powers: set[str]) -> None:
    """A stop or start that broke off goes either way; what is so already is refused."""
    refused = {
        power
        for power in ("running", "stopping", "stopped", "starting")
        if plan_of(kind, known=_lab(power=power)).refused
    }

    assert refused == powers


@pytest.mark.parametrize("kind", ["nested_vm", "install_role"])
def test_a_job_on_a_node_of_a_stopped_lab_is_refused(kind: str) -> None:
    """It would wait for a guest that is off."""
    target = {"lab_id": LAB_ID, "node": "nest-1"}
    changes = {"target": target, "host": None}
    body = {name: value for name, value in loaded(kind).items() if name != "host"} | {"target": changes["target"]}

    assert "LAB_POWER" in _codes(build_plan(body, _lab(power="stopped")))


@pytest.mark.parametrize("kind", ["stop_lab", "add_node", "remove_node"])
def test_a_half_rotated_lab_is_rotated_first(kind: str) -> None:
    """While nodes differ in their password only a rotation may work on the lab."""
    known = _lab()
    lab = known.lab or {}
    half = _with(known, facts={**lab["facts"], "lab.rotation": {"state": "begun"}})

    assert _codes(plan_of(kind, known=half)) == ["ROTATION_UNFINISHED"]
    assert not plan_of("rotate_guest_password", known=half).refused


# Stop and start


def test_a_stop_goes_from_the_inside_out() -> None:
    """All nested VMs before the cluster, the cluster before any node, and the record at both ends."""
    plan = plan_of("stop_lab", known=_lab())

    assert plan.steps[0].params["power"] == "stopping"
    assert {f"stop-nested-nest-{number}" for number in (1, 2, 3)} <= before(plan, "stop-cluster")
    assert "stop-cluster" in before(plan, "stop-nest-1")
    assert before(plan, "mark-stopped") == set(by_id(plan)) - {"mark-stopped"}
    assert not by_id(plan)["stop-nest-1"].params["turn_off"]
    assert plan.demand == Demand()


def test_a_stop_that_is_asked_again_keeps_what_ran() -> None:
    """The second stop adds to what the first one noted, so that all of it is started again."""
    again = [plan_of("stop_lab", known=_lab(power=power)) for power in ("running", "stopping")]

    assert [by_id(plan)["note-nested-nest-1"].params["again"] for plan in again] == [False, True]


def test_a_start_proves_each_level() -> None:
    """Nodes, hypervisors, then the whole cluster, then what ran inside; only then the lab runs."""
    plan = plan_of("start_lab", known=_lab(power="stopped"))

    assert {f"prove-hypervisor-nest-{number}" for number in (1, 2, 3)} <= before(plan, "start-cluster")
    assert "start-cluster" in before(plan, "start-nested-nest-2")
    assert before(plan, "mark-running") == set(by_id(plan)) - {"mark-running"}


def test_a_host_without_a_cluster_stops_and_starts_too() -> None:
    """A nested host has no cluster to stop."""
    stop = plan_of("stop_lab", known=_lab("nested_host"))
    start = plan_of("start_lab", known=_lab("nested_host", power="stopped"))

    assert "stop-nested-nest-1" in before(stop, "stop-nest-1")
    assert "prove-hypervisor-nest-1" in before(start, "start-nested-nest-1")
    assert {"StopCluster", "StartCluster"} & {step.action for step in (*stop.steps, *start.steps)} == set()


def test_a_stopped_lab_is_verified_as_stopped() -> None:
    """Its nodes shall be off, and their insides are not asked."""
    plan = plan_of("verify_lab", known=_lab(power="stopped"))

    assert {step.action for step in plan.steps} == {"VerifyNode", "PublishDrift"}
    assert plan.steps[0].params["expectations"]["state"] == "Off"


@pytest.mark.parametrize("kind", ["stop_lab", "rotate_guest_password", "remove_node", "verify_lab"])
def test_guests_are_reached_as_they_were_built(kind: str) -> None:
    """A job on a lab knows the account, the access and the domain of the request that built it."""
    known = _lab(identity=DOMAIN, guest__username="Chef", guest__access="winrm")
    for step in plan_of(kind, known=known).steps:
        assert step.params["guest"] == {"access": "winrm", "username": "Chef"}
        assert step.params["identity"]["mode"] == "domain"


# The password


def test_a_rotation_tries_one_node_first() -> None:
    """The first node goes alone; the lab's own password is replaced after all of them."""
    plan = plan_of("rotate_guest_password", known=_lab())

    assert before(plan, "rotate-password-nest-1") == {"begin-rotation"}
    assert before(plan, "rotate-password-nest-3") == {"begin-rotation", "rotate-password-nest-1"}
    assert before(plan, "commit-rotation") == set(by_id(plan)) - {"commit-rotation"}


# Nodes that come


def test_an_added_node_is_built_like_the_others() -> None:
    """It gets the next name and address, the whole chain of proofs, and its memory is asked of the host."""
    plan = plan_of("add_node", known=_lab())
    steps = by_id(plan)

    assert plan.demand == Demand(8192, 40)
    assert steps["create-node-nest-4"].params["memory_mib"] == 8192
    assert steps["configure-guest-nest-4"].params["address"] == "172.30.50.6"
    assert {"prove-hypervisor-nest-4", "tell-nest-1", "tell-nest-3"} <= before(plan, "validate-cluster")
    assert {"reshape-lab", "validate-cluster"} <= before(plan, "join-nest-4")
    assert steps["verify-cluster"].params["nodes"] == ["nest-1", "nest-2", "nest-3", "nest-4"]
    assert steps["inspect-host"].params["gates"]["memory_mib"] == 8192
    assert "reshape-lab" in before(plan, "create-disk-nest-4")


def test_the_old_nodes_learn_the_new_name() -> None:
    """In a workgroup every node's hosts file gets the new node, and the new one gets all."""
    steps = by_id(plan_of("add_node", known=_lab()))

    for name in ("tell-nest-2", "configure-guest-nest-4"):
        assert steps[name].params["host_entries"]["nest-4"] == "172.30.50.6"
    assert "tell-nest-1" not in by_id(plan_of("add_node", known=_lab(identity=DOMAIN)))


def test_a_rollback_of_an_added_node_leaves_the_lab() -> None:
    """Switch and NAT are the lab's; VM, disk, membership and shape are the job's."""
    undoable = {step.id for step in plan_of("add_node", known=_lab()).steps if step.undoable}

    assert {"reshape-lab", "create-node-nest-4", "create-disk-nest-4", "join-nest-4"} <= undoable
    assert {"ensure-switch", "ensure-nat"} & undoable == set()


def test_the_shape_writes_down_what_was_chosen() -> None:
    """The new request gives every node the address that it has, so that later plans see the lab as it is."""
    known = _lab()
    lab = known.lab or {}
    plan = plan_of("add_node", known=known, names=["extra"], memory_mib=6144)
    assert plan.reshape is not None
    old, new = layout_of(lab["request"], known), layout_of(plan.reshape.request, known)

    assert new.nodes[:3] == old.nodes
    assert (new.cluster_address, new.nodes[3].name) == (old.cluster_address, "extra")
    assert plan.reshape.demand == Demand(3 * 8192 + 6144, 160)
    after = _with(known, request=plan.reshape.request, facts={**lab["facts"], "node.extra.vm_id": "x"})
    memory = {
        step.node: step.params["expectations"]["memory_startup_mib"]
        for step in plan_of("verify_lab", known=after).steps
        if step.action == "VerifyNode"
    }
    assert memory == {"nest-1": 8192, "nest-2": 8192, "nest-3": 8192, "extra": 6144}


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"names": ["NEST-2"]}, "NODE_EXISTS", "#/names/0"),
        ({"names": ["nested-cl"]}, "NODE_EXISTS", "#/names/0"),
        ({"addresses": ["10.0.0.1"]}, "ADDRESS_OUTSIDE", "#/addresses/0"),
        ({"addresses": ["172.30.50.1"]}, "ADDRESS_TAKEN", "#/addresses/0"),
        ({"addresses": ["172.30.50.3"]}, "ADDRESS_TAKEN", "#/addresses/0"),
    ],
)
def test_what_cannot_be_added_is_said_at_once(changes: dict[str, Any], code: str, pointer: str) -> None:
    """A name or an address that the lab has is refused where it stands, before anything is planned."""
    plan = plan_of("add_node", known=_lab(), **changes)
    found = finding(plan, code)

    assert found is not None
    assert (found.pointer, plan.steps) == (pointer, ())


def test_a_subnet_that_is_full_is_said_at_once() -> None:
    """No address is made up."""
    small = _lab(network__subnet="172.30.50.0/29", nodes__count=3)

    assert finding(plan_of("add_node", known=small, count=2), "ADDRESSES_SHORT") is not None
    assert not plan_of("add_node", known=small, count=1).refused


def test_a_cluster_has_its_bounds() -> None:
    """64 nodes, 16 with Storage Spaces Direct; a lab without a cluster gets none."""
    disks = [{"size_gib": 1}, {"size_gib": 1}]
    full = _lab(nodes__count=16, cluster__storage="s2d", nodes__data_disks=disks)

    assert finding(plan_of("add_node", known=full), "CLUSTER_FULL") is not None
    assert _codes(plan_of("add_node", known=_lab("nested_host"))) == ["LAB_NOT_A_CLUSTER"]


def test_a_host_without_room_is_found() -> None:
    """More than the host has is an error at the member that asks for it."""
    found = finding(plan_of("add_node", known=_lab(), memory_mib=1024 * 1024), "CAPACITY_RAM")

    assert found is not None
    assert (found.severity, found.pointer) == ("error", "#/memory_mib")


def test_a_deleted_image_is_found() -> None:
    """The lab's image must still be in the catalogue."""
    assert finding(plan_of("add_node", known=replace(_lab(), image=None)), "IMAGE_UNKNOWN") is not None


# Nodes that go


def test_a_node_leaves_the_cluster_before_its_vm_goes() -> None:
    """The votes are counted first, then drain, eviction, votes, the others up, VM, disks, and the lab's shape last."""
    plan = plan_of("remove_node", known=_lab(), name="NEST-2")

    assert [step.action for step in plan.steps] == [
        "CheckQuorum",
        "DrainNode",
        "EvictNode",
        "SetQuorum",
        "VerifyCluster",
        "RemoveNode",
        "RemoveDisk",
        "ReshapeLab",
        "PublishLab",
    ]
    assert by_id(plan)["remove-node-nest-2"].params["vm_id"] == "id-of-nest-2"
    assert by_id(plan)["verify-cluster"].params["nodes"] == ["nest-1", "nest-3"]


def test_the_first_node_may_go() -> None:
    """The calls then go into the next one, and the lab's first node is that."""
    plan = plan_of("remove_node", known=_lab(), name="nest-1")

    assert {step.params.get("first_node", "nest-2") for step in plan.steps} == {"nest-2"}
    assert plan.reshape is not None
    assert plan.reshape.request["nodes"]["names"] == ["nest-2", "nest-3"]
    assert plan.reshape.request["network"]["addresses"] == ["172.30.50.3", "172.30.50.4"]
    assert (plan.reshape.gone, plan.reshape.demand) == (("nest-1",), Demand(2 * 8192, 80))


@pytest.mark.parametrize(
    ("known", "node", "code"),
    [
        (_lab(), "nest-9", "NODE_UNKNOWN"),
        (_lab(nodes__count=1), "nest-1", "LAST_NODE"),
        (_lab("nested_host"), "nest-1", "LAST_NODE"),
        (
            _lab(nodes__count=2, cluster__storage="s2d", nodes__data_disks=[{"size_gib": 1}, {"size_gib": 1}]),
            "nest-1",
            "S2D_NEEDS_TWO",
        ),
    ],
)
def test_a_node_that_cannot_go_is_said_at_once(known: PlanContext, node: str, code: str) -> None:
    """The last node, a stranger and half of a storage pair are refused before anything is planned."""
    plan = plan_of("remove_node", known=known, name=node)

    assert (code in _codes(plan), plan.steps) == (True, ())
