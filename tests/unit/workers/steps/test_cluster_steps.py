"""The cluster: validated, formed, joined, its witness, its storage, its end."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import FakeHost
from tests.unit.workers.steps.bench import FACTS, VM_ID, Bench
from tests.unit.workers.steps.records import cluster_record, node_record, ours
from workers.errors import NotConverged, RemoteError, StepRefused
from workers.psrp.port import GuestTarget, SecretStr

_FORM = {
    "name": "LAB-CL",
    "nodes": ["nest-1"],
    "static_address": "10.0.0.10",
    "access_point": "Dns",
    "first_node": "nest-1",
}
_JOIN = {"name": "nest-2", "first_node": "nest-1"}
_VALIDATE = {"nodes": ["nest-1", "nest-2"], "categories": ["Network"], "gate": True, "first_node": "nest-1"}
_NONE = cluster_record()


def _validation(*results: str) -> dict[str, Any]:
    rows = [{"category": "Network", "test": f"Test {result}", "result": result} for result in results]
    failed, warned = results.count("Failed"), results.count("Warning")
    return {
        "succeeded": not failed,
        "failed_count": failed,
        "warning_count": warned,
        "results": rows,
        "report_path": r"C:\Windows\Cluster\Reports\x.htm",
    }


def _validate(answer: dict[str, Any], **params: Any) -> Bench:
    return Bench("ValidateCluster", FakeHost({"Test-NestedCluster": answer}), _VALIDATE | params)


def test_a_good_validation_is_kept_without_its_good_rows() -> None:
    """What passed is counted, what warned is listed."""
    _, facts = _validate(_validation("Success", "Warning")).run()

    assert [row["result"] for row in facts["cluster.validation"]["results"]] == ["Warning"]


def test_a_failed_test_stops_the_job_when_it_is_a_gate() -> None:
    """The refusal names the failed tests."""
    with pytest.raises(StepRefused, match="Test Failed") as refused:
        _validate(_validation("Failed", "Success")).run()

    assert refused.value.reason == "CLUSTER_VALIDATION_FAILED"


def test_a_failed_test_is_a_warning_when_it_is_no_gate() -> None:
    """With gate warn the job goes on and says so."""
    bench = _validate(_validation("Failed"), gate=False)

    assert bench.run()[0] == "succeeded"
    assert bench.warnings() == ["CLUSTER_VALIDATION_FAILED"]


def test_a_cluster_is_formed_in_the_first_node() -> None:
    """A fresh node becomes a cluster; every call goes into that node."""
    host = FakeHost({"Get-NestedCluster": [_NONE, cluster_record("nest-1")], "New-NestedCluster": {}})
    bench = Bench("CreateCluster", host, _FORM)

    assert bench.run()[1]["cluster.name"] == "lab-cl"
    assert {call.target for call in host.log} == {GuestTarget(VM_ID)}
    assert bench.changes()[0].parameters["administrative_access_point"] == "Dns"


def test_in_a_domain_the_joining_account_forms_the_cluster() -> None:
    """The cluster's objects are made in the directory, so a domain account must make them."""
    host = FakeHost({"Get-NestedCluster": cluster_record("nest-1")})
    request = {"identity": {"mode": "domain", "join_credential": {"username": r"LAB\joiner"}}}
    Bench("CreateCluster", host, _FORM, request=request).run()

    assert host.log[0].target == GuestTarget(VM_ID, credential="join_credential", username=r"LAB\joiner")


def test_our_cluster_is_not_formed_twice() -> None:
    """The same name, whatever its case, is done."""
    bench = Bench("CreateCluster", FakeHost({"Get-NestedCluster": cluster_record("nest-1")}), _FORM)

    assert bench.run()[0] == "skipped"


def test_a_node_in_another_cluster_is_refused() -> None:
    """A foreign cluster is neither joined nor destroyed."""
    host = FakeHost({"Get-NestedCluster": cluster_record("nest-1", name="theirs")})

    with pytest.raises(StepRefused) as refused:
        Bench("CreateCluster", host, _FORM).run()

    assert refused.value.reason == "NODE_ALREADY_CLUSTERED"


