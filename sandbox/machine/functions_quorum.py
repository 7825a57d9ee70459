"""Validation, quorum and storage of a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sandbox.machine import clustering, network, validation, winerrors
from sandbox.machine.api import SecretText
from sandbox.machine.call import Call
from sandbox.machine.errors import E_NOT_SUPPORTED, PsError
from sandbox.machine.features import state_of
from sandbox.machine.function import Function, Record
from sandbox.machine.functions_cluster import record
from sandbox.machine.life import HYPERV, INSTALLED
from sandbox.machine.model import Cluster, Machine
from sandbox.machine.network import adapters

_TEST_SECONDS = 150
_STORAGE_SECONDS = 600
_STEPS = 10
_WORDS = {"Warning": "The test reported some warnings.", "Failed": "The test reported failures."}
_LEAST_DISKS = 2
_WITNESSES = {
    "none": "",
    "file_share": "File Share Witness",
    "cloud": "Cloud Witness",
    "disk": "Cluster Disk",
}


def validate(call: Call, *, Node: list[str], ReportName: str, Include: list[str] | None = None) -> Record:
    """Validate nodes by categories."""
    with call.realm.lock:
        clustering.require(call, "Test-Cluster", call.name)
    for step in range(_STEPS):
        call.streams.progress("Test-Cluster", f"validating {', '.join(Node)}", step * 10)
        call.sleep(_TEST_SECONDS / _STEPS)
    with call.realm.lock:
        targets = _tested(call, Node)
        rows = [
            {"Category": category, "Test": test, "Result": _result(call, targets, category, test)}
            for category, test in validation.rows(
                {item.lower() for item in Include or ()},
                member=clustering.cluster_of(call.realm, targets[0]) is not None,
                with_hyperv=all(state_of(target, HYPERV) == INSTALLED for target in targets),
            )
        ]
    for row in rows:
        if row["Result"] in _WORDS:
            call.streams.warning(f"{row['Category']} - {row['Test']}: {_WORDS[row['Result']]}")
    call.streams.warning("Test Result: HadUnselectedTests, ClusterConditionallyApproved")
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


def _tested(call: Call, names: list[str]) -> list[Machine]:
    """The machines of these names, and all nodes of the clusters that they are of."""
    found: dict[str, Machine] = {}
    for name in names:
        target = network.find(call.realm, call.machine, name)
        if target is None or not clustering.has_feature(target):
            text = f"Unable to connect to {name} via WMI. The RPC server is unavailable."
            raise winerrors.cluster("Test-Cluster", "TestCluster", "NotSpecified", text, code=0x800706BA, target=name)
        if target is not call.machine:
            clustering.refuse_rights(call, target, name, "TestCluster", "Test-Cluster")
        cluster = clustering.cluster_of(call.realm, target)
        for machine in (target, *(clustering.members(call.realm, cluster) if cluster else ())):
            found[machine.uid] = machine
    return list(found.values())


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
    """Set the witness: none, a file share, a cloud account or a disk. A cloud account's endpoint is kept nowhere."""
    del Endpoint
    with call.realm.lock:
        cluster = clustering.running(call)
        if cluster is None:
            raise call.refuse("NotClustered", "InvalidOperation", "this machine is in no cluster")
        details = {"file_share": FileSharePath, "cloud": AccountName, "disk": DiskName}
        wanted = _wanted(Witness, details)
        done = (cluster.witness, cluster.witness_detail) == (wanted.resource, wanted.detail)
    changed = not done and call.should("Set-ClusterQuorum", cluster.name)
    if changed:
        call.sleep(6)
        with call.realm.lock:
            _refuse_witness(call, Witness, wanted.detail, AccessKey)
            cluster.witness, cluster.witness_detail = wanted.resource, wanted.detail
            call.effect("quorum_set", cluster.name)
        call.sleep(2)
    with call.realm.lock:
        return {**record(call), "Changed": changed}


def _wanted(kind: str, details: dict[str, str]) -> Wish:
    return Wish(_WITNESSES[kind], details.get(kind, ""))


def _refuse_witness(call: Call, kind: str, detail: str, key: SecretText | None) -> None:
    if kind != "none" and (not detail or (kind == "cloud" and (key is None or not key.value))):
        # The cmdlet's own parameters take no empty text; what its binder refuses bears the name of the function.
        raise PsError(
            f"ParameterArgumentValidationError,{call.name}",
            "InvalidData",
            "The argument is null or empty.",
            exception_type="System.Management.Automation.ParameterBindingValidationException",
        )
    if kind == "cloud" and call.realm.faults.witness_refused:
        text = "Server failed to authenticate the request."
        raise winerrors.cluster("Set-ClusterQuorum", "SetClusterQuorum", "NotSpecified", text, target=detail)
    if kind == "file_share" and (not detail.startswith("\\\\") or not _share_allowed(call)):
        text = f"There was an error configuring the file share witness '{detail}'. Unable to save property changes."
        raise winerrors.cluster("Set-ClusterQuorum", "SetClusterQuorum", "NotSpecified", text, target=detail)
    if kind == "disk":
        # A nested lab has no shared disks: there is never a cluster disk of that name.
        text = f"Unable to find the cluster resource '{detail}'."
        raise winerrors.cluster("ClusterObjectNotFound", "SetClusterQuorum", "ObjectNotFound", text, target=detail)


def _share_allowed(call: Call) -> bool:
    return bool(call.machine.domain) or call.realm.faults.workgroup_file_share


def enable_storage(call: Call, *, PoolName: str = "S2D pool") -> Record:
    """Storage Spaces Direct: Datacenter, at least two data disks in every node."""
    with call.realm.lock:
        cluster = clustering.running(call)
        if cluster is None:
            raise call.refuse("NotClustered", "InvalidOperation", "this machine is in no cluster")
    changed = not cluster.storage and call.should("Enable-ClusterStorageSpacesDirect", cluster.name)
    if changed:
        with call.realm.lock:
            _refuse_storage(call, cluster)
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
            "PoolName": PoolName,
            "PoolHealth": "Healthy" if cluster.storage and cluster.pool == PoolName else None,
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
