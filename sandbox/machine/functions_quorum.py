"""Validation, quorum and storage of a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sandbox.machine import clustering, winerrors
from sandbox.machine.api import SecretText
from sandbox.machine.call import Call
from sandbox.machine.errors import E_NOT_SUPPORTED, PsError
from sandbox.machine.function import Function, Record
from sandbox.machine.functions_cluster import record
from sandbox.machine.model import Cluster, Machine
from sandbox.machine.network import adapters

_TEST_SECONDS = 150
_STORAGE_SECONDS = 600
_STEPS = 10
_LEAST_DISKS = 2
_TESTS = (
    ("Inventory", "List System Information"),
    ("Network", "Validate Network Communication"),
    ("Network", "Validate IP Configuration"),
    ("System Configuration", "Validate Operating System Version"),
    ("System Configuration", "Validate Software Update Levels"),
    ("Hyper-V Configuration", "Validate Hyper-V Virtual Machine Configuration"),
    ("Storage", "Validate Disk Failover"),
    ("Storage Spaces Direct", "Verify All Disks"),
)
_DEFAULT_CATEGORIES = ("inventory", "network", "system configuration", "hyper-v configuration")
_WITNESSES = {
    "none": "",
    "file_share": "File Share Witness",
    "cloud": "Cloud Witness",
    "disk": "Cluster Disk",
}


def validate(call: Call, *, Node: list[str], ReportName: str, Include: list[str] | None = None) -> Record:
    """Validate nodes by categories."""
    with call.realm.lock:
        clustering.require(call, "Test-Cluster")
    for step in range(_STEPS):
        call.streams.progress("Test-Cluster", f"validating {', '.join(Node)}", step * 10)
        call.sleep(_TEST_SECONDS / _STEPS)
    with call.realm.lock:
        targets = [clustering.reach(call, name, "TestCluster", "Test-Cluster") for name in Node]
        wanted = {item.lower() for item in Include or ()} or set(_DEFAULT_CATEGORIES)
        rows = [
            {"Category": category, "Test": test, "Result": _result(call, targets, category, test)}
            for category, test in _TESTS
            if category.lower() in wanted or test.lower() in wanted
        ]
    failed = sum(row["Result"] == "Failed" for row in rows)
    warned = sum(row["Result"] == "Warning" for row in rows)
    path = f"C:\\Windows\\Cluster\\Reports\\{ReportName}.htm"
    return {
        "Succeeded": failed == 0,
        "FailedCount": failed,
        "WarningCount": warned,
        "Results": rows,
        "ReportPath": path,
    }


def _result(call: Call, targets: list[Machine], category: str, test: str) -> str:
    if call.realm.faults.failing_test in {test, category}:
        return "Failed"
    if test == "Validate Operating System Version" and len({item.os_build for item in targets}) > 1:
        return "Failed"
    if test == "Validate Network Communication" and any(len(adapters(call.realm, item)) == 1 for item in targets):
        return "Warning"
    if test == "Verify All Disks" and any(clustering.data_disks(call.realm, item) < _LEAST_DISKS for item in targets):
        return "Failed"
    return "Success"


@dataclass(frozen=True)
class Wish:
    """What Set-ClusterQuorum was asked for."""

    resource: str
    detail: str


def set_quorum(
    call: Call,
    *,
    Witness: Literal["none", "file_share", "cloud", "disk"],
    FileSharePath: str = "",
    AccountName: str = "",
    AccessKey: SecretText | None = None,
    Endpoint: str = "",
    DiskName: str = "",
) -> Record:
    """Set the witness: none, a file share, a cloud account or a disk."""
    with call.realm.lock:
        cluster = clustering.cluster_of(call.realm, call.machine)
        if cluster is None:
            raise call.refuse("NotClustered", "InvalidOperation", "this machine is in no cluster")
        clustering.require_service(call, "SetClusterQuorum")
        details = {"file_share": FileSharePath, "cloud": f"{AccountName}@{Endpoint}", "disk": DiskName}
        wanted = _wanted(Witness, details)
        done = (cluster.witness, cluster.witness_detail) == (wanted.resource, wanted.detail)
        _refuse_witness(call, Witness, wanted.detail, AccessKey)
    changed = not done and call.should("Set-ClusterQuorum", cluster.name)
    if changed:
        call.sleep(6)
        with call.realm.lock:
            cluster.witness, cluster.witness_detail = wanted.resource, wanted.detail
            call.effect("quorum_set", cluster.name)
        call.sleep(2)
    with call.realm.lock:
        return {**record(call), "Changed": changed}


def _wanted(kind: str, details: dict[str, str]) -> Wish:
    return Wish(_WITNESSES[kind], details.get(kind, ""))


def _refuse_witness(call: Call, kind: str, detail: str, key: SecretText | None) -> None:
    if kind == "file_share" and (not detail.startswith("\\\\") or not _share_allowed(call)):
        text = f"There was an error configuring the file share witness '{detail}'. Unable to save property changes."
        raise winerrors.cluster("Set-ClusterQuorum", "SetClusterQuorum", "NotSpecified", text, target=detail)
    if kind == "cloud" and (key is None or not key.value):
        text = "The access key of the cloud witness is missing."
        raise winerrors.cluster("PSArgument", "SetClusterQuorum", "InvalidArgument", text)
    if kind == "disk":
        # A nested lab has no shared disks: there is never a cluster disk of that name.
        text = f"Unable to find the cluster resource '{detail}'."
        raise winerrors.cluster("ClusterObjectNotFound", "SetClusterQuorum", "ObjectNotFound", text, target=detail)


def _share_allowed(call: Call) -> bool:
    return bool(call.machine.domain) or call.realm.faults.workgroup_file_share


def enable_storage(call: Call, *, PoolName: str = "S2D pool") -> Record:
    """Storage Spaces Direct: Datacenter, at least two data disks in every node."""
    with call.realm.lock:
        cluster = clustering.cluster_of(call.realm, call.machine)
        if cluster is None:
            raise call.refuse("NotClustered", "InvalidOperation", "this machine is in no cluster")
        clustering.require_service(call, "GetCluster")
        if not cluster.storage:
            _refuse_storage(call, cluster)
    changed = not cluster.storage and call.should("Enable-ClusterStorageSpacesDirect", cluster.name)
    for step in range(_STEPS if changed else 0):
        call.streams.progress("Enabling Storage Spaces Direct", f"{step * 10}%", step * 10)
        call.sleep(_STORAGE_SECONDS / _STEPS)
    with call.realm.lock:
        if changed:
            cluster.storage, cluster.pool = True, PoolName
            call.effect("storage_enabled", cluster.name)
        return {
            "Changed": changed,
            "StorageSpacesDirect": cluster.storage,
            "PoolName": cluster.pool or None,
            "PoolHealth": "Healthy" if cluster.storage else None,
        }


def _refuse_storage(call: Call, cluster: Cluster) -> None:
    for node in clustering.members(call.realm, cluster):
        if "Datacenter" not in node.edition:
            raise _storage_error(f"Failed on node {node.computer_name}. The request is not supported. (0x80070032)")
        if clustering.data_disks(call.realm, node) < _LEAST_DISKS:
            raise _storage_error(f"No disks with supported bus types found to be used for S2D on {node.computer_name}")


def _storage_error(text: str) -> PsError:
    return PsError(
        "HRESULT 0x80070032,Enable-ClusterStorageSpacesDirect",
        "InvalidOperation",
        text,
        exception_type="Microsoft.Management.Infrastructure.CimException",
        hresult=E_NOT_SUPPORTED,
        target="MSCluster_StorageSpacesDirect",
    )


TABLE = (
    Function("Test-NestedCluster", validate),
    Function("Set-NestedClusterQuorum", set_quorum, changes=True),
    Function("Enable-NestedClusterStorage", enable_storage, changes=True),
)
