"""A node leaves its cluster: the others keep their quorum, what runs on it moves, then it is evicted.

The cluster's calls go into another node, which stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from workers.errors import NotConverged, StepRefused
from workers.steps.base import Applied, Checked, Ensure, Facts, NotYet, ReadOnly, StepContext
from workers.steps.cluster import first_node, state_of

_UP, _DOWN, _PAUSED = "Up", "Down", "Paused"


class CheckQuorum(ReadOnly):
    """See that the cluster keeps its quorum without the node, before anything is done to it."""

    action: ClassVar[str] = "CheckQuorum"

    def apply(self, ctx: StepContext) -> Applied:
        """Count the votes that are left; raises StepRefused when they would be no majority."""
        found = _cluster(ctx)
        if not found["exists"]:
            remedy = "Bring the cluster up on that node first."
            raise StepRefused("the cluster does not answer", reason="CLUSTER_SERVICE_DOWN", remedy=remedy)
        left = [node for node in found["nodes"] if node["name"].lower() != ctx.params["name"].lower()]
        witness = int(bool(found["witness_resource"]))
        votes, up = len(left) + witness, sum(node["state"] == _UP for node in left) + witness
        if 2 * up <= votes:
            message = f"without {ctx.params['name']} only {up} of {votes} votes would be up"
            remedy = "Bring the other nodes up first."
            raise StepRefused(message, reason="QUORUM_WOULD_BE_LOST", remedy=remedy)
        return Applied()


class DrainNode(Ensure):
    """Pause the node, so that the cluster's roles move to the others."""

    action: ClassVar[str] = "DrainNode"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when nothing of the cluster can run on it: it is no node, or it is down."""
        state = state_of(_cluster(ctx), ctx.params["name"])
        if state == _DOWN:
            ctx.warn("NODE_DOWN_NOT_DRAINED", node=ctx.params["name"])
        return Checked() if state in ("", _DOWN) else NotYet(f"the node is {state}")

    def apply(self, ctx: StepContext) -> Applied:
        """Drain it; a drain that is refused leaves the node as it was."""
        ctx.report(None, f"draining {ctx.params['name']}")
        first_node(ctx).change("Suspend-NestedClusterNode", name=ctx.params["name"])
        return Applied()

    def verify(self, ctx: StepContext) -> Facts:
        """See it paused; raises NotConverged."""
        state = state_of(_cluster(ctx), ctx.params["name"])
        if state != _PAUSED:
            raise NotConverged(f"the node was drained and is {state or 'no node'}")
        return {}


class EvictNode(Ensure):
    """Take the node out of the cluster."""

    action: ClassVar[str] = "EvictNode"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when the cluster has no such node."""
        state = state_of(_cluster(ctx), ctx.params["name"])
        return NotYet(f"the node is {state}") if state else Checked()

    def apply(self, ctx: StepContext) -> Applied:
        """Evict it."""
        ctx.report(None, f"evicting {ctx.params['name']}")
        first_node(ctx).change("Remove-NestedClusterNode", name=ctx.params["name"])
        return Applied()


class ReshapeLab(ReadOnly):
    """The lab has other nodes from here on: the ledger's move writes its request and what it takes. Undone likewise."""

    action: ClassVar[str] = "ReshapeLab"

    def apply(self, ctx: StepContext) -> Applied:
        """Nothing on the host."""
        ctx.report(None, "writing the lab's new shape")
        return Applied()


def _cluster(ctx: StepContext) -> Mapping[str, Any]:
    return first_node(ctx).read("Get-NestedCluster")
