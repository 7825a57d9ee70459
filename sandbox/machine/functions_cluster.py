"""Failover clusters, as called on the first node."""

from __future__ import annotations

from typing import Literal

from sandbox.machine import clustering, winerrors
from sandbox.machine.call import Call
from sandbox.machine.clustering import UP
from sandbox.machine.function import Function, Record, Switch
from sandbox.machine.model import Cluster, Machine

_CREATE_SECONDS = 50
_JOIN_SECONDS = 40


def record(call: Call) -> Record:
    """The record of Get-NestedCluster. Callers hold the lock."""
    realm, machine = call.realm, call.machine
    cluster = clustering.cluster_of(realm, machine)
    running = cluster is not None and clustering.node_state(realm, cluster, machine) == UP
    known = cluster if running else None
    return {
        "Exists": known is not None,
        "Name": known.name if known else None,
        "Address": (known.address or None) if known else None,
        "AdministrativeAccessPoint": known.access_point if known else None,
        "Nodes": _nodes(call, known) if known else [],
        "QuorumType": "Majority" if known else None,
        "WitnessResource": (known.witness or None) if known else None,
        "StorageSpacesDirect": known.storage if known else False,
        "ClusSvcStatus": "Running" if running else "Stopped",
    }


def _nodes(call: Call, cluster: Cluster) -> list[Record]:
    return [
        {"Name": item.computer_name, "State": clustering.node_state(call.realm, cluster, item)}
        for item in clustering.members(call.realm, cluster)
    ]


def get_cluster(call: Call) -> Record:
    """The cluster that this node is in. A member whose service does not run answers Windows' own error."""
    call.sleep(1)
    with call.realm.lock:
        member = clustering.cluster_of(call.realm, call.machine) is not None
        answer = record(call)
        if member and not answer["Exists"]:
            raise winerrors.cluster_stopped("GetCluster")
        return answer


def _same_nodes(call: Call, cluster: Cluster, names: list[str]) -> bool:
    mine = {item.computer_name.lower() for item in clustering.members(call.realm, cluster)}
    return {name.split(".")[0].lower() for name in names} <= mine


def new_cluster(
    call: Call,
    *,
    Name: str,
    Node: list[str],
    AdministrativeAccessPoint: Literal["Dns", "ActiveDirectoryAndDns", "None"],
    StaticAddress: str = "",
) -> Record:
    """Create a cluster of these nodes; a cluster of this name and these nodes is left as it is."""
    with call.realm.lock:
        clustering.require(call, "New-Cluster")
        cluster = clustering.cluster_of(call.realm, call.machine)
        if cluster is not None:
            if cluster.name.lower() == Name.lower() and _same_nodes(call, cluster, Node):
                return {**record(call), "Changed": False}
            text = f"this node is in cluster {cluster.name}"
            raise call.refuse("NodeAlreadyClustered", "ResourceExists", text, cluster.name)
    if not call.should("New-Cluster", Name):
        return _unchanged(call)
    call.sleep(_CREATE_SECONDS * 0.6)
    with call.realm.lock:
        clustering.refuse_names(call, Name, StaticAddress)
        targets = [clustering.reach(call, item, "NewCluster", "New-Cluster") for item in Node]
        _refuse_members(call, targets)
        _refuse_access_point(call, AdministrativeAccessPoint, Name)
        cluster = Cluster(Name, StaticAddress, AdministrativeAccessPoint)
        call.realm.state.clusters[Name.lower()] = cluster
        call.effect("cluster_created", Name)
        for target in targets:
            clustering.add(call, cluster, target)
    call.sleep(_CREATE_SECONDS * 0.4)
    with call.realm.lock:
        return {**record(call), "Changed": True}


def _unchanged(call: Call) -> Record:
    with call.realm.lock:
        return {**record(call), "Changed": False}


def _refuse_members(call: Call, targets: list[Machine]) -> None:
    for target in targets:
        if target.cluster:
            text = f"node {target.computer_name} is in cluster {target.cluster}"
            raise call.refuse("NodeAlreadyClustered", "ResourceExists", text, target.computer_name)


def _refuse_access_point(call: Call, access_point: str, name: str) -> None:
    """A network name in Active Directory needs members of a domain (docs/sources.md H15)."""
    if access_point == "ActiveDirectoryAndDns" and not call.machine.domain:
        text = f"An error occurred while performing the operation. creating the cluster '{name}': no domain."
        raise winerrors.cluster("New-Cluster", "NewCluster", "NotSpecified", text, code=0x8007054B, target=name)


def add_node(call: Call, *, Name: str) -> Record:
    """Join one node; a Down one is started, else evicted and joined again."""
    with call.realm.lock:
        clustering.require(call, "Add-ClusterNode")
        cluster = clustering.require_service(call, "AddClusterNode")
        member = _member(call, cluster, Name)
        if member is not None and clustering.node_state(call.realm, cluster, member) == UP:
            return {**record(call), "Changed": False}
    if not call.should("Add-ClusterNode", Name):
        return _unchanged(call)
    call.sleep(_JOIN_SECONDS * 0.6)
    with call.realm.lock:
        _join(call, cluster, Name)
    call.sleep(_JOIN_SECONDS * 0.4)
    with call.realm.lock:
        return {**record(call), "Changed": True}


def _join(call: Call, cluster: Cluster, name: str) -> None:
    target = clustering.reach(call, name, "AddClusterNode", "Add-ClusterNode")
    if target.cluster and target.cluster != cluster.name:
        text = f"The node '{name}' has already joined a cluster."
        raise winerrors.cluster("Add-ClusterNode", "AddClusterNode", "NotSpecified", text, code=0x8007139F, target=name)
    if target.cluster:
        if clustering.node_state(call.realm, cluster, target) == UP:
            return
        clustering.evict(call, cluster, target)
    clustering.add(call, cluster, target)


def _member(call: Call, cluster: Cluster, name: str) -> Machine | None:
    short = name.split(".", maxsplit=1)[0].lower()
    found = clustering.members(call.realm, cluster)
    return next((item for item in found if item.computer_name.lower() == short), None)


def remove_cluster(call: Call, *, Name: str, CleanupAD: Switch = False) -> Record:
    """Destroy the cluster of this name."""
    with call.realm.lock:
        if clustering.cluster_of(call.realm, call.machine) is None:
            return {"Changed": False, "Existed": False}
        clustering.require(call, "Remove-Cluster")
        cluster = clustering.require_service(call, "RemoveCluster")
        if cluster.name.lower() != Name.lower():
            raise call.refuse("ClusterForeign", "PermissionDenied", f"this is cluster {cluster.name}", cluster.name)
    if not call.should("Remove-Cluster", Name):
        return {"Changed": False, "Existed": True}
    call.sleep(30 if CleanupAD else 25)
    with call.realm.lock:
        if call.realm.state.clusters.pop(Name.lower(), None) is not None:
            for machine in clustering.members(call.realm, cluster):
                machine.cluster = ""
            call.effect("cluster_removed", Name)
    call.sleep(10)
    return {"Changed": True, "Existed": True}


TABLE = (
    Function("Get-NestedCluster", get_cluster),
    Function("New-NestedCluster", new_cluster, changes=True),
    Function("Add-NestedClusterNode", add_node, changes=True),
    Function("Remove-NestedCluster", remove_cluster, changes=True),
)
