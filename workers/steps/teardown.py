"""Taking a lab down: what is ours by id and owner note goes, what is missing is no fault, the rest stays."""

from __future__ import annotations

from typing import Any, ClassVar

from workers.steps.base import Applied, Checked, Ensure, NotYet, ReadOnly, StepContext
from workers.steps.cluster import remove_cluster
from workers.steps.removal import remove_inside, remove_owned
from workers.steps.targets import guest


class RemoveCluster(ReadOnly):
    """Destroy the cluster from its first node, with its directory objects when that is asked for."""

    action: ClassVar[str] = "RemoveCluster"

    def apply(self, ctx: StepContext) -> Applied:
        """Destroy it; a node that is gone, off or deaf is named in a warning and the teardown goes on."""
        if ctx.facts.get(f"node.{ctx.params['first_node']}.vm_id"):
            ctx.report(None, f"removing cluster {ctx.params['name']}")
            remove_cluster(ctx, cleanup_ad=bool(ctx.params.get("cleanup_ad")))
        return Applied()


class RemoveNestedVM(ReadOnly):
    """Remove the lab's VM inside a node that is not the lab's."""

    action: ClassVar[str] = "RemoveNestedVM"

    def apply(self, ctx: StepContext) -> Applied:
        """Remove it with its own disk; a node that cannot be asked any more is named in a warning."""
        name = ctx.params["name"]
        remove_inside(ctx, ctx.node, "Remove-NestedVM", guest(ctx), name=name, owner=ctx.owner)
        return Applied()


class RemoveNode(Ensure):
    """Turn a node off and remove it."""

    action: ClassVar[str] = "RemoveNode"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when there is no such VM, or none of ours."""
        return NotYet("the VM is still there") if _is_ours(_node(ctx), ctx) else Checked()

    def apply(self, ctx: StepContext) -> Applied:
        """Remove it by id, and only with our owner note."""
        found = _node(ctx)
        ctx.report(None, f"removing VM {found['name']}")
        remove_owned(ctx, "Remove-NestedNode", vm_id=found["vm_id"], owner=ctx.owner)
        return Applied()


class RemoveDisk(ReadOnly):
    """Remove disk files that carry our owner."""

    action: ClassVar[str] = "RemoveDisk"

    def apply(self, ctx: StepContext) -> Applied:
        """Remove each file; missing ones are no fault, foreign ones stay."""
        for path in ctx.params["paths"]:
            ctx.report(None, f"removing {path}")
            remove_owned(ctx, "Remove-NestedDisk", path=path, owner=ctx.owner)
        return Applied()


class RemoveNat(ReadOnly):
    """Remove the lab's NAT."""

    action: ClassVar[str] = "RemoveNat"

    def apply(self, ctx: StepContext) -> Applied:
        """Remove it by its name, which holds the lab's id."""
        remove_owned(ctx, "Remove-NestedNat", name=ctx.params["name"])
        return Applied()


class RemoveSwitch(Ensure):
    """Remove the lab's own switch."""

    action: ClassVar[str] = "RemoveSwitch"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when there is no switch of this name, or none of ours."""
        found = ctx.host.read("Get-NestedSwitch", name=ctx.params["name"])
        return NotYet("the switch is still there") if _is_ours(found, ctx) else Checked()

    def apply(self, ctx: StepContext) -> Applied:
        """Remove it."""
        remove_owned(ctx, "Remove-NestedSwitch", name=ctx.params["name"], owner=ctx.owner)
        return Applied()


class ReleaseLab(ReadOnly):
    """Say what is left of the lab; finishing this step frees its reservation."""

    action: ClassVar[str] = "ReleaseLab"

    def apply(self, ctx: StepContext) -> Applied:
        """Look for anything that still carries our owner note, and name it: the orphan report."""
        left = _left(ctx)
        if left:
            ctx.warn("LEFT_BEHIND", left=left)
        return Applied({"lab.removed": True, "lab.summary": {"left": left}})


def _node(ctx: StepContext) -> dict[str, Any]:
    # A build that broke between making the VM and recording its id left a VM that only name and owner can find.
    if ctx.params.get("vm_id"):
        return ctx.host.read("Get-NestedNode", vm_id=ctx.params["vm_id"])
    return ctx.host.read("Get-NestedNode", name=ctx.params.get("name") or ctx.node, owner=ctx.owner)


def _is_ours(found: dict[str, Any], ctx: StepContext) -> bool:
    return bool(found["exists"] and found["owner"] == ctx.owner)


def _left(ctx: StepContext) -> list[dict[str, str]]:
    report = ctx.host.read("Get-NestedHostReport")
    vms = [{"kind": "vm", "name": vm["name"], "id": vm["vm_id"]} for vm in report["vms"] if vm["owner"] == ctx.owner]
    switches = [
        {"kind": "switch", "name": item["name"], "id": item["id"]}
        for item in report["switches"]
        if item["owner"] == ctx.owner
    ]
    return vms + switches
