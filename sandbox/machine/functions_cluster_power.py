"""A cluster is stopped and started as a whole; a node of it is drained, and taken out."""

from __future__ import annotations

from sandbox.machine import clustering, winerrors
from sandbox.machine.call import Call
from sandbox.machine.errors import PsError
from sandbox.machine.function import Function, Record
from sandbox.machine.functions_cluster import record
from sandbox.machine.life import is_up

_STOP_SECONDS = 20
_START_SECONDS = 20
_DRAIN_SECONDS = 20
_EVICT_SECONDS = 15
_NOT_AVAILABLE = 0x800713BA
_LAST_NODE = 0x80071391


def stop_cluster(call: Call, *, Name: str) -> Record:
    """Stop-Cluster: the service stops on every node, the configuration stays."""
    with call.realm.lock:
        cluster = clustering.running(call)
        if cluster is not None and cluster.name.lower() != Name.lower():
            raise call.refuse("ClusterForeign", "PermissionDenied", f"this is cluster {cluster.name}", cluster.name)
    changed = cluster is not None and call.should("Stop-Cluster", Name)
    if cluster is not None and changed:
        call.sleep(_STOP_SECONDS)
        with call.realm.lock:
            cluster.stopped, cluster.paused = list(cluster.members), []
            call.effect("cluster_stopped", cluster.name)
    with call.realm.lock:
        status = record(call)["ClusSvcStatus"]
    return {"Changed": changed, "Existed": cluster is not None, "ClusSvcStatus": status}


def start_cluster(call: Call) -> Record:
    """Start-Cluster: on every node that is up and whose service does not run."""
    with call.realm.lock:
        cluster = clustering.cluster_of(call.realm, call.machine)
        if cluster is None or not clustering.has_feature(call.machine):
            raise call.refuse("NotClustered", "InvalidOperation", "this machine is in no cluster")
        nodes = clustering.members(call.realm, cluster)
        known = clustering.running(call)
        down = [item for item in nodes if clustering.node_state(call.realm, cluster, item) == clustering.DOWN]
    if (known is not None and not down) or not call.should("Start-Cluster", cluster.name):
        with call.realm.lock:
            return {**record(call), "Changed": False}
    call.sleep(_START_SECONDS)
    with call.realm.lock:
        cluster.stopped = [item.uid for item in nodes if item.uid in cluster.stopped and not is_up(call.realm, item)]
        call.effect("cluster_started", cluster.name)
        return {**record(call), "Changed": True}


def suspend_node(call: Call, *, Name: str) -> Record:
    """Pause a node and move what runs on it; what does not go through leaves the node as it was."""
    with call.realm.lock:
        cluster = clustering.listed(call)
        member = clustering.member(call.realm, cluster, Name)
        if member is None:
            raise call.refuse("NodeUnknown", "ObjectNotFound", f"there is no node {Name}", Name)
        state = clustering.node_state(call.realm, cluster, member)
        # What could not be moved once cannot be moved now.
        done = state == clustering.PAUSED and not call.realm.faults.drain_fails
    if done or not call.should("Suspend-ClusterNode", Name):
        with call.realm.lock:
            return {**record(call), "Changed": False}
    if state == clustering.DOWN or call.realm.faults.drain_refused:
        raise _not_drained(Name)
    call.sleep(_DRAIN_SECONDS)
    if call.realm.faults.drain_fails:
        raise call.refuse("DrainFailed", "InvalidResult", f"the roles of {Name} could not be moved", Name)
    with call.realm.lock:
        cluster.paused.append(member.uid)
        call.effect("node_drained", f"{member.label}:{cluster.name}")
        return {**record(call), "Changed": True}


def _not_drained(name: str) -> PsError:
    text = f"An error occurred while suspending node '{name}'."
    word = "Suspend-ClusterNode"
    return winerrors.cluster(word, "SuspendClusterNode", "NotSpecified", text, code=_NOT_AVAILABLE, target=name)


def remove_node(call: Call, *, Name: str) -> Record:
    """Evict a node; the last one is refused."""
    with call.realm.lock:
        cluster = clustering.listed(call)
        member = clustering.member(call.realm, cluster, Name)
    if member is None or not call.should("Remove-ClusterNode", Name):
        with call.realm.lock:
            return {**record(call), "Changed": False}
    if len(cluster.members) == 1:
        text = f"An error occurred while evicting node '{Name}': it is the last one."
        word = "Remove-ClusterNode"
        raise winerrors.cluster(word, "RemoveClusterNode", "NotSpecified", text, code=_LAST_NODE, target=Name)
    call.sleep(_EVICT_SECONDS)
    with call.realm.lock:
        if member.uid in cluster.members:
            clustering.evict(call, cluster, member)
        return {**record(call), "Changed": True}


TABLE = (
    Function("Stop-NestedCluster", stop_cluster, changes=True),
    Function("Start-NestedCluster", start_cluster, changes=True),
    Function("Suspend-NestedClusterNode", suspend_node, changes=True),
    Function("Remove-NestedClusterNode", remove_node, changes=True),
)
