"""The plans of the other kinds."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.kinds import REQUEST_SCHEMAS
from service.ledger.plan import Plan, PlanContext
from service.ledger.plans import BUILDERS, build_plan
from service.ledger.plans.nominal import NOMINAL, deadline_seconds
from tests.unit.ledger.plan_records import before, by_id, context, finding, living, plan_of
from tests.unit.schemas.bodies import ABSENT, DOMAIN, LAB_ID, loaded

_VM_ID = "01234567-89AB-CDEF-0123-456789ABCDEF"
_NODE_OF_LAB = {"host": ABSENT, "target": {"lab_id": LAB_ID, "node": "nest-2"}}


def _living(kind: str = "nested_cluster", **changes: Any) -> PlanContext:
    request = loaded(kind, **changes)
    return living(plan_of(kind, **changes), request)


def _ids(plan: Plan) -> list[str]:
    return [step.id for step in plan.steps]


def test_every_kind_has_a_plan() -> None:
    """There is a builder for each kind that can be asked for, and no other."""
    assert set(BUILDERS) == set(REQUEST_SCHEMAS)


def test_an_unknown_kind_is_an_error() -> None:
    """A kind that passed no schema is a programming error."""
    with pytest.raises(KeyError):
        build_plan({"kind": "x"}, context())


def test_every_action_has_a_cost() -> None:
    """Every action has a positive estimate and a deadline beyond it."""
    assert all(0 < nominal.seconds < deadline_seconds(nominal.seconds) for nominal in NOMINAL.values())


def test_a_nested_host_is_one_chain_to_its_proof() -> None:
    """One node gets Hyper-V without clustering, and a nested VM when its hypervisor is proven."""
    plan = plan_of("nested_host")
    steps = by_id(plan)

    assert steps["install-role-nest-1"].params["features"] == ["Hyper-V", "Hyper-V-PowerShell"]
    assert steps["inner-switch-nest-1"].needs == ("prove-hypervisor-nest-1",)
    assert "open-firewall-nest-1" not in steps
    assert plan.steps[-1].needs == ("smoke-test-nest-1",)


def test_a_nested_host_can_join_a_domain() -> None:
    """One node may be a member of a domain too."""
    assert "join-domain-nest-1" in _ids(plan_of("nested_host", identity=DOMAIN))


def test_nesting_is_enabled_on_a_vm_that_exists() -> None:
    """The VM is found, stopped if need be, set, and started again."""
    plan = plan_of("enable_nesting", memory_mib=8192)

    assert _ids(plan) == [
        "inspect-host",
        "resolve-my-server",
        "stop-my-server",
        "enable-nesting-my-server",
        "start-my-server",
    ]
    assert by_id(plan)["resolve-my-server"].params == {"name": "my server"}
    assert by_id(plan)["enable-nesting-my-server"].params == {"memory_mib": 8192, "allow_small_memory": False}
    assert plan.demand.memory_mib == 0


def test_nesting_can_be_taken_back() -> None:
    """Every change to somebody's VM is undoable, and its undo knows how it was."""
    steps = by_id(plan_of("enable_nesting"))

    for name in ("stop", "start"):
        assert steps[f"{name}-my-server"].undoable
        assert "node.my-server.was_running" in steps[f"{name}-my-server"].reads
    assert steps["enable-nesting-my-server"].undoable
    assert "node.my-server.settings" in steps["enable-nesting-my-server"].reads


def test_a_vm_may_stay_off() -> None:
    """Without start_after the VM is left off."""
    assert "start-my-server" not in _ids(plan_of("enable_nesting", start_after=False))


def test_a_vm_is_found_by_its_id() -> None:
    """An id is kept in small letters, and its beginning names the steps."""
    steps = by_id(plan_of("enable_nesting", target={"vm_id": _VM_ID}))

    assert steps["resolve-vm-01234567"].params == {"vm_id": _VM_ID.lower()}


def test_a_vm_without_a_plain_name_still_has_steps() -> None:
    """A VM name of signs only gives step ids all the same."""
    assert "resolve-vm" in _ids(plan_of("enable_nesting", target={"vm_name": "日本"}))


