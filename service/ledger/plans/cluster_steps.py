"""From proven nodes to a cluster: validated, formed on the first node, joined one at a time, with its witness. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from service.ledger.plan import Step
from service.ledger.plans.chain import Chain
from service.ledger.plans.guests import guest_reads
from service.ledger.plans.layout import Layout

_ACCESS_POINTS = {"dns": "Dns", "active_directory_and_dns": "ActiveDirectoryAndDns", "none": "None"}
_CATEGORIES = ("Inventory", "Network", "System Configuration", "Hyper-V Configuration")
_S2D_CATEGORY = "Storage Spaces Direct"


def access_point_of(request: Mapping[str, Any]) -> str:
    """Return Microsoft's name of the access point; by default what the identity allows."""
    by_identity = "dns" if request["identity"]["mode"] == "workgroup" else "active_directory_and_dns"
    return _ACCESS_POINTS[request["cluster"].get("access_point", by_identity)]


def cluster_steps(request: Mapping[str, Any], layout: Layout) -> tuple[Step, ...]:
    """Return the chain from validation to `verify-cluster`; it needs the last steps of all nodes."""
    names = [node.name for node in layout.nodes]
    ready = [f"{step}-{name}" for name in names for step in ("prove-hypervisor", "open-firewall")]
    chain, shared = Chain(*ready), {"first_node": names[0]}
    reads = guest_reads(request, names[0])
    _validate(chain, request, names, reads)
    _form(chain, request, layout, reads)
    for name in names[1:]:
        params = {"name": name, **shared}
        chain.then("JoinNode", f"join-{name}", f"Join {name} to the cluster", params=params, reads=reads, node=name)
    quorum = {"witness": witness_of(request), **shared}
    chain.then("SetQuorum", "set-quorum", "Set the witness", params=quorum, reads=reads)
    if request["cluster"]["storage"] == "s2d":
        chain.then("EnableStorage", "enable-storage", "Enable Storage Spaces Direct", params=shared, reads=reads)
    verify = {"nodes": names, **shared}
    chain.then("VerifyCluster", "verify-cluster", "See all nodes up", params=verify, reads=reads)
    return tuple(chain.steps)


def _validate(chain: Chain, request: Mapping[str, Any], names: list[str], reads: tuple[str, ...]) -> None:
    validation = request["cluster"]["validation"]
    if validation["gate"] == "skip":
        return
    s2d = (_S2D_CATEGORY,) if request["cluster"]["storage"] == "s2d" else ()
    params = {
        "nodes": names,
        "categories": list(validation["categories"] or (*_CATEGORIES, *s2d)),
        "gate": validation["gate"] == "fail",
        "first_node": names[0],
    }
    chain.then("ValidateCluster", "validate-cluster", "Validate the nodes", params=params, reads=reads)


def _form(chain: Chain, request: Mapping[str, Any], layout: Layout, reads: tuple[str, ...]) -> None:
    # Only the first node: joins are steps of their own, so that a retry does not begin with the others again.
    first = layout.nodes[0].name
    params = {
        "name": request["cluster"]["name"],
        "nodes": [first],
        "static_address": layout.cluster_address,
        "access_point": access_point_of(request),
        "first_node": first,
    }
    chain.then("CreateCluster", "create-cluster", f"Form the cluster {params['name']}", params=params, reads=reads)


def joining_steps(
    request: Mapping[str, Any], layout: Layout, new: Sequence[str], told: Sequence[str]
) -> tuple[Step, ...]:
    """Return the chain that joins new nodes to a living cluster: validated with it, joined, votes set, all seen up.

    `told` are the steps by which the old nodes learn of the new ones.
    """
    names = [node.name for node in layout.nodes]
    ready = [f"{step}-{name}" for name in new for step in ("prove-hypervisor", "open-firewall")]
    chain, shared, reads = Chain(*ready, *told), {"first_node": names[0]}, guest_reads(request, names[0])
    _validate(chain, request, names, reads)
    for name in new:
        params, title = {"name": name, **shared}, f"Join {name} to the cluster"
        # The cluster lives on after a rollback: it must not keep a member without a VM.
        chain.then("JoinNode", f"join-{name}", title, params=params, reads=reads, node=name, undoable=True)
    quorum = {"witness": witness_of(request), **shared}
    chain.then("SetQuorum", "set-quorum", "Set the witness", params=quorum, reads=reads)
    verify = {"nodes": names, **shared}
    chain.then("VerifyCluster", "verify-cluster", "See all nodes up", params=verify, reads=reads)
    return tuple(chain.steps)


def witness_of(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the witness without its key."""
    # The key is a secret: the handler asks for it by its name.
    return {name: value for name, value in request["cluster"]["witness"].items() if name != "access_key"}
