"""Failover clusters, as called on the first node."""

from __future__ import annotations

import re
from typing import Literal

from sandbox.machine import clustering, winerrors
from sandbox.machine.call import Call
from sandbox.machine.errors import PsError
from sandbox.machine.function import Function, Record, Switch
from sandbox.machine.model import Cluster, Machine

_CREATE_SECONDS = 50
_JOIN_SECONDS = 40
_NAME = re.compile(r"[A-Za-z0-9-]{1,15}", re.ASCII)
_ADDRESS = re.compile(r"|[0-9]{1,3}(\.[0-9]{1,3}){3}", re.ASCII)


def record(call: Call) -> Record:
    """The record of Get-NestedCluster. Callers hold the lock."""
    known = clustering.running(call)
    service = "Running" if known is not None else "Stopped"
    return {
        "Exists": known is not None,
        "Name": known.name if known else None,
        "Address": (known.address or None) if known else None,
        "AdministrativeAccessPoint": known.access_point if known else None,
        "Nodes": _nodes(call, known) if known else [],
        "QuorumType": "Majority" if known else None,
        "WitnessResource": (known.witness or None) if known else None,
        "StorageSpacesDirect": known.storage if known else False,
        "ClusSvcStatus": service if clustering.has_feature(call.machine) else None,
    }


def _nodes(call: Call, cluster: Cluster) -> list[Record]:
    return [
        {"Name": item.computer_name, "State": clustering.node_state(call.realm, cluster, item)}
        for item in clustering.members(call.realm, cluster)
    ]


def get_cluster(call: Call) -> Record:
    """The cluster that this node is in; Exists is False as well where its cluster service does not run."""
    call.sleep(1)
    with call.realm.lock:
        return record(call)


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
    _check_pattern(call, "Name", Name, _NAME)
    _check_pattern(call, "StaticAddress", StaticAddress, _ADDRESS)
    with call.realm.lock:
        cluster = clustering.running(call)
        if cluster is not None:
            if cluster.name.lower() == Name.lower() and _same_nodes(call, cluster, Node):
                return {**record(call), "Changed": False}
            text = f"this node is in cluster {cluster.name}"
            raise call.refuse("NodeAlreadyClustered", "ResourceExists", text, cluster.name)
    if not call.should("New-Cluster", Name):
        return _unchanged(call)
    with call.realm.lock:
        clustering.require(call, "New-Cluster")
    call.sleep(_CREATE_SECONDS * 0.6)
    with call.realm.lock:
        targets = [_fresh(call, item, "NewCluster", "New-Cluster") for item in Node]
        clustering.refuse_networks(StaticAddress, targets)
        _refuse_access_point(AdministrativeAccessPoint, Name, targets)
        clustering.refuse_names(call, Name, StaticAddress)
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


def _check_pattern(call: Call, parameter: str, value: str, pattern: re.Pattern[str]) -> None:
    if not pattern.fullmatch(value):
        raise PsError(
            f"ParameterArgumentValidationError,{call.name}",
            "InvalidData",
            f"Cannot validate argument on parameter '{parameter}'. \"{value}\" does not match the pattern.",
            exception_type="System.Management.Automation.ParameterBindingValidationException",
        )


def _fresh(call: Call, name: str, cmdlet: str, word: str) -> Machine:
    """A machine that can become a node: reached, and of no cluster."""
    target = clustering.reach(call, name, cmdlet, word)
    if target.cluster:
        raise clustering.joined(name, cmdlet, word)
    return target


def _refuse_access_point(access_point: str, name: str, targets: list[Machine]) -> None:
    """A name in Active Directory needs members of a domain, any name a primary DNS suffix (docs/sources.md H15)."""
    text = f"An error occurred while performing the operation. An error occurred while creating the cluster '{name}'."
    if access_point == "ActiveDirectoryAndDns" and not all(target.domain for target in targets):
        raise winerrors.cluster("New-Cluster", "NewCluster", "NotSpecified", text, code=0x8007054B, target=name)
    if access_point != "None" and not all(target.domain or target.dns_suffix for target in targets):
        raise winerrors.cluster("New-Cluster", "NewCluster", "NotSpecified", text, target=name)


def add_node(call: Call, *, Name: str) -> Record:
    """Join one node; a Down one is started, else evicted and joined again."""
    with call.realm.lock:
        cluster = clustering.listed(call)
        member = clustering.member(call.realm, cluster, Name)
        if member is not None and clustering.node_state(call.realm, cluster, member) != clustering.DOWN:
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
    member = clustering.member(call.realm, cluster, name)
    if member is not None:
        if clustering.start(call, cluster, member):
            return
        call.streams.warning(f"The node '{name}' did not start: it is evicted and joined again.")
        clustering.evict(call, cluster, member)
    clustering.add(call, cluster, _fresh(call, name, "AddClusterNode", "Add-ClusterNode"))


def remove_cluster(call: Call, *, Name: str, CleanupAD: Switch = False) -> Record:
    """Destroy the cluster of this name."""
    with call.realm.lock:
        cluster = clustering.running(call)
        if cluster is None:
            return {"Changed": False, "Existed": False}
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
