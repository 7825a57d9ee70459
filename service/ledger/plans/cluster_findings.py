"""What the rules find about a cluster that is to be built: support, votes, storage, names. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from service.ledger.nesting.judging import WHAT_IS_NESTED, error, info, warning
from service.ledger.plan import Finding, PlanContext
from service.ledger.plans.layout import Layout, node_names

_S2D_IN_VMS = "Microsoft Learn: Storage Spaces Direct in guest virtual machine clusters"
_QUORUM = "Microsoft Learn: Understanding cluster and pool quorum"
_WORKGROUP = "Microsoft Learn: Create a workgroup cluster"
_MOST_S2D_GUESTS = 3


def cluster_findings(request: Mapping[str, Any], layout: Layout, context: PlanContext) -> tuple[Finding, ...]:
    """Return what is found about the cluster of a `nested_cluster` request."""
    return (*_support(), *_votes(request), *_storage(request, context), *_names(request, layout))


def _support() -> Iterator[Finding]:
    yield info(
        "EVALUATION_ONLY",
        "Nested clusters are for evaluation: Microsoft calls nesting not suitable for failover clusters in production.",
        "Use physical hosts in production.",
        WHAT_IS_NESTED,
    )


def _votes(request: Mapping[str, Any]) -> Iterator[Finding]:
    count, witness = len(node_names(request)), request["cluster"]["witness"]["kind"]
    if count % 2 == 0 and witness == "none":
        reason = f"{count} nodes without a witness: half of them failing stops the cluster."
        yield warning("WITNESS_MISSING", reason, "Add a witness, or a node.", _QUORUM, "#/cluster/witness")
    if witness == "disk":
        reason = "A disk witness needs a disk that all nodes share; the data disks here belong to one node each."
        yield warning("WITNESS_DISK_SHARED", reason, "Use a cloud witness.", _QUORUM, "#/cluster/witness")


def _storage(request: Mapping[str, Any], context: PlanContext) -> Iterator[Finding]:
    if request["cluster"]["storage"] != "s2d":
        return
    count, witness = len(node_names(request)), request["cluster"]["witness"]["kind"]
    yield from _edition(str((context.image or {}).get("edition") or "unknown"))
    if count > _MOST_S2D_GUESTS:
        reason = f"Storage Spaces Direct in VMs is documented for 2 or 3 nodes; these are {count}."
        yield warning("S2D_MANY_NODES", reason, "Use 3 nodes.", _S2D_IN_VMS, "#/nodes/count")
    if count == 2 and witness not in {"cloud", "file_share"}:  # noqa: PLR2004 - two, as the finding says
        reason = "Two nodes with Storage Spaces Direct need a cloud or file share witness."
        yield warning("S2D_WITNESS", reason, "Add one.", _S2D_IN_VMS, "#/cluster/witness")


def _edition(edition: str) -> Iterator[Finding]:
    source = "observed: Storage Spaces Direct on Standard fails with 0x80070032"
    if edition == "unknown":
        reason = "Storage Spaces Direct needs a Datacenter image; this image's edition is not recorded."
        yield warning("S2D_EDITION_UNKNOWN", reason, "Record the image's edition.", source, "#/nodes/image")
    elif not edition.startswith("datacenter"):
        reason = f"Storage Spaces Direct needs a Datacenter image; this one is {edition}."
        yield error("S2D_NEEDS_DATACENTER", reason, "Use a Datacenter image.", source, "#/nodes/image")


def _names(request: Mapping[str, Any], layout: Layout) -> Iterator[Finding]:
    if request["identity"]["mode"] == "workgroup" and not layout.network.static:
        yield warning(
            "NAMES_NEED_DNS",
            "With DHCP the addresses are not known beforehand, so no host entries are written.",
            "Have a DNS server that knows the nodes and the cluster, or use static addresses.",
            _WORKGROUP,
            "#/network/addressing",
        )