@pytest.mark.parametrize(
    ("error_id", "code", "retryable"),
    [
        ("Matryoshka.NodeAlreadyClustered,New-NestedCluster", "NODE_ALREADY_CLUSTERED", False),
        ("ClusterNodeNotReachable,Microsoft.FailoverClusters.PowerShell.NewClusterCommand", "NODE_DOWN", True),
        ("New-Cluster,Microsoft.FailoverClusters.PowerShell.NewClusterCommand", "CLUSTER_CREATE_FAILED", True),
    ],
)
def test_refusals_of_windows_are_explained(error_id: str, code: str, retryable: bool) -> None:
    """Error ids decide about reason and retry."""
    host = FakeHost({"Get-NestedCluster": _NONE, "New-NestedCluster": RemoteError("nein", error_id=error_id)})

    with pytest.raises(RemoteError) as failed:
        Bench("CreateCluster", host, _FORM).run()

    assert (failed.value.code, failed.value.retryable) == (code, retryable)


@pytest.mark.parametrize(("access_point", "cleanup"), [("Dns", False), ("ActiveDirectoryAndDns", True)])
def test_undo_destroys_our_cluster(access_point: str, cleanup: bool) -> None:
    """Undo names the cluster, and cleans the directory only when it was used."""
    host = FakeHost({"Get-NestedNode": node_record(state="Running"), "Remove-NestedCluster": {"existed": True}})
    bench = Bench("CreateCluster", host, _FORM | {"access_point": access_point})
    bench.undo()

    assert bench.changes()[0].parameters == {"name": "LAB-CL", "cleanup_ad": cleanup}


@pytest.mark.parametrize(
    ("node", "removal"),
    [
        (node_record(), {}),
        (node_record(state="Running"), ours("GuestNotReady")),
        (node_record(state="Running"), ours("GuestCredentialRejected")),
    ],
)
def test_undo_does_not_hang_on_a_node_that_is_away(node: dict[str, Any], removal: Any) -> None:
    """A node that is off or deaf is named in a warning; the rollback goes on."""
    bench = Bench("CreateCluster", FakeHost({"Get-NestedNode": node, "Remove-NestedCluster": removal}), _FORM)
    bench.undo()

    assert bench.warnings() == ["LEFT_INSIDE"]


def test_undo_of_a_cluster_whose_node_is_gone_has_nothing_to_do() -> None:
    """A node that is gone took its cluster with it."""
    bench = Bench("CreateCluster", FakeHost({"Get-NestedNode": node_record(exists=False)}), _FORM)
    bench.undo()

    assert (bench.changes(), bench.warnings()) == ([], [])


def test_undo_leaves_a_foreign_cluster() -> None:
    """A cluster of another name stays."""
    host = FakeHost({"Get-NestedNode": node_record(state="Running"), "Remove-NestedCluster": ours("ClusterForeign")})
    bench = Bench("CreateCluster", host, _FORM)
    bench.undo()

    assert bench.warnings() == ["FOREIGN_LEFT_ALONE"]


def test_a_node_is_joined_once() -> None:
    """An absent node is added and seen Up; an Up one is skipped."""
    both = cluster_record("nest-1", "nest-2")
    host = FakeHost({"Get-NestedCluster": [cluster_record("nest-1"), both], "Add-NestedClusterNode": both})
    bench = Bench("JoinNode", host, _JOIN)

    assert bench.run()[0] == "succeeded"
    assert bench.run()[0] == "skipped"
    assert [call.name for call in bench.changes()] == ["Add-NestedClusterNode"]


def test_a_joining_node_is_waited_for_and_then_given_up() -> None:
    """Joining gives the worker back; a node that never comes up is refused with NODE_DOWN."""
    joining = cluster_record("nest-1", nodes=[{"name": "NEST-2", "state": "Joining"}])
    host = FakeHost({"Get-NestedCluster": joining, "Add-NestedClusterNode": joining})

    assert Bench("JoinNode", host, _JOIN).run() == ("wait", {"tries": 1})
    with pytest.raises(StepRefused) as refused:
        Bench("JoinNode", host, _JOIN, memo={"tries": 24}).run()
    assert refused.value.reason == "NODE_DOWN"


_CLOUD = {"kind": "cloud", "account_name": "store", "endpoint": "core.windows.net"}