def test_a_node_of_a_lab_is_found_by_the_id_that_its_lab_knows() -> None:
    """The lab's own record says which VM a node is."""
    plan = plan_of("enable_nesting", known=_living(), **_NODE_OF_LAB)

    assert by_id(plan)["resolve-nest-2"].params == {"vm_id": "id-of-nest-2"}
    assert finding(plan, "NODE_UNKNOWN") is None


def test_an_unknown_node_of_a_lab_is_refused() -> None:
    """A node that its lab does not know refuses the plan."""
    plan = plan_of("enable_nesting", known=context(lab={"facts": {}}), **_NODE_OF_LAB)

    assert plan.refused
    assert finding(plan, "NODE_UNKNOWN") is not None


def test_a_role_is_installed_after_the_cpu_was_seen() -> None:
    """Hyper-V is installed only when the guest sees the extensions, and proven after the restart."""
    plan = plan_of("install_role", roles=["hyper_v", "failover_clustering"])

    assert _ids(plan) == [
        "resolve-my-server",
        "await-guest-my-server",
        "probe-after-script-my-server",
        "install-role-my-server",
        "reboot-my-server",
        "prove-hypervisor-my-server",
        "publish-lab",
    ]
    assert by_id(plan)["install-role-my-server"].params["features"] == [
        "Hyper-V",
        "Hyper-V-PowerShell",
        "Failover-Clustering",
        "RSAT-Clustering-PowerShell",
    ]


def test_clustering_alone_needs_no_hypervisor() -> None:
    """Failover clustering by itself is neither gated by the CPU nor proven by a hypervisor."""
    ids = _ids(plan_of("install_role", roles=["failover_clustering"]))

    assert not [name for name in ids if name.startswith(("probe", "prove"))]


def test_a_role_on_a_node_of_a_lab_is_published() -> None:
    """The CPU ledger of the lab gets the new readings."""
    plan = plan_of("install_role", known=_living(), guest=ABSENT, **_NODE_OF_LAB)

    assert plan.steps[-1].id == "publish-lab"


def test_a_nested_vm_is_made_in_a_proven_node() -> None:
    """A nested VM is made after the node's hypervisor was proven, on a switch when one is named."""
    nested = {"name": "inner-1", "switch": "inner"}
    plan = plan_of("nested_vm", nested_vm=nested)

    assert _ids(plan) == [
        "resolve-my-server",
        "await-guest-my-server",
        "prove-hypervisor-my-server",
        "inner-switch-my-server",
        "create-nested-vm",
        "publish-lab",
    ]
    assert by_id(plan)["create-nested-vm"].params == {
        "name": "inner-1",
        "memory_mib": 64,
        "parent_disk_path": "",
        "switch": "inner",
    }


def test_a_nested_vm_needs_no_switch() -> None:
    """Without a switch none is made."""
    assert "inner-switch-my-server" not in _ids(plan_of("nested_vm"))


def test_inspecting_gates_nothing() -> None:
    """An inspection reports what forbids nesting instead of failing for it."""
    plan = plan_of("inspect_host")

    assert _ids(plan) == ["inspect-host"]
    assert plan.steps[0].params["gates"]["nesting"] is False


def test_verifying_compares_every_node() -> None:
    """Each node is compared from outside and inside, then the drift is published."""
    plan = plan_of("verify_lab", known=_living(cluster__name="CL"))
    steps = by_id(plan)

    assert len(plan.steps) == 7
    assert steps["verify-node-nest-1"].params["expectations"]["memory_startup_mib"] == 8192
    assert steps["verify-guest-nest-1"].params["expectations"]["cluster"] == {
        "name": "CL",
        "nodes": ["nest-1", "nest-2", "nest-3"],
    }
    assert "cluster" not in steps["verify-guest-nest-2"].params["expectations"]
    assert steps["verify-guest-nest-2"].params["expectations"]["address"] == "172.30.50.3"
    assert before(plan, "publish-drift") == set(steps) - {"publish-drift"}


def test_verifying_changes_nothing() -> None:
    """A verification has only actions that read."""
    plan = plan_of("verify_lab", known=_living("nested_host"))

    assert {step.action for step in plan.steps} == {"VerifyNode", "VerifyGuest", "PublishDrift"}


