"""What failover clusters do and refuse (docs/sources.md H13 to H16). Callers hold the realm's lock."""

from __future__ import annotations

import ipaddress

from sandbox.machine import network, winerrors
from sandbox.machine.call import Call
from sandbox.machine.errors import PsError
from sandbox.machine.features import CLUSTERING, state_of
from sandbox.machine.life import BUILTIN, INSTALLED, elapsed, is_up
from sandbox.machine.model import Cluster, Machine
from sandbox.machine.realm import Realm
from sandbox.machine.sessions import account_of, full_token

UP = "Up"
DOWN = "Down"
JOINING = "Joining"
PAUSED = "Paused"
_CODE_ACCESS = 0x80070005


def require(call: Call, command: str, inside: str = "") -> None:
    """Without the feature there is no such command; `inside`: the module's function that it ends."""
    if not has_feature(call.machine):
        raise winerrors.command_missing(command, inside)


def cluster_of(realm: Realm, machine: Machine) -> Cluster | None:
    """The cluster that a machine is configured for; None when it is no member."""
    cluster = realm.state.clusters.get(machine.cluster.lower()) if machine.cluster else None
    return cluster if cluster is not None and machine.uid in cluster.members else None


def members(realm: Realm, cluster: Cluster) -> list[Machine]:
    """The member machines that still exist, in the order of joining."""
    return [realm.machines[uid] for uid in cluster.members if uid in realm.machines]


def member(realm: Realm, cluster: Cluster, name: str) -> Machine | None:
    """The member of a name or full name; None when there is none."""
    short = name.split(".", maxsplit=1)[0].lower()
    return next((item for item in members(realm, cluster) if item.computer_name.lower() == short), None)


def service(realm: Realm, machine: Machine) -> str:
    """Up, Joining or Down: the cluster service of one member, before quorum is asked."""
    cluster = cluster_of(realm, machine)
    stopped = cluster is not None and machine.uid in cluster.stopped
    if stopped or not is_up(realm, machine) or machine.computer_name in realm.faults.down_nodes:
        return DOWN
    if elapsed(realm, machine) < realm.sleep_seconds(realm.config.boot.cluster_service):
        return JOINING
    return UP


def has_quorum(realm: Realm, cluster: Cluster) -> bool:
    """At least half of the votes: dynamic quorum keeps the last one alive."""
    states = [service(realm, machine) for machine in members(realm, cluster)]
    witness = 1 if cluster.witness else 0
    return 2 * (states.count(UP) + witness) >= len(states) + witness and UP in states


def node_state(realm: Realm, cluster: Cluster, machine: Machine) -> str:
    """What Get-ClusterNode says of a member."""
    state = service(realm, machine)
    if state != UP:
        return state
    if not has_quorum(realm, cluster):
        return DOWN
    return PAUSED if machine.uid in cluster.paused else UP


def running(call: Call) -> Cluster | None:
    """The cluster of this machine, None when it is of none or its service does not run: its cmdlets say the same."""
    cluster = cluster_of(call.realm, call.machine)
    if cluster is None or node_state(call.realm, cluster, call.machine) not in {UP, PAUSED}:
        return None
    return cluster


def require_service(call: Call, cmdlet: str) -> Cluster:
    """The running cluster of this machine; raises what cluster cmdlets raise without one."""
    cluster = running(call)
    if cluster is None:
        raise winerrors.cluster_stopped(cmdlet)
    return cluster


def listed(call: Call) -> Cluster:
    """The cluster whose nodes Get-ClusterNode lists here; raises what that raises in the module's own function."""
    require(call, "Get-ClusterNode", "Get-MkClusterNode")
    return require_service(call, "GetNode")


def reach(call: Call, name: str, cmdlet: str, word: str) -> Machine:
    """Another node as the cluster cmdlets reach it: by name, through its firewall, with its administrators' rights."""
    target = network.find(call.realm, call.machine, name)
    if target is None:
        text = f"The node '{name}' cannot be contacted. Ensure that it is powered on and is connected to the network."
        raise winerrors.cluster(
            "ClusterNodeNotReachable", cmdlet, "ConnectionError", text, code=0x800706BA, target=name
        )
    if target is call.machine:
        return target
    if not has_feature(target) or not _firewall_open(call.realm, target):
        text = f"Failed to access remote registry on '{name}'. The network path was not found."
        raise winerrors.cluster(word, cmdlet, "NotSpecified", text, code=0x80070035, target=name)
    refuse_rights(call, target, name, cmdlet, word)
    return target