@pytest.mark.parametrize(
    ("witness", "sent"),
    [
        (_CLOUD, {"account_name": "store", "endpoint": "core.windows.net"}),
        ({"kind": "file_share", "path": r"\\fs\w"}, {"file_share_path": r"\\fs\w"}),
        ({"kind": "disk", "disk_name": "Cluster Disk 1"}, {"disk_name": "Cluster Disk 1"}),
    ],
)
def test_a_witness_is_set_and_seen(witness: dict[str, str], sent: dict[str, str]) -> None:
    """Each kind sends its own parameters, and a witness is read back."""
    seen = cluster_record("nest-1", witness_resource="Witness")
    host = FakeHost({"Get-NestedCluster": seen, "Set-NestedClusterQuorum": seen})
    bench = Bench("SetQuorum", host, {"witness": witness, "first_node": "nest-1"})

    _, facts = bench.run()

    assert facts["cluster.quorum"] == {"quorum_type": "Majority", "witness_resource": "Witness"}
    assert sent.items() <= bench.changes()[0].parameters.items()


def test_the_key_of_a_cloud_witness_stays_a_secret() -> None:
    """The key travels as a SecretStr and is in no fact."""
    seen = cluster_record("nest-1", witness_resource="Cloud Witness")
    host = FakeHost({"Get-NestedCluster": seen, "Set-NestedClusterQuorum": seen})
    bench = Bench("SetQuorum", host, {"witness": _CLOUD, "first_node": "nest-1"})

    _, facts = bench.run()

    assert isinstance(bench.changes()[0].parameters["access_key"], SecretStr)
    assert "value of" not in str(facts)


def test_no_witness_is_skipped_or_taken_away() -> None:
    """None wanted and none there is done; one that is there goes."""
    params = {"witness": {"kind": "none"}, "first_node": "nest-1"}
    assert Bench("SetQuorum", FakeHost({"Get-NestedCluster": cluster_record("nest-1")}), params).run()[0] == "skipped"

    host = FakeHost(
        {"Get-NestedCluster": cluster_record("nest-1", witness_resource="Old"), "Set-NestedClusterQuorum": {}}
    )
    host.answers["Set-NestedClusterQuorum"] = cluster_record("nest-1", witness_resource="Old")
    with pytest.raises(NotConverged):
        Bench("SetQuorum", host, params).run()


def test_storage_is_enabled_once() -> None:
    """Storage Spaces Direct is turned on, its pool kept; on already is skipped."""
    on = cluster_record("nest-1", storage_spaces_direct=True)
    host = FakeHost({"Get-NestedCluster": [cluster_record("nest-1"), on]})
    host.answers["Enable-NestedClusterStorage"] = {
        "changed": True,
        "storage_spaces_direct": True,
        "pool_name": "S2D pool",
        "pool_health": "Healthy",
    }
    bench = Bench("EnableStorage", host, {"first_node": "nest-1"})

    assert bench.run()[1]["cluster.storage"]["pool_health"] == "Healthy"
    assert bench.run()[0] == "skipped"


def test_all_nodes_up_is_the_end() -> None:
    """Every node Up gives the cluster's state as a fact; one that is missing is waited for, then refused."""
    params = {"nodes": ["nest-1", "nest-2"], "first_node": "nest-1"}
    up, one = cluster_record("nest-1", "nest-2"), cluster_record("nest-1")

    assert Bench("VerifyCluster", FakeHost({"Get-NestedCluster": up}), params).run()[1]["cluster.state"]["exists"]
    assert Bench("VerifyCluster", FakeHost({"Get-NestedCluster": one}), params).run()[0] == "wait"
    with pytest.raises(StepRefused, match="nest-2") as refused:
        Bench("VerifyCluster", FakeHost({"Get-NestedCluster": one}), params, memo={"tries": 24}).run()
    assert refused.value.reason == "NODE_DOWN"


def test_a_first_node_that_is_not_known_is_refused() -> None:
    """Without the VM id of the first node nothing is called."""
    bench = Bench("VerifyCluster", FakeHost(), {"nodes": [], "first_node": "nest-9"}, facts=FACTS)

    with pytest.raises(StepRefused) as refused:
        bench.run()

    assert refused.value.reason == "FACT_MISSING"
