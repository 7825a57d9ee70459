"""The failover cluster of the nodes: validated, formed on the first node, joined one by one, with its witness.

Every call goes into the first node with its own logon: cluster cmdlets cannot hop to other machines from a remoting
session without credentials (docs/sources.md H13).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from workers.errors import NotConverged, StepRefused
from workers.psrp.port import HostPort
from workers.steps.base import Applied, Checked, Ensure, NotYet, ReadOnly, StepContext, Wait
from workers.steps.removal import remove_inside
from workers.steps.targets import cluster_of

_UP = "Up"
_FAIL = "fail"
# A test that Windows cancelled has shown nothing: it counts as failed (as FailedCount does).
_FAILED = frozenset({"Failed", "Canceled"})
_SETTLE_SECONDS = 5.0
_SETTLE_TRIES = 24
_ACCESS_POINTS = {
    "dns": "Dns",
    "active_directory_and_dns": "ActiveDirectoryAndDns",
    "none": "None",
}


class ValidateCluster(ReadOnly):
    """Run the validation tests; a failed test stops the job when the request makes it a gate."""

    action: ClassVar[str] = "ValidateCluster"

    def apply(self, ctx: StepContext) -> Applied:
        """Record what failed and what warned; raises StepRefused when a gated test failed."""
        ctx.report(None, "running cluster validation")
        answer = first_node(ctx).read(
            "Test-NestedCluster",
            node=list(ctx.params["nodes"]),
            include=list(ctx.params.get("categories") or ()),
            report_name=f"matryoshka-{ctx.owner}",
        )
        noted = [row for row in answer["results"] if row["result"] in {*_FAILED, "Warning"}]
        if answer["failed_count"]:
            _refuse_or_warn(ctx, noted)
        return Applied({"cluster.validation": {**answer, "results": noted}})


class CreateCluster(Ensure):
    """Form the cluster on the first node."""

    action: ClassVar[str] = "CreateCluster"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when the first node is in a cluster of this name; raises StepRefused when it is in another one."""
        found = first_node(ctx).read("Get-NestedCluster")
        if not found["exists"]:
            return NotYet("there is no cluster")
        if found["name"].lower() != ctx.params["name"].lower():
            message = f"{ctx.params['first_node']} is in the cluster {found['name']}"
            raise StepRefused(message, reason="NODE_ALREADY_CLUSTERED", remedy="Evict the node, or use a fresh one.")
        return Checked({"cluster.name": found["name"], "cluster.address": found["address"]})

    def apply(self, ctx: StepContext) -> Applied:
        """Form it. Windows takes about a minute."""
        ctx.report(None, f"creating cluster {ctx.params['name']}")
        first_node(ctx).change(
            "New-NestedCluster",
            name=ctx.params["name"],
            node=list(ctx.params["nodes"]),
            static_address=ctx.params.get("static_address") or "",
            administrative_access_point=_access_point(ctx),
        )
        return Applied()

    def undo(self, ctx: StepContext) -> None:
        """Destroy the cluster when it has our name."""
        remove_cluster(ctx, cleanup_ad=_access_point(ctx) == "ActiveDirectoryAndDns")


class JoinNode(Ensure):
    """Add one node to the cluster and see it Up."""

    action: ClassVar[str] = "JoinNode"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when the cluster says that the node is Up."""
        state = state_of(first_node(ctx).read("Get-NestedCluster"), ctx.params["name"])
        return Checked() if state == _UP else NotYet(f"the node is {state or 'not in the cluster'}")

    def apply(self, ctx: StepContext) -> Applied | Wait:
        """Add it (a Down node is brought back or joined anew by the function itself); joining is waited for."""
        name = ctx.params["name"]
        if not ctx.memo.get("tries"):
            ctx.report(None, f"joining {name}")
            found = first_node(ctx).change("Add-NestedClusterNode", name=name)
        else:
            found = first_node(ctx).read("Get-NestedCluster")
        state = state_of(found, name)
        if state == _UP:
            return Applied()
        return settle(ctx, f"{name} is {state or 'not in the cluster'}")

    def undo(self, ctx: StepContext) -> None:
        """Evict the node, so that its cluster does not miss it when its VM goes."""
        name = ctx.params["name"]
        remove_inside(ctx, ctx.params["first_node"], "Remove-NestedClusterNode", first_node(ctx), name=name)


class SetQuorum(Ensure):
    """Give the cluster its witness, or none."""

    action: ClassVar[str] = "SetQuorum"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done only when no witness is asked for and there is none: which share or account it is cannot be read."""
        found = first_node(ctx).read("Get-NestedCluster")
        if _witness_kind(ctx) == "none" and found["exists"] and not found["witness_resource"]:
            return Checked(_quorum(found))
        return NotYet("the witness is set")

    def apply(self, ctx: StepContext) -> Applied:
        """Set it; the function changes nothing when it is set already."""
        found = first_node(ctx).change("Set-NestedClusterQuorum", **_witness_parameters(ctx))
        return Applied(_quorum(found))

    def verify(self, ctx: StepContext) -> Mapping[str, Any]:
        """Read back that there is a witness exactly when one is wanted; raises NotConverged."""
        found = first_node(ctx).read("Get-NestedCluster")
        if bool(found["witness_resource"]) != (_witness_kind(ctx) != "none"):
            raise NotConverged("the cluster's witness is not what was set")
        return _quorum(found)


