"""VMs inside a node, and the switch they hang on: the only end-to-end proof that nesting works."""

from __future__ import annotations

from typing import Any, ClassVar

from workers.errors import NotConverged, RemoteError, StepRefused
from workers.steps.base import Applied, Checked, Ensure, NotYet, ReadOnly, StepContext
from workers.steps.reasons import reason_of
from workers.steps.removal import remove_inside
from workers.steps.targets import guest, nested_credential

_RUNNING = "Running"
_REMEDY = "Look at the lab's CPU ledger: the node's hypervisor must have launched, and memory must be left in the node."


class CreateInnerSwitch(Ensure):
    """Make an internal switch in the node, for the VMs in it."""

    action: ClassVar[str] = "CreateInnerSwitch"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when the node has a switch of this name that is ours."""
        found = guest(ctx).read("Get-NestedSwitch", name=ctx.params["name"])
        return Checked() if found["exists"] and found["owner"] == ctx.owner else NotYet("there is no switch of ours")

    def apply(self, ctx: StepContext) -> Applied:
        """Make it; a foreign one of this name is refused with NAME_TAKEN."""
        guest(ctx).change("New-NestedSwitch", name=ctx.params["name"], owner=ctx.owner)
        return Applied()


class SmokeTest(ReadOnly):
    """Start a small VM in the node, see it Running, probe it, remove it."""

    action: ClassVar[str] = "SmokeTest"

    def apply(self, ctx: StepContext) -> Applied:
        """Record the proof; the VM is removed whether it ran or not."""
        ctx.report(None, "starting a nested VM")
        made = _start(ctx)
        ctx.report(None, "probing the nested VM")
        probe = _probe(ctx, made["vm_id"])
        _remove(ctx)
        return Applied(_proof(ctx, probe, made["name"]))

    def undo(self, ctx: StepContext) -> None:
        """Remove what a broken run may have left."""
        _remove(ctx)


class CreateNestedVM(Ensure):
    """Make a VM in the node, start it, and keep it."""

    action: ClassVar[str] = "CreateNestedVM"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when our VM of this name runs in the node and its probe says so."""
        found = guest(ctx).read("Get-NestedVM", name=ctx.params["name"], owner=ctx.owner)
        if not found["exists"] or found["state"] != _RUNNING:
            return NotYet("the nested VM does not run")
        return Checked({**_proof(ctx, _probe(ctx, found["vm_id"]), found["name"]), "nested.vm_id": found["vm_id"]})

    def apply(self, ctx: StepContext) -> Applied:
        """Make and start it; what refuses to start is refused with NESTED_VM_NOT_RUNNING."""
        ctx.report(None, "starting the nested VM")
        return Applied({"nested.vm_id": _start(ctx)["vm_id"]})

    def undo(self, ctx: StepContext) -> None:
        """Remove the VM and its own disk."""
        _remove(ctx)


def _start(ctx: StepContext) -> dict[str, Any]:
    try:
        made = guest(ctx).change(
            "New-NestedVM",
            name=ctx.params["name"],
            owner=ctx.owner,
            memory_mib=int(ctx.params.get("memory_mib") or 64),
            parent_disk_path=ctx.params.get("parent_disk_path") or "",
            switch_name=ctx.params.get("switch") or "",
        )
    except RemoteError as error:
        # A refused start has generic ids (docs/sources.md H12): inside a node it means that nothing virtualizes there.
        if reason_of(error) is not None or error.retryable:
            raise
        message = f"the nested VM did not start [{error.error_id}]"
        raise StepRefused(message, reason="NESTED_VM_NOT_RUNNING", remedy=_REMEDY) from error
    # The journal may have answered for a run that removed its VM again: only what runs now is a proof.
    found = guest(ctx).read("Get-NestedVM", name=ctx.params["name"], owner=ctx.owner)
    if not found["exists"] or found["state"] != _RUNNING:
        raise NotConverged("the nested VM was started, but does not run")
    return {**made, **found}


def _probe(ctx: StepContext, vm_id: str) -> dict[str, Any]:
    # Without an operating system there is nobody to log on to: the VM's state is the proof then.
    credential = nested_credential(ctx) if ctx.params.get("parent_disk_path") else None
    probe = guest(ctx).read("Get-NestedVMProbe", vm_id=vm_id, credential=credential)
    if not probe["running"]:
        raise StepRefused("the nested VM stopped running", reason="NESTED_VM_NOT_RUNNING", remedy=_REMEDY)
    return probe


def _proof(ctx: StepContext, probe: dict[str, Any], name: str) -> dict[str, Any]:
    return {f"probe.L2.{ctx.node}": probe, f"nested.{ctx.node}": {"name": name, "vm_id": probe["vm_id"]}}


def _remove(ctx: StepContext) -> None:
    name = ctx.params["name"]
    remove_inside(ctx, ctx.node, "Remove-NestedVM", guest(ctx), name=name, owner=ctx.owner)