def test_only_built_nodes_are_verified() -> None:
    """A node that a failed job never made is not asked about."""
    request = loaded()
    lab = {"id": LAB_ID, "request": request, "facts": {"node.nest-2.vm_id": "x"}}
    plan = plan_of("verify_lab", known=context(lab=lab))

    assert _ids(plan) == ["verify-node-nest-2", "verify-guest-nest-2", "publish-drift"]


def test_a_lab_without_nodes_is_not_verified() -> None:
    """There is nothing to compare in a lab that was never built."""
    plan = plan_of("verify_lab", known=context(lab={"id": LAB_ID, "request": loaded(), "facts": {}}))

    assert plan.refused
    assert plan.steps == ()


def test_a_teardown_goes_backwards() -> None:
    """The cluster goes first, then VMs, then disks and network, and the lab is released last."""
    plan = plan_of("teardown", known=_living(nodes__data_disks=[{"size_gib": 1}]))
    steps = by_id(plan)

    assert steps["remove-node-nest-1"].needs == ("remove-cluster",)
    assert steps["remove-node-nest-1"].params == {"vm_id": "id-of-nest-1", "name": "nest-1"}
    assert steps["remove-disk-nest-1"].params == {
        "paths": [rf"D:\Labs\{LAB_ID}\nest-1\nest-1.vhdx", rf"D:\Labs\{LAB_ID}\nest-1\data-1.vhdx"]
    }
    assert {"remove-node-nest-1", "remove-node-nest-3"} <= before(plan, "remove-nat")
    assert steps["remove-switch"].needs == ("remove-nat",)
    assert before(plan, "release-lab") == set(steps) - {"release-lab"}


def test_a_teardown_removes_what_the_build_made() -> None:
    """Paths, switch and NAT of a teardown are those of the build."""
    build, known = by_id(plan_of()), _living()
    removal = by_id(plan_of("teardown", known=known))

    assert removal["remove-disk-nest-3"].params["paths"] == [build["create-disk-nest-3"].params["path"]]
    assert removal["remove-switch"].params["name"] == build["ensure-switch"].params["name"]
    assert removal["remove-nat"].params["name"] == build["ensure-nat"].params["name"]


def test_a_teardown_leaves_the_callers_switch() -> None:
    """A switch that the lab did not make stays, and so does its NAT."""
    plan = plan_of("teardown", known=_living("nested_host"))

    assert _ids(plan) == ["remove-node-nest-1", "remove-disk-nest-1", "release-lab"]


def test_half_a_lab_is_torn_down_too() -> None:
    """Nodes whose ids were never noted are looked for by name and owner; without any node no cluster is asked."""
    lab = {"id": LAB_ID, "request": loaded(), "facts": {}}
    steps = by_id(plan_of("teardown", known=context(lab=lab)))

    assert "remove-cluster" not in steps
    assert steps["remove-node-nest-1"].params == {"vm_id": "", "name": "nest-1"}


def test_an_unknown_lab_is_only_released() -> None:
    """A lab without a record of its making has only its reservation to give back."""
    assert _ids(plan_of("teardown", known=context())) == ["release-lab"]


@pytest.mark.parametrize(
    ("identity", "asked", "cleaned"),
    [(None, True, False), (DOMAIN, True, True), (DOMAIN, False, False)],
)
def test_the_directory_is_cleaned_where_there_is_one(identity: Any, asked: bool, cleaned: bool) -> None:
    """Directory objects are removed only of a cluster that has some, and only when that is wanted."""
    known = _living(**({"identity": identity} if identity else {}))
    plan = plan_of("teardown", known=known, cleanup_ad=asked)

    assert by_id(plan)["remove-cluster"].params["cleanup_ad"] is cleaned


def test_a_nested_vm_of_its_own_lab_is_removed_from_its_node() -> None:
    """Tearing down a nested VM's lab removes that VM and leaves somebody's node alone."""
    plan = plan_of("teardown", known=_living("nested_vm"))

    assert _ids(plan) == ["remove-nested-vm-my-server", "release-lab"]
    assert plan.steps[0].params == {"name": "inner-1"}


def test_the_same_request_gives_the_same_plan() -> None:
    """A plan depends on nothing but its request and context."""
    assert plan_of().digest() == plan_of().digest()
    assert plan_of().digest() != plan_of(nodes__count=4).digest()
