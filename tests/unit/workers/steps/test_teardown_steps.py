"""Teardown: ours goes, foreign stays, missing is no fault, and what is left is named."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import FakeHost
from tests.unit.workers.steps.bench import OWNER, VM_ID, Bench
from tests.unit.workers.steps.records import host_report, node_record, ours
from workers.errors import NotConverged, RemoteError

_CLUSTER = {"name": "lab-cl", "first_node": "nest-1", "cleanup_ad": True}
_NODE = {"vm_id": VM_ID, "name": "nest-1"}


def test_a_cluster_is_removed_from_its_first_node() -> None:
    """The cluster goes with its directory objects when that is asked for."""
    host = FakeHost({"Get-NestedNode": node_record(state="Running"), "Remove-NestedCluster": {"existed": True}})
    bench = Bench("RemoveCluster", host, _CLUSTER)

    assert bench.run()[0] == "succeeded"
    assert bench.changes()[0].parameters == {"name": "lab-cl", "cleanup_ad": True}


@pytest.mark.parametrize(("node", "warned"), [(node_record(), ["LEFT_INSIDE"]), (node_record(exists=False), [])])
def test_a_cluster_whose_node_is_off_or_gone_does_not_hold_the_teardown(
    node: dict[str, Any], warned: list[str]
) -> None:
    """The node goes next anyway; what may be left in the directory is warned about."""
    bench = Bench("RemoveCluster", FakeHost({"Get-NestedNode": node}), _CLUSTER)

    assert bench.run()[0] == "succeeded"
    assert bench.warnings() == warned


def test_a_cluster_that_refuses_to_go_is_an_error() -> None:
    """Only a guest that cannot be asked is tolerated; other failures are told."""
    refusal = RemoteError("nein", error_id="Remove-Cluster,Microsoft.FailoverClusters.PowerShell.RemoveClusterCommand")
    host = FakeHost({"Get-NestedNode": node_record(state="Running"), "Remove-NestedCluster": refusal})

    with pytest.raises(RemoteError):
        Bench("RemoveCluster", host, _CLUSTER).run()


def test_a_first_node_that_was_never_made_has_no_cluster() -> None:
    """A lab that broke early is torn down too."""
    bench = Bench("RemoveCluster", FakeHost(), _CLUSTER, facts={})

    assert bench.run()[0] == "succeeded"
    assert bench.host.log == []


def test_a_node_is_removed_by_id_and_owner() -> None:
    """Our VM is removed and seen gone."""
    host = FakeHost({"Get-NestedNode": [node_record(), node_record(), node_record(exists=False)]})
    host.answers["Remove-NestedNode"] = {"existed": True}
    bench = Bench("RemoveNode", host, _NODE)

    assert bench.run()[0] == "succeeded"
    assert bench.changes()[0].parameters == {"vm_id": VM_ID, "owner": OWNER}


@pytest.mark.parametrize("node", [node_record(exists=False), node_record(owner="lab_other"), node_record(owner=None)])
def test_a_missing_or_foreign_vm_is_left_alone(node: dict[str, Any]) -> None:
    """Neither absence nor somebody else's VM of this id is touched."""
    bench = Bench("RemoveNode", FakeHost({"Get-NestedNode": node}), _NODE)

    assert bench.run()[0] == "skipped"


def test_a_vm_whose_id_was_never_recorded_is_found_by_name_and_owner() -> None:
    """A build that broke right after making the VM leaves nothing behind."""
    host = FakeHost({"Get-NestedNode": node_record(exists=False)})
    Bench("RemoveNode", host, {"vm_id": "", "name": "nest-1"}).run()

    assert host.log[0].parameters == {"name": "nest-1", "owner": OWNER}


def test_a_vm_that_stays_is_not_converged() -> None:
    """The removal is read back."""
    host = FakeHost({"Get-NestedNode": node_record(), "Remove-NestedNode": {"existed": True}})

    with pytest.raises(NotConverged):
        Bench("RemoveNode", host, _NODE).run()


def test_disks_go_one_by_one_and_foreign_ones_stay() -> None:
    """Missing files are no fault, a file of somebody else is named and stays."""
    host = FakeHost({"Remove-NestedDisk": [{"existed": True}, {"existed": False}, ours("NotOwned")]})
    bench = Bench("RemoveDisk", host, {"paths": ["a", "b", "c"]})

    assert bench.run()[0] == "succeeded"
    assert [call.parameters["path"] for call in bench.changes()] == ["a", "b", "c"]
    assert bench.warnings() == ["FOREIGN_LEFT_ALONE"]


def test_a_disk_in_use_is_tried_again() -> None:
    """A disk that is still attached is retryable."""
    with pytest.raises(RemoteError) as failed:
        Bench("RemoveDisk", FakeHost({"Remove-NestedDisk": ours("DiskAttached")}), {"paths": ["a"]}).run()

    assert failed.value.retryable


def test_nat_and_switch_go_and_missing_ones_are_no_fault() -> None:
    """Both are removed when they are ours."""
    nat = Bench("RemoveNat", FakeHost({"Remove-NestedNat": {"existed": False}}), {"name": "mk-1"})
    gone = {"exists": False, "owner": None}
    host = FakeHost(
        {"Get-NestedSwitch": [{"exists": True, "owner": OWNER}, gone], "Remove-NestedSwitch": {"existed": True}}
    )
    switch = Bench("RemoveSwitch", host, {"name": "lab"})

    assert nat.run()[0] == "succeeded"
    assert [switch.run()[0], switch.run()[0]] == ["succeeded", "skipped"]


def test_a_foreign_switch_is_left_alone() -> None:
    """A switch of this name without our owner stays."""
    host = FakeHost({"Get-NestedSwitch": {"exists": True, "owner": None}})

    assert Bench("RemoveSwitch", host, {"name": "lab"}).run()[0] == "skipped"


def test_a_nested_vm_in_somebodys_node_is_removed() -> None:
    """Only the lab's VM goes; a node that is off is warned about."""
    host = FakeHost({"Get-NestedNode": node_record(state="Running"), "Remove-NestedVM": {"existed": True}})
    bench = Bench("RemoveNestedVM", host, {"name": "inner"})

    assert bench.run()[0] == "succeeded"
    assert bench.changes()[0].parameters == {"name": "inner", "owner": OWNER}


def test_release_names_what_still_carries_our_owner() -> None:
    """The orphan report lists VMs and switches of this lab only, and the lab is released."""
    vms = [{"name": "stray", "vm_id": "7", "owner": OWNER}, {"name": "theirs", "vm_id": "8", "owner": "lab_2"}]
    bench = Bench("ReleaseLab", FakeHost({"Get-NestedHostReport": host_report(vms=vms)}))

    _, facts = bench.run()

    assert facts["lab.removed"] is True
    assert facts["lab.summary"] == {"left": [{"kind": "vm", "name": "stray", "id": "7"}]}
    assert bench.warnings() == ["LEFT_BEHIND"]
