"""The plan of a nested cluster: which steps, in which order, with which parameters."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from service.ledger.plan import Plan
from tests.unit.ledger.plan_records import before, by_id, plan_of
from tests.unit.schemas.bodies import DOMAIN, LAB_ID

_NODES = ["nest-1", "nest-2", "nest-3"]
_CHAIN = [
    "create-disk",
    "seed-disk",
    "create-node",
    "enable-nesting",
    "start",
    "await-guest",
    "probe-after-script",
    "configure-guest",
    "install-role",
    "reboot",
    "prove-hypervisor",
    "open-firewall",
]
_END = ["validate-cluster", "create-cluster", "join-nest-2", "join-nest-3", "set-quorum", "verify-cluster"]


@pytest.fixture
def plan() -> Plan:
    """The plan of three nodes."""
    return plan_of()


def test_three_nodes_are_some_fifty_steps(plan: Plan) -> None:
    """Three nodes with everything on give about fifty steps, and nothing forbids them."""
    assert len(plan.steps) == 53
    assert not plan.refused


@pytest.mark.parametrize("name", _NODES)
def test_a_node_is_a_chain(plan: Plan, name: str) -> None:
    """Each step of a node needs the one before it."""
    steps = by_id(plan)

    for earlier, later in pairwise(_CHAIN):
        assert f"{earlier}-{name}" in steps[f"{later}-{name}"].needs


def test_nodes_run_side_by_side(plan: Plan) -> None:
    """No step of a node before the cluster needs a step of another node."""
    for step in plan.steps:
        if step.node and step.id.rsplit(f"-{step.node}", 1)[0] in _CHAIN:
            others = {name for name in _NODES if name != step.node}
            assert not [need for need in before(plan, step.id) if any(need.endswith(name) for name in others)]


def test_disks_wait_for_the_image(plan: Plan) -> None:
    """A disk that hangs on the image is made after the image was verified."""
    assert by_id(plan)["create-disk-nest-1"].needs == ("verify-image",)


def test_data_disks_do_not_wait_for_the_image() -> None:
    """Data disks are made at once, and the VM waits for them."""
    steps = by_id(plan_of(nodes__data_disks=[{"size_gib": 10}, {"size_gib": 20}]))

    assert steps["create-data-disk-nest-2-2"].needs == ("inspect-host",)
    assert steps["create-data-disk-nest-2-2"].params == {
        "path": rf"D:\Labs\{LAB_ID}\nest-2\data-2.vhdx",
        "size_gib": 20,
    }
    assert {"create-data-disk-nest-2-1", "create-data-disk-nest-2-2"} <= set(steps["create-node-nest-2"].needs)
    assert steps["create-node-nest-2"].params["data_disk_paths"] == [
        rf"D:\Labs\{LAB_ID}\nest-2\data-1.vhdx",
        rf"D:\Labs\{LAB_ID}\nest-2\data-2.vhdx",
    ]


def test_validation_needs_all_nodes(plan: Plan) -> None:
    """Nodes are validated when all of them have a proven hypervisor and an open firewall."""
    needed = {f"{step}-{name}" for step in ("prove-hypervisor", "open-firewall") for name in _NODES}

    assert set(by_id(plan)["validate-cluster"].needs) == needed


def test_the_cluster_grows_one_node_at_a_time(plan: Plan) -> None:
    """Validation, forming, joins and quorum follow each other in one chain."""
    steps = by_id(plan)

    for earlier, later in pairwise(_END):
        assert steps[later].needs == (earlier,)
    assert steps["create-cluster"].params["nodes"] == ["nest-1"]


def test_smoke_tests_run_side_by_side(plan: Plan) -> None:
    """Each node is smoke-tested after its inner switch, none waits for another."""
    steps = by_id(plan)

    for name in _NODES:
        assert steps[f"inner-switch-{name}"].needs == ("verify-cluster",)
        assert steps[f"smoke-test-{name}"].needs == (f"inner-switch-{name}",)


def test_publishing_is_last(plan: Plan) -> None:
    """The lab is published when everything else is done."""
    assert plan.steps[-1].id == "publish-lab"
    assert before(plan, "publish-lab") == set(by_id(plan)) - {"publish-lab"}


def test_without_smoke_test_the_cluster_is_the_end() -> None:
    """With the smoke test off no nested VM and no inner switch are made."""
    steps = by_id(plan_of(smoke_test={"enabled": False}))

    assert steps["publish-lab"].needs == ("verify-cluster",)
    assert not [name for name in steps if name.startswith(("smoke", "inner"))]


def test_heavy_steps_are_marked(plan: Plan) -> None:
    """Hashing, booting, role installation and validation count as heavy, and nothing else."""
    heavy = {step.action for step in plan.steps if step.heavy}

    assert heavy == {"VerifyImage", "StartNode", "AwaitGuest", "InstallRole", "RebootGuest", "ValidateCluster"}


def test_what_is_made_can_be_undone(plan: Plan) -> None:
    """Everything that stays on the host when a job is rolled back is marked."""
    undoable = {step.action for step in plan.steps if step.undoable}

    assert undoable == {"EnsureSwitch", "EnsureNat", "CreateDisk", "CreateNode", "CreateCluster", "SmokeTest"}


def test_deadlines_are_generous(plan: Plan) -> None:
    """A step may take six times its estimate and two minutes more."""
    assert all(step.deadline_seconds >= step.weight_seconds * 6 + 120 for step in plan.steps)


def test_nodes_of_a_cluster_beside_each_other_are_faster(plan: Plan) -> None:
    """The bounds of a host lengthen the plan, and more nodes hardly lengthen it without bounds."""
    assert plan.critical_path_seconds() == plan.bounded_seconds(16, 16)
    assert plan.bounded_seconds(1, 1) > 1.5 * plan.critical_path_seconds()


def test_the_host_is_inspected_first(plan: Plan) -> None:
    """Everything needs the inspection, whose gates are the lab's own demand."""
    inspect = plan.steps[0]

    assert inspect.params == {
        "gates": {"memory_mib": 24576, "disk_gib": 120, "nesting": True, "path": rf"D:\Labs\{LAB_ID}"},
        "switch": "",
    }
    assert all("inspect-host" in before(plan, step.id) for step in plan.steps[1:])