def has_feature(machine: Machine) -> bool:
    """Whether the feature is installed."""
    return state_of(machine, CLUSTERING) == INSTALLED


def refuse_rights(call: Call, target: Machine, name: str, cmdlet: str, word: str) -> None:
    """The account here must administer the other machine."""
    if not _administers(call, target):
        text = (
            f"There was an error adding node '{name}' to the cluster. You do not have administrative privileges on the "
            f"server '{name}'. Requested registry access is not allowed."
        )
        raise winerrors.cluster(word, cmdlet, "NotSpecified", text, code=_CODE_ACCESS, target=name)


def joined(name: str, cmdlet: str, word: str) -> PsError:
    """The machine is a member of a cluster already."""
    text = f"There was an error adding node '{name}' to the cluster. The computer '{name}' is joined to a cluster."
    return winerrors.cluster(word, cmdlet, "NotSpecified", text, code=0x8007139F, target=name)


def _firewall_open(realm: Realm, target: Machine) -> bool:
    on = {group.lower() for group in target.firewall_groups}
    needed = {group.lower() for group in realm.config.cluster_firewall_groups}
    return needed <= on if needed else bool(on)


def _administers(call: Call, target: Machine) -> bool:
    """The same local name and password on both, unfiltered; or members of one domain."""
    if call.machine.domain and call.machine.domain == target.domain:
        return True
    account = account_of(call.logon.user)
    mine = call.machine.accounts.get(account)
    same = mine is not None and target.accounts.get(account) == mine
    return same and (account == BUILTIN or full_token(target, account))


def refuse_names(call: Call, name: str, address: str) -> None:
    """The cluster's name and address must be free."""
    taken = {item.lower() for item in call.realm.config.cluster_names_in_use} | set(call.realm.state.clusters)
    machines = {item.computer_name.lower() for item in call.realm.machines.values() if item.powered}
    if name.lower() in taken | machines:
        text = f"There was an error creating the cluster '{name}'. The name is already in use on the network."
        raise winerrors.cluster("New-Cluster", "NewCluster", "NotSpecified", text, code=0x80070034, target=name)
    holder = network.holder_of(call.realm, address, call.machine) if address else ""
    if holder:
        text = f"The static address '{address}' is already in use on the network."
        raise winerrors.cluster("New-Cluster", "NewCluster", "NotSpecified", text, code=0x80071397, target=address)


def refuse_networks(address: str, nodes: list[Machine]) -> None:
    """A static address is in a network of a node; a node without a static one may be in any (docs/sources.md H14)."""
    if not address or any(not _networks(node) for node in nodes):
        return
    if not any(ipaddress.ip_address(address) in own for node in nodes for own in _networks(node)):
        text = f"Static address '{address}' was not found on any cluster network."
        raise winerrors.cluster("New-Cluster", "NewCluster", "NotSpecified", text, target=address)


def _networks(machine: Machine) -> list[ipaddress.IPv4Network]:
    known = [item for interface in machine.interfaces.values() for item in interface.addresses]
    return [ipaddress.IPv4Interface(item).network for item in known]


def add(call: Call, cluster: Cluster, machine: Machine) -> None:
    """Make a machine a member whose service runs."""
    cluster.members.append(machine.uid)
    machine.cluster = cluster.name
    call.realm.effect("node_joined", f"{machine.label}:{cluster.name}")


def start(call: Call, cluster: Cluster, machine: Machine) -> bool:
    """Start the cluster service of a member; whether it runs then (False: the machine is off, or it does not start)."""
    if machine.uid in cluster.stopped and is_up(call.realm, machine) and not call.realm.faults.start_refused:
        cluster.stopped.remove(machine.uid)
        call.realm.effect("node_started", f"{machine.label}:{cluster.name}")
    return service(call.realm, machine) != DOWN


def evict(call: Call, cluster: Cluster, machine: Machine) -> None:
    """Take a member out. One that is off does not hear of it: it keeps its configuration until somebody clears it."""
    cluster.members.remove(machine.uid)
    for marked in (cluster.stopped, cluster.paused):
        if machine.uid in marked:
            marked.remove(machine.uid)
    if is_up(call.realm, machine):
        machine.cluster = ""
    call.realm.effect("node_evicted", f"{machine.label}:{cluster.name}")


def data_disks(realm: Realm, machine: Machine) -> int:
    """Disks of a node that hold no operating system."""
    host = realm.host_of(machine)
    vm = host.vms.get(machine.vm_id) if host is not None else None
    if host is None or vm is None:
        return 0
    found = (host.disks.get(path.lower()) for path in vm.disks)
    return sum(1 for disk in found if disk is not None and not disk.image)