class EnableStorage(Ensure):
    """Turn Storage Spaces Direct on. Takes ten minutes and more."""

    action: ClassVar[str] = "EnableStorage"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when the cluster says that it is on."""
        found = first_node(ctx).read("Get-NestedCluster")
        return Checked() if found["storage_spaces_direct"] else NotYet("Storage Spaces Direct is off")

    def apply(self, ctx: StepContext) -> Applied:
        """Turn it on and record the pool."""
        ctx.report(None, "enabling Storage Spaces Direct")
        pool = ctx.params.get("pool_name")
        answer = first_node(ctx).change("Enable-NestedClusterStorage", pool_name=pool)
        kept = {name: answer[name] for name in ("storage_spaces_direct", "pool_name", "pool_health")}
        return Applied({"cluster.storage": kept})


class VerifyCluster(ReadOnly):
    """See that every node is in the cluster and Up."""

    action: ClassVar[str] = "VerifyCluster"

    def apply(self, ctx: StepContext) -> Applied | Wait:
        """Record the cluster's state; a node that stays down is refused with NODE_DOWN."""
        found = first_node(ctx).read("Get-NestedCluster")
        down = [name for name in ctx.params["nodes"] if state_of(found, name) != _UP]
        if down:
            return settle(ctx, f"not up: {', '.join(down)}")
        return Applied({"cluster.state": found})


def first_node(ctx: StepContext) -> HostPort:
    """Return the verbs for the guest of the cluster's first node."""
    return cluster_of(ctx, ctx.params["first_node"])


def remove_cluster(ctx: StepContext, *, cleanup_ad: bool) -> bool:
    """Destroy the cluster of the step's name from its first node; returns whether there was one."""
    first, name = ctx.params["first_node"], ctx.params["name"]
    return remove_inside(ctx, first, "Remove-NestedCluster", first_node(ctx), name=name, cleanup_ad=cleanup_ad)


def settle(ctx: StepContext, message: str) -> Wait:
    """Return a short wait that counts its tries; raises StepRefused (NODE_DOWN) after two minutes."""
    tries = int(ctx.memo.get("tries", 0)) + 1
    if tries > _SETTLE_TRIES:
        remedy = "Check that the nodes run and reach each other, and read the cluster log on the first node."
        raise StepRefused(message, reason="NODE_DOWN", remedy=remedy)
    return Wait(_SETTLE_SECONDS, {"tries": tries}, message)


def state_of(found: Mapping[str, Any], name: str) -> str:
    """Return what a cluster record says of a node; '' when it is not in the cluster."""
    states = {node["name"].lower(): node["state"] for node in found["nodes"] or ()}
    return str(states.get(name.lower(), ""))


def _refuse_or_warn(ctx: StepContext, noted: list[dict[str, Any]]) -> None:
    failed = [row["test"] for row in noted if row["result"] in _FAILED]
    if ctx.params.get("gate") not in (_FAIL, True):
        ctx.warn("CLUSTER_VALIDATION_FAILED", tests=failed)
        return
    message = f"cluster validation failed: {', '.join(failed)}"
    remedy = "Read the report on the first node; send cluster.validation.gate warn to build all the same."
    raise StepRefused(message, reason="CLUSTER_VALIDATION_FAILED", remedy=remedy)


def _access_point(ctx: StepContext) -> str:
    wanted = str(ctx.params["access_point"])
    return _ACCESS_POINTS.get(wanted, wanted)


def _quorum(found: Mapping[str, Any]) -> dict[str, Any]:
    return {"cluster.quorum": {name: found[name] for name in ("quorum_type", "witness_resource")}}


def _witness_kind(ctx: StepContext) -> str:
    witness = ctx.params.get("witness") or {}
    return str(witness.get("kind") or "none")


def _witness_parameters(ctx: StepContext) -> dict[str, Any]:
    witness, kind = ctx.params.get("witness") or {}, _witness_kind(ctx)
    if kind == "file_share":
        return {"witness": kind, "file_share_path": witness["path"]}
    if kind == "disk":
        return {"witness": kind, "disk_name": witness["disk_name"]}
    if kind == "cloud":
        key = ctx.secrets.get("witness_access_key")
        return {
            "witness": kind,
            "account_name": witness["account_name"],
            "access_key": key,
            "endpoint": witness.get("endpoint"),
        }
    return {"witness": "none"}