def test_demand_counts_all_memory_and_disks() -> None:
    """The reservation is the memory of all nodes, the growth of their disks and their data disks in full."""
    demand = plan_of(nodes__count=2, nodes__memory_mib=16384, nodes__data_disks=[{"size_gib": 100}]).demand

    assert (demand.memory_mib, demand.disk_gib) == (32768, 280)


def test_an_internal_switch_is_ours(plan: Plan) -> None:
    """An internal switch gets the gateway's address and a NAT whose name is the lab's."""
    steps = by_id(plan)

    assert steps["ensure-switch"].params == {
        "name": "lab",
        "kind": "internal",
        "host_address": "172.30.50.1",
        "prefix_length": 24,
    }
    assert steps["ensure-nat"].params == {"name": f"mk-{LAB_ID[-12:]}", "prefix": "172.30.50.0/24"}
    assert "ensure-nat" in steps["configure-guest-nest-1"].needs


def test_a_switch_of_the_caller_is_left_alone() -> None:
    """An existing switch is checked, gets no NAT and is not undone."""
    network = {"switch": {"kind": "external", "name": "LAN"}, "addressing": "dhcp"}
    steps = by_id(plan_of(network=network))

    assert "ensure-nat" not in steps
    assert not steps["ensure-switch"].undoable
    assert steps["inspect-host"].params["switch"] == "LAN"
    assert steps["configure-guest-nest-1"].params["address"] == ""
    assert steps["configure-guest-nest-1"].params["host_entries"] == {}
    assert steps["create-cluster"].params["static_address"] == ""


def test_no_nat_when_it_is_not_wanted() -> None:
    """An internal switch without NAT stays without."""
    assert "ensure-nat" not in by_id(plan_of(network__nat=False))


def test_addresses_are_chosen_around_what_is_taken() -> None:
    """Chosen addresses skip the gateway, the cluster's and DNS servers of the subnet."""
    steps = by_id(plan_of(cluster__static_address="172.30.50.3", network__dns_servers=["172.30.50.4"]))
    chosen = [steps[f"configure-guest-{name}"].params["address"] for name in _NODES]

    assert chosen == ["172.30.50.2", "172.30.50.5", "172.30.50.6"]


def test_the_cluster_gets_an_address_of_its_own(plan: Plan) -> None:
    """Without an address given, the cluster gets the first one after the nodes."""
    assert by_id(plan)["create-cluster"].params["static_address"] == "172.30.50.5"


def test_a_workgroup_knows_its_names(plan: Plan) -> None:
    """Every node of a workgroup gets the names of all nodes and of the cluster, short and with the suffix."""
    params = by_id(plan)["configure-guest-nest-3"].params

    assert params["dns_suffix"] == "lab.internal"
    assert params["host_entries"] == {
        "nest-1": "172.30.50.2",
        "nest-2": "172.30.50.3",
        "nest-3": "172.30.50.4",
        "NESTED-CL": "172.30.50.5",
        "nest-1.lab.internal": "172.30.50.2",
        "nest-2.lab.internal": "172.30.50.3",
        "nest-3.lab.internal": "172.30.50.4",
        "NESTED-CL.lab.internal": "172.30.50.5",
    }


@pytest.mark.parametrize(
    ("changes", "access_point"),
    [
        ({}, "Dns"),
        ({"identity": DOMAIN}, "ActiveDirectoryAndDns"),
        ({"identity": DOMAIN, "cluster__access_point": "dns"}, "Dns"),
        ({"cluster__access_point": "none"}, "None"),
    ],
)
def test_the_access_point_follows_the_identity(changes: dict[str, Any], access_point: str) -> None:
    """A workgroup gets an access point in DNS, a domain one in both, unless it is said otherwise."""
    assert by_id(plan_of(**changes))["create-cluster"].params["access_point"] == access_point


def test_a_domain_is_joined_before_the_role() -> None:
    """In a domain each node is joined and restarted before its role is installed, and needs no host entries."""
    steps = by_id(plan_of(identity=DOMAIN | {"organizational_unit": "OU=Labs,DC=corp,DC=example"}))

    assert steps["join-domain-nest-1"].params == {"domain": "corp.example", "ou": "OU=Labs,DC=corp,DC=example"}
    assert steps["reboot-join-nest-1"].needs == ("join-domain-nest-1",)
    assert steps["install-role-nest-1"].needs == ("reboot-join-nest-1",)
    assert steps["configure-guest-nest-1"].params["host_entries"] == {}
    assert steps["configure-guest-nest-1"].params["dns_suffix"] == ""


def test_s2d_comes_after_the_quorum() -> None:
    """Storage is enabled when the cluster has its witness, and its tests are validated before."""
    steps = by_id(plan_of(cluster__storage="s2d", nodes__data_disks=[{"size_gib": 100}] * 2))

    assert steps["enable-storage"].needs == ("set-quorum",)
    assert steps["verify-cluster"].needs == ("enable-storage",)
    assert "Storage Spaces Direct" in steps["validate-cluster"].params["categories"]


@pytest.mark.parametrize(("gate", "stops"), [("fail", True), ("warn", False)])
def test_validation_is_a_gate_when_asked(gate: str, stops: bool) -> None:
    """Only the gate `fail` stops the job at a failed test; given categories are kept."""
    validation = {"gate": gate, "categories": ["Network"]}
    params = by_id(plan_of(cluster__validation=validation))["validate-cluster"].params

    assert (params["gate"], params["categories"]) == (stops, ["Network"])


def test_validation_can_be_skipped() -> None:
    """Without validation the cluster is formed when all nodes are ready."""
    steps = by_id(plan_of(cluster__validation={"gate": "skip"}))

    assert "validate-cluster" not in steps
    assert {f"open-firewall-{name}" for name in _NODES} <= set(steps["create-cluster"].needs)


def test_the_witness_key_is_not_in_the_plan() -> None:
    """A cloud witness is described without its key."""
    witness = {"kind": "cloud", "account_name": "labs", "access_key": {"value": "topsecret"}}
    plan = plan_of(cluster__witness=witness)

    assert by_id(plan)["set-quorum"].params["witness"] == {"kind": "cloud", "account_name": "labs"}
    assert "topsecret" not in repr(plan)


def test_winrm_steps_read_the_address() -> None:
    """With WinRM every step inside a configured node reads its address; those before use the VM bus."""
    steps = by_id(plan_of(guest__access="winrm"))

    assert steps["install-role-nest-2"].reads == ("node.nest-2.vm_id", "node.nest-2.address")
    assert steps["join-nest-2"].reads == ("node.nest-1.vm_id", "node.nest-1.address")
    assert steps["configure-guest-nest-2"].reads == ("node.nest-2.vm_id", "node.nest-2.mac")


def test_the_baseline_is_read_before_anything_is_exposed() -> None:
    """With the baseline probe only the first node is started, probed and stopped before nesting is enabled."""
    plan = plan_of(baseline_probe=True)
    steps = by_id(plan)
    chain = ["start-baseline", "await-guest-baseline", "probe-before-script", "stop", "enable-nesting", "start"]

    for earlier, later in pairwise(chain):
        assert steps[f"{later}-nest-1"].needs == (f"{earlier}-nest-1",)
    assert not [name for name in steps if "baseline" in name and not name.endswith("nest-1")]
    assert len(plan.steps) == 57


def test_one_node_is_a_cluster_too() -> None:
    """A cluster of one node has no joins and still a quorum step."""
    steps = by_id(plan_of(nodes__count=1))

    assert steps["set-quorum"].needs == ("create-cluster",)


def test_given_names_and_addresses_are_kept() -> None:
    """Names and addresses that were given belong together by their order."""
    addresses = ["172.30.50.33", "172.30.50.31", "172.30.50.32"]
    steps = by_id(plan_of(nodes__names=["c", "a", "b"], network__addresses=addresses))

    assert [steps[f"configure-guest-{name}"].params["address"] for name in "cab"] == addresses
    assert steps["create-cluster"].params["first_node"] == "c"
